#include "wasm/interpreter/emitter.hpp"

#include "wasm/interpreter/handlers_control.hpp"
#include "wasm/interpreter/operations_table.hpp"

#include <algorithm>

namespace trellis::wasm::interpreter {

Emitter::Emitter(ModuleCode& module_code, FunctionCode& function, std::vector<CodeOffset>* offsets)
    : module_code_(module_code), module_(module_code.module()), function_(function), code_(function.code),
      offsets_(offsets)
{
}

void Emitter::begin(const Module& module, FuncIndex function, std::span<const InstructionReader::LocalRun> locals)
{
    type_ = &module.type_of(function);
    const auto add_local = [&](ValType type) {
        local_slots_.push_back(top_);
        local_reps_.push_back(rep_of(type));
        top_ += type.slots();
    };
    for (const auto type : type_->params)
        add_local(type);
    header_ = top_;
    function_.function = function;
    function_.parameter_slots = header_;
    top_ += header_slots;
    const auto first_local = top_;
    for (const auto& run : locals)
        for (std::uint32_t i = 0; i < run.count; ++i)
            add_local(run.type);
    const auto clear = top_ - first_local;
    aliases_.resize(top_, no_entry);
    reserve(top_);

    begin_operation(handlers::enter[std::min<std::size_t>(clear, handlers::enter.size() - 1)]);
    put(std::uint32_t(0)), put(first_local), put(clear); // the frame's size is known at the end
    controls_.push_back(Control(Op::end, 0, top_, {}, region_));
}

void Emitter::instruction(const Instruction& in)
{
    if (offsets_)
        offsets_->push_back({static_cast<std::uint32_t>(code_.size()), in.offset});
    if (module_code_.mode().metered)
        count(in);
    static constexpr auto by_shape = [] {
        std::array<Member, 14> members{};
        const auto set = [&](Shape shape, Member member) { members[static_cast<std::size_t>(shape)] = member; };
        set(Shape::pure, &Emitter::arithmetic);
        set(Shape::trapping, &Emitter::arithmetic);
        set(Shape::wide, &Emitter::operation);
        set(Shape::load, &Emitter::load);
        set(Shape::store, &Emitter::store);
        set(Shape::load_lane, &Emitter::operation);
        set(Shape::store_lane, &Emitter::operation);
        set(Shape::extract_lane, &Emitter::lane);
        set(Shape::replace_lane, &Emitter::lane);
        set(Shape::atomic_load, &Emitter::operation);
        set(Shape::atomic_store, &Emitter::operation);
        set(Shape::atomic_rmw, &Emitter::operation);
        set(Shape::atomic_cmpxchg, &Emitter::operation);
        return members;
    }();
    const auto shape = info(in.op).shape;
    (this->*(shape == Shape::special ? special(in.op) : by_shape[static_cast<std::size_t>(shape)]))(in);
    if (module_code_.mode().deterministic)
        make_nan_canonical(in);
    if (in.op == Op::end && controls_.size() == 1 && controls_.back().kind == Op::end)
        patch(8, max_top_ + header_slots);
}

/// What the instruction has just pushed.
void Emitter::make_nan_canonical(const Instruction& in)
{
    const auto operation = canonical_nan_operation(nan_lanes[static_cast<std::size_t>(in.op)]);
    if (!operation)
        return;
    settle(stack_.size() - 1);
    spill_all();
    const auto& value = stack_.back();
    begin_operation(handlers::operation);
    put(operation), put(value.home), put(top_), put(std::uint64_t(0)), put(std::uint64_t(0));
    slot_written(value.home, slots_of(value.rep));
}

/// One unit of fuel for each instruction, charged where its straight-line run begins.
void Emitter::count(const Instruction& in)
{
    if (in.op == Op::end || in.op == Op::else_ || in.op == Op::catch_ || in.op == Op::catch_all ||
        in.op == Op::delegate)
        return;
    if (run_at_ == 0) {
        run_at_ = begin_operation(handlers::charge) + 8;
        put(std::uint32_t(0));
    }
    std::uint32_t units;
    std::memcpy(&units, &code_[run_at_], sizeof units);
    patch(run_at_, units + 1);
}

Emitter::Member Emitter::special(Op op)
{
    static constexpr auto members = [] {
        std::array<Member, static_cast<std::size_t>(Op::count_)> table{};
        table.fill(&Emitter::operation);
        const auto set = [&](Op which, Member member) { table[static_cast<std::size_t>(which)] = member; };
        set(Op::unreachable, &Emitter::unreachable);
        set(Op::nop, &Emitter::nop);
        set(Op::block, &Emitter::block);
        set(Op::loop, &Emitter::loop);
        set(Op::if_, &Emitter::if_);
        set(Op::else_, &Emitter::else_);
        set(Op::end, &Emitter::end);
        set(Op::try_, &Emitter::try_);
        set(Op::catch_, &Emitter::catch_);
        set(Op::catch_all, &Emitter::catch_);
        set(Op::throw_, &Emitter::throw_);
        set(Op::rethrow, &Emitter::rethrow);
        set(Op::throw_ref, &Emitter::throw_ref);
        set(Op::delegate, &Emitter::delegate);
        set(Op::try_table, &Emitter::try_table);
        set(Op::br, &Emitter::br);
        set(Op::br_if, &Emitter::br_if);
        set(Op::br_table, &Emitter::br_table);
        set(Op::br_on_null, &Emitter::br_on_null);
        set(Op::br_on_non_null, &Emitter::br_on_non_null);
        set(Op::br_on_cast, &Emitter::br_on_cast);
        set(Op::br_on_cast_fail, &Emitter::br_on_cast);
        set(Op::return_, &Emitter::return_);
        set(Op::call, &Emitter::call);
        set(Op::call_indirect, &Emitter::call_indirect);
        set(Op::call_ref, &Emitter::call_ref);
        set(Op::return_call, &Emitter::return_call);
        set(Op::return_call_indirect, &Emitter::return_call_indirect);
        set(Op::return_call_ref, &Emitter::return_call_ref);
        set(Op::drop, &Emitter::drop);
        set(Op::select, &Emitter::select);
        set(Op::select_t, &Emitter::select);
        set(Op::local_get, &Emitter::local_get);
        set(Op::local_set, &Emitter::local_set);
        set(Op::local_tee, &Emitter::local_tee);
        set(Op::global_get, &Emitter::global_get);
        set(Op::global_set, &Emitter::global_set);
        set(Op::memory_size, &Emitter::memory_size);
        set(Op::i32_const, &Emitter::constant);
        set(Op::i64_const, &Emitter::constant);
        set(Op::f32_const, &Emitter::constant);
        set(Op::f64_const, &Emitter::constant);
        set(Op::v128_const, &Emitter::constant);
        set(Op::ref_null, &Emitter::constant);
        set(Op::i8x16_shuffle, &Emitter::shuffle);
        set(Op::ref_is_null, &Emitter::ref_is_null);
        set(Op::ref_eq, &Emitter::ref_eq);
        set(Op::any_convert_extern, &Emitter::nop);
        set(Op::extern_convert_any, &Emitter::nop);
        return table;
    }();
    return members[static_cast<std::size_t>(op)];
}

} // namespace trellis::wasm::interpreter
