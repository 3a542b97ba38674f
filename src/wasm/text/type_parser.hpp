// Types of the text format, and type uses: "(type $t) (param ...) (result ...)", each part optional. A use without a
// type refers to the first matching type of the module, or appends one.
// https://webassembly.github.io/spec/core/text/types.html
#pragma once

#include "wasm/text/parser.hpp"

namespace trellis::wasm {

/// The type section in the making.
class TypeTable {
public:
    void add_group(std::vector<SubType> types);
    [[nodiscard]] const std::vector<SubType>& types() const { return types_; }
    [[nodiscard]] const std::vector<RecursionGroup>& groups() const { return groups_; }
    /// The function type with that index, or nullptr.
    [[nodiscard]] const FuncType* function(std::uint32_t index) const;
    /// The first type that is just this function type; appended where there is none.
    std::uint32_t find_or_add(const FuncType& type);

private:
    std::vector<SubType> types_;
    std::vector<RecursionGroup> groups_;
    std::unordered_map<std::string, std::uint32_t> plain_functions_; ///< by binary form
};

/// What a type use says, before its index is looked up.
struct TypeUse {
    std::optional<std::uint32_t> index;
    FuncType type;               ///< what is written inline
    std::vector<Binding> params; ///< as many as type.params
    std::uint32_t offset = 0;

    [[nodiscard]] bool is_inline() const { return !type.params.empty() || !type.results.empty(); }
};

class TypeParser {
public:
    TypeParser(Parser& parser, TypeTable& table) : parser_(parser), table_(table) {}

    Result<ValType> parse_value_type();
    Result<ValType> parse_reference_type();
    Result<HeapType> parse_heap_type();
    Result<GlobalType> parse_global_type();
    /// "i64" or "i32" in front of limits.
    bool parse_is_64();
    Result<TableType> parse_table_type(bool is_64);
    Result<MemoryType> parse_memory_type(bool is_64);
    /// "(pagesize N)", if it stands here; log2.
    Result<std::uint8_t> parse_page_size();
    /// "(type ...)" or "(rec ...)" at the top of a module; the cursor is at the parenthesis.
    Result<> parse_type_field();

    enum class Names : std::uint8_t { allowed, forbidden };
    Result<TypeUse> parse_type_use(Names names);
    /// The index of a type use.
    Result<std::uint32_t> resolve(const TypeUse& use);

private:
    [[nodiscard]] bool at_value_type() const;
    Result<std::vector<ValType>> parse_value_types();
    Result<Limits> parse_limits(bool is_64);
    Result<ValType> parse_storage_type();
    Result<FieldType> parse_field_type();
    Result<> parse_params(FuncType& type, std::vector<Binding>* names);
    Result<> parse_results(FuncType& type);
    Result<StructType> parse_struct(std::uint32_t index);
    Result<CompositeType> parse_composite(std::uint32_t index);
    Result<SubType> parse_sub_type(std::uint32_t index);
    Result<SubType> parse_definition(std::uint32_t index);

    Parser& parser_;
    TypeTable& table_;
};

} // namespace trellis::wasm
