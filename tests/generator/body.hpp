// Makes the body of one function: statements and values as trees, always valid. What an instruction of the table takes
// and gives follows from its signature; the others are made by hand. Each statement draws from a source of its own and
// can be left out without changing its neighbours: that is how a failing module is made small.
#pragma once

#include "generator/plan.hpp"

#include <set>

namespace trellis::wasm::generator {

/// Names of statements, and which ones are left out.
struct Statements {
    std::set<std::uint64_t> left_out;
    std::vector<std::uint64_t> made; ///< in order, those around others first
};

class Body {
public:
    Body(const Plan& plan, std::uint32_t function, Random random, Statements& statements);

    /// Locals and expression.
    std::vector<std::uint8_t> make();

private:
    struct Label {
        std::vector<ValType> types;
        bool is_target = true;  ///< whether branches may go there
        bool is_caught = false; ///< a legacy handler: rethrow may name it
    };

    // Pieces. `size` is how many instructions a piece may have, roughly.
    void statements(int size);
    void statement(int size);
    void one_statement(int size);
    void value(ValType type, int size);
    void values(std::span<const ValType> types, int size);
    void leaf(ValType type);
    void constant(ValType type);
    bool variable(ValType type);

    // body_values.cpp: what follows from the table
    bool number(ValType type, int size);
    void simple(Op op, int size);
    void operand(Op op, std::size_t index, char letter, std::uint32_t memory, int size);
    void address(std::uint32_t memory, std::uint32_t access_log2, bool aligned, int size);
    void index_below(std::uint32_t limit, bool is_64, int size);
    void length(bool is_64, int size);
    void immediates(Instruction& in, std::uint32_t memory);
    bool hides_before(Op op, std::size_t operand) const;
    void hide_nan(ValType type);
    void hide_nan_lanes(std::string_view text);

    // body_control.cpp
    void block(int size);
    void block_value(ValType type, int size);
    void if_(int size);
    void if_value(ValType type, int size);
    void select(ValType type, int size);
    void typed_block(int size);
    void typed_loop(int size);
    void take_parameters(std::span<const ValType> types, std::vector<std::uint32_t>& locals);
    void small_things(int size);
    void loop(int size);
    void counted_loop(int size);
    void branch_if(int size);
    bool branch_if_value(ValType type, int size);
    void branch_on_null(int size);
    void branch_table(int size);
    void leave(int size);
    void try_table(int size);
    void legacy_try(int size);
    void throw_(int size);
    void condition(int size) { value(i32, size); }
    void spend_budget(std::uint32_t depth_of_exit);
    void guard_entry();
    void open(Op op, std::vector<ValType> results, bool is_target = true);
    void open_typed(Op op, TypeIndex type);
    void close();
    std::optional<std::uint32_t> target(const std::function<bool(const Label&)>& fits);
    void branch_to(Op op, std::uint32_t depth);

    // body_calls.cpp
    void call(int size);
    bool call_for(ValType type, int size);
    void tail_call(int size);
    void call_function(std::uint32_t function, int size, bool tail);
    void call_type(TypeIndex type, int size, bool tail);
    void callee(TypeIndex type, int size);
    void keep(std::span<const ValType> results, std::size_t wanted);
    std::optional<std::uint32_t> function_of(TypeIndex type);
    void bulk(int size);
    void table_operation(int size);
    void table_value(std::uint32_t table, int size);

    // body_references.cpp
    void reference(ValType type, int size);
    bool new_object(HeapType heap, int size);
    bool new_struct(TypeIndex type, int size);
    bool new_array(TypeIndex type, int size);
    void cast_to(ValType type, int size);
    void cast_by_branch(ValType type);
    void object(TypeIndex type, int size);
    bool reference_number(ValType type, int size);
    void set_field(int size);
    void set_element(int size);
    bool field_value(ValType type, int size);
    void caught_exception(int size);

    // Building blocks
    void put(const Instruction& in) { code_.instruction(in); }
    void op(Op which) { op(which, 0); }
    void op(Op which, std::uint32_t index, std::uint32_t index2 = 0);
    void i32_const(std::uint32_t value);
    void number_const(bool is_64, std::uint64_t value);
    std::uint32_t scratch(ValType type);
    static int part(int size, std::size_t parts) { return (size - 1) / static_cast<int>(parts == 0 ? 1 : parts); }

    const Plan& plan_;
    std::uint32_t function_;
    const FuncType& type_;
    Random random_;
    Statements& statements_;
    Writer code_;
    std::vector<ValType> locals_;
    std::set<std::uint32_t> hidden_; ///< locals that may hold any NaN
    std::vector<Label> labels_;
    std::size_t settable_ = 0; ///< so many locals any piece may set; the others belong to the piece that made them
    int depth_ = 0;            ///< of pieces
    int loops_ = 0;
};

} // namespace trellis::wasm::generator
