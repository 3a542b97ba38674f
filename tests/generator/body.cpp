#include "generator/body.hpp"

namespace trellis::wasm::generator {

namespace {

constexpr int deepest = 40;

/// Where arithmetic has its corners.
constexpr std::array<std::uint64_t, 22> integers = {0,
                                                    1,
                                                    2,
                                                    3,
                                                    7,
                                                    8,
                                                    15,
                                                    31,
                                                    32,
                                                    63,
                                                    64,
                                                    127,
                                                    128,
                                                    255,
                                                    0x7fff,
                                                    0x8000,
                                                    0x7fff'ffff,
                                                    0x8000'0000,
                                                    0xffff'ffff,
                                                    0x7fff'ffff'ffff'ffff,
                                                    0x8000'0000'0000'0000,
                                                    0xffff'ffff'ffff'ffff};
constexpr std::array floats = {
    0.0,       -0.0,  1.0,     -1.0,   0.5,    1.5,         2.5,         -2.5,
    1e30,      1e-40, 65504.0, -128.5, 3e9,    2147483648., 4294967296., 9223372036854775808.,
    16777217., 1e300, 5e-324,  127.9,  -1e-30, 255.5};
constexpr std::array<std::uint64_t, 6> odd_floats = {0x7f80'0000, 0xff80'0000, 0x7fc0'0000,
                                                     0x7fa0'0000, 0xffc1'2345, 0x0000'0001};
constexpr std::array<std::uint64_t, 6> odd_doubles = {0x7ff0'0000'0000'0000, 0xfff0'0000'0000'0000,
                                                      0x7ff8'0000'0000'0000, 0x7ff4'0000'0000'0000,
                                                      0xfff8'0000'0001'2345, 0x0000'0000'0000'0001};

std::uint64_t any_integer(Random& random)
{
    return random.per_cent(70) ? random.pick(integers) : random.next();
}

std::uint64_t any_float(Random& random, bool is_double)
{
    if (random.per_cent(15))
        return is_double ? random.pick(odd_doubles) : random.pick(odd_floats);
    const double number = random.per_cent(70) ? random.pick(floats) : static_cast<double>(random.below(2000)) - 1000;
    return is_double ? std::bit_cast<std::uint64_t>(number) : std::bit_cast<std::uint32_t>(static_cast<float>(number));
}

} // namespace

Body::Body(const Plan& plan, std::uint32_t function, Random random, Statements& statements)
    : plan_(plan), function_(function), type_(plan.type_of(function)), random_(random), statements_(statements)
{
}

std::vector<std::uint8_t> Body::make()
{
    locals_ = type_.params;
    for (auto count = random_.between(3, 9); count > 0; --count)
        locals_.push_back(plan_.any_type(random_));
    settable_ = locals_.size();
    labels_.push_back({type_.results});
    const auto size = static_cast<int>(random_.pick(std::array{20, 50, 50, 100, 200}));
    if (!plan_.is_metered || random_.per_cent(70))
        guard_entry();
    statements(size);
    if (random_.per_cent(15))
        tail_call(size / 8);
    else
        values(type_.results, size / 4);
    op(Op::end);
    Writer made;
    const auto declared = std::span(locals_).subspan(type_.params.size());
    made.u64(declared.size());
    for (const auto local : declared) {
        made.u32(1);
        made.value_type(local);
    }
    made.raw(code_.bytes());
    return {made.bytes().begin(), made.bytes().end()};
}

/// Where the budget is spent, the function returns zeros.
void Body::guard_entry()
{
    open(Op::block, {});
    open(Op::block, {});
    spend_budget(0);
    op(Op::br, 1);
    close();
    for (const auto type : type_.results) {
        Instruction in;
        in.op = type == i32 ? Op::i32_const : type == i64 ? Op::i64_const : type == f32 ? Op::f32_const : Op::f64_const;
        if (type == v128)
            in.op = Op::v128_const;
        if (type.is_ref())
            in.op = Op::ref_null;
        in.type = type;
        put(in);
    }
    op(Op::return_);
    close();
}

// Pieces

void Body::statements(int size)
{
    const auto count = static_cast<int>(random_.between(1, 4));
    for (int i = 0; i < count; ++i)
        statement(size / count);
}

void Body::statement(int size)
{
    auto own = random_.fork();
    const auto name = own.next();
    if (statements_.left_out.contains(name) || size <= 0 || depth_ > deepest)
        return;
    statements_.made.push_back(name);
    std::swap(own, random_);
    ++depth_;
    one_statement(size);
    --depth_;
    std::swap(own, random_);
}

void Body::one_statement(int size)
{
    using Member = void (Body::*)(int);
    static constexpr std::array<std::pair<Member, std::uint32_t>, 21> rows = {{
        {&Body::block, 6},
        {&Body::if_, 10},
        {&Body::typed_block, 3},
        {&Body::typed_loop, 2},
        {&Body::loop, 6},
        {&Body::counted_loop, 6},
        {&Body::branch_if, 8},
        {&Body::branch_table, 2},
        {&Body::branch_on_null, 2},
        {&Body::small_things, 1},
        {&Body::leave, 2},
        {&Body::try_table, 5},
        {&Body::legacy_try, 3},
        {&Body::throw_, 1},
        {&Body::call, 9},
        {&Body::bulk, 4},
        {&Body::table_operation, 4},
        {&Body::set_field, 4},
        {&Body::set_element, 4},
        {nullptr, 30}, // a variable is set, or a value dropped
        {nullptr, 20}, // a store
    }};
    std::uint32_t all = 0;
    for (const auto& [member, weight] : rows)
        all += weight;
    auto chosen = random_.below(all);
    for (const auto& [member, weight] : rows) {
        if (chosen >= weight) {
            chosen -= weight;
            continue;
        }
        if (member)
            return (this->*member)(size);
        break;
    }
    if (random_.per_cent(40) && number(ValType(), size)) // an instruction without a result
        return;
    const auto local = random_.below(settable_);
    const auto global = random_.below(plan_.globals.size());
    if (random_.per_cent(60)) {
        value(locals_[local], size - 1);
        return op(Op::local_set, local);
    }
    if (plan_.globals[global].is_mutable && global != plan_.budget()) {
        value(plan_.globals[global].value, size - 1);
        return op(Op::global_set, global);
    }
    value(plan_.any_type(random_), size - 1);
    op(Op::drop);
}

void Body::values(std::span<const ValType> types, int size)
{
    for (const auto type : types)
        value(type, part(size, types.size()));
}

void Body::value(ValType type, int size)
{
    if (size <= 1 || depth_ > deepest)
        return leaf(type);
    ++depth_;
    const auto choice = random_.below(100);
    const bool done = choice < 6      ? (block_value(type, size), true)
                      : choice < 12   ? (if_value(type, size), true)
                      : choice < 16   ? (select(type, size), true)
                      : choice < 22   ? branch_if_value(type, size)
                      : choice < 32   ? call_for(type, size)
                      : choice < 40   ? variable(type)
                      : choice < 46   ? field_value(type, size)
                      : type.is_ref() ? (reference(type, size), true)
                                      : number(type, size);
    if (!done)
        leaf(type);
    --depth_;
}

/// The value of a local or global of the type, if there is one; sometimes a local is set on the way.
bool Body::variable(ValType type)
{
    std::vector<std::pair<Op, std::uint32_t>> found;
    for (std::uint32_t i = 0; i < locals_.size(); ++i)
        if (plan_.is_subtype(locals_[i], type) && !hidden_.contains(i))
            found.emplace_back(Op::local_get, i);
    for (std::uint32_t i = 0; i < plan_.globals.size(); ++i)
        if (plan_.is_subtype(plan_.globals[i].value, type) && i != plan_.budget())
            found.emplace_back(Op::global_get, i);
    if (found.empty())
        return false;
    const auto [which, index] = random_.pick(found);
    op(which, index);
    if (which == Op::local_get && index < settable_ && random_.per_cent(10))
        op(Op::local_tee, index);
    return true;
}

void Body::leaf(ValType type)
{
    if (random_.per_cent(55) && variable(type))
        return;
    if (type.is_ref())
        return reference(type, 0);
    constant(type);
}

void Body::constant(ValType type)
{
    Instruction in;
    switch (type.kind()) {
    case Kind::i32:
        return i32_const(static_cast<std::uint32_t>(any_integer(random_)));
    case Kind::i64:
        in.op = Op::i64_const;
        in.value = any_integer(random_);
        return put(in);
    case Kind::f32:
    case Kind::f64:
        in.op = type == f32 ? Op::f32_const : Op::f64_const;
        in.value = any_float(random_, type == f64);
        return put(in);
    default:
        in.op = Op::v128_const;
        for (std::size_t i = 0; i < 16; i += 8) {
            const auto bits = random_.per_cent(40)   ? any_float(random_, true)
                              : random_.per_cent(40) ? any_float(random_, false) * 0x1'0000'0001
                                                     : any_integer(random_);
            for (std::size_t k = 0; k < 8; ++k)
                in.bytes[i + k] = static_cast<std::uint8_t>(bits >> (8 * k));
        }
        put(in);
    }
}

// Building blocks

void Body::op(Op which, std::uint32_t index, std::uint32_t index2)
{
    Instruction in;
    in.op = which;
    in.index = index;
    in.index2 = index2;
    put(in);
}

void Body::i32_const(std::uint32_t value)
{
    Instruction in;
    in.op = Op::i32_const;
    in.value = value;
    put(in);
}

void Body::number_const(bool is_64, std::uint64_t value)
{
    Instruction in;
    in.op = is_64 ? Op::i64_const : Op::i32_const;
    in.value = value;
    put(in);
}

std::uint32_t Body::scratch(ValType type)
{
    locals_.push_back(type);
    return static_cast<std::uint32_t>(locals_.size() - 1);
}

} // namespace trellis::wasm::generator
