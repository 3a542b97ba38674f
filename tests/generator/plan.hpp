// What a generated module declares: types, functions, memories and so on. Bodies are made from it, and it writes every
// section but the code. Follows from the seed.
#pragma once

#include "generator/random.hpp"
#include "wasm/binary/writer.hpp"

#include <functional>
#include <string>

namespace trellis::wasm::generator {

struct Plan {
    Plan(Random random, bool hides_nans, bool is_metered);

    bool hides_nans; ///< code never lets the bits of a NaN be seen, which the specification leaves open
    bool is_metered; ///< loops need not end

    std::vector<SubType> types; ///< one recursion group
    std::vector<TypeIndex> function_types, struct_types, array_types;

    std::uint32_t imported_functions = 0;
    std::vector<TypeIndex> functions; ///< imported ones first
    bool imports_memory = false, imports_table = false, imports_global = false;
    std::vector<TableType> tables;
    std::vector<MemoryType> memories;
    std::vector<GlobalType> globals;
    /// The global that bounds loops and calls: 0 ends them.
    [[nodiscard]] std::uint32_t budget() const { return imports_global ? 1 : 0; }
    std::vector<TypeIndex> tags;
    std::optional<FuncIndex> start;

    struct Data {
        std::optional<std::pair<std::uint32_t, std::uint32_t>> active; ///< memory, offset
        std::vector<std::uint8_t> bytes;
    };
    std::vector<Data> data;
    struct Elements {
        std::optional<std::pair<std::uint32_t, std::uint32_t>> active; ///< table, offset
        ValType type;
        std::vector<std::optional<FuncIndex>> functions; ///< null where there is none
        std::size_t nulls = 0;                           ///< of any other type: so many nulls
        [[nodiscard]] std::size_t size() const { return functions.empty() ? nulls : functions.size(); }
    };
    std::vector<Elements> elements;

    [[nodiscard]] const FuncType& type_of(std::uint32_t function) const { return function_type(functions[function]); }
    [[nodiscard]] const FuncType& function_type(TypeIndex index) const
    {
        return std::get<FuncType>(types[number(index)].composite);
    }
    [[nodiscard]] const FuncType& tag_type(std::uint32_t tag) const { return function_type(tags[tag]); }
    [[nodiscard]] bool is_subtype(HeapType sub, HeapType super) const;
    [[nodiscard]] bool is_subtype(ValType sub, ValType super) const;
    /// A defaultable value type.
    [[nodiscard]] ValType any_type(Random& random) const;

    /// The whole module; `body` gives the contents of a defined function: locals and expression.
    using Body = std::function<std::vector<std::uint8_t>(std::uint32_t function)>;
    [[nodiscard]] std::vector<std::uint8_t> write(const Body& body) const;

private:
    void choose_types(Random random);
    void choose_functions(Random random);
    void choose_memories(Random random);
    void choose_tables(Random random);
    void choose_globals(Random random);
    void choose_segments(Random random);
    FuncType any_function_type(Random& random) const;
    StructType any_struct_type(Random& random) const;

    [[nodiscard]] Writer imports() const;
    [[nodiscard]] Writer element_section() const;
    [[nodiscard]] Writer data_section() const;
    void initial_value(Writer& to, const GlobalType& type, std::uint32_t index) const;
};

} // namespace trellis::wasm::generator
