// Compiled as C++20: LLVM's headers for this can't be read as C++23 with this standard library.
#include "wasm/compiler/object_file.hpp"

#include <algorithm>
#include <llvm/DebugInfo/DWARF/DWARFContext.h>
#include <llvm/Object/ELFObjectFile.h>

namespace trellis::wasm::compiler {
namespace {

using llvm::object::SectionRef;

bool is_unwind_table(llvm::StringRef name)
{
    return name.starts_with(".eh_frame") || name.starts_with(".gcc_except_table");
}

/// Nothing that is written to is needed: but for the address of the personality, by nobody.
bool is_wanted(const SectionRef& section)
{
    const auto flags = llvm::object::ELFSectionRef(section).getFlags();
    return (flags & llvm::ELF::SHF_ALLOC) != 0 && (flags & llvm::ELF::SHF_WRITE) == 0 && section.getSize() != 0;
}

std::uint64_t index_of(const llvm::object::ObjectFile& file, llvm::object::section_iterator section)
{
    return section == file.section_end() ? ObjectFile::no_section : section->getIndex();
}

void add_relocations(ObjectFile& to, const llvm::object::ObjectFile& file, const SectionRef& relocations)
{
    const auto target = llvm::cantFail(relocations.getRelocatedSection());
    if (target == file.section_end())
        return;
    const auto section = std::ranges::find(to.sections, target->getIndex(), &ObjectFile::Section::index);
    if (section == to.sections.end())
        return;
    for (const auto& one : relocations.relocations()) {
        const auto& symbol = *one.getSymbol();
        const auto where = llvm::cantFail(symbol.getSection());
        section->relocations.push_back({.offset = one.getOffset(),
                                        .type = one.getType(),
                                        .addend = llvm::cantFail(llvm::object::ELFRelocationRef(one).getAddend()),
                                        .section = index_of(file, where),
                                        .value = where == file.section_end() ? 0 : llvm::cantFail(symbol.getValue()),
                                        .symbol = llvm::cantFail(symbol.getName()).str()});
    }
}

void add_inlined_call(ObjectFile& to, const llvm::DWARFDie& die, std::size_t around)
{
    std::uint32_t file = 0, line = 0, column = 0, discriminator = 0;
    die.getCallerFrame(file, line, column, discriminator);
    const auto* const name = die.getShortName();
    to.inlined_calls.push_back({name ? name : "", line, around});
    for (const auto& range : llvm::cantFail(die.getAddressRanges()))
        to.inlined.push_back({range.SectionIndex, range.LowPC, range.HighPC, to.inlined_calls.size() - 1});
}

/// Depth first, without recursion.
void add_inlined(ObjectFile& to, const llvm::DWARFDie& unit)
{
    struct Step {
        llvm::DWARFDie die;
        std::size_t around;
    };
    std::vector<Step> open = {{unit, ObjectFile::no_call}};
    while (!open.empty()) {
        const auto [die, around] = open.back();
        open.pop_back();
        const bool is_call = die.getTag() == llvm::dwarf::DW_TAG_inlined_subroutine;
        if (is_call)
            add_inlined_call(to, die, around);
        for (const auto& child : die.children())
            open.push_back({child, is_call ? to.inlined_calls.size() - 1 : around});
    }
}

} // namespace

ObjectFile read_object(const std::vector<char>& bytes)
{
    const auto file = llvm::cantFail(
        llvm::object::ObjectFile::createELFObjectFile(llvm::MemoryBufferRef({bytes.data(), bytes.size()}, "object")));
    ObjectFile made;
    for (const auto& section : file->sections())
        if (is_wanted(section)) {
            const auto name = llvm::cantFail(section.getName());
            const auto contents = llvm::cantFail(section.getContents());
            made.sections.push_back({.name = name.str(),
                                     .index = section.getIndex(),
                                     .loaded = !is_unwind_table(name),
                                     .alignment = section.getAlignment().value(),
                                     .contents = {contents.begin(), contents.end()},
                                     .relocations = {}});
        }
    for (const auto& section : file->sections())
        add_relocations(made, *file, section);
    for (const auto& symbol : file->symbols()) {
        const auto section = llvm::cantFail(symbol.getSection());
        const bool global = (llvm::cantFail(symbol.getFlags()) & llvm::object::SymbolRef::SF_Global) != 0;
        if (global && section != file->section_end())
            made.symbols.push_back(
                {llvm::cantFail(symbol.getName()).str(), section->getIndex(), llvm::cantFail(symbol.getValue())});
    }
    const auto debug = llvm::DWARFContext::create(*file);
    for (const auto& unit : debug->compile_units()) {
        add_inlined(made, unit->getUnitDIE(false));
        if (const auto* const table = debug->getLineTableForUnit(unit.get()))
            for (const auto& row : table->Rows)
                made.lines.push_back({row.Address.SectionIndex, row.Address.Address, row.EndSequence ? 0 : row.Line});
    }
    return made;
}

} // namespace trellis::wasm::compiler
