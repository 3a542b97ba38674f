// Instructions whose operands and results the table tells.
#include "generator/body.hpp"

#include <algorithm>

namespace trellis::wasm::generator {
namespace {

using Ops = std::vector<Op>;

/// The instructions that give one result of the type, or none.
const Ops& ops_with_result(std::string_view result)
{
    static const auto lists = [] {
        std::array<std::pair<std::string_view, Ops>, 7> made = {
            {{"", {}}, {"i", {}}, {"I", {}}, {"f", {}}, {"F", {}}, {"v", {}}, {"II", {}}}};
        for (std::size_t i = 0; i < instruction_table.size(); ++i) {
            const auto& row = instruction_table[i];
            if (row.signature.empty())
                continue;
            auto results = row.signature.substr(row.signature.find(':') + 1);
            for (auto& [letters, list] : made)
                if (letters == results)
                    list.push_back(static_cast<Op>(i));
        }
        return made;
    }();
    return std::ranges::find(lists, result, [](const auto& one) { return one.first; })->second;
}

std::string_view letters_of(ValType type)
{
    switch (type.kind()) {
    case Kind::i32:
        return "i";
    case Kind::i64:
        return "I";
    case Kind::f32:
        return "f";
    case Kind::f64:
        return "F";
    case Kind::v128:
        return "v";
    default:
        return "";
    }
}

ValType type_of(char letter)
{
    constexpr std::string_view letters = "iIfFv";
    constexpr std::array types = {i32, i64, f32, f64, v128};
    return types[letters.find(letter)];
}

bool is_wait(Op op)
{
    return op == Op::memory_atomic_wait32 || op == Op::memory_atomic_wait64;
}

bool is_atomic(Op op)
{
    return info(op).feature == Feature::threads;
}

bool accesses_memory(Op op)
{
    const auto immediate = info(op).immediate;
    return immediate == Immediate::memory_access || immediate == Immediate::memory_access_lane;
}

std::uint32_t lanes_in(std::string_view text)
{
    return text.starts_with("i8x16") ? 16 : text.starts_with("i16x8") ? 8 : text.substr(1).starts_with("32x4") ? 4 : 2;
}

} // namespace

/// An instruction of the table with that result (bottom: none), and its operands.
bool Body::number(ValType type, int size)
{
    if (type == i32 && random_.per_cent(10))
        return reference_number(type, size);
    if (type == i64 && random_.per_cent(4)) {
        simple(random_.pick(ops_with_result("II")), size);
        const auto other = scratch(i64);
        op(Op::local_set, other);
        if (random_.per_cent(50)) {
            op(Op::drop);
            op(Op::local_get, other);
        }
        return true;
    }
    for (const auto& memory : plan_.memories)
        if (memory.limits.address_type() == type && random_.per_cent(2)) {
            const auto index = static_cast<std::uint32_t>(&memory - plan_.memories.data());
            const auto which = random_.per_cent(50) ? Op::memory_size : Op::memory_grow;
            if (which == Op::memory_grow)
                number_const(memory.limits.is_64, random_.per_cent(90) ? random_.below(3) : 100'000);
            op(which, index);
            return true;
        }
    auto chosen = random_.pick(ops_with_result(letters_of(type)));
    if (is_atomic(chosen) && random_.per_cent(60))
        chosen = random_.pick(ops_with_result(letters_of(type)));
    const auto is_shared = [](const MemoryType& memory) { return memory.shared; };
    if (is_wait(chosen) && std::ranges::none_of(plan_.memories, is_shared))
        return false;
    if (info(chosen).signature.front() == ':' && info(chosen).shape == Shape::special)
        return false; // a constant
    simple(chosen, size);
    return true;
}

void Body::simple(Op which, int size)
{
    const auto& row = info(which);
    auto memory = random_.below(plan_.memories.size());
    while (is_wait(which) && !plan_.memories[memory].shared)
        memory = random_.below(plan_.memories.size());
    const auto operands = row.signature.substr(0, row.signature.find(':'));
    for (std::size_t i = 0; i < operands.size(); ++i) {
        operand(which, i, operands[i], memory, part(size, operands.size()));
        if (plan_.hides_nans && hides_before(which, i))
            hide_nan(type_of(operands[i]));
    }
    Instruction in;
    in.op = which;
    immediates(in, memory);
    put(in);
    if (plan_.hides_nans && row.signature.back() == 'v')
        hide_nan_lanes(row.text);
}

/// Values that trap are rare, or nothing else would ever happen.
void Body::operand(Op which, std::size_t index, char letter, std::uint32_t memory, int size)
{
    const auto& row = info(which);
    const bool careful = random_.per_cent(94);
    if (letter == 'a')
        return address(memory, access_size_log2(which), is_atomic(which) && careful, size);
    if (is_wait(which) && index == 2)
        return number_const(true, random_.below(1000));
    if (row.shape == Shape::trapping && careful && index == 1) { // a divisor
        value(type_of(letter), size - 2);
        number_const(letter == 'I', random_.between(1, 9));
        return op(letter == 'I' ? Op::i64_or : Op::i32_or);
    }
    if (row.shape == Shape::trapping && careful && (letter == 'f' || letter == 'F')) {
        value(i32, size - 2);
        number_const(false, 0x7fff);
        op(Op::i32_and);
        return op(letter == 'f' ? Op::f32_convert_i32_s : Op::f64_convert_i32_s);
    }
    value(type_of(letter), size);
}

/// An address that is nearly always inside.
void Body::address(std::uint32_t memory, std::uint32_t access_log2, bool aligned, int size)
{
    const bool is_64 = plan_.memories[memory].limits.is_64;
    const auto choice = random_.below(100);
    const auto page = plan_.memories[memory].page_size_log2 == 0 ? 1u : 65536u;
    if (choice < 4) {
        value(is_64 ? i64 : i32, size);
        return;
    }
    if (choice < 8) {
        const auto end = static_cast<std::uint32_t>(plan_.memories[memory].limits.min) * page;
        return number_const(is_64, end - random_.below(40));
    }
    if (choice < 25)
        return number_const(is_64, random_.below(2048) & ~((1u << (aligned ? access_log2 : 0)) - 1));
    value(is_64 ? i64 : i32, size - 2);
    number_const(is_64, 0xfff & ~((1u << (aligned ? access_log2 : 0)) - 1));
    op(is_64 ? Op::i64_and : Op::i32_and);
}

void Body::immediates(Instruction& in, std::uint32_t memory)
{
    const auto& row = info(in.op);
    if (accesses_memory(in.op)) {
        const auto log2 = access_size_log2(in.op);
        in.index = memory;
        in.align_log2 = is_atomic(in.op) ? log2 : static_cast<std::uint8_t>(random_.below(log2 + 1));
        in.value = std::uint64_t(random_.pick(std::array{0, 0, 1, 2, 9})) << log2;
        if (random_.per_cent(2))
            in.value = random_.pick(std::array<std::uint64_t, 4>{65535, 65536, 0xffff'ffff, 0x7fff'ffff});
        if (plan_.memories[memory].limits.is_64 && random_.per_cent(1))
            in.value = ~std::uint64_t(0) - random_.below(20);
        if (row.immediate == Immediate::memory_access_lane)
            in.lane = static_cast<std::uint8_t>(random_.below(16u >> log2));
    } else if (row.immediate == Immediate::lane)
        in.lane = static_cast<std::uint8_t>(random_.below(lanes_in(row.text)));
    else if (row.immediate == Immediate::shuffle)
        for (auto& lane : in.bytes)
            lane = static_cast<std::uint8_t>(random_.below(32));
}

/// An index below a limit, nearly always.
void Body::index_below(std::uint32_t limit, bool is_64, int size)
{
    if (random_.per_cent(60) || size < 4)
        return number_const(is_64, random_.below(limit + (random_.per_cent(5) ? 2 : 0)));
    value(i32, size - 2);
    i32_const(limit);
    op(Op::i32_rem_u);
    if (is_64)
        op(Op::i64_extend_i32_u);
}

/// How much a bulk operation works on.
void Body::length(bool is_64, int size)
{
    if (random_.per_cent(3))
        return value(is_64 ? i64 : i32, size);
    number_const(is_64, random_.pick(std::array{0u, 1u, 2u, 3u, 16u, 100u, 1500u}));
}

// NaNs: where the bits of a float go on as something else, every NaN becomes the same one.

bool Body::hides_before(Op which, std::size_t operand) const
{
    switch (which) {
    case Op::i32_reinterpret_f32:
    case Op::i64_reinterpret_f64:
    case Op::f32_copysign:
    case Op::f64_copysign:
        return true;
    case Op::f32_store:
    case Op::f64_store:
        return operand == 1;
    default:
        return false;
    }
}

void Body::hide_nan(ValType type)
{
    const auto one = scratch(type);
    hidden_.insert(one);
    op(Op::local_tee, one);
    Instruction nan;
    nan.op = type == f32 ? Op::f32_const : Op::f64_const;
    nan.value = type == f32 ? 0x7fc0'0000 : 0x7ff8'0000'0000'0000;
    put(nan);
    op(Op::local_get, one);
    op(Op::local_get, one);
    op(type == f32 ? Op::f32_eq : Op::f64_eq);
    op(Op::select);
}

void Body::hide_nan_lanes(std::string_view text)
{
    const bool narrow = text.starts_with("f32x4");
    if (!narrow && !text.starts_with("f64x2"))
        return;
    const auto one = scratch(v128);
    hidden_.insert(one);
    op(Op::local_tee, one);
    Instruction nan;
    nan.op = Op::v128_const;
    nan.bytes =
        narrow ? std::array<std::uint8_t, 16>{0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0x7f}
               : std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0xf8, 0x7f, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f};
    put(nan);
    op(Op::local_get, one);
    op(Op::local_get, one);
    op(narrow ? Op::f32x4_eq : Op::f64x2_eq);
    op(Op::v128_bitselect);
}

} // namespace trellis::wasm::generator
