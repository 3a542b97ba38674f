#include "wasm/execution/heap.hpp"

#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/heap_cells.hpp"
#include "wasm/execution/test_guest.hpp"

#include <random>

namespace trellis::wasm {
namespace {

constexpr auto types = R"((module
    (type $node (struct (field i32) (field (mut (ref null $node))) (field (mut (ref null $node)))))
    (type $bytes (array (mut i8)))
    (type $nodes (array (mut (ref null $node))))
    (type $mixed (struct (field i8) (field (ref null func)) (field i16) (field f64) (field anyref) (field v128)))
    (type $super (sub (struct (field (mut i8)) (field (mut i64)))))
    (type $sub (sub $super (struct (field (mut i8)) (field (mut i64)) (field i32))))
    (type $error (func (param externref i64)))
    (tag (type $error))
    (table $t 1 anyref) (global $g (mut anyref) (ref.null any))
    (elem $e anyref (item (ref.i31 (i32.const 3))) (item (ref.null any)) (item (ref.i31 (i32.const 4))))
    (elem $made (ref null $node) (item (struct.new $node (i32.const 77) (ref.null $node) (ref.null $node))))
    (data $d "abcdefgh") (memory 0) (func (drop (array.new_data $bytes $d (i32.const 0) (i32.const 0))))))";
constexpr TypeIndex node{0}, bytes{1}, nodes{2}, mixed{3};

class HeapTest : public GuestTest {
protected:
    explicit HeapTest(StoreLimits limits = {}) : GuestTest(limits) {}

    Ref new_node(std::uint32_t value, Ref left = null_ref, Ref right = null_ref)
    {
        const Slot fields[] = {{.u64 = value}, {.ref = left}, {.ref = right}};
        Ref result = null_ref;
        EXPECT_EQ(struct_new(instance, node, fields, result), Trap::none);
        return result;
    }

    std::uint64_t field(Ref object, std::uint32_t index, TypeIndex type = node)
    {
        Slot value{};
        EXPECT_EQ(struct_get(instance, type, index, Extension::none, object, &value), Trap::none);
        return value.u64;
    }

    /// Makes and forgets objects until the collector has run.
    void churn()
    {
        for (int i = 0; i < 1000; ++i)
            new_node(0xdead);
        ASSERT_EQ(store.heap().collect(), Trap::none);
        for (int i = 0; i < 1000; ++i)
            new_node(0xdead);
    }

    Instance& instance = instance_of(types);
};

using wasm_heap = HeapTest;

TEST(wasm_heap_cells, division_by_multiplication_is_exact)
{
    for (std::uint32_t size_class = 0; size_class < cell_sizes.size(); ++size_class)
        for (std::uint32_t offset = 0; offset < Heap::block_bytes; ++offset)
            ASSERT_EQ(divide_by_cell(offset, size_class), offset / cell_sizes[size_class]);
}

TEST(wasm_heap_cells, class_of_is_the_smallest_that_fits)
{
    for (std::uint32_t bytes_asked = 1; bytes_asked <= largest_cell; ++bytes_asked) {
        const auto size_class = class_of(bytes_asked);
        ASSERT_GE(cell_sizes[size_class], bytes_asked);
        if (size_class > 0)
            ASSERT_LT(cell_sizes[size_class - 1], bytes_asked);
    }
}

TEST_F(wasm_heap, fields_keep_their_values)
{
    const auto function = ref_func(instance, FuncIndex{0});
    const Slot fields[] = {{.u32 = 0x1ff},      {.ref = function}, {.u32 = 0x18000}, {.f64 = 2.5},
                           {.ref = i31_ref(9)}, {.u64 = 1},        {.u64 = 2}};
    Ref object = null_ref;
    ASSERT_EQ(struct_new(instance, mixed, fields, object), Trap::none);
    Slot value[2]{};
    EXPECT_EQ(struct_get(instance, mixed, 0, Extension::sign, object, value), Trap::none);
    EXPECT_EQ(value[0].i32, -1);
    EXPECT_EQ(struct_get(instance, mixed, 0, Extension::zero, object, value), Trap::none);
    EXPECT_EQ(value[0].u32, 0xffu);
    EXPECT_EQ(struct_get(instance, mixed, 2, Extension::sign, object, value), Trap::none);
    EXPECT_EQ(value[0].i32, -0x8000);
    EXPECT_EQ(field(object, 1, mixed), function);
    EXPECT_EQ(field(object, 3, mixed), std::bit_cast<std::uint64_t>(2.5));
    EXPECT_EQ(field(object, 4, mixed), i31_ref(9));
    EXPECT_EQ(struct_get(instance, mixed, 5, Extension::none, object, value), Trap::none);
    EXPECT_EQ(value[1].u64, 2u);
    EXPECT_EQ(struct_get(instance, mixed, 0, Extension::sign, null_ref, value), Trap::null_structure_reference);
    EXPECT_EQ(struct_set(instance, mixed, 0, null_ref, value), Trap::null_structure_reference);
}

