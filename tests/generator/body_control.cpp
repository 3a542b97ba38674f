// Blocks, branches, loops and exceptions.
#include "generator/body.hpp"

#include <algorithm>

namespace trellis::wasm::generator {

/// Blocks have no parameters and at most one result, or the type of a function without parameters.
void Body::open(Op which, std::vector<ValType> results, bool is_target)
{
    Instruction in;
    in.op = which;
    if (results.size() == 1)
        in.block_type = {.form = BlockType::Form::value, .value = results.front()};
    put(in);
    labels_.push_back({which == Op::loop ? std::vector<ValType>() : std::move(results), is_target});
}

/// The parameters are on the stack inside.
void Body::open_typed(Op which, TypeIndex type)
{
    const auto& signature = plan_.function_type(type);
    Instruction in;
    in.op = which;
    in.block_type = {.form = BlockType::Form::type, .value = {}, .type = type};
    put(in);
    labels_.push_back({which == Op::loop ? signature.params : signature.results, which != Op::loop});
}

void Body::close()
{
    op(Op::end);
    labels_.pop_back();
}

void Body::block(int size)
{
    open(Op::block, {});
    statements(size - 2);
    close();
}

void Body::block_value(ValType type, int size)
{
    open(Op::block, {type});
    statement(size / 2);
    value(type, size / 2);
    close();
}

void Body::if_(int size)
{
    condition(size / 4);
    open(Op::if_, {});
    statements(size / 3);
    if (random_.per_cent(50)) {
        op(Op::else_);
        statements(size / 3);
    }
    close();
}

void Body::if_value(ValType type, int size)
{
    condition(size / 4);
    open(Op::if_, {type});
    value(type, size / 3);
    op(Op::else_);
    value(type, size / 3);
    close();
}

void Body::select(ValType type, int size)
{
    value(type, size / 3);
    value(type, size / 3);
    condition(size / 3);
    Instruction in;
    in.op = type.is_ref() || random_.per_cent(20) ? Op::select_t : Op::select;
    const std::array types = {type};
    in.types = types;
    put(in);
}

/// Leaves for a label where the budget is spent.
void Body::spend_budget(std::uint32_t depth_of_exit)
{
    op(Op::global_get, plan_.budget());
    op(Op::i32_eqz);
    op(Op::br_if, depth_of_exit);
    op(Op::global_get, plan_.budget());
    i32_const(1);
    op(Op::i32_sub);
    op(Op::global_set, plan_.budget());
}

void Body::take_parameters(std::span<const ValType> types, std::vector<std::uint32_t>& locals)
{
    for (const auto type : types)
        locals.push_back(scratch(type));
    for (auto i = locals.size(); i > 0; --i)
        op(Op::local_set, locals[i - 1]);
}

/// A block with parameters, some of which may stay on the stack while others are made.
void Body::typed_block(int size)
{
    const auto type = random_.pick(plan_.function_types);
    const auto& signature = plan_.function_type(type);
    values(signature.params, size / 3);
    const bool is_if = random_.per_cent(50);
    if (is_if)
        condition(size / 6);
    open_typed(is_if ? Op::if_ : Op::block, type);
    for (const bool otherwise : {false, true}) {
        if (otherwise && !is_if)
            break;
        if (otherwise)
            op(Op::else_);
        std::vector<std::uint32_t> locals;
        take_parameters(signature.params, locals);
        statement(size / 6);
        values(signature.results, size / 6);
    }
    close();
    keep(signature.results, ~std::size_t(0));
}

/// A loop whose branches carry values.
void Body::typed_loop(int size)
{
    if (loops_ >= 3)
        return block(size);
    ++loops_;
    const auto type = random_.pick(plan_.function_types);
    const auto& signature = plan_.function_type(type);
    values(signature.params, size / 4);
    open_typed(Op::loop, type);
    std::vector<std::uint32_t> locals;
    take_parameters(signature.params, locals);
    statement(size / 4);
    open(Op::block, {}, false);
    spend_budget(0);
    values(signature.params, size / 6);
    condition(size / 6);
    op(Op::br_if, 1);
    for (std::size_t i = 0; i < signature.params.size(); ++i)
        op(Op::drop);
    close();
    values(signature.results, size / 4);
    close();
    keep(signature.results, ~std::size_t(0));
    --loops_;
}

void Body::small_things(int)
{
    op(Op::nop);
    op(Op::atomic_fence);
}

void Body::branch_on_null(int size)
{
    if (random_.per_cent(50)) {
        const auto depth = target([](const Label& label) { return label.types.empty(); });
        value(random_.pick(std::array{anyref, funcref, externref}), size - 2);
        if (!depth)
            return op(Op::drop);
        op(Op::br_on_null, *depth);
        if (random_.per_cent(30))
            op(Op::ref_as_non_null);
        return op(Op::drop);
    }
    const auto type = random_.pick(std::array{anyref, funcref, externref});
    open(Op::block, {type}, false);
    value(type, size / 2);
    op(Op::br_on_non_null, 0);
    statement(size / 4);
    value(type, size / 4);
    close();
    op(Op::drop);
}

/// A loop that goes on while some condition holds, and the budget does.
void Body::loop(int size)
{
    if (loops_ >= 3)
        return block(size);
    ++loops_;
    open(Op::block, {});
    open(Op::loop, {});
    if (!plan_.is_metered || random_.per_cent(80))
        spend_budget(1);
    statements(size - 6);
    condition(size / 4);
    op(Op::br_if, 0);
    close();
    close();
    --loops_;
}

/// for (i = 0; i != n; i += step): what compilers make, so nothing else branches to it or changes i.
void Body::counted_loop(int size)
{
    if (loops_ >= 3)
        return block(size);
    ++loops_;
    const auto counter = scratch(i32);
    const auto step = random_.pick(std::array{1u, 1u, 4u, 8u});
    i32_const(0);
    op(Op::local_set, counter);
    open(Op::loop, {}, false);
    const auto memory = random_.below(plan_.memories.size());
    if (random_.per_cent(70) && !plan_.memories[memory].limits.is_64) {
        // Something is read and written at addresses that follow the counter.
        const auto first = random_.below(100);
        const auto offset = random_.per_cent(97) ? random_.below(300) * 4 : 65535u;
        for (const Op which :
             {Op::local_get, random_.pick(std::array{Op::i32_store, Op::i32_store8, Op::i32_store16})}) {
            Instruction in;
            in.op = which;
            in.index = which == Op::local_get ? counter : memory;
            if (which != Op::local_get) {
                op(Op::local_get, counter);
                in.value = first * 4;
                Instruction from;
                from.op = Op::i32_load;
                from.index = memory;
                from.value = offset;
                put(from);
            }
            put(in);
        }
    }
    statements(size - 8);
    op(Op::local_get, counter);
    i32_const(step);
    op(Op::i32_add);
    op(Op::local_tee, counter);
    i32_const(step * random_.between(1, 12));
    op(Op::i32_ne);
    op(Op::br_if, 0);
    close();
    --loops_;
}

std::optional<std::uint32_t> Body::target(const std::function<bool(const Label&)>& fits)
{
    std::vector<std::uint32_t> found;
    for (std::uint32_t depth = 0; depth < labels_.size(); ++depth) {
        const auto& label = labels_[labels_.size() - 1 - depth];
        if (label.is_target && fits(label))
            found.push_back(depth);
    }
    if (found.empty())
        return std::nullopt;
    return random_.pick(found);
}

void Body::branch_if(int size)
{
    const auto depth = target([](const Label&) { return true; });
    const auto types = labels_[labels_.size() - 1 - *depth].types;
    values(types, size / 2);
    condition(size / 2);
    op(Op::br_if, *depth);
    for (std::size_t i = 0; i < types.size(); ++i)
        op(Op::drop);
}

bool Body::branch_if_value(ValType type, int size)
{
    const auto depth = target([&](const Label& label) { return label.types.size() == 1 && label.types[0] == type; });
    if (!depth)
        return false;
    value(type, size / 2);
    condition(size / 2);
    op(Op::br_if, *depth);
    return true;
}

void Body::branch_table(int size)
{
    const auto first = target([](const Label&) { return true; });
    const auto types = labels_[labels_.size() - 1 - *first].types;
    std::vector<std::uint32_t> targets;
    for (auto count = random_.below(6); count > 0; --count)
        targets.push_back(*target([&](const Label& label) { return label.types == types; }));
    open(Op::block, {}, false); // what follows is reached again
    condition(size / 3);
    op(Op::br_if, 0);
    values(types, size / 3);
    condition(size / 3);
    Instruction in;
    in.op = Op::br_table;
    for (auto& depth : targets)
        ++depth;
    in.targets = targets;
    in.index = *first + 1;
    put(in);
    close();
}

/// Under a condition, something that does not come back.
void Body::leave(int size)
{
    condition(size / 2);
    open(Op::if_, {}, false);
    if (random_.per_cent(8))
        op(Op::unreachable);
    else if (random_.per_cent(50)) {
        values(type_.results, size / 2);
        op(Op::return_);
    } else {
        const auto depth = target([](const Label&) { return true; });
        values(labels_[labels_.size() - 1 - *depth].types, size / 2);
        op(Op::br, *depth);
    }
    close();
}

void Body::throw_(int size)
{
    const auto tag = random_.below(plan_.tags.size());
    condition(size / 4);
    open(Op::if_, {}, false);
    values(plan_.tag_type(tag).params, size / 2);
    op(Op::throw_, tag);
    close();
}

/// A block for each clause, each inside the next, with the clause's values as results; then the body.
void Body::try_table(int size)
{
    const auto tag = random_.below(plan_.tags.size());
    const auto& fields = plan_.tag_type(tag).params;
    const bool with_reference = random_.per_cent(30);
    const bool catches_all = random_.per_cent(60);
    open(Op::block, {}, false);
    // What catch gives is more than one value for most tags; it is caught by a label only where it fits.
    const bool catches_tag = fields.size() <= (with_reference ? 0 : 1);
    std::vector<ValType> caught = fields;
    if (with_reference)
        caught.push_back(ValType::ref_null(HeapType::exn));
    open(Op::block, catches_tag ? caught : std::vector<ValType>(), false);
    Instruction in;
    in.op = Op::try_table;
    std::vector<CatchClause> clauses;
    if (catches_tag)
        clauses.push_back(
            {with_reference ? CatchClause::Form::catch_ref : CatchClause::Form::catch_, static_cast<TagIndex>(tag), 0});
    if (catches_all)
        clauses.push_back({CatchClause::Form::catch_all, {}, 1});
    in.catches = clauses;
    put(in);
    labels_.push_back({{}});
    statements(size / 2);
    throw_(size / 4);
    close();
    op(Op::br, 1);
    close();
    if (catches_tag) {
        if (with_reference && random_.per_cent(20))
            op(Op::throw_ref);
        else
            keep(caught, caught.size());
    }
    statement(size / 4);
    close();
}

/// try, catch, catch_all, rethrow and delegate of the legacy proposal.
void Body::legacy_try(int size)
{
    open(Op::try_, {});
    statements(size / 3);
    throw_(size / 4);
    if (random_.per_cent(20)) {
        op(Op::delegate, random_.below(labels_.size() - 1));
        labels_.pop_back();
        return;
    }
    const auto tag = random_.below(plan_.tags.size());
    op(Op::catch_, tag);
    keep(plan_.tag_type(tag).params, plan_.tag_type(tag).params.size());
    statement(size / 4);
    if (random_.per_cent(50)) {
        op(Op::catch_all);
        statement(size / 4);
        condition(1);
        open(Op::if_, {}, false);
        if (random_.per_cent(50))
            op(Op::rethrow, 1);
        close();
    }
    close();
}

} // namespace trellis::wasm::generator
