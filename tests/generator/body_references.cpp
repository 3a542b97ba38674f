// References and heap objects.
#include "generator/body.hpp"

#include <algorithm>

namespace trellis::wasm::generator {
namespace {

Instruction with_type(Op op, ValType type)
{
    Instruction in;
    in.op = op;
    in.type = type;
    return in;
}

bool is_packed(const FieldType& field)
{
    return field.storage.is_packed();
}

} // namespace

/// A reference of the type. Where it must not be null and nothing can be made, a null is cast, which traps.
void Body::reference(ValType type, int size)
{
    const auto heap = type.heap();
    const auto choice = random_.below(100);
    if (size > 1 && choice < 25 && variable(type))
        return;
    if (size > 4 && choice < 32 && plan_.is_subtype(heap, HeapType::any))
        return cast_to(type, size);
    for (std::uint32_t i = 0; size > 2 && choice < 42 && i < plan_.tables.size(); ++i)
        if (plan_.is_subtype(plan_.tables[i].element, type)) {
            index_below(static_cast<std::uint32_t>(plan_.tables[i].limits.min), plan_.tables[i].limits.is_64, size);
            return op(Op::table_get, i);
        }
    if ((!type.nullable() || choice < 88) && new_object(heap, size))
        return;
    put(with_type(Op::ref_null, ValType::ref_null(heap)));
    if (!type.nullable())
        op(Op::ref_as_non_null);
}

bool Body::new_object(HeapType heap, int size)
{
    if (heap == HeapType::func)
        return op(Op::ref_func, random_.below(plan_.functions.size())), true;
    if (heap == HeapType::extern_) {
        value(anyref, size - 1);
        return op(Op::extern_convert_any), true;
    }
    if (heap == HeapType::exn)
        return size > 8 ? (caught_exception(size), true) : false;
    if (heap == HeapType::any || heap == HeapType::eq) {
        if (heap == HeapType::any && random_.per_cent(10)) {
            value(externref, size - 1);
            return op(Op::any_convert_extern), true;
        }
        return new_object(random_.pick(std::array{HeapType::i31, HeapType::struct_, HeapType::array}), size);
    }
    if (heap == HeapType::i31) {
        value(i32, size - 1);
        return op(Op::ref_i31), true;
    }
    if (heap == HeapType::struct_)
        return new_struct(random_.pick(plan_.struct_types), size);
    if (heap == HeapType::array)
        return new_array(random_.pick(plan_.array_types), size);
    if (!heap.is_index())
        return false;
    const auto& composite = plan_.types[wasm::number(heap.index())].composite;
    if (std::holds_alternative<StructType>(composite))
        return new_struct(heap.index(), size);
    if (std::holds_alternative<ArrayType>(composite))
        return new_array(heap.index(), size);
    const auto function = function_of(heap.index());
    if (function)
        op(Op::ref_func, *function);
    return function.has_value();
}

bool Body::new_struct(TypeIndex type, int size)
{
    const auto& fields = std::get<StructType>(plan_.types[wasm::number(type)].composite).fields;
    if (size < 3 || random_.per_cent(15))
        return op(Op::struct_new_default, wasm::number(type)), true;
    for (const auto& field : fields)
        value(field.storage.unpacked(), part(size, fields.size()));
    return op(Op::struct_new, wasm::number(type)), true;
}

bool Body::new_array(TypeIndex type, int size)
{
    const auto index = wasm::number(type);
    const auto element = std::get<ArrayType>(plan_.types[index].composite).element.storage;
    const auto choice = random_.below(100);
    if (size < 3 || choice < 20) {
        i32_const(random_.below(12));
        op(Op::array_new_default, index);
    } else if (choice < 50) {
        const auto count = random_.below(4);
        for (std::uint32_t i = 0; i < count; ++i)
            value(element.unpacked(), part(size, count));
        op(Op::array_new_fixed, index, count);
    } else if (choice < 65 && !element.is_ref() && !(plan_.hides_nans && element != i32 && element != i64)) {
        index_below(4, false, 1);
        i32_const(random_.below(random_.per_cent(90) ? 4 : 100));
        op(Op::array_new_data, index, random_.below(plan_.data.size()));
    } else if (choice < 80 && element == funcref) {
        i32_const(0);
        i32_const(random_.below(3));
        op(Op::array_new_elem, index, 0);
    } else {
        value(element.unpacked(), size - 2);
        i32_const(random_.below(random_.per_cent(99) ? 20 : 3000));
        op(Op::array_new, index);
    }
    return true;
}

void Body::cast_to(ValType type, int size)
{
    value(anyref, size - 2);
    if (random_.per_cent(60) && type.nullable()) { // a null where it is something else
        const auto one = scratch(anyref);
        op(Op::local_tee, one);
        put(with_type(Op::ref_test_null, type));
        open(Op::if_, {type}, false);
        op(Op::local_get, one);
        put(with_type(Op::ref_cast_null, type));
        op(Op::else_);
        put(with_type(Op::ref_null, type));
        return close();
    }
    if (random_.per_cent(70))
        return cast_by_branch(type);
    if (random_.per_cent(50)) {
        put(with_type(Op::ref_cast, ValType::ref(type.heap())));
        return;
    }
    put(with_type(type.nullable() ? Op::ref_cast_null : Op::ref_cast, type));
}

/// What is not of the type is replaced.
void Body::cast_by_branch(ValType type)
{
    const auto one = scratch(anyref);
    op(Op::local_set, one);
    const bool on_fail = random_.per_cent(50);
    open(Op::block, {on_fail ? anyref : type}, false);
    op(Op::local_get, one);
    Instruction in = with_type(on_fail ? Op::br_on_cast_fail : Op::br_on_cast, anyref);
    in.type2 = type;
    put(in);
    if (on_fail) { // it is of the type here, and goes out through a local
        const auto found = scratch(ValType::ref_null(type.heap()));
        op(Op::local_set, found);
        op(Op::local_get, found);
        close();
        op(Op::drop);
        op(Op::local_get, found);
        if (!type.nullable())
            op(Op::ref_as_non_null);
        return;
    }
    op(Op::drop);
    if (!new_object(type.heap(), 0))
        put(with_type(Op::ref_null, ValType::ref_null(type.heap())));
    close();
}

/// An object of the type, nearly always there.
void Body::object(TypeIndex type, int size)
{
    if (random_.per_cent(40) && variable(ValType::ref_null(HeapType(type)))) {
        if (random_.per_cent(90)) { // made if it is not there yet
            const auto one = scratch(ValType::ref_null(HeapType(type)));
            op(Op::local_tee, one);
            op(Op::ref_is_null);
            open(Op::if_, {ValType::ref_null(HeapType(type))}, false);
            new_object(HeapType(type), 0);
            op(Op::else_);
            op(Op::local_get, one);
            close();
        }
        return;
    }
    new_object(HeapType(type), size);
}

bool Body::reference_number(ValType, int size)
{
    switch (random_.below(6)) {
    case 0:
        value(random_.pick(std::array{anyref, externref, funcref, exnref}), size - 1);
        op(Op::ref_is_null);
        return true;
    case 1: {
        const auto eqref = ValType::ref_null(HeapType::eq);
        value(eqref, size / 2);
        value(eqref, size / 2);
        op(Op::ref_eq);
        return true;
    }
    case 2: {
        value(anyref, size - 1);
        static constexpr std::array abstract = {HeapType::eq, HeapType::i31, HeapType::struct_, HeapType::array,
                                                HeapType::none};
        const auto heap = random_.per_cent(50)   ? random_.pick(abstract)
                          : random_.per_cent(50) ? HeapType(random_.pick(plan_.struct_types))
                                                 : HeapType(random_.pick(plan_.array_types));
        const bool nullable = random_.per_cent(50);
        put(with_type(nullable ? Op::ref_test_null : Op::ref_test,
                      nullable ? ValType::ref_null(heap) : ValType::ref(heap)));
        return true;
    }
    case 3:
        value(i32, size - 2);
        op(Op::ref_i31);
        op(random_.per_cent(50) ? Op::i31_get_s : Op::i31_get_u);
        return true;
    case 4:
        object(random_.pick(plan_.array_types), size - 1);
        op(Op::array_len);
        return true;
    default: {
        const auto table = random_.below(plan_.tables.size());
        op(Op::table_size, table);
        if (plan_.tables[table].limits.is_64)
            op(Op::i32_wrap_i64);
        return true;
    }
    }
}

/// A field or element of that type.
bool Body::field_value(ValType type, int size)
{
    if (random_.per_cent(50)) {
        for (const auto index : plan_.array_types) {
            const auto& element = std::get<ArrayType>(plan_.types[wasm::number(index)].composite).element;
            if (element.storage.unpacked() != type || random_.per_cent(30))
                continue;
            object(index, size - 2);
            i32_const(random_.below(random_.per_cent(90) ? 2 : 20));
            op(is_packed(element) ? (random_.per_cent(50) ? Op::array_get_s : Op::array_get_u) : Op::array_get,
               wasm::number(index));
            return true;
        }
    }
    for (const auto index : plan_.struct_types) {
        const auto& fields = std::get<StructType>(plan_.types[wasm::number(index)].composite).fields;
        for (std::uint32_t i = 0; i < fields.size(); ++i)
            if (fields[i].storage.unpacked() == type && random_.per_cent(70)) {
                object(index, size - 2);
                op(is_packed(fields[i]) ? (random_.per_cent(50) ? Op::struct_get_s : Op::struct_get_u) : Op::struct_get,
                   wasm::number(index), i);
                return true;
            }
    }
    return false;
}

void Body::set_field(int size)
{
    const auto index = random_.pick(plan_.struct_types);
    const auto& fields = std::get<StructType>(plan_.types[wasm::number(index)].composite).fields;
    const auto field = random_.below(fields.size());
    if (!fields[field].is_mutable)
        return;
    object(index, size / 2);
    value(fields[field].storage.unpacked(), size / 2);
    op(Op::struct_set, wasm::number(index), field);
}

void Body::set_element(int size)
{
    const auto type = random_.pick(plan_.array_types);
    const auto index = wasm::number(type);
    const auto& element = std::get<ArrayType>(plan_.types[index].composite).element;
    if (!element.is_mutable)
        return;
    object(type, size / 3);
    i32_const(random_.below(random_.per_cent(85) ? 2 : 20));
    switch (random_.below(4)) {
    case 0:
        value(element.storage.unpacked(), size / 3);
        i32_const(random_.below(4));
        return op(Op::array_fill, index);
    case 1:
        object(type, size / 3);
        i32_const(random_.below(3));
        i32_const(random_.below(3));
        return op(Op::array_copy, index, index);
    case 2:
        if (element.storage == i32 || element.storage == i64 || is_packed(element)) {
            i32_const(random_.below(3));
            i32_const(random_.below(3));
            return op(Op::array_init_data, index, random_.below(plan_.data.size()));
        }
        if (element.storage == funcref) {
            i32_const(random_.below(2));
            i32_const(random_.below(2));
            return op(Op::array_init_elem, index, 0);
        }
        [[fallthrough]];
    default:
        value(element.storage.unpacked(), size / 3);
        op(Op::array_set, index);
    }
}

/// Throws and catches, to have an exception in hand.
void Body::caught_exception(int size)
{
    const auto tag = random_.below(plan_.tags.size());
    open(Op::block, {exnref}, false);
    Instruction in;
    in.op = Op::try_table;
    const std::array clauses = {CatchClause{CatchClause::Form::catch_all_ref, {}, 0}};
    in.catches = clauses;
    put(in);
    labels_.push_back({{}, false});
    values(plan_.tag_type(tag).params, size - 4);
    op(Op::throw_, tag);
    close();
    op(Op::unreachable);
    close();
}

} // namespace trellis::wasm::generator
