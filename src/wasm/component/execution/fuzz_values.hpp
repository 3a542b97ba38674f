// Random types of components, and values of them. For fuzzers only.
#pragma once

#include "wasm/component/execution/fuzz_input.hpp"
#include "wasm/component/execution/value.hpp"

namespace trellis::wasm::component {

/// A type as it is declared, as its giver makes a value of it (each borrowed handle is one that it owns), and as its
/// taker finds it (a borrowed resource of its own is a number). All three look alike in memory.
struct TypeViews {
    ValueTypeId declared = no_type;
    ValueTypeId given = no_type;
    ValueTypeId taken = no_type;
};

/// Resources that types may speak of.
struct FuzzResources {
    ResourceId of_giver{}, of_taker{}, of_host{};
};

class RandomTypes {
public:
    RandomTypes(FuzzInput& input, TypeArena& arena, const FuzzResources& resources)
        : input_(input), arena_(arena), resources_(resources)
    {
    }
    /// `may_borrow`: it is part of a parameter.
    TypeViews any(std::uint32_t depth, bool may_borrow);

private:
    using Maker = TypeViews (RandomTypes::*)(std::uint32_t depth, bool may_borrow);
    struct Row {
        std::uint32_t weight;
        Maker maker;
    };

    TypeViews of_row(std::span<const Row> rows, std::uint32_t depth, bool may_borrow);
    TypeViews primitive_type(std::uint32_t depth, bool may_borrow);
    TypeViews string(std::uint32_t depth, bool may_borrow);
    TypeViews list(std::uint32_t depth, bool may_borrow);
    TypeViews fixed_list(std::uint32_t depth, bool may_borrow);
    TypeViews map(std::uint32_t depth, bool may_borrow);
    TypeViews option(std::uint32_t depth, bool may_borrow);
    TypeViews result(std::uint32_t depth, bool may_borrow);
    TypeViews record(std::uint32_t depth, bool may_borrow);
    TypeViews variant(std::uint32_t depth, bool may_borrow);
    TypeViews labels(std::uint32_t depth, bool may_borrow);
    TypeViews handle(std::uint32_t depth, bool may_borrow);
    TypeViews copy_end(std::uint32_t depth, bool may_borrow);
    TypeViews maybe(std::uint32_t depth, bool may_borrow);
    TypeViews around(ValueKind kind, const TypeViews& element, const TypeViews& other = {}, std::uint32_t length = 0);
    TypeViews of_members(ValueKind kind, std::span<const TypeViews> members);
    TypeViews same(ValueType type);

    static const std::array<Row, 2> leaves;
    static const std::array<Row, 13> rows;

    FuzzInput& input_;
    TypeArena& arena_;
    const FuzzResources& resources_;
};

/// Streams and futures are left out: they belong to a store.
Value random_value(FuzzInput& input, const TypeArena& arena, ValueTypeId type);
/// Puts new streams and futures where the type has them.
void add_copies(ComponentStore& store, const ComponentInstance& types, ValueTypeId type, Value& value);
bool equal(const TypeArena& arena, ValueTypeId type, const Value& one, const Value& other);

} // namespace trellis::wasm::component