TEST_F(wasm_heap, globals_tables_pins_and_segments_are_roots)
{
    instance.global_objects[0]->value[0].ref = new_node(1, new_node(2));
    instance.tables[0]->elements[0] = new_node(3, null_ref, new_node(4));
    const auto pinned = new_node(5);
    store.pin(pinned);
    store.pending_exception = new_node(6);
    churn();
    EXPECT_EQ(field(field(instance.global_objects[0]->value[0].ref, 1), 0), 2u);
    EXPECT_EQ(field(field(instance.tables[0]->elements[0], 2), 0), 4u);
    EXPECT_EQ(field(pinned, 0), 5u);
    EXPECT_EQ(field(store.pending_exception, 0), 6u);
    EXPECT_EQ(field(instance.elements[1][0], 0), 77u);
    EXPECT_EQ(field(instance.elements[1][0], 1), null_ref);
}

TEST_F(wasm_heap, both_halves_and_interior_addresses_on_the_guest_stack_are_roots)
{
    auto& stack = *store.stack;
    const auto a = new_node(1), b = new_node(2), c = new_node(3);
    Ref large = null_ref;
    ASSERT_EQ(array_new_default(instance, nodes, 100'000, large), Trap::none);
    const Slot value{.ref = new_node(4)};
    ASSERT_EQ(array_set(instance, nodes, large, 99'999, &value), Trap::none);
    *stack.top++ = {.u64 = a << 32 | b};
    *stack.top++ = {.u64 = (c + 9) << 32 | (large + 200'001)};
    churn();
    EXPECT_EQ(field(a, 0), 1u);
    EXPECT_EQ(field(b, 0), 2u);
    EXPECT_EQ(field(c, 0), 3u);
    Slot found{};
    ASSERT_EQ(array_get(instance, nodes, Extension::none, large, 99'999, &found), Trap::none);
    EXPECT_EQ(field(found.ref, 0), 4u);
}

TEST_F(wasm_heap, garbage_is_reused)
{
    churn();
    const auto used = store.heap().used_bytes();
    for (int i = 0; i < 500'000; ++i)
        new_node(1);
    EXPECT_LE(store.heap().used_bytes(), used + (std::uint64_t(16) << 20));
}

TEST_F(wasm_heap, large_garbage_is_reused_and_reads_as_zero)
{
    Ref first = null_ref, second = null_ref;
    ASSERT_EQ(array_new_default(instance, bytes, 1'000'000, first), Trap::none);
    const Slot one{.u32 = 1};
    ASSERT_EQ(array_fill(instance, bytes, first, 0, &one, 1'000'000), Trap::none);
    ASSERT_EQ(store.heap().collect(), Trap::none);
    ASSERT_EQ(array_new_default(instance, bytes, 1'000'000, second), Trap::none);
    EXPECT_EQ(first, second);
    Slot value{.u32 = 9};
    ASSERT_EQ(array_get(instance, bytes, Extension::zero, second, 999'999, &value), Trap::none);
    EXPECT_EQ(value.u32, 0u);
}

TEST_F(wasm_heap, deep_list_needs_no_native_stack)
{
    Ref& list = instance.global_objects[0]->value[0].ref;
    constexpr std::uint32_t length = 100'000;
    for (std::uint32_t i = 0; i < length; ++i)
        list = new_node(i, list);
    ASSERT_EQ(store.heap().collect(), Trap::none);
    std::uint32_t seen = 0;
    for (auto one = list; one; one = field(one, 1))
        ASSERT_EQ(field(one, 0), length - ++seen);
    EXPECT_EQ(seen, length);
}

TEST_F(wasm_heap, interrupted_collection_frees_nothing)
{
    Ref& list = instance.global_objects[0]->value[0].ref;
    for (std::uint32_t i = 0; i < 50'000; ++i)
        list = new_node(i, list);
    const auto garbage = new_node(12345);
    store.interrupt_handle().interrupt();
    EXPECT_EQ(store.heap().collect(), Trap::interrupted);
    EXPECT_EQ(field(garbage, 0), 12345u);
    EXPECT_EQ(store.heap().collect(), Trap::none);
    EXPECT_EQ(field(list, 0), 49'999u);
}

/// A graph that changes at random, compared with a copy kept outside.
TEST_F(wasm_heap, random_graph_survives_collections)
{
    struct Copy {
        Ref ref;
        std::uint32_t value;
        std::size_t left, right;
    };
    constexpr std::size_t roots = 512, none = ~std::size_t(0);
    ASSERT_EQ(table_grow(instance, TableIndex{0}, null_ref, roots), 1);
    auto* table = instance.tables[0]->elements;
    std::mt19937 random(7);
    std::vector<Copy> copies;
    std::vector<std::size_t> root_copy(roots + 1, none);
    const auto pick = [&] { return 1 + random() % roots; };
    const auto ref_of = [&](std::size_t copy) { return copy == none ? null_ref : copies[copy].ref; };
    for (std::uint32_t i = 0; i < 60'000; ++i) {
        const auto left = root_copy[pick()], right = root_copy[pick()], at = pick();
        const auto made = new_node(i, ref_of(left), ref_of(right));
        copies.push_back({made, i, left, right});
        table[at] = made;
        root_copy[at] = copies.size() - 1;
        if (random() % 4 == 0) {
            const auto gone = pick();
            table[gone] = null_ref;
            root_copy[gone] = none;
        }
        if (i % 10'000 == 9'999)
            ASSERT_EQ(store.heap().collect(), Trap::none);
    }
    std::vector<bool> seen(copies.size());
    std::vector<std::size_t> todo;
    for (const auto root : root_copy)
        if (root != none)
            todo.push_back(root);
    while (!todo.empty()) {
        const auto one = todo.back();
        todo.pop_back();
        if (seen[one])
            continue;
        seen[one] = true;
        const auto& copy = copies[one];
        ASSERT_EQ(field(copy.ref, 0), copy.value);
        ASSERT_EQ(field(copy.ref, 1), ref_of(copy.left));
        ASSERT_EQ(field(copy.ref, 2), ref_of(copy.right));
        for (const auto child : {copy.left, copy.right})
            if (child != none)
                todo.push_back(child);
    }
}

class wasm_heap_limits : public HeapTest {
protected:
    wasm_heap_limits() : HeapTest({.gc_heap_bytes = 1 << 20}) {}
};

TEST_F(wasm_heap_limits, live_objects_beyond_the_limit_trap_and_the_store_goes_on)
{
    Ref& list = instance.global_objects[0]->value[0].ref;
    Trap trap = Trap::none;
    std::uint32_t made = 0;
    for (; !failed(trap) && made < 1'000'000; ++made) {
        const Slot fields[] = {{.u64 = made}, {.ref = list}, {.ref = null_ref}};
        Ref result = null_ref;
        trap = struct_new(instance, node, fields, result);
        if (!failed(trap))
            list = result;
    }
    EXPECT_EQ(trap, Trap::gc_heap_exhausted);
    EXPECT_GT(made, 20'000u);
    EXPECT_EQ(store.make_host_ref(1).error().code, ErrorCode::limit);
    list = null_ref;
    EXPECT_EQ(field(new_node(5), 0), 5u);
}

TEST_F(wasm_heap_limits, arrays_larger_than_the_heap_trap_at_once)
{
    Ref result = null_ref;
    EXPECT_EQ(array_new_default(instance, nodes, 0xffff'ffff, result), Trap::gc_heap_exhausted);
    EXPECT_EQ(array_new_default(instance, bytes, 1 << 20, result), Trap::gc_heap_exhausted);
    EXPECT_EQ(array_new_default(instance, bytes, 900'000, result), Trap::none);
}

TEST_F(wasm_heap, host_references)
{
    const auto a = *store.make_host_ref(7), b = *store.make_host_ref(7);
    EXPECT_NE(a, b);
    churn();
    EXPECT_EQ(store.host_payload(a), 7u);
    EXPECT_FALSE(store.host_payload(null_ref));
    EXPECT_FALSE(store.host_payload(i31_ref(1)));
    EXPECT_FALSE(store.host_payload(new_node(1)));
}

TEST_F(wasm_heap, exceptions_keep_tag_and_parameters)
{
    const Slot fields[] = {{.ref = *store.make_host_ref(5)}, {.u64 = ~std::uint64_t(0)}};
    Ref exception = null_ref;
    ASSERT_EQ(exception_new(instance, TagIndex{0}, fields, exception), Trap::none);
    store.unpin(fields[0].ref);
    store.pending_exception = exception;
    churn();
    Slot found[2]{};
    EXPECT_EQ(exception_tag(store, exception), instance.tags[0]);
    exception_fields(store, exception, found);
    EXPECT_EQ(store.host_payload(found[0].ref), 5u);
    EXPECT_EQ(found[1].u64, ~std::uint64_t(0));
}

TEST_F(wasm_heap, tests_of_types)
{
    const auto object = new_node(1);
    Ref array = null_ref, sub = null_ref, super = null_ref;
    ASSERT_EQ(array_new_default(instance, bytes, 1, array), Trap::none);
    ASSERT_EQ(struct_new_default(instance, TypeIndex{5}, sub), Trap::none);
    ASSERT_EQ(struct_new_default(instance, TypeIndex{4}, super), Trap::none);
    const auto host = *store.make_host_ref(1);
    const auto function = ref_func(instance, FuncIndex{0});
    struct Row {
        HeapType type;
        std::vector<Ref> members;
    };
    const std::vector<Ref> all = {object, array, sub, super, host, i31_ref(0), i31_ref(5)};
    for (const auto& [type, members] : std::vector<Row>{{HeapType::any, all},
                                                        {HeapType::extern_, all},
                                                        {HeapType::eq, {object, array, sub, super, all[5], all[6]}},
                                                        {HeapType::i31, {all[5], all[6]}},
                                                        {HeapType::struct_, {object, sub, super}},
                                                        {HeapType::array, {array}},
                                                        {HeapType::none, {}},
                                                        {HeapType::noextern, {}},
                                                        {HeapType(TypeIndex{0}), {object}},
                                                        {HeapType(TypeIndex{1}), {array}},
                                                        {HeapType(TypeIndex{5}), {sub}},
                                                        {HeapType(TypeIndex{4}), {sub, super}}})
        for (const auto ref : all)
            EXPECT_EQ(ref_test(instance, ref, type), std::ranges::count(members, ref) > 0)
                << type.encoding() << " " << std::ranges::find(all, ref) - all.begin();
    EXPECT_TRUE(ref_test(instance, function, HeapType::func));
    EXPECT_FALSE(ref_test(instance, function, HeapType::nofunc));
    EXPECT_FALSE(ref_test(instance, function, HeapType(TypeIndex{6})));
    EXPECT_FALSE(ref_test(instance, null_ref, HeapType::any));
}

class wasm_array_operations : public HeapTest {
protected:
    Ref make(std::uint32_t length)
    {
        Ref result = null_ref;
        EXPECT_EQ(array_new_default(instance, bytes, length, result), Trap::none);
        store.pin(result);
        return result;
    }

    std::string text(Ref array, std::uint32_t from, std::uint32_t count)
    {
        return {reinterpret_cast<const char*>(store.heap().address(array)) + header_bytes + from, count};
    }
};

TEST_F(wasm_array_operations, bounds_and_nulls)
{
    const auto array = make(4);
    Slot value{.u32 = 7};
    std::uint32_t length = 0;
    EXPECT_EQ(array_set(instance, bytes, array, 3, &value), Trap::none);
    EXPECT_EQ(array_set(instance, bytes, array, 4, &value), Trap::out_of_bounds_array_access);
    EXPECT_EQ(array_get(instance, bytes, Extension::zero, array, 4, &value), Trap::out_of_bounds_array_access);
    EXPECT_EQ(array_fill(instance, bytes, array, 2, &value, 3), Trap::out_of_bounds_array_access);
    EXPECT_EQ(array_fill(instance, bytes, array, 4, &value, 0), Trap::none);
    EXPECT_EQ(array_fill(instance, bytes, array, 0xffff'ffff, &value, 0xffff'ffff), Trap::out_of_bounds_array_access);
    EXPECT_EQ(array_copy(instance, bytes, bytes, array, 1, array, 0, 4), Trap::out_of_bounds_array_access);
    EXPECT_EQ(array_get(instance, bytes, Extension::zero, null_ref, 0, &value), Trap::null_array_reference);
    EXPECT_EQ(array_set(instance, bytes, null_ref, 0, &value), Trap::null_array_reference);
    EXPECT_EQ(array_len(instance, null_ref, length), Trap::null_array_reference);
    EXPECT_EQ(array_fill(instance, bytes, null_ref, 0, &value, 0), Trap::null_array_reference);
    EXPECT_EQ(array_copy(instance, bytes, bytes, array, 0, null_ref, 0, 0), Trap::null_array_reference);
    EXPECT_EQ(array_init_data(instance, bytes, DataIndex{0}, null_ref, 0, 0, 0), Trap::null_array_reference);
    EXPECT_EQ(array_init_elem(instance, nodes, ElementIndex{0}, null_ref, 0, 0, 0), Trap::null_array_reference);
}

TEST_F(wasm_array_operations, data_segments)
{
    Ref made = null_ref;
    EXPECT_EQ(array_new_data(instance, bytes, DataIndex{0}, 2, 6, made), Trap::none);
    EXPECT_EQ(text(made, 0, 6), "cdefgh");
    EXPECT_EQ(array_new_data(instance, bytes, DataIndex{0}, 3, 6, made), Trap::out_of_bounds_memory_access);
    EXPECT_EQ(array_new_data(instance, bytes, DataIndex{0}, 0xffff'ffff, 0xffff'ffff, made),
              Trap::out_of_bounds_memory_access);
    const auto array = make(4);
    EXPECT_EQ(array_init_data(instance, bytes, DataIndex{0}, array, 1, 0, 3), Trap::none);
    EXPECT_EQ(text(array, 1, 3), "abc");
    EXPECT_EQ(array_init_data(instance, bytes, DataIndex{0}, array, 2, 0, 3), Trap::out_of_bounds_array_access);
    EXPECT_EQ(array_init_data(instance, bytes, DataIndex{0}, array, 0, 6, 3), Trap::out_of_bounds_memory_access);
    data_drop(instance, DataIndex{0});
    EXPECT_EQ(array_init_data(instance, bytes, DataIndex{0}, array, 0, 0, 1), Trap::out_of_bounds_memory_access);
}

TEST_F(wasm_array_operations, element_segments)
{
    Ref made = null_ref;
    Slot value{};
    EXPECT_EQ(array_new_elem(instance, nodes, ElementIndex{0}, 0, 3, made), Trap::none);
    EXPECT_EQ(array_get(instance, nodes, Extension::none, made, 2, &value), Trap::none);
    EXPECT_EQ(value.ref, i31_ref(4));
    EXPECT_EQ(array_new_elem(instance, nodes, ElementIndex{0}, 1, 3, made), Trap::out_of_bounds_table_access);
    EXPECT_EQ(array_init_elem(instance, nodes, ElementIndex{0}, made, 0, 2, 1), Trap::none);
    EXPECT_EQ(array_get(instance, nodes, Extension::none, made, 0, &value), Trap::none);
    EXPECT_EQ(value.ref, i31_ref(4));
    EXPECT_EQ(array_init_elem(instance, nodes, ElementIndex{0}, made, 1, 0, 3), Trap::out_of_bounds_array_access);
    EXPECT_EQ(array_init_elem(instance, nodes, ElementIndex{0}, made, 0, 2, 2), Trap::out_of_bounds_table_access);
}

TEST_F(wasm_array_operations, new_fixed_fill_and_overlapping_copy)
{
    const Slot values[] = {{.u32 = 'a'}, {.u32 = 'b'}, {.u32 = 'c'}, {.u32 = 'd'}, {.u32 = 'e'}};
    Ref array = null_ref;
    ASSERT_EQ(array_new_fixed(instance, bytes, values, 5, array), Trap::none);
    store.pin(array);
    EXPECT_EQ(array_copy(instance, bytes, bytes, array, 1, array, 0, 4), Trap::none);
    EXPECT_EQ(text(array, 0, 5), "aabcd");
    EXPECT_EQ(array_copy(instance, bytes, bytes, array, 0, array, 2, 3), Trap::none);
    EXPECT_EQ(text(array, 0, 5), "bcdcd");
    EXPECT_EQ(array_fill(instance, bytes, array, 1, &values[4], 3), Trap::none);
    EXPECT_EQ(text(array, 0, 5), "beeed");
    ASSERT_EQ(array_new(instance, bytes, &values[0], 3, array), Trap::none);
    EXPECT_EQ(text(array, 0, 3), "aaa");
}

TEST_F(wasm_array_operations, long_fill_is_interruptible)
{
    const auto array = make(4'000'000);
    const Slot value{.u32 = 1};
    store.interrupt_handle().interrupt();
    EXPECT_EQ(array_fill(instance, bytes, array, 0, &value, 4'000'000), Trap::interrupted);
    EXPECT_EQ(text(array, 3'999'999, 1)[0], 0);
    store.interrupt_handle().interrupt();
    Ref made = null_ref;
    EXPECT_EQ(array_new(instance, bytes, &value, 4'000'000, made), Trap::interrupted);
}

} // namespace
} // namespace trellis::wasm
