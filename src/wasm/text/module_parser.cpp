#include "wasm/text/module_parser.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <limits>

namespace trellis::wasm {

namespace {

constexpr std::pair<std::string_view, ExternKind> extern_kinds[] = {
    {"func", ExternKind::func},     {"table", ExternKind::table}, {"memory", ExternKind::memory},
    {"global", ExternKind::global}, {"tag", ExternKind::tag},
};

std::optional<ExternKind> take_extern_kind(Parser& parser)
{
    for (const auto& [keyword, kind] : extern_kinds)
        if (parser.take_field(keyword))
            return kind;
    return std::nullopt;
}

} // namespace

Result<SharedBytes> ModuleParser::parse()
{
    const auto list = TRELLIS_TRY(scan_fields(parser_));
    for (const auto& field : list.fields) {
        parser_.move_to(field.position);
        if (field.kind == FieldKind::type)
            TRELLIS_TRY(types_.parse_type_field());
    }
    for (const auto& field : list.fields)
        if (field.kind != FieldKind::type)
            TRELLIS_TRY(parse_field(field));
    TRELLIS_TRY(parse_customs(list));
    TRELLIS_TRY(check_unused_annotations(list));
    sections_.needs_data_count = instructions_.uses_data_segments;
    return sections_.assemble(type_table_, parser_.names);
}

Result<> ModuleParser::parse_field(const Field& field)
{
    using Parse = Result<> (ModuleParser::*)(const Field&);
    static constexpr std::pair<FieldKind, Parse> parsers[] = {
        {FieldKind::import, &ModuleParser::parse_import},  {FieldKind::func, &ModuleParser::parse_function},
        {FieldKind::table, &ModuleParser::parse_table},    {FieldKind::memory, &ModuleParser::parse_memory},
        {FieldKind::global, &ModuleParser::parse_global},  {FieldKind::tag, &ModuleParser::parse_tag},
        {FieldKind::export_, &ModuleParser::parse_export}, {FieldKind::start, &ModuleParser::parse_start},
        {FieldKind::elem, &ModuleParser::parse_element},   {FieldKind::data, &ModuleParser::parse_data},
    };
    parser_.move_to(field.position + 2);
    for (const auto& [kind, parse] : parsers) {
        if (kind != field.kind)
            continue;
        if (kind != FieldKind::start)
            parser_.take(TokenKind::identifier); // bound by the scan
        TRELLIS_TRY((this->*parse)(field));
    }
    return parser_.close();
}

Result<ModuleParser::ImportName> ModuleParser::parse_import_name()
{
    const auto module = TRELLIS_TRY(parser_.parse_name());
    return ImportName{module, TRELLIS_TRY(parser_.parse_name())};
}

Result<std::optional<ModuleParser::ImportName>> ModuleParser::parse_inline_names(ExternKind kind, std::uint32_t index)
{
    while (parser_.take_field("export")) {
        add_export(TRELLIS_TRY(parser_.parse_name()), kind, index);
        TRELLIS_TRY(parser_.close());
    }
    if (!parser_.take_field("import"))
        return std::nullopt;
    const auto name = TRELLIS_TRY(parse_import_name());
    TRELLIS_TRY(parser_.close());
    return std::optional(name);
}

void ModuleParser::add_import(const ImportName& name, const ExternType& type)
{
    auto& [entries, count] = sections_.imports;
    ++count;
    entries.name(name.module);
    entries.name(name.name);
    entries.extern_type(type);
}

void ModuleParser::add_export(std::string_view name, ExternKind kind, std::uint32_t index)
{
    auto& [entries, count] = sections_.exports;
    ++count;
    entries.name(name);
    entries.byte(static_cast<std::uint8_t>(kind));
    entries.u32(index);
}

Result<ExternType> ModuleParser::parse_extern_type(ExternKind kind, std::uint32_t index)
{
    switch (kind) {
    case ExternKind::func: {
        NameMap local_names;
        instructions_.start_function();
        const TypeIndex type{TRELLIS_TRY(parse_function_type(local_names))};
        if (!local_names.empty())
            parser_.names.of(InnerNameSpace::local).emplace_back(index, std::move(local_names));
        return ExternType(type);
    }
    case ExternKind::table: {
        const bool is_64 = types_.parse_is_64();
        return ExternType(TRELLIS_TRY(types_.parse_table_type(is_64)));
    }
    case ExternKind::memory: {
        const bool is_64 = types_.parse_is_64();
        return ExternType(TRELLIS_TRY(types_.parse_memory_type(is_64)));
    }
    case ExternKind::global:
        return ExternType(TRELLIS_TRY(types_.parse_global_type()));
    case ExternKind::tag: {
        const auto use = TRELLIS_TRY(types_.parse_type_use(TypeParser::Names::allowed));
        return ExternType(TagType{TypeIndex{TRELLIS_TRY(types_.resolve(use))}});
    }
    }
    return parser_.unexpected();
}

Result<> ModuleParser::parse_import(const Field& field)
{
    const auto name = TRELLIS_TRY(parse_import_name());
    const auto kind = take_extern_kind(parser_);
    if (!kind)
        return parser_.unexpected();
    parser_.take(TokenKind::identifier);
    add_import(name, TRELLIS_TRY(parse_extern_type(*kind, field.index)));
    return parser_.close();
}

Result<std::uint32_t> ModuleParser::parse_function_type(NameMap& local_names)
{
    const auto use = TRELLIS_TRY(types_.parse_type_use(TypeParser::Names::allowed));
    for (const auto& param : use.params)
        Parser::note_name(local_names, TRELLIS_TRY(parser_.bind(instructions_.locals, param)), param);
    const auto type = TRELLIS_TRY(types_.resolve(use));
    if (const auto* known = type_table_.function(type))
        instructions_.locals.add(static_cast<std::uint32_t>(known->params.size()) - instructions_.locals.count());
    return type;
}

Result<> ModuleParser::parse_locals(bool params_unknown, NameMap& local_names)
{
    std::vector<std::pair<std::uint32_t, ValType>> runs;
    const auto add = [&](ValType type) {
        if (runs.empty() || runs.back().second != type)
            runs.emplace_back(0, type);
        ++runs.back().first;
    };
    while (parser_.take_field("local")) {
        const auto binding = TRELLIS_TRY(parser_.parse_binding());
        const bool single = !binding.id.empty() || binding.name;
        if (single && params_unknown)
            return parser_.error_at(binding.offset, "unknown type");
        if (single) {
            Parser::note_name(local_names, TRELLIS_TRY(parser_.bind(instructions_.locals, binding)), binding);
            add(TRELLIS_TRY(types_.parse_value_type()));
        }
        while (!single && !parser_.at(TokenKind::right)) {
            instructions_.locals.add();
            add(TRELLIS_TRY(types_.parse_value_type()));
        }
        TRELLIS_TRY(parser_.close());
    }
    body_.u64(runs.size());
    for (const auto& [count, type] : runs) {
        body_.u32(count);
        body_.value_type(type);
    }
    return {};
}

Result<> ModuleParser::parse_function(const Field& field)
{
    if (const auto import = TRELLIS_TRY(parse_inline_names(ExternKind::func, field.index))) {
        add_import(*import, TRELLIS_TRY(parse_extern_type(ExternKind::func, field.index)));
        return {};
    }
    NameMap local_names;
    instructions_.start_function();
    const auto type = TRELLIS_TRY(parse_function_type(local_names));
    ++sections_.functions.count;
    sections_.functions.entries.u32(type);
    body_.clear();
    TRELLIS_TRY(parse_locals(type_table_.function(type) == nullptr, local_names));
    TRELLIS_TRY(instructions_.parse_sequence());
    body_.byte(0x0b);
    ++sections_.code.count;
    sections_.code.entries.sized(body_.bytes());
    if (!local_names.empty())
        parser_.names.of(InnerNameSpace::local).emplace_back(field.index, std::move(local_names));
    if (!instructions_.label_names.empty())
        parser_.names.of(InnerNameSpace::label).emplace_back(field.index, std::move(instructions_.label_names));
    if (!instructions_.hints.empty())
        sections_.hints.emplace(field.index, std::move(instructions_.hints));
    return {};
}

Result<> ModuleParser::parse_expression(Writer& to)
{
    instructions_.start_function();
    body_.clear();
    TRELLIS_TRY(instructions_.parse_sequence());
    to.raw(body_.bytes());
    to.byte(0x0b);
    return {};
}

Result<> ModuleParser::parse_folded_expression(Writer& to)
{
    instructions_.start_function();
    body_.clear();
    TRELLIS_TRY(instructions_.parse_folded());
    to.raw(body_.bytes());
    to.byte(0x0b);
    return {};
}

Result<> ModuleParser::parse_wrapped_expression(std::string_view keyword, Writer& to)
{
    if (!parser_.take_field(keyword))
        return parse_folded_expression(to);
    TRELLIS_TRY(parse_expression(to));
    return parser_.close();
}

void ModuleParser::write_zero_offset(bool is_64, Writer& to)
{
    Instruction zero;
    zero.op = is_64 ? Op::i64_const : Op::i32_const;
    to.instruction(zero);
    to.byte(0x0b);
}

Result<> ModuleParser::parse_table(const Field& field)
{
    if (const auto import = TRELLIS_TRY(parse_inline_names(ExternKind::table, field.index))) {
        add_import(*import, TRELLIS_TRY(parse_extern_type(ExternKind::table, field.index)));
        return {};
    }
    const bool is_64 = types_.parse_is_64();
    auto& [entries, count] = sections_.tables;
    ++count;
    if (parser_.at(TokenKind::natural)) {
        const auto type = TRELLIS_TRY(types_.parse_table_type(is_64));
        const bool has_initial = !parser_.at(TokenKind::right);
        if (has_initial)
            entries.raw(std::string_view("\x40\0", 2));
        entries.table_type(type);
        return has_initial ? parse_expression(entries) : Result<>{};
    }
    const auto element = TRELLIS_TRY(types_.parse_reference_type());
    if (!parser_.take_field("elem"))
        return parser_.unexpected();
    ElementHead head{.mode = ElementHead::Mode::active, .table = field.index, .offset = {}};
    write_zero_offset(is_64, head.offset);
    const std::uint64_t size = TRELLIS_TRY(parser_.at(TokenKind::left) ? parse_element_expressions(head, element)
                                                                       : parse_function_indices(head, element));
    entries.table_type({.limits = {.min = size, .max = size, .is_64 = is_64}, .element = element});
    return parser_.close();
}

Result<> ModuleParser::parse_memory(const Field& field)
{
    if (const auto import = TRELLIS_TRY(parse_inline_names(ExternKind::memory, field.index))) {
        add_import(*import, TRELLIS_TRY(parse_extern_type(ExternKind::memory, field.index)));
        return {};
    }
    const bool is_64 = types_.parse_is_64();
    auto& [entries, count] = sections_.memories;
    ++count;
    if (parser_.at(TokenKind::natural)) {
        entries.memory_type(TRELLIS_TRY(types_.parse_memory_type(is_64)));
        return {};
    }
    const auto page_size_log2 = TRELLIS_TRY(types_.parse_page_size());
    if (!parser_.take_field("data"))
        return parser_.unexpected();
    const auto contents = TRELLIS_TRY(parser_.parse_strings());
    const auto page = std::uint64_t{1} << page_size_log2;
    const std::uint64_t pages = contents.size() / page + (contents.size() % page != 0 ? 1 : 0);
    entries.memory_type({.limits = {.min = pages, .max = pages, .is_64 = is_64}, .page_size_log2 = page_size_log2});
    auto& [segments, segment_count] = sections_.data;
    ++segment_count;
    segments.byte(field.index == 0 ? 0 : 2);
    if (field.index != 0)
        segments.u32(field.index);
    write_zero_offset(is_64, segments);
    segments.name(contents);
    return parser_.close();
}

Result<> ModuleParser::parse_global(const Field& field)
{
    if (const auto import = TRELLIS_TRY(parse_inline_names(ExternKind::global, field.index))) {
        add_import(*import, TRELLIS_TRY(parse_extern_type(ExternKind::global, field.index)));
        return {};
    }
    ++sections_.globals.count;
    sections_.globals.entries.global_type(TRELLIS_TRY(types_.parse_global_type()));
    return parse_expression(sections_.globals.entries);
}

Result<> ModuleParser::parse_tag(const Field& field)
{
    const auto import = TRELLIS_TRY(parse_inline_names(ExternKind::tag, field.index));
    const auto type = TRELLIS_TRY(parse_extern_type(ExternKind::tag, field.index));
    if (import) {
        add_import(*import, type);
        return {};
    }
    ++sections_.tags.count;
    sections_.tags.entries.tag_type(std::get<TagType>(type));
    return {};
}

Result<> ModuleParser::parse_export(const Field&)
{
    const auto name = TRELLIS_TRY(parser_.parse_name());
    const auto kind = take_extern_kind(parser_);
    if (!kind) {
        parser_.take(TokenKind::left);
        return parser_.unexpected();
    }
    static constexpr IndexSpace Parser::* spaces[] = {&Parser::functions, &Parser::tables, &Parser::memories,
                                                      &Parser::globals, &Parser::tags};
    const auto index = TRELLIS_TRY(parser_.parse_index(parser_.*spaces[static_cast<std::size_t>(*kind)]));
    add_export(name, *kind, index);
    return parser_.close();
}

Result<> ModuleParser::parse_start(const Field&)
{
    sections_.start = TRELLIS_TRY(parser_.parse_index(parser_.functions));
    return {};
}

Result<> ModuleParser::parse_data(const Field&)
{
    auto& [segments, count] = sections_.data;
    ++count;
    std::uint32_t memory = 0;
    const bool memory_use = parser_.take_field("memory");
    if (memory_use) {
        memory = TRELLIS_TRY(parser_.parse_index(parser_.memories));
        TRELLIS_TRY(parser_.close());
    }
    if (memory_use || parser_.at(TokenKind::left)) {
        segments.byte(memory == 0 ? 0 : 2);
        if (memory != 0)
            segments.u32(memory);
        TRELLIS_TRY(parse_wrapped_expression("offset", segments));
    } else {
        segments.byte(1);
    }
    segments.name(TRELLIS_TRY(parser_.parse_strings()));
    return {};
}

Result<> ModuleParser::parse_customs(const FieldList& fields)
{
    for (auto& annotation : parser_.annotations()) {
        const bool known_place =
            find_field(fields, annotation.position) == nullptr && annotation.position <= fields.end;
        if (annotation.kind != AnnotationKind::custom || !known_place)
            continue;
        annotation.used = true;
        if (auto custom = TRELLIS_TRY(parse_custom_annotation(parser_, annotation)))
            sections_.customs.push_back(std::move(*custom));
    }
    return {};
}

Result<> ModuleParser::check_unused_annotations(const FieldList& fields)
{
    if (!parser_.options().check_annotations)
        return {};
    const auto& all = parser_.annotations();
    const auto found = std::ranges::find(all, false, &Annotation::used);
    if (found == all.end())
        return {};
    if (found->kind == AnnotationKind::custom)
        return parser_.error_at(found->offset, "misplaced @custom annotation");
    if (found->kind == AnnotationKind::name)
        return parser_.error_at(found->offset, "misplaced @name annotation");
    const auto* const field = find_field(fields, found->position);
    return parser_.error_at(
        found->offset,
        format("@metadata.code.branch_hint annotation: {}",
               field != nullptr && field->kind == FieldKind::func ? "invalid placement" : "not in a function"));
}

} // namespace trellis::wasm
