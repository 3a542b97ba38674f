#include "wasm/text/type_parser.hpp"

#include "base/format.hpp"
#include "wasm/binary/writer.hpp"
#include "wasm/text/keyword.hpp"

#include <algorithm>
#include <bit>

namespace trellis::wasm {

namespace {

std::string binary_form(const FuncType& type)
{
    Writer writer;
    writer.value_types(type.params);
    writer.value_types(type.results);
    return {reinterpret_cast<const char*>(writer.bytes().data()), writer.size()};
}

} // namespace

void TypeTable::add_group(std::vector<SubType> types)
{
    const auto first = static_cast<std::uint32_t>(types_.size());
    groups_.push_back({TypeIndex{first}, static_cast<std::uint32_t>(types.size())});
    if (types.size() == 1 && types[0].is_final && !types[0].supertype)
        if (const auto* type = std::get_if<FuncType>(&types[0].composite))
            plain_functions_.emplace(binary_form(*type), first);
    std::ranges::move(types, std::back_inserter(types_));
}

const FuncType* TypeTable::function(std::uint32_t index) const
{
    return index < types_.size() ? std::get_if<FuncType>(&types_[index].composite) : nullptr;
}

std::uint32_t TypeTable::find_or_add(const FuncType& type)
{
    const auto next = static_cast<std::uint32_t>(types_.size());
    const auto [found, is_new] = plain_functions_.emplace(binary_form(type), next);
    if (is_new) {
        groups_.push_back({TypeIndex{next}, 1});
        types_.push_back({.is_final = true, .supertype = {}, .composite = type});
    }
    return found->second;
}

bool TypeParser::at_value_type() const
{
    if (!parser_.at(TokenKind::keyword))
        return parser_.at_field("ref");
    const auto word = parser_.peek_text();
    const auto kind = std::ranges::find(named_kinds, word, &NamedKind::name);
    return (kind != std::end(named_kinds) && kind->kind != Kind::i8 && kind->kind != Kind::i16) ||
           contains(named_types, word, &NamedType::reference);
}

Result<HeapType> TypeParser::parse_heap_type()
{
    if (parser_.at_index()) {
        const auto offset = parser_.peek().offset;
        const auto index = TRELLIS_TRY(parser_.parse_index(parser_.types));
        if (index > 0x7fffffff)
            return parser_.error_at(offset, format("unknown type {}", index));
        return HeapType(TypeIndex{index});
    }
    const auto* const named = std::ranges::find(named_types, parser_.peek_text(), &NamedType::heap);
    if (!parser_.at(TokenKind::keyword) || named == std::end(named_types))
        return parser_.unexpected();
    parser_.advance();
    return named->type;
}

Result<ValType> TypeParser::parse_reference_type()
{
    if (parser_.take_field("ref")) {
        const bool nullable = parser_.take_keyword("null");
        const auto heap = TRELLIS_TRY(parse_heap_type());
        TRELLIS_TRY(parser_.close());
        return nullable ? ValType::ref_null(heap) : ValType::ref(heap);
    }
    const auto* const named = std::ranges::find(named_types, parser_.peek_text(), &NamedType::reference);
    if (!parser_.at(TokenKind::keyword) || named == std::end(named_types))
        return parser_.unexpected();
    parser_.advance();
    return ValType::ref_null(named->type);
}

Result<ValType> TypeParser::parse_value_type()
{
    if (!at_value_type())
        return parser_.unexpected();
    return parse_storage_type();
}

Result<ValType> TypeParser::parse_storage_type()
{
    const auto* const named = std::ranges::find(named_kinds, parser_.peek_text(), &NamedKind::name);
    if (!parser_.at(TokenKind::keyword) || named == std::end(named_kinds))
        return parse_reference_type();
    parser_.advance();
    return ValType(named->kind);
}

Result<std::vector<ValType>> TypeParser::parse_value_types()
{
    std::vector<ValType> types;
    while (at_value_type())
        types.push_back(TRELLIS_TRY(parse_value_type()));
    return types;
}

Result<GlobalType> TypeParser::parse_global_type()
{
    const bool is_mutable = parser_.take_field("mut");
    const auto type = TRELLIS_TRY(parse_value_type());
    if (is_mutable)
        TRELLIS_TRY(parser_.close());
    return GlobalType{type, is_mutable};
}

bool TypeParser::parse_is_64()
{
    const bool is_64 = parser_.at_keyword("i64");
    if (is_64 || parser_.at_keyword("i32"))
        parser_.advance();
    return is_64;
}

Result<Limits> TypeParser::parse_limits(bool is_64)
{
    // Until memories had 64-bit addresses, sizes were 32-bit numbers.
    const bool wide = parser_.options().features.has(Feature::memory64);
    const auto size = [&]() -> Result<std::uint64_t> {
        if (wide)
            return parser_.parse_u64();
        return TRELLIS_TRY(parser_.parse_u32());
    };
    Limits limits{.min = TRELLIS_TRY(size()), .max = {}, .is_64 = is_64};
    if (parser_.at(TokenKind::natural))
        limits.max = TRELLIS_TRY(size());
    return limits;
}

Result<TableType> TypeParser::parse_table_type(bool is_64)
{
    const auto limits = TRELLIS_TRY(parse_limits(is_64));
    return TableType{limits, TRELLIS_TRY(parse_reference_type())};
}

Result<std::uint8_t> TypeParser::parse_page_size()
{
    if (!parser_.take_field("pagesize"))
        return std::uint8_t{16};
    const auto offset = parser_.peek().offset;
    const auto size = TRELLIS_TRY(parser_.parse_u64());
    if (!std::has_single_bit(size))
        return parser_.error_at(offset, "invalid custom page size");
    TRELLIS_TRY(parser_.close());
    return static_cast<std::uint8_t>(std::countr_zero(size));
}

Result<MemoryType> TypeParser::parse_memory_type(bool is_64)
{
    MemoryType type;
    type.limits = TRELLIS_TRY(parse_limits(is_64));
    type.shared = parser_.take_keyword("shared");
    type.page_size_log2 = TRELLIS_TRY(parse_page_size());
    return type;
}

Result<FieldType> TypeParser::parse_field_type()
{
    const bool is_mutable = parser_.take_field("mut");
    const auto storage = TRELLIS_TRY(parse_storage_type());
    if (is_mutable)
        TRELLIS_TRY(parser_.close());
    return FieldType{storage, is_mutable};
}

Result<StructType> TypeParser::parse_struct(std::uint32_t index)
{
    StructType type;
    IndexSpace space("field");
    NameMap names;
    while (parser_.take_field("field")) {
        const auto binding = TRELLIS_TRY(parser_.parse_binding());
        const bool single = !binding.id.empty() || binding.name;
        if (single) {
            Parser::note_name(names, TRELLIS_TRY(parser_.bind(space, binding)), binding);
            type.fields.push_back(TRELLIS_TRY(parse_field_type()));
        }
        while (!single && !parser_.at(TokenKind::right)) {
            space.add();
            type.fields.push_back(TRELLIS_TRY(parse_field_type()));
        }
        TRELLIS_TRY(parser_.close());
    }
    if (!names.empty()) {
        parser_.fields.emplace(index, std::move(space));
        parser_.names.of(InnerNameSpace::field).emplace_back(index, std::move(names));
    }
    return type;
}

Result<> TypeParser::parse_params(FuncType& type, std::vector<Binding>* names)
{
    while (parser_.take_field("param")) {
        const auto binding = names != nullptr ? TRELLIS_TRY(parser_.parse_binding()) : Binding{};
        if (!binding.id.empty() || binding.name) {
            type.params.push_back(TRELLIS_TRY(parse_value_type()));
            names->push_back(binding);
        } else {
            const auto types = TRELLIS_TRY(parse_value_types());
            type.params.insert(type.params.end(), types.begin(), types.end());
            if (names != nullptr)
                names->resize(type.params.size());
        }
        TRELLIS_TRY(parser_.close());
    }
    return {};
}

Result<> TypeParser::parse_results(FuncType& type)
{
    while (parser_.take_field("result")) {
        const auto types = TRELLIS_TRY(parse_value_types());
        type.results.insert(type.results.end(), types.begin(), types.end());
        TRELLIS_TRY(parser_.close());
    }
    return {};
}

Result<CompositeType> TypeParser::parse_composite(std::uint32_t index)
{
    CompositeType type;
    if (parser_.take_field("func")) {
        FuncType function;
        std::vector<Binding> ignored;
        TRELLIS_TRY(parse_params(function, &ignored));
        TRELLIS_TRY(parse_results(function));
        type = std::move(function);
    } else if (parser_.take_field("struct")) {
        type = TRELLIS_TRY(parse_struct(index));
    } else if (parser_.take_field("array")) {
        type = ArrayType{TRELLIS_TRY(parse_field_type())};
    } else {
        parser_.take(TokenKind::left);
        return parser_.unexpected();
    }
    TRELLIS_TRY(parser_.close());
    return type;
}

Result<SubType> TypeParser::parse_sub_type(std::uint32_t index)
{
    SubType type;
    const bool sub = parser_.take_field("sub");
    if (sub) {
        type.is_final = parser_.take_keyword("final");
        if (parser_.at_index())
            type.supertype = TypeIndex{TRELLIS_TRY(parser_.parse_index(parser_.types))};
    }
    type.composite = TRELLIS_TRY(parse_composite(index));
    if (sub)
        TRELLIS_TRY(parser_.close());
    return type;
}

Result<SubType> TypeParser::parse_definition(std::uint32_t index)
{
    if (!parser_.take_field("type")) {
        parser_.take(TokenKind::left);
        return parser_.unexpected();
    }
    parser_.take(TokenKind::identifier);
    auto type = TRELLIS_TRY(parse_sub_type(index));
    TRELLIS_TRY(parser_.close());
    return type;
}

Result<> TypeParser::parse_type_field()
{
    const auto first = static_cast<std::uint32_t>(table_.types().size());
    std::vector<SubType> types;
    if (parser_.take_field("rec")) {
        while (!parser_.at(TokenKind::right))
            types.push_back(TRELLIS_TRY(parse_definition(first + static_cast<std::uint32_t>(types.size()))));
        TRELLIS_TRY(parser_.close());
    } else {
        types.push_back(TRELLIS_TRY(parse_definition(first)));
    }
    table_.add_group(std::move(types));
    return {};
}

Result<TypeUse> TypeParser::parse_type_use(Names names)
{
    TypeUse use;
    use.offset = parser_.peek().offset;
    if (parser_.take_field("type")) {
        use.index = TRELLIS_TRY(parser_.parse_index(parser_.types));
        TRELLIS_TRY(parser_.close());
    }
    TRELLIS_TRY(parse_params(use.type, names == Names::allowed ? &use.params : nullptr));
    TRELLIS_TRY(parse_results(use.type));
    // Found here, before the type is compared with another: parameters behind results are a matter of grammar.
    if (parser_.take_field("param"))
        return parser_.unexpected();
    return use;
}

Result<std::uint32_t> TypeParser::resolve(const TypeUse& use)
{
    if (!use.index)
        return table_.find_or_add(use.type);
    if (!use.is_inline())
        return *use.index;
    if (*use.index >= table_.types().size())
        return parser_.error_at(use.offset, format("unknown type {}", *use.index));
    const auto* const type = table_.function(*use.index);
    if (type == nullptr)
        return parser_.error_at(use.offset, format("non-function type {}", *use.index));
    if (*type != use.type)
        return parser_.error_at(use.offset, "inline function type does not match explicit type");
    return *use.index;
}

} // namespace trellis::wasm
