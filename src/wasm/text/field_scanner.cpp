#include "wasm/text/field_scanner.hpp"

#include "base/format.hpp"

#include <algorithm>

namespace trellis::wasm {

namespace {

/// A kind of field that binds an identifier.
struct Definition {
    std::string_view keyword;
    FieldKind kind;
    IndexSpace Parser::* space;
    NameSpace names;
    bool importable;
};

constexpr Definition definitions[] = {
    {"func", FieldKind::func, &Parser::functions, NameSpace::function, true},
    {"table", FieldKind::table, &Parser::tables, NameSpace::table, true},
    {"memory", FieldKind::memory, &Parser::memories, NameSpace::memory, true},
    {"global", FieldKind::global, &Parser::globals, NameSpace::global, true},
    {"tag", FieldKind::tag, &Parser::tags, NameSpace::tag, true},
    {"elem", FieldKind::elem, &Parser::elements, NameSpace::element, false},
    {"data", FieldKind::data, &Parser::data, NameSpace::data, false},
    {"type", FieldKind::type, &Parser::types, NameSpace::type, false},
};

class FieldScanner {
public:
    explicit FieldScanner(Parser& parser) : parser_(parser) {}

    Result<FieldList> scan()
    {
        const bool whole_module = parser_.take_field("module");
        TRELLIS_TRY(scan_module_name());
        FieldList list;
        while (parser_.at(TokenKind::left))
            list.fields.push_back(TRELLIS_TRY(scan_field()));
        list.end = parser_.position();
        if (whole_module)
            TRELLIS_TRY(parser_.close());
        TRELLIS_TRY(parser_.expect(TokenKind::end));
        return list;
    }

private:
    Result<> scan_module_name()
    {
        const auto binding = TRELLIS_TRY(parser_.parse_binding());
        if (binding.name || !binding.id.empty())
            parser_.names.module = binding.name.value_or(binding.id);
        if (parser_.take_annotation(AnnotationKind::name) != nullptr && parser_.options().check_annotations)
            return parser_.error("@name annotation: multiple module names");
        return {};
    }

    Result<Field> scan_field()
    {
        const auto position = parser_.position();
        auto field = TRELLIS_TRY(scan_start());
        TRELLIS_TRY(skip_rest(field.kind));
        field.position = position;
        field.end = parser_.position();
        return field;
    }

    /// The beginning of a field, as far as it binds something.
    Result<Field> scan_start()
    {
        Field field{};
        const auto* const definition =
            std::ranges::find_if(definitions, [&](const Definition& d) { return parser_.at_field(d.keyword); });
        if (definition != std::end(definitions)) {
            field.kind = definition->kind;
            parser_.advance(2);
            field.index = TRELLIS_TRY(bind(*definition));
            defining_ = definition->importable ? definition->space : nullptr;
        } else if (parser_.take_field("rec")) {
            field.kind = FieldKind::type;
            TRELLIS_TRY(scan_recursive_types());
        } else if (parser_.take_field("import")) {
            field.kind = FieldKind::import;
            field.index = TRELLIS_TRY(scan_import());
        } else if (parser_.take_field("export")) {
            field.kind = FieldKind::export_;
        } else if (parser_.take_field("start")) {
            field.kind = FieldKind::start;
            if (std::exchange(has_start_, true))
                return parser_.error("multiple start sections");
        } else {
            parser_.take(TokenKind::left);
            return parser_.unexpected();
        }
        return field;
    }

    Result<std::uint32_t> bind(const Definition& definition)
    {
        const auto binding = TRELLIS_TRY(parser_.parse_binding());
        const auto index = TRELLIS_TRY(parser_.bind(parser_.*definition.space, binding));
        Parser::note_name(parser_.names.of(definition.names), index, binding);
        return index;
    }

    Result<> scan_recursive_types()
    {
        while (parser_.at_field("type")) {
            parser_.advance(2);
            TRELLIS_TRY(bind(definitions[std::size(definitions) - 1]));
            TRELLIS_TRY(skip_rest(FieldKind::type));
        }
        return {};
    }

    Result<std::uint32_t> scan_import()
    {
        TRELLIS_TRY(note_import());
        TRELLIS_TRY(parser_.expect(TokenKind::string));
        TRELLIS_TRY(parser_.expect(TokenKind::string));
        for (const auto& definition : definitions) {
            if (!definition.importable || !parser_.take_field(definition.keyword))
                continue;
            const auto index = TRELLIS_TRY(bind(definition));
            TRELLIS_TRY(skip_rest(FieldKind::import));
            return index;
        }
        parser_.take(TokenKind::left);
        return parser_.unexpected();
    }

    Result<> note_import()
    {
        defining_ = nullptr;
        if (last_defined_ != nullptr)
            return parser_.error(format("import after {} definition", (parser_.*last_defined_).what()));
        return {};
    }

    /// To behind the closing parenthesis. On the way: inline imports, inline segments (which take an index too).
    Result<> skip_rest(FieldKind kind)
    {
        for (std::size_t depth = 1; depth > 0; parser_.advance()) {
            if (parser_.at(TokenKind::right))
                --depth;
            else if (parser_.at(TokenKind::left) && depth++ == 1)
                TRELLIS_TRY(note_inline(kind));
            else if (parser_.at(TokenKind::end) || parser_.at(TokenKind::bad))
                return parser_.unexpected();
        }
        if (defining_ != nullptr)
            last_defined_ = std::exchange(defining_, nullptr);
        return {};
    }

    Result<> note_inline(FieldKind kind)
    {
        if (kind == FieldKind::memory && parser_.at_field("data"))
            parser_.data.add();
        if (kind == FieldKind::table && parser_.at_field("elem"))
            parser_.elements.add();
        if (defining_ != nullptr && parser_.at_field("import"))
            return note_import();
        return {};
    }

    Parser& parser_;
    IndexSpace Parser::* defining_ = nullptr;     ///< of the field being scanned, unless it turns out to be an import
    IndexSpace Parser::* last_defined_ = nullptr; ///< no import may follow
    bool has_start_ = false;
};

} // namespace

Result<FieldList> scan_fields(Parser& parser)
{
    return FieldScanner(parser).scan();
}

const Field* find_field(const FieldList& list, std::uint32_t position)
{
    const auto behind = std::ranges::upper_bound(list.fields, position, {}, &Field::position);
    if (behind == list.fields.begin())
        return nullptr;
    const auto& field = *(behind - 1);
    return position > field.position && position < field.end ? &field : nullptr;
}

} // namespace trellis::wasm
