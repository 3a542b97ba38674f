// The one function of an adapter between components, instruction by instruction.
#include "wasm/binary/writer.hpp"
#include "wasm/component/execution/fused_adapter.hpp"
#include "wasm/component/syntax/limits.hpp"

#include <array>

namespace trellis::wasm::component {
namespace {

using Form = FlatStep::Form;

/// The body, instruction by instruction.
class Emitter {
public:
    explicit Emitter(const FusedShape& shape);
    std::vector<std::uint8_t> body();

private:
    // Instructions
    void op(Op what, std::uint32_t index = 0, std::uint32_t index2 = 0);
    void constant(Op what, std::uint64_t value);
    void number(std::uint32_t value) { constant(Op::i32_const, value); }
    void wide_number(std::uint64_t value) { constant(Op::i64_const, value); }
    void get(std::uint32_t local) { op(Op::local_get, local); }
    void set(std::uint32_t local) { op(Op::local_set, local); }
    void tee(std::uint32_t local) { op(Op::local_tee, local); }
    void get(FusedImport global, std::uint32_t more = 0) { op(Op::global_get, indices_[at(global)] + more); }
    void set(FusedImport global, std::uint32_t more = 0) { op(Op::global_set, indices_[at(global)] + more); }
    void set_flag(FusedImport global, std::uint32_t more, bool value)
    {
        number(value);
        set(global, more);
    }
    void call(FusedImport function) { op(Op::call, indices_[at(function)]); }
    void catch_all();
    void leave_if(std::uint32_t label) { op(Op::br_if, label); }

    // Parts of the body
    void check();
    void enter();
    void leave();
    void pass_parameters();
    void pass_results();
    void run_post_return();
    void step(const FlatStep& step, std::uint32_t& from, std::uint32_t& to);
    void scalar(const FlatStep& step);
    void range(const FlatStep& step, std::uint32_t from, std::uint32_t to);
    void check_range(const FlatStep& step, std::uint32_t from);
    void allocate(const FlatStep& step, std::uint32_t to);
    /// Whether `local` and bytes_ more are beyond the end.
    void is_beyond(std::uint32_t local, std::uint32_t memory);
    void mark_ready() { op(Op::br, 1); }

    static std::size_t at(FusedImport what) { return static_cast<std::size_t>(what); }
    std::uint32_t add_locals(const std::vector<ValType>& types);

