#include "wasm/text/module_printer.hpp"

#include "base/format.hpp"
#include "wasm/text/custom_annotation.hpp"

#include <algorithm>

namespace trellis::wasm {

namespace {

constexpr std::uint8_t code_section = 10;

std::string limits(const Limits& limits)
{
    auto text = format("{}{}", limits.is_64 ? " i64 " : " ", limits.min);
    return limits.max ? text + format(" {}", *limits.max) : text;
}

Identifiers inner_identifiers(const Names& names, InnerNameSpace space, std::uint32_t index, std::size_t count)
{
    const auto* const map = find_inner(names.of(space), index);
    return map == nullptr ? Identifiers() : Identifiers(*map, count);
}

/// The parameters of a function type; none where the index is of something else.
const FuncType* find_function_type(const Module& module, TypeIndex type)
{
    return number(type) < module.types.size() ? std::get_if<FuncType>(&module.type(type).composite) : nullptr;
}

} // namespace

ModulePrinter::ModulePrinter(const Module& module)
    : module_(module), name_section_(single_custom("name")), hint_section_(single_custom(branch_hint_section)),
      names_(name_section_ != nullptr ? read_name_section(module.bytes(name_section_->contents)) : NameSection()),
      hints_(hint_section_ != nullptr ? read_branch_hints(module.bytes(hint_section_->contents)) : BranchHintSection()),
      ids_(names_.names, module), instructions_(module, ids_, out_)
{
    if (!hints_suffice())
        hints_.hints.clear();
}

Result<std::string> ModulePrinter::print()
{
    out_.append("(module");
    if (const auto name = names_.names.module) {
        out_.append(Identifiers({{0, *name}}, 1).binding(0));
        ++printed_names_;
    }
    out_.indent();
    print_types();
    print_imports();
    TRELLIS_TRY(print_tables());
    print_memories();
    print_tags();
    TRELLIS_TRY(print_globals());
    print_exports();
    if (module_.start)
        out_.line(format("(start {})", ids_.reference(NameSpace::function, number(*module_.start))));
    TRELLIS_TRY(print_elements());
    TRELLIS_TRY(print_functions());
    TRELLIS_TRY(print_data());
    print_customs();
    out_.append(")\n");
    TRELLIS_TRY(out_.check());
    return out_.take();
}

void ModulePrinter::open(std::string_view keyword, NameSpace space, std::uint32_t index)
{
    const auto& ids = ids_.of(space);
    out_.line(format("({}{}", keyword, ids.binding(index)));
    if (ids.has(index))
        ++printed_names_;
    else
        out_.append(format(" (;{};)", index));
}

std::string ModulePrinter::field_type(const FieldType& type) const
{
    const auto storage = ids_.value_type(type.storage);
    return type.is_mutable ? format("(mut {})", storage) : storage;
}

std::string ModulePrinter::table_type(const TableType& type) const
{
    return format("{} {}", limits(type.limits), ids_.value_type(type.element));
}

std::string ModulePrinter::memory_type(const MemoryType& type) const
{
    auto text = limits(type.limits);
    if (type.shared)
        text += " shared";
    if (type.page_size_log2 != 16)
        text += format(" (pagesize {})", std::uint64_t{1} << type.page_size_log2);
    return text;
}

std::string ModulePrinter::global_type(const GlobalType& type) const
{
    return " " + field_type({type.value, type.is_mutable});
}

std::string ModulePrinter::named_types(std::string_view word, std::span<const ValType> types, const Identifiers* names,
                                       std::uint32_t first)
{
    std::string text;
    bool open = false;
    for (std::uint32_t i = 0; i < types.size(); ++i) {
        const bool named = names != nullptr && names->has(first + i);
        if (open && named)
            text += ')';
        if (named) {
            text += format(" ({}{} {})", word, names->binding(first + i), ids_.value_type(types[i]));
            ++printed_names_;
        } else {
            text += open ? " " : format(" ({} ", word);
            text += ids_.value_type(types[i]);
        }
        open = !named;
    }
    return open ? text + ')' : text;
}

std::string ModulePrinter::signature(const FuncType& type, const Identifiers* names)
{
    auto text = named_types("param", type.params, names, 0);
    return text + named_types("result", type.results, nullptr, 0);
}

void ModulePrinter::print_types()
{
    for (const auto& group : module_.recursion_groups) {
        const bool recursive = group.count != 1;
        if (recursive) {
            out_.line("(rec");
            out_.indent();
        }
        for (std::uint32_t i = 0; i < group.count; ++i)
            print_sub_type(number(group.first) + i);
        if (recursive) {
            out_.outdent();
            out_.append(")");
        }
    }
}

void ModulePrinter::print_sub_type(std::uint32_t index)
{
    const auto& type = module_.types[index];
    open("type", NameSpace::type, index);
    const bool sub = !type.is_final || type.supertype;
    if (sub)
        out_.append(type.is_final ? " (sub final" : " (sub");
    if (type.supertype)
        out_.append(" " + ids_.reference(NameSpace::type, number(*type.supertype)));
    print_composite(index, type.composite);
    out_.append(sub ? "))" : ")");
}

void ModulePrinter::print_composite(std::uint32_t index, const CompositeType& type)
{
    if (const auto* function = std::get_if<FuncType>(&type))
        out_.append(format(" (func{})", signature(*function, nullptr)));
    else if (const auto* structure = std::get_if<StructType>(&type))
        print_fields(index, *structure);
    else
        out_.append(format(" (array {})", field_type(std::get<ArrayType>(type).element)));
}

void ModulePrinter::print_fields(std::uint32_t index, const StructType& type)
{
    const auto& names = ids_.fields_of(index);
    out_.append(" (struct");
    for (std::uint32_t i = 0; i < type.fields.size(); ++i) {
        out_.append(format(" (field{} {})", names.binding(i), field_type(type.fields[i])));
        printed_names_ += names.has(i) ? 1 : 0;
    }
    out_.append(")");
}

std::string ModulePrinter::function_type(TypeIndex type, const Identifiers& locals)
{
    const auto text = ids_.type_use(number(type));
    const auto* const function = find_function_type(module_, type);
    return function == nullptr ? text : text + signature(*function, &locals);
}

void ModulePrinter::print_imports()
{
    static constexpr std::pair<std::string_view, NameSpace> kinds[] = {
        {"func", NameSpace::function}, {"table", NameSpace::table}, {"memory", NameSpace::memory},
        {"global", NameSpace::global}, {"tag", NameSpace::tag},
    };
    std::array<std::uint32_t, std::size(kinds)> counts{};
    for (const auto& import : module_.imports) {
        const auto kind = import.type.index();
        const auto index = counts[kind]++;
        open(format("import {} {} ({}", quote(import.module), quote(import.name), kinds[kind].first),
             kinds[kind].second, index);
        std::string type;
        switch (static_cast<ExternKind>(kind)) {
        case ExternKind::func: {
            const auto function = std::get<TypeIndex>(import.type);
            const auto* const known = find_function_type(module_, function);
            type = function_type(function, inner_identifiers(names_.names, InnerNameSpace::local, index,
                                                             known == nullptr ? 0 : known->params.size()));
            break;
        }
        case ExternKind::table:
            type = table_type(std::get<TableType>(import.type));
            break;
        case ExternKind::memory:
            type = memory_type(std::get<MemoryType>(import.type));
            break;
        case ExternKind::global:
            type = global_type(std::get<GlobalType>(import.type));
            break;
        case ExternKind::tag:
            type = ids_.type_use(number(std::get<TagType>(import.type).function));
            break;
        }
        out_.append(type + "))");
    }
}

Result<> ModulePrinter::print_tables()
{
    for (std::uint32_t i = 0; i < module_.tables.size(); ++i) {
        const auto& table = module_.tables[i];
        open("table", NameSpace::table, module_.imported_tables + i);
        out_.append(table_type(table.type));
        if (table.initial && table.initial->bytes.size <= 1) // text would take it for none
            return fail(ErrorCode::malformed, "unexpected end: a table's initial value is empty",
                        table.initial->bytes.offset);
        if (table.initial)
            TRELLIS_TRY(instructions_.print_constant(*table.initial, ""));
        out_.append(")");
    }
    return {};
}

void ModulePrinter::print_memories()
{
    for (auto i = module_.imported_memories; i < module_.memory_types.size(); ++i) {
        open("memory", NameSpace::memory, i);
        out_.append(memory_type(module_.memory_types[i]) + ")");
    }
}

void ModulePrinter::print_tags()
{
    for (auto i = module_.imported_tags; i < module_.tag_types.size(); ++i) {
        open("tag", NameSpace::tag, i);
        out_.append(ids_.type_use(number(module_.tag_types[i].function)) + ")");
    }
}

Result<> ModulePrinter::print_globals()
{
    for (std::uint32_t i = 0; i < module_.globals.size(); ++i) {
        open("global", NameSpace::global, module_.imported_globals + i);
        out_.append(global_type(module_.globals[i].type));
        TRELLIS_TRY(instructions_.print_constant(module_.globals[i].initial, ""));
        out_.append(")");
    }
    return {};
}

void ModulePrinter::print_exports()
{
    static constexpr std::pair<std::string_view, NameSpace> kinds[] = {
        {"func", NameSpace::function}, {"table", NameSpace::table}, {"memory", NameSpace::memory},
        {"global", NameSpace::global}, {"tag", NameSpace::tag},
    };
    for (const auto& item : module_.exports) {
        const auto& [word, space] = kinds[static_cast<std::size_t>(item.kind)];
        out_.line(format("(export {} ({} {}))", quote(item.name), word, ids_.reference(space, item.index)));
    }
}

Result<> ModulePrinter::print_elements()
{
    for (std::uint32_t i = 0; i < module_.elements.size(); ++i) {
        open("elem", NameSpace::element, i);
        TRELLIS_TRY(print_element(module_.elements[i]));
        out_.append(")");
        TRELLIS_TRY(out_.check());
    }
    return {};
}

Result<> ModulePrinter::print_element(const ElementSegment& segment)
{
    if (segment.mode == SegmentMode::declarative)
        out_.append(" declare");
    if (segment.mode == SegmentMode::active) {
        if (number(segment.table) != 0 || (segment.explicit_table && segment.type == funcref) ||
            (segment.explicit_table && segment.expressions.empty()))
            out_.append(format(" (table {})", ids_.reference(NameSpace::table, number(segment.table))));
        TRELLIS_TRY(instructions_.print_constant(segment.offset, "offset"));
    }
    const bool functions = segment.expressions.empty() && segment.type == ValType::ref(HeapType::func);
    out_.append(" " + (functions ? "func" : ids_.value_type(segment.type)));
    for (const auto function : segment.functions)
        out_.append(" " + ids_.reference(NameSpace::function, number(function)));
    for (const auto& expression : segment.expressions) {
        TRELLIS_TRY(instructions_.print_constant(expression, "item"));
        TRELLIS_TRY(out_.check());
    }
    return {};
}

Result<> ModulePrinter::print_functions()
{
    for (std::uint32_t i = 0; i < module_.functions.size(); ++i)
        TRELLIS_TRY(print_function(module_.imported_functions + i, module_.functions[i]));
    return {};
}

Result<> ModulePrinter::print_function(std::uint32_t index, const FunctionDefinition& definition)
{
    const auto* const type = find_function_type(module_, definition.type);
    const auto params = type == nullptr ? 0 : static_cast<std::uint32_t>(type->params.size());
    InstructionReader reader(module_, definition.body);
    std::vector<ValType> types;
    for (const auto& run : TRELLIS_TRY(reader.read_locals()))
        types.insert(types.end(), run.count, run.type);
    // Without a known type nobody can tell which index a local has: then none has a name.
    const auto locals =
        inner_identifiers(names_.names, InnerNameSpace::local, index, type == nullptr ? 0 : params + types.size());
    const auto labels = inner_identifiers(names_.names, InnerNameSpace::label, index, definition.body.size);
    open("func", NameSpace::function, index);
    out_.append(function_type(definition.type, locals));
    out_.indent();
    if (!types.empty())
        out_.line(named_types("local", types, &locals, params).substr(1));
    const auto hints = hints_.hints.find(index);
    TRELLIS_TRY(instructions_.print_body(reader, definition.body, locals, labels,
                                         hints == hints_.hints.end() ? BranchHints() : hints->second));
    out_.outdent();
    out_.append(")");
    return out_.check();
}

Result<> ModulePrinter::print_data()
{
    for (std::uint32_t i = 0; i < module_.data.size(); ++i) {
        const auto& segment = module_.data[i];
        open("data", NameSpace::data, i);
        if (segment.mode == SegmentMode::active) {
            if (number(segment.memory) != 0)
                out_.append(format(" (memory {})", ids_.reference(NameSpace::memory, number(segment.memory))));
            TRELLIS_TRY(instructions_.print_constant(segment.offset, "offset"));
        }
        const auto bytes = module_.bytes(segment.bytes);
        out_.append(" " + quote({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) + ")");
        TRELLIS_TRY(out_.check());
    }
    return {};
}

const CustomSection* ModulePrinter::single_custom(std::string_view name) const
{
    const auto& all = module_.custom_sections;
    const auto found = std::ranges::find(all, name, &CustomSection::name);
    return found != all.end() && std::ranges::count(all, name, &CustomSection::name) == 1 ? &*found : nullptr;
}

/// Whether the code section follows it directly, which is where hints are written.
bool ModulePrinter::stands_before_code(const CustomSection& section) const
{
    const auto at = std::ranges::find(module_.sections, section.contents.offset + section.contents.size,
                                      [](const SectionInfo& s) { return s.contents.offset + s.contents.size; });
    return at != module_.sections.end() && at + 1 != module_.sections.end() && (at + 1)->id == code_section;
}

bool ModulePrinter::names_suffice() const
{
    if (name_section_ == nullptr || !names_.exact)
        return false;
    const auto last = std::ranges::find_if(module_.sections.rbegin(), module_.sections.rend(),
                                           [](const SectionInfo& s) { return s.id != 0; });
    return name_section_->after_section == (last == module_.sections.rend() ? 0 : last->id) &&
           names_.names.count() == printed_names_ + instructions_.printed_labels();
}

/// Whether every hint of a function stands at an instruction that an annotation can stand in front of.
bool ModulePrinter::hints_fit(std::uint32_t function, const BranchHints& hints) const
{
    if (function < module_.imported_functions || function - module_.imported_functions >= module_.functions.size())
        return false;
    const auto body = module_.functions[function - module_.imported_functions].body;
    InstructionReader reader(module_, body);
    Instruction instruction;
    if (!reader.read_locals().has_value())
        return false;
    auto hint = hints.begin();
    while (hint != hints.end() && !reader.at_end() && reader.read(instruction).has_value()) {
        const bool opens_or_plain = instruction.op != Op::end && instruction.op != Op::else_ &&
                                    instruction.op != Op::catch_ && instruction.op != Op::catch_all &&
                                    instruction.op != Op::delegate;
        if (instruction.offset - body.offset == hint->first && opens_or_plain)
            ++hint;
    }
    return hint == hints.end();
}

bool ModulePrinter::hints_suffice() const
{
    return hint_section_ != nullptr && hints_.exact && !hints_.hints.empty() && stands_before_code(*hint_section_) &&
           std::ranges::all_of(hints_.hints, [&](const auto& item) {
               return !item.second.empty() && hints_fit(item.first, item.second);
           });
}

std::string ModulePrinter::placement(const CustomSection& section, bool behind_names) const
{
    if (behind_names)
        return "(after last)";
    if (section.after_section == 0)
        return "(before first)";
    const auto* const row = std::ranges::find(section_rows, section.after_section, &SectionRow::id);
    return format("(after {})", row->name);
}

void ModulePrinter::print_customs()
{
    const bool names = names_suffice();
    bool behind_names = false;
    for (const auto& section : module_.custom_sections) {
        if (names && &section == name_section_) {
            behind_names = true;
            continue;
        }
        if (!hints_.hints.empty() && &section == hint_section_)
            continue;
        const auto bytes = module_.bytes(section.contents);
        out_.line(format("(@custom {} {} {})", quote(section.name), placement(section, behind_names),
                         quote({reinterpret_cast<const char*>(bytes.data()), bytes.size()})));
    }
}

Result<std::string> print_text(const Module& module)
{
    return ModulePrinter(module).print();
}

} // namespace trellis::wasm
