// What the pool asks of the system: few mappings, and little address space where there is little.
#include "wasm/execution/slot_pool_guest.hpp"

#include <sys/resource.h>

namespace trellis::wasm {
namespace {

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) // they have mappings of their own
TEST_F(wasm_slot_pool, slot_has_few_mappings)
{
    const auto mappings = [] {
        std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/maps", "r"), std::fclose);
        int lines = 0;
        for (int c = 0; (c = std::fgetc(file.get())) != EOF;)
            lines += c == '\n';
        return lines;
    };
    const auto guest = module(R"((module (memory 30) (data (i32.const 200000) "x")))");
    std::vector<std::unique_ptr<Session>> sessions;
    const auto open = [&](int count) {
        for (int i = 0; i < count; ++i) {
            sessions.push_back(std::make_unique<Session>(*this, guest));
            soil(*sessions.back(), 3);
        }
        sessions.clear();
        for (int i = 0; i < count; ++i)
            sessions.push_back(std::make_unique<Session>(*this, guest));
    };
    open(2);
    const auto before = mappings();
    sessions.clear();
    open(42);
    EXPECT_LE(mappings() - before, 40 * 5);
}

TEST_F(wasm_slot_pool, where_address_space_is_short_stores_do_without)
{
    const auto guest = module(R"((module (memory 1) (data (i32.const 100) "x")))");
    const auto grows = module("(module (memory 1))");
    const auto try_it = [&] {
        { // one slot is kept, and there is room for no other
            Session session(*this, guest);
        }
        const rlimit limit{std::uint64_t(10) << 30, std::uint64_t(10) << 30};
        setrlimit(RLIMIT_AS, &limit);
        bool good = pool.counts().memories == 1;
        { // the kept one makes way
            Session session(*this, grows);
            good = good && session.made && session.memory().is_guarded() && pool.counts().memories == 0;
            Session second(*this, guest); // and this one is a checked memory
            good =
                good && second.made && !second.memory().is_guarded() && second.memory().base()[100] == std::byte('x');
            good = good && second.memory().grow(1) == 1 && pool.counts().short_of_space == 1;
        }
        _exit(good && pool.counts().memories == 1 ? 42 : 1); // the guarded one
    };
    EXPECT_EXIT(try_it(), testing::ExitedWithCode(42), "");
}
#endif

} // namespace
} // namespace trellis::wasm
