// Variables, constants and arithmetic. Instructions that are one operation of LLVM's are that; all others call the
// numeric function of their name, which is inlined.
#include "wasm/compiler/function_translator.hpp"

#include "base/check.hpp"
#include "wasm/execution/canonical_nan.hpp"
#include "wasm/execution/trap.hpp"

namespace trellis::wasm::compiler {

using native::Context;

void FunctionTranslator::select(const Instruction&)
{
    auto* const condition = builder_.CreateIsNotNull(pop());
    auto* const second = pop();
    auto* const first = pop();
    push(builder_.CreateSelect(condition, first, second));
}

void FunctionTranslator::local_get(const Instruction& in)
{
    auto* const local = locals_[in.index];
    push(builder_.CreateLoad(local->getAllocatedType(), local));
}

void FunctionTranslator::local_set(const Instruction& in)
{
    builder_.CreateStore(pop(), locals_[in.index]);
}

void FunctionTranslator::local_tee(const Instruction& in)
{
    builder_.CreateStore(stack_.back(), locals_[in.index]);
}

llvm::Value* FunctionTranslator::global_address(std::uint32_t index)
{
    auto* const globals = context_word(offsetof(Context, globals), module_.pointer());
    return fixed(globals, index * sizeof(void*), module_.pointer());
}

void FunctionTranslator::global_get(const Instruction& in)
{
    const auto& type = module_.wasm().global_types[in.index];
    auto* const address = global_address(in.index);
    push(type.is_mutable ? builder_.CreateAlignedLoad(module_.type(type.value), address, llvm::Align(8))
                         : fixed(address, 0, module_.type(type.value)));
}

void FunctionTranslator::global_set(const Instruction& in)
{
    auto* const value = pop();
    // Volatile as memory accesses are: of two, the first is seen where an access between them traps.
    builder_.CreateAlignedStore(value, global_address(in.index), llvm::Align(8), true);
}

/// A value that LLVM can't see through. Multiplying by one or adding zero has to make a signalling NaN quiet, so it
/// must not be left out.
llvm::Value* FunctionTranslator::opaque(llvm::Constant* constant)
{
    return builder_.CreateUnaryIntrinsic(llvm::Intrinsic::arithmetic_fence, constant);
}

void FunctionTranslator::constant(const Instruction& in)
{
    const auto is_neutral = [](double value) { return value == 0 || value == 1 || value == -1; };
    switch (in.op) {
    case Op::i32_const:
        return push(builder_.getInt32(static_cast<std::uint32_t>(in.value)));
    case Op::i64_const:
        return push(builder_.getInt64(in.value));
    case Op::f32_const: {
        auto* const value = llvm::ConstantFP::get(
            module_.context(), llvm::APFloat(llvm::APFloat::IEEEsingle(), llvm::APInt(32, in.value & 0xffff'ffff)));
        return push(is_neutral(std::bit_cast<float>(static_cast<std::uint32_t>(in.value))) ? opaque(value) : value);
    }
    default: {
        auto* const value = llvm::ConstantFP::get(
            module_.context(), llvm::APFloat(llvm::APFloat::IEEEdouble(), llvm::APInt(64, in.value)));
        return push(is_neutral(std::bit_cast<double>(in.value)) ? opaque(value) : value);
    }
    }
}

void FunctionTranslator::vector_constant(const Instruction& in)
{
    push(llvm::ConstantDataVector::get(module_.context(), llvm::ArrayRef<std::uint8_t>(in.bytes)));
}

void FunctionTranslator::shuffle(const Instruction& in)
{
    auto* const second = pop();
    auto* const first = pop();
    std::vector<int> lanes(in.bytes.begin(), in.bytes.end());
    push(builder_.CreateShuffleVector(first, second, lanes));
}

namespace {

using Binary = llvm::Instruction::BinaryOps;
using Cast = llvm::Instruction::CastOps;
using Predicate = llvm::CmpInst::Predicate;

/// One operation of LLVM's, with exactly the meaning of the instruction.
struct PlainRow {
    enum class Kind : std::uint8_t { none, binary, shift, compare, funnel, unary, zeros, cast, sign_extend } kind;
    unsigned what = 0;   ///< an enumerator of LLVM's, or bits
    ValType result = {}; ///< of a cast
};

using PlainTable = std::array<PlainRow, static_cast<std::size_t>(Op::count_)>;

constexpr void set(PlainTable& table, PlainRow row, auto... ops)
{
    ((table[static_cast<std::size_t>(ops)] = row), ...);
}

constexpr void set_arithmetic(PlainTable& table)
{
    using enum PlainRow::Kind;
    set(table, {binary, Binary::Add}, Op::i32_add, Op::i64_add);
    set(table, {binary, Binary::Sub}, Op::i32_sub, Op::i64_sub);
    set(table, {binary, Binary::Mul}, Op::i32_mul, Op::i64_mul);
    set(table, {binary, Binary::And}, Op::i32_and, Op::i64_and);
    set(table, {binary, Binary::Or}, Op::i32_or, Op::i64_or);
    set(table, {binary, Binary::Xor}, Op::i32_xor, Op::i64_xor);
    set(table, {binary, Binary::FAdd}, Op::f32_add, Op::f64_add);
    set(table, {binary, Binary::FSub}, Op::f32_sub, Op::f64_sub);
    set(table, {binary, Binary::FMul}, Op::f32_mul, Op::f64_mul);
    set(table, {binary, Binary::FDiv}, Op::f32_div, Op::f64_div);
    set(table, {shift, Binary::Shl}, Op::i32_shl, Op::i64_shl);
    set(table, {shift, Binary::AShr}, Op::i32_shr_s, Op::i64_shr_s);
    set(table, {shift, Binary::LShr}, Op::i32_shr_u, Op::i64_shr_u);
    set(table, {funnel, llvm::Intrinsic::fshl}, Op::i32_rotl, Op::i64_rotl);
    set(table, {funnel, llvm::Intrinsic::fshr}, Op::i32_rotr, Op::i64_rotr);
    set(table, {zeros, llvm::Intrinsic::ctlz}, Op::i32_clz, Op::i64_clz);
    set(table, {zeros, llvm::Intrinsic::cttz}, Op::i32_ctz, Op::i64_ctz);
    set(table, {unary, llvm::Intrinsic::ctpop}, Op::i32_popcnt, Op::i64_popcnt);
    set(table, {unary, llvm::Intrinsic::sqrt}, Op::f32_sqrt, Op::f64_sqrt);
    set(table, {unary, llvm::Intrinsic::fabs}, Op::f32_abs, Op::f64_abs);
    set(table, {unary, llvm::Intrinsic::ceil}, Op::f32_ceil, Op::f64_ceil);
    set(table, {unary, llvm::Intrinsic::floor}, Op::f32_floor, Op::f64_floor);
    set(table, {unary, llvm::Intrinsic::trunc}, Op::f32_trunc, Op::f64_trunc);
    set(table, {unary, llvm::Intrinsic::roundeven}, Op::f32_nearest, Op::f64_nearest);
}

constexpr void set_comparisons(PlainTable& table)
{
    using enum PlainRow::Kind;
    set(table, {compare, Predicate::ICMP_EQ}, Op::i32_eq, Op::i64_eq);
    set(table, {compare, Predicate::ICMP_NE}, Op::i32_ne, Op::i64_ne);
    set(table, {compare, Predicate::ICMP_SLT}, Op::i32_lt_s, Op::i64_lt_s);
    set(table, {compare, Predicate::ICMP_ULT}, Op::i32_lt_u, Op::i64_lt_u);
    set(table, {compare, Predicate::ICMP_SGT}, Op::i32_gt_s, Op::i64_gt_s);
    set(table, {compare, Predicate::ICMP_UGT}, Op::i32_gt_u, Op::i64_gt_u);
    set(table, {compare, Predicate::ICMP_SLE}, Op::i32_le_s, Op::i64_le_s);
    set(table, {compare, Predicate::ICMP_ULE}, Op::i32_le_u, Op::i64_le_u);
    set(table, {compare, Predicate::ICMP_SGE}, Op::i32_ge_s, Op::i64_ge_s);
    set(table, {compare, Predicate::ICMP_UGE}, Op::i32_ge_u, Op::i64_ge_u);
    set(table, {compare, Predicate::FCMP_OEQ}, Op::f32_eq, Op::f64_eq);
    set(table, {compare, Predicate::FCMP_UNE}, Op::f32_ne, Op::f64_ne);
    set(table, {compare, Predicate::FCMP_OLT}, Op::f32_lt, Op::f64_lt);
    set(table, {compare, Predicate::FCMP_OGT}, Op::f32_gt, Op::f64_gt);
    set(table, {compare, Predicate::FCMP_OLE}, Op::f32_le, Op::f64_le);
    set(table, {compare, Predicate::FCMP_OGE}, Op::f32_ge, Op::f64_ge);
}

constexpr void set_conversions(PlainTable& table)
{
    using enum PlainRow::Kind;
    set(table, {cast, Cast::Trunc, i32}, Op::i32_wrap_i64);
    set(table, {cast, Cast::SExt, i64}, Op::i64_extend_i32_s);
    set(table, {cast, Cast::ZExt, i64}, Op::i64_extend_i32_u);
    set(table, {cast, Cast::SIToFP, f32}, Op::f32_convert_i32_s, Op::f32_convert_i64_s);
    set(table, {cast, Cast::UIToFP, f32}, Op::f32_convert_i32_u, Op::f32_convert_i64_u);
    set(table, {cast, Cast::SIToFP, f64}, Op::f64_convert_i32_s, Op::f64_convert_i64_s);
    set(table, {cast, Cast::UIToFP, f64}, Op::f64_convert_i32_u, Op::f64_convert_i64_u);
    set(table, {cast, Cast::FPExt, f64}, Op::f64_promote_f32);
    set(table, {cast, Cast::FPTrunc, f32}, Op::f32_demote_f64);
    set(table, {cast, Cast::BitCast, i32}, Op::i32_reinterpret_f32);
    set(table, {cast, Cast::BitCast, i64}, Op::i64_reinterpret_f64);
    set(table, {cast, Cast::BitCast, f32}, Op::f32_reinterpret_i32);
    set(table, {cast, Cast::BitCast, f64}, Op::f64_reinterpret_i64);
    set(table, {sign_extend, 8}, Op::i32_extend8_s, Op::i64_extend8_s);
    set(table, {sign_extend, 16}, Op::i32_extend16_s, Op::i64_extend16_s);
    set(table, {sign_extend, 32}, Op::i64_extend32_s);
}

constexpr PlainTable plain_table = [] {
    PlainTable table{};
    set_arithmetic(table);
    set_comparisons(table);
    set_conversions(table);
    return table;
}();

} // namespace

llvm::Value* FunctionTranslator::plain_unary(const Instruction& in, llvm::Value* value)
{
    const auto& row = plain_table[static_cast<std::size_t>(in.op)];
    auto& b = builder_;
    switch (row.kind) {
    case PlainRow::Kind::unary:
        return b.CreateUnaryIntrinsic(static_cast<llvm::Intrinsic::ID>(row.what), value);
    case PlainRow::Kind::zeros:
        return b.CreateIntrinsic(static_cast<llvm::Intrinsic::ID>(row.what), {value->getType()}, {value, b.getFalse()});
    case PlainRow::Kind::sign_extend:
        return b.CreateSExt(b.CreateTrunc(value, b.getIntNTy(row.what)), value->getType());
    default:
        if (in.op == Op::f32_demote_f64) // or a promotion before it would vanish with it
            value = b.CreateUnaryIntrinsic(llvm::Intrinsic::arithmetic_fence, value);
        return b.CreateCast(static_cast<Cast>(row.what), value, module_.type(row.result));
    }
}

llvm::Value* FunctionTranslator::plain_binary(const Instruction& in, llvm::Value* left, llvm::Value* right)
{
    const auto& row = plain_table[static_cast<std::size_t>(in.op)];
    auto& b = builder_;
    switch (row.kind) {
    case PlainRow::Kind::binary:
        return b.CreateBinOp(static_cast<Binary>(row.what), left, right);
    case PlainRow::Kind::shift:
        return b.CreateBinOp(static_cast<Binary>(row.what), left,
                             b.CreateAnd(right, left->getType()->getIntegerBitWidth() - 1));
    case PlainRow::Kind::compare:
        return b.CreateZExt(b.CreateCmp(static_cast<Predicate>(row.what), left, right), b.getInt32Ty());
    default:
        return b.CreateIntrinsic(static_cast<llvm::Intrinsic::ID>(row.what), {left->getType()}, {left, left, right});
    }
}

bool FunctionTranslator::plain(const Instruction& in)
{
    using enum PlainRow::Kind;
    const auto kind = plain_table[static_cast<std::size_t>(in.op)].kind;
    if (in.op == Op::i32_eqz || in.op == Op::i64_eqz)
        push(builder_.CreateZExt(builder_.CreateIsNull(pop()), builder_.getInt32Ty()));
    else if (in.op == Op::f32_neg || in.op == Op::f64_neg)
        push(builder_.CreateFNeg(pop()));
    else if (kind == binary || kind == shift || kind == compare || kind == funnel) {
        auto* const right = pop();
        push(plain_binary(in, pop(), right));
    } else if (kind != none)
        push(plain_unary(in, pop()));
    else
        return false;
    return true;
}

llvm::Value* FunctionTranslator::call_numeric(std::string_view name, const Values& operands)
{
    auto* const function = module_.numeric(name);
    Values arguments;
    for (std::size_t i = 0; i < operands.size(); ++i)
        arguments.push_back(builder_.CreateBitCast(operands[i], function->getArg(static_cast<unsigned>(i))->getType()));
    return builder_.CreateCall(function, arguments);
}

namespace {

constexpr std::string_view names[] = {
#define TRELLIS_INSTRUCTION(name, text, prefix, code, signature, immediate, feature, shape) std::string_view(#name),
#include "wasm/syntax/instructions.def"
#undef TRELLIS_INSTRUCTION
};

Kind kind_of(char letter)
{
    constexpr std::string_view letters = "iIfFv";
    constexpr std::array kinds = {Kind::i32, Kind::i64, Kind::f32, Kind::f64, Kind::v128};
    return kinds[letters.find(letter)];
}

/// The traps that the function of an instruction may return.
std::array<Trap, 2> traps_of(const InstructionInfo& row)
{
    const bool is_truncation = row.text.find("trunc") != std::string_view::npos;
    return {is_truncation ? Trap::invalid_conversion_to_integer : Trap::integer_divide_by_zero, Trap::integer_overflow};
}

} // namespace

void FunctionTranslator::arithmetic(const Instruction& in)
{
    if (plain(in))
        return;
    const auto& row = info(in.op);
    const auto name = names[static_cast<std::size_t>(in.op)];
    const auto colon = row.signature.find(':');
    const auto results = row.signature.substr(colon + 1);
    auto operands = pop(colon);
    if (row.shape == Shape::trapping || row.shape == Shape::wide)
        return arithmetic_with_variables(in, name, std::move(operands), results);
    if (row.shape != Shape::pure)
        operands.push_back(builder_.getInt8(in.lane));
    push(builder_.CreateBitCast(call_numeric(name, operands), module_.type(kind_of(results.front()))));
}

/// In the deterministic profile a NaN that the instruction generated becomes the canonical one, lane by lane.
void FunctionTranslator::canonical_arithmetic(const Instruction& in)
{
    arithmetic(in);
    const auto lanes = nan_lanes[static_cast<std::size_t>(in.op)];
    if (lanes == NanLanes::none || !module_.options().deterministic)
        return;
    auto* const value = pop();
    auto* const narrow = builder_.getFloatTy();
    auto* const wide = builder_.getDoubleTy();
    auto* const type = lanes == NanLanes::f32     ? static_cast<llvm::Type*>(narrow)
                       : lanes == NanLanes::f64   ? wide
                       : lanes == NanLanes::f32x4 ? static_cast<llvm::Type*>(llvm::FixedVectorType::get(narrow, 4))
                                                  : llvm::FixedVectorType::get(wide, 2);
    auto* const floats = builder_.CreateBitCast(value, type);
    auto* const canonical = llvm::ConstantFP::getQNaN(type);
    auto* const chosen = builder_.CreateSelect(builder_.CreateFCmpUNO(floats, floats), canonical, floats);
    push(builder_.CreateBitCast(chosen, value->getType()));
}

/// The function puts its results into variables and may return a trap: after inlining each trap is where it is found.
void FunctionTranslator::arithmetic_with_variables(const Instruction& in, std::string_view name, Values operands,
                                                   std::string_view results)
{
    llvm::IRBuilder<> at_entry(entry_, entry_->begin());
    std::vector<llvm::AllocaInst*> variables;
    for (const char letter : results) {
        variables.push_back(at_entry.CreateAlloca(module_.type(kind_of(letter))));
        operands.push_back(variables.back());
    }
    auto* const code = call_numeric(name, operands);
    if (info(in.op).shape == Shape::trapping)
        for (const auto one : traps_of(info(in.op)))
            trap_if(builder_.CreateICmpEQ(code, builder_.getInt8(static_cast<std::uint8_t>(one))), one);
    for (auto* const variable : variables)
        push(builder_.CreateLoad(variable->getAllocatedType(), variable));
}

} // namespace trellis::wasm::compiler
