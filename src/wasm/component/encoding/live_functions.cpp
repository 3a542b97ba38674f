#include "wasm/component/encoding/live_functions.hpp"

#include "wasm/binary/instruction_reader.hpp"
#include "wasm/binary/writer.hpp"

#include <array>

namespace trellis::wasm::component::encoding {
namespace {

constexpr std::uint8_t code_section = 10;

/// The functions that functions name, from some on.
class Reachability {
public:
    explicit Reachability(const Module& module) : module_(module), reached_(module.function_types.size()) {}

    void add(std::uint32_t function)
    {
        if (function >= reached_.size() || reached_[function])
            return;
        reached_[function] = true;
        waiting_.push_back(function);
    }

    /// False: a body can't be read.
    bool spread()
    {
        while (!waiting_.empty()) {
            const auto function = waiting_.back();
            waiting_.pop_back();
            if (function >= module_.imported_functions &&
                !read(module_.functions[function - module_.imported_functions]))
                return false;
        }
        return true;
    }

    [[nodiscard]] std::vector<bool> take() { return std::move(reached_); }

private:
    bool read(const FunctionDefinition& function)
    {
        InstructionReader reader(module_, function.body);
        Instruction instruction;
        if (!reader.read_locals())
            return false;
        while (!reader.at_end()) {
            if (!reader.read(instruction))
                return false;
            if (info(instruction.op).immediate == Immediate::function)
                add(instruction.index);
        }
        return true;
    }

    const Module& module_;
    std::vector<bool> reached_;
    std::vector<std::uint32_t> waiting_;
};

/// A trap in the place of a body that nobody comes to.
void write_code(Writer& all, const Module& module, const std::vector<bool>& live)
{
    constexpr std::array<std::uint8_t, 3> trap = {0, 0x00, 0x0b}; // no locals, unreachable, end
    Writer code;
    code.u32(static_cast<std::uint32_t>(module.functions.size()));
    for (std::uint32_t i = 0; i < module.functions.size(); ++i)
        code.sized(live[module.imported_functions + i] ? module.bytes(module.functions[i].body) : Bytes(trap));
    all.section(code_section, code.bytes());
}

} // namespace

std::vector<bool> live_functions(const Module& module, const std::set<std::string_view>& roots)
{
    Reachability reachability(module);
    for (const auto& item : module.exports)
        if (item.kind == ExternKind::func && roots.contains(item.name))
            reachability.add(item.index);
    if (module.start)
        reachability.add(number(*module.start));
    bool is_known = true;
    for (const auto& segment : module.elements) {
        is_known &= segment.expressions.empty();
        for (const auto function : segment.functions)
            reachability.add(number(function));
    }
    is_known = reachability.spread() && is_known;
    return is_known ? reachability.take() : std::vector<bool>(module.function_types.size(), true);
}

std::vector<std::uint8_t> without_dead_bodies(const Module& module, const std::vector<bool>& live)
{
    constexpr std::array<std::uint8_t, 8> preamble = {0, 'a', 's', 'm', 1, 0, 0, 0};
    Writer all;
    all.raw(preamble);
    for (const auto& section : module.sections) {
        if (section.id == code_section)
            write_code(all, module, live);
        else
            all.section(section.id, module.bytes(section.contents));
    }
    const auto bytes = all.bytes();
    return {bytes.begin(), bytes.end()};
}

} // namespace trellis::wasm::component::encoding