    const FusedShape& shape_;
    Writer code_;
    std::array<std::uint32_t, static_cast<std::size_t>(FusedImport::may_enter) + 1> indices_{};
    std::vector<ValType> locals_;
    // Locals: the parameters first.
    std::uint32_t params_; ///< the callee's
    std::uint32_t core_results_;
    std::uint32_t results_; ///< for the caller
    std::uint32_t outer_;   ///< what ran before
    std::uint32_t bytes_;
    std::uint32_t scratch_;
};

Emitter::Emitter(const FusedShape& shape)
    : shape_(shape), params_(add_locals(shape.core->params)), core_results_(add_locals(shape.core->results)),
      results_(add_locals(shape.lowered->results)), outer_(add_locals({i64})), bytes_(add_locals({i64})),
      scratch_(add_locals({i32}))
{
    std::uint32_t functions = 0, memories = 0, globals = 0;
    for (std::size_t i = 0; i < indices_.size(); ++i) {
        const auto what = static_cast<FusedImport>(i);
        std::uint32_t& space = i < fused_functions ? functions : what < FusedImport::current ? memories : globals;
        indices_[i] = space;
        space += imports(shape, what);
    }
}

void Emitter::op(Op what, std::uint32_t index, std::uint32_t index2)
{
    Instruction made;
    made.op = what;
    made.index = index;
    made.index2 = index2;
    code_.instruction(made);
}

void Emitter::constant(Op what, std::uint64_t value)
{
    Instruction made;
    made.op = what;
    made.value = value;
    code_.instruction(made);
}

/// Exceptions go on behind the block around.
void Emitter::catch_all()
{
    const std::array<CatchClause, 1> clauses = {CatchClause{CatchClause::Form::catch_all, TagIndex(0), 0}};
    Instruction made;
    made.op = Op::try_table;
    made.catches = clauses;
    code_.instruction(made);
}

std::uint32_t Emitter::add_locals(const std::vector<ValType>& types)
{
    const auto first = static_cast<std::uint32_t>(shape_.lowered->params.size() + locals_.size());
    locals_.insert(locals_.end(), types.begin(), types.end());
    return first;
}

void Emitter::check()
{
    get(FusedImport::may_leave);
    for (std::uint32_t i = 0; i < shape_.entered; ++i) {
        get(FusedImport::may_enter, i);
        op(Op::i32_and);
    }
    op(Op::i32_eqz);
    op(Op::if_);
    call(FusedImport::refuse);
    op(Op::end);
}

void Emitter::enter()
{
    for (std::uint32_t i = 0; i < shape_.entered; ++i)
        set_flag(FusedImport::may_enter, i, false);
    get(FusedImport::current);
    set(outer_);
    get(FusedImport::self);
    set(FusedImport::current);
}

void Emitter::leave()
{
    for (std::uint32_t i = 0; i < shape_.entered; ++i)
        set_flag(FusedImport::may_enter, i, true);
    get(outer_);
    set(FusedImport::current);
}

/// On the operand stack: what it becomes. A value that is not valid leaves for label 0.
void Emitter::scalar(const FlatStep& step)
{
    switch (step.form) {
    case Form::mask:
        number(step.value);
        return op(Op::i32_and);
    case Form::sign_8:
        return op(Op::i32_extend8_s);
    case Form::sign_16:
        return op(Op::i32_extend16_s);
    case Form::boolean:
        op(Op::i32_eqz);
        return op(Op::i32_eqz);
    case Form::below:
        tee(scratch_);
        number(step.value);
        op(Op::i32_ge_u);
        leave_if(0);
        return get(scratch_);
    case Form::character:
        tee(scratch_);
        number(0x110000);
        op(Op::i32_ge_u);
        leave_if(0);
        get(scratch_);
        number(0xd800);
        op(Op::i32_sub);
        number(0x800);
        op(Op::i32_lt_u);
        leave_if(0);
        return get(scratch_);
    default:
        return;
    }
}

void Emitter::is_beyond(std::uint32_t local, std::uint32_t memory)
{
    get(local);
    op(Op::i64_extend_i32_u);
    get(bytes_);
    op(Op::i64_add);
    op(Op::memory_size, memory);
    op(Op::i64_extend_i32_u);
    wide_number(16); // pages of 64 KiB
    op(Op::i64_shl);
    op(Op::i64_gt_u);
}

void Emitter::check_range(const FlatStep& step, std::uint32_t from)
{
    get(from + 1);
    op(Op::i64_extend_i32_u);
    wide_number(step.value);
    op(Op::i64_mul);
    tee(bytes_);
    wide_number(limits::value_bytes);
    op(Op::i64_ge_u);
    leave_if(0);
    get(from);
    number(step.value - 1);
    op(Op::i32_and);
    leave_if(0);
    is_beyond(from, 0);
    leave_if(0);
    if (step.form != Form::text)
        return;
    get(from);
    get(from + 1);
    call(FusedImport::is_text);
    op(Op::i32_eqz);
    leave_if(0);
}

/// Room for bytes_ in the callee's memory.
void Emitter::allocate(const FlatStep& step, std::uint32_t to)
{
    set_flag(FusedImport::callee_may_leave, 0, false);
    number(0);
    number(0);
    number(step.value);
    get(bytes_);
    op(Op::i32_wrap_i64);
    call(FusedImport::realloc);
    set(to);
    set_flag(FusedImport::callee_may_leave, 0, true);
    get(FusedImport::current);
    get(FusedImport::self);
    op(Op::i64_ne);
    op(Op::if_);
    call(FusedImport::forget_storage);
    op(Op::end);
    get(to);
    number(step.value - 1);
    op(Op::i32_and);
    is_beyond(to, 1);
    op(Op::i32_or);
    op(Op::if_);
    get(to);
    number(step.value);
    get(bytes_);
    op(Op::i32_wrap_i64);
    call(FusedImport::bad_allocation);
    op(Op::end);
}

void Emitter::range(const FlatStep& step, std::uint32_t from, std::uint32_t to)
{
    check_range(step, from);
    allocate(step, to);
    get(to);
    get(from);
    get(bytes_);
    op(Op::i32_wrap_i64);
    op(Op::memory_copy, 1, 0);
    get(from + 1);
    set(to + 1);
}

void Emitter::step(const FlatStep& step, std::uint32_t& from, std::uint32_t& to)
{
    if (step.is_range()) {
        range(step, from, to);
        from += 2;
        to += 2;
        return;
    }
    get(from++);
    scalar(step);
    set(to++);
}

/// What the steps find invalid the helper finds invalid again, and says so.
void Emitter::pass_parameters()
{
    const auto callee_params = static_cast<std::uint32_t>(shape_.core->params.size());
    const bool helped = imports(shape_, FusedImport::pass_in);
    if (helped) {
        op(Op::block);
        op(Op::block);
    }
    std::uint32_t from = 0, to = params_;
    if (shape_.params)
        for (const FlatStep& one : *shape_.params)
            step(one, from, to);
    if (helped) {
        if (shape_.params)
            mark_ready();
        op(Op::end);
        for (std::uint32_t i = 0; i < shape_.lowered->params.size(); ++i)
            get(i);
        call(FusedImport::pass_in);
        for (std::uint32_t i = callee_params; i-- > 0;)
            set(params_ + i);
        op(Op::end);
    }
    for (std::uint32_t i = 0; i < callee_params; ++i)
        get(params_ + i);
}

void Emitter::pass_results()
{
    const bool helped = imports(shape_, FusedImport::pass_out);
    if (helped) {
        op(Op::block);
        op(Op::block);
    }
    std::uint32_t from = core_results_, to = results_;
    if (shape_.results)
        for (const FlatStep& one : *shape_.results)
            step(one, from, to);
    if (!helped)
        return;
    if (shape_.results)
        mark_ready();
    op(Op::end);
    for (std::uint32_t i = 0; i < shape_.core->results.size(); ++i)
        get(core_results_ + i);
    if (shape_.lowered->results.empty())
        get(static_cast<std::uint32_t>(shape_.lowered->params.size()) - 1);
    call(FusedImport::pass_out);
    if (!shape_.lowered->results.empty())
        set(results_);
    op(Op::end);
}

void Emitter::run_post_return()
{
    if (!shape_.has_post_return)
        return;
    set_flag(FusedImport::callee_may_leave, 0, false);
    for (std::uint32_t i = 0; i < shape_.core->results.size(); ++i)
        get(core_results_ + i);
    call(FusedImport::post_return);
    set_flag(FusedImport::callee_may_leave, 0, true);
}

std::vector<std::uint8_t> Emitter::body()
{
    code_.u64(locals_.size());
    for (const ValType one : locals_) {
        code_.u32(1);
        code_.value_type(one);
    }
    op(Op::block);
    catch_all();
    check();
    enter();
    pass_parameters();
    call(FusedImport::callee);
    for (auto i = static_cast<std::uint32_t>(shape_.core->results.size()); i-- > 0;)
        set(core_results_ + i);
    pass_results();
    run_post_return();
    leave();
    for (std::uint32_t i = 0; i < shape_.lowered->results.size(); ++i)
        get(results_ + i);
    op(Op::return_);
    op(Op::end);
    op(Op::end);
    call(FusedImport::uncaught);
    op(Op::unreachable);
    op(Op::end);
    const Bytes bytes = code_.bytes();
    return {bytes.begin(), bytes.end()};
}

} // namespace

std::vector<std::uint8_t> fused_body(const FusedShape& shape)
{
    return Emitter(shape).body();
}

} // namespace trellis::wasm::component
