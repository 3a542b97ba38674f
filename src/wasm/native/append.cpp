#include "wasm/native/append.hpp"

#include "base/check.hpp"

namespace trellis::wasm::native {
namespace {

constexpr auto absent = CompiledModule::absent;

class Appending {
public:
    Appending(CompiledModule& whole, const CompiledModule& piece) : whole_(whole), piece_(piece) {}

    void run()
    {
        whole_.code.resize((whole_.code.size() + 63) / 64 * 64, std::byte(0xcc));
        base_ = static_cast<std::uint32_t>(whole_.code.size());
        whole_.code.insert(whole_.code.end(), piece_.code.begin(), piece_.code.end());
        add_entries(whole_.functions, piece_.functions);
        add_entries(whole_.wrappers, piece_.wrappers);
        add_entries(whole_.adapters, piece_.adapters);
        add_trace_tables();
        add_unwind_tables();
    }

private:
    [[nodiscard]] std::uint32_t moved(std::uint32_t offset) const { return offset == absent ? absent : base_ + offset; }

    void add_entries(std::vector<std::uint32_t>& to, const std::vector<std::uint32_t>& from) const
    {
        TRELLIS_CHECK(to.size() == from.size());
        for (std::size_t i = 0; i < to.size(); ++i)
            if (to[i] == absent)
                to[i] = moved(from[i]);
    }

    /// Rows reach to the next one, so the last of `whole` ends where `piece` begins.
    void add_trace_tables()
    {
        whole_.lines.push_back({base_, absent});
        for (const auto& row : piece_.lines)
            whole_.lines.push_back({moved(row.code), row.module});
        const auto first = static_cast<std::uint32_t>(whole_.inlined_calls.size());
        const auto call = [&](std::uint32_t index) { return index == absent ? absent : first + index; };
        whole_.inlined.push_back({base_, absent});
        for (const auto& row : piece_.inlined)
            whole_.inlined.push_back({moved(row.code), call(row.call)});
        for (const auto& one : piece_.inlined_calls)
            whole_.inlined_calls.push_back({one.callee, one.module, call(one.around)});
    }

    void add_unwind_tables()
    {
        const auto first = static_cast<std::uint32_t>(whole_.saved_registers.size());
        whole_.saved_registers.insert(whole_.saved_registers.end(), piece_.saved_registers.begin(),
                                      piece_.saved_registers.end());
        for (const auto& row : piece_.frames)
            whole_.frames.push_back({moved(row.begin), moved(row.end), first + row.saved});
        for (const auto& row : piece_.landings)
            whole_.landings.push_back({moved(row.begin), moved(row.end), moved(row.pad)});
    }

    CompiledModule& whole_;
    const CompiledModule& piece_;
    std::uint32_t base_ = 0;
};

} // namespace

void append(CompiledModule& whole, const CompiledModule& piece)
{
    Appending(whole, piece).run();
}

} // namespace trellis::wasm::native
