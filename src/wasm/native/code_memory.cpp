#include "wasm/native/code_memory.hpp"

#include "base/check.hpp"
#include "base/pages.hpp"

#include <sys/mman.h>

namespace trellis::wasm::native {

Result<CodeMemory> CodeMemory::make(std::size_t size)
{
    return CodeMemory(TRELLIS_TRY(ReadyMemory::make(size)));
}

Result<> CodeMemory::seal(std::size_t code)
{
    const auto bytes = block_.bytes();
    TRELLIS_CHECK(code % os_page_bytes == 0 && code <= bytes.size());
    const auto end = round_up_to_page(bytes.size());
    __builtin___clear_cache(reinterpret_cast<char*>(bytes.data() + code),
                            reinterpret_cast<char*>(bytes.data() + bytes.size()));
    const bool done = (code == 0 || mprotect(bytes.data(), code, PROT_READ) == 0) &&
                      (code >= end || mprotect(bytes.data() + code, end - code, PROT_READ | PROT_EXEC) == 0);
    if (!done)
        return fail(ErrorCode::limit, "the system does not let compiled code run (mprotect)");
    return {};
}

} // namespace trellis::wasm::native
