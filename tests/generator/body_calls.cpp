// Calls, and operations on whole stretches of memories and tables.
#include "generator/body.hpp"

#include <algorithm>

namespace trellis::wasm::generator {

/// Takes results from the stack; the one wanted is left, or none.
void Body::keep(std::span<const ValType> results, std::size_t wanted)
{
    std::uint32_t kept = 0;
    for (auto i = results.size(); i > 0; --i) {
        if (i - 1 == wanted) {
            kept = scratch(results[wanted]);
            op(Op::local_set, kept);
        } else
            op(Op::drop);
    }
    if (wanted < results.size())
        op(Op::local_get, kept);
}

std::optional<std::uint32_t> Body::function_of(TypeIndex type)
{
    std::vector<std::uint32_t> found;
    for (std::uint32_t i = 0; i < plan_.functions.size(); ++i)
        if (plan_.functions[i] == type)
            found.push_back(i);
    if (found.empty())
        return std::nullopt;
    return random_.pick(found);
}

void Body::call_function(std::uint32_t function, int size, bool tail)
{
    values(plan_.type_of(function).params, size);
    op(tail ? Op::return_call : Op::call, function);
}

/// A function of the type, or nearly always.
void Body::callee(TypeIndex type, int size)
{
    const auto function = function_of(type);
    if (function && random_.per_cent(80))
        return op(Op::ref_func, *function);
    if (size > 1 && random_.per_cent(50))
        return value(ValType::ref_null(HeapType(type)), size);
    Instruction in;
    in.op = Op::ref_null;
    in.type = ValType::ref_null(HeapType(type));
    put(in);
}

/// By reference or through a table.
void Body::call_type(TypeIndex type, int size, bool tail)
{
    const auto& signature = plan_.function_type(type);
    values(signature.params, size / 2);
    if (random_.per_cent(40)) {
        callee(type, size / 2);
        return op(tail ? Op::return_call_ref : Op::call_ref, wasm::number(type));
    }
    const bool is_64 = plan_.tables[0].limits.is_64;
    const auto function = function_of(type);
    if (function && random_.per_cent(70)) { // put it where it is called
        const auto at = random_.below(10);
        number_const(is_64, at);
        op(Op::ref_func, *function);
        op(Op::table_set, 0);
        number_const(is_64, at);
    } else
        index_below(10, is_64, size / 2);
    op(tail ? Op::return_call_indirect : Op::call_indirect, wasm::number(type), 0);
}

void Body::call(int size)
{
    if (random_.per_cent(70)) {
        const auto function = random_.below(plan_.functions.size());
        call_function(function, size, false);
        return keep(plan_.type_of(function).results, ~std::size_t(0));
    }
    const auto type = random_.pick(plan_.function_types);
    call_type(type, size, false);
    keep(plan_.function_type(type).results, ~std::size_t(0));
}

bool Body::call_for(ValType type, int size)
{
    std::vector<TypeIndex> found;
    for (const auto index : plan_.function_types)
        if (std::ranges::find(plan_.function_type(index).results, type) != plan_.function_type(index).results.end())
            found.push_back(index);
    if (found.empty())
        return false;
    const auto chosen = random_.pick(found);
    const auto& results = plan_.function_type(chosen).results;
    const auto function = function_of(chosen);
    if (function && random_.per_cent(70))
        call_function(*function, size, false);
    else
        call_type(chosen, size, false);
    keep(results, static_cast<std::size_t>(std::ranges::find(results, type) - results.begin()));
    return true;
}

/// At the end of the body: its results are the callee's.
void Body::tail_call(int size)
{
    std::vector<TypeIndex> found;
    for (const auto index : plan_.function_types)
        if (plan_.function_type(index).results == type_.results)
            found.push_back(index);
    const auto type = random_.pick(found);
    const auto function = function_of(type);
    if (function && random_.per_cent(70))
        return call_function(*function, size, true);
    call_type(type, size, true);
}

void Body::bulk(int size)
{
    const auto to = random_.below(plan_.memories.size());
    const auto from = random_.below(plan_.memories.size());
    const auto segment = random_.below(plan_.data.size());
    const bool to_64 = plan_.memories[to].limits.is_64, from_64 = plan_.memories[from].limits.is_64;
    switch (random_.below(4)) {
    case 0:
        address(to, 0, false, size / 3);
        value(i32, size / 3);
        length(to_64, size / 3);
        return op(Op::memory_fill, to);
    case 1:
        address(to, 0, false, size / 3);
        address(from, 0, false, size / 3);
        length(to_64 && from_64, size / 3);
        return op(Op::memory_copy, to, from);
    case 2:
        address(to, 0, false, size / 3);
        index_below(8, false, size / 3);
        i32_const(random_.below(random_.per_cent(90) ? 12 : 100));
        return op(Op::memory_init, segment, to);
    default:
        if (random_.per_cent(30))
            op(Op::data_drop, segment);
    }
}

void Body::table_value(std::uint32_t table, int size)
{
    value(plan_.tables[table].element, size);
}

void Body::table_operation(int size)
{
    const auto table = random_.below(plan_.tables.size());
    const auto& type = plan_.tables[table];
    const auto limit = static_cast<std::uint32_t>(type.limits.min);
    const bool is_64 = type.limits.is_64;
    switch (random_.below(6)) {
    case 0:
        index_below(limit, is_64, size / 2);
        table_value(table, size / 2);
        return op(Op::table_set, table);
    case 1:
        table_value(table, size / 2);
        number_const(is_64, random_.below(3));
        op(Op::table_grow, table);
        return op(Op::drop);
    case 2:
        index_below(limit, is_64, size / 3);
        table_value(table, size / 3);
        number_const(is_64, random_.below(4));
        return op(Op::table_fill, table);
    case 3:
        index_below(limit, is_64, size / 3);
        index_below(limit, is_64, size / 3);
        number_const(is_64, random_.below(4));
        return op(Op::table_copy, table, table);
    case 4:
        for (std::uint32_t i = 0; i < plan_.elements.size(); ++i)
            if (plan_.is_subtype(plan_.elements[i].type, type.element) && random_.per_cent(60)) {
                index_below(limit, is_64, size / 3);
                index_below(3, false, size / 3);
                i32_const(random_.below(3));
                return op(Op::table_init, i, table);
            }
        return;
    default:
        if (random_.per_cent(30))
            op(Op::elem_drop, random_.below(plan_.elements.size()));
    }
}

} // namespace trellis::wasm::generator
