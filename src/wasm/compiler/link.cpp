// Puts object files together: sections one after the other, distances filled in. What is left needs no work when it is
// loaded.
#include "base/format.hpp"
#include "wasm/compiler/object_code.hpp"
#include "wasm/compiler/object_file.hpp"
#include "wasm/compiler/unwind_tables.hpp"

#include <map>
#include <tuple>

namespace trellis::wasm::compiler {
namespace {

constexpr auto absent = native::CompiledModule::absent;

class Linker {
public:
    Linker(const Module& module, const Processor& processor) : module_(module), processor_(processor) {}

    void add(ObjectFile file)
    {
        auto& one = objects_.emplace_back(std::move(file));
        for (const auto& section : one.file.sections)
            if (section.loaded)
                place(one, section);
        for (const auto& symbol : one.file.symbols)
            if (const auto found = one.places.find(symbol.section); found != one.places.end())
                symbols_[symbol.name] = found->second + symbol.value;
        for (const auto& row : one.file.lines)
            if (const auto found = one.places.find(row.section); found != one.places.end())
                lines_.emplace_back(static_cast<std::uint32_t>(found->second + row.offset), row.line != 0,
                                    static_cast<std::uint32_t>(lines_.size()), row.line);
        add_inlined(one);
    }

    Result<native::CompiledModule> finish(std::span<const LoopEntry> loops)
    {
        for (const auto& one : objects_)
            for (const auto& section : one.file.sections)
                if (section.loaded)
                    TRELLIS_TRY(relocate(one, section));
        for (const auto& one : objects_)
            add_unwind_tables(one.file, one.places, processor_, made_);
        std::ranges::sort(made_.frames, {}, &native::CompiledModule::Frame::begin);
        std::ranges::sort(made_.landings, {}, &native::CompiledModule::Landing::begin);
        for (std::uint32_t i = 0; i < module_.functions.size(); ++i)
            made_.functions.push_back(symbol(function_name(i)));
        for (const auto& one : loops)
            made_.loops.push_back({one.function, one.loop, symbol(loop_name(one))});
        for (std::uint32_t i = 0; i < module_.types.size(); ++i) {
            made_.wrappers.push_back(symbol(wrapper_name(i)));
            made_.adapters.push_back(symbol(adapter_name(i)));
        }
        lay_out_inlined();
        lay_out_lines();
        return std::move(made_);
    }

private:
    struct Object {
        explicit Object(ObjectFile one) : file(std::move(one)) {}
        ObjectFile file;
        SectionPlaces places;
    };

    struct InlinedCode {
        std::uint32_t begin, end, call;
    };

    void add_inlined(const Object& object)
    {
        const auto first = static_cast<std::uint32_t>(made_.inlined_calls.size());
        for (const auto& [callee, line, around] : object.file.inlined_calls)
            made_.inlined_calls.push_back(
                {.callee = static_cast<std::uint32_t>(std::strtoul(&callee[1], nullptr, 10)),
                 .module = line,
                 .around = around == ObjectFile::no_call ? absent : first + static_cast<std::uint32_t>(around)});
        for (const auto& code : object.file.inlined)
            if (const auto found = object.places.find(code.section); found != object.places.end())
                inlined_.push_back({static_cast<std::uint32_t>(found->second + code.begin),
                                    static_cast<std::uint32_t>(found->second + code.end),
                                    first + static_cast<std::uint32_t>(code.call)});
    }

    /// By place; where one function ends the next may begin, and of what LLVM says about one place the last holds.
    void lay_out_lines()
    {
        std::ranges::sort(lines_);
        for (const auto& [code, is_known, number, line] : lines_)
            made_.lines.push_back({code, is_known ? line : native::CompiledModule::unknown});
    }

    /// Ranges inside each other become rows that reach to the next. What is inside has the higher number.
    void lay_out_inlined()
    {
        std::ranges::sort(inlined_, {}, [](const InlinedCode& one) { return std::pair(one.begin, one.call); });
        std::vector<InlinedCode> open;
        const auto close_until = [&](std::uint32_t offset) {
            while (!open.empty() && open.back().end <= offset) {
                const auto end = open.back().end;
                open.pop_back();
                add_row(end, open.empty() ? absent : open.back().call);
            }
        };
        for (const auto& one : inlined_) {
            close_until(one.begin);
            add_row(one.begin, one.call);
            open.push_back(one);
        }
        close_until(absent);
    }

    void add_row(std::uint32_t code, std::uint32_t call)
    {
        auto& rows = made_.inlined;
        if (!rows.empty() && rows.back().code == code)
            rows.pop_back();
        rows.push_back({code, call});
    }

    void place(Object& object, const ObjectFile::Section& section)
    {
        const auto alignment = std::max<std::uint64_t>(section.alignment, 16);
        made_.code.resize((made_.code.size() + alignment - 1) / alignment * alignment, std::byte(0xcc));
        object.places[section.index] = made_.code.size();
        const auto* const first = reinterpret_cast<const std::byte*>(section.contents.data());
        made_.code.insert(made_.code.end(), first, first + section.contents.size());
    }

    [[nodiscard]] std::uint32_t symbol(const std::string& name) const
    {
        const auto found = symbols_.find(name);
        return found == symbols_.end() ? absent : static_cast<std::uint32_t>(found->second);
    }

    Result<std::uint64_t> target_of(const Object& object, const ObjectFile::Relocation& relocation) const
    {
        if (const auto place = object.places.find(relocation.section); place != object.places.end())
            return place->second + relocation.value;
        const auto found = symbols_.find(relocation.symbol);
        if (found == symbols_.end())
            return fail(ErrorCode::unsupported, format("compiled code needs {}", relocation.symbol));
        return found->second;
    }

    Result<> relocate(const Object& object, const ObjectFile::Section& section)
    {
        const auto place = object.places.at(section.index);
        for (const auto& one : section.relocations) {
            const auto target = static_cast<std::int64_t>(TRELLIS_TRY(target_of(object, one))) + one.addend;
            TRELLIS_TRY(processor_.relocate(made_.code, one.type, place + one.offset, target));
        }
        return {};
    }

    const Module& module_;
    const Processor& processor_;
    native::CompiledModule made_;
    std::vector<Object> objects_;
    std::map<std::string, std::uint64_t> symbols_;
    std::vector<InlinedCode> inlined_;
    std::vector<std::tuple<std::uint32_t, bool, std::uint32_t, std::uint32_t>> lines_; ///< code, known, order, line
};

} // namespace

Result<native::CompiledModule> link(const Module& module, const Options& options,
                                    std::span<const std::vector<char>> objects)
{
    Linker linker(module, processor_of(options.cpu));
    for (const auto& one : objects)
        linker.add(read_object(one));
    return linker.finish(options.only ? options.only->loops : std::vector<LoopEntry>());
}

} // namespace trellis::wasm::compiler
