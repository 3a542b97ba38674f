// Instructions that take values and make values.
#include "wasm/interpreter/emitter.hpp"
#include "wasm/interpreter/handlers_control.hpp"
#include "wasm/interpreter/operations_table.hpp"

#include <algorithm>

namespace trellis::wasm::interpreter {

void Emitter::arithmetic(const Instruction& in)
{
    const auto signature = info(in.op).signature;
    const auto operands = signature.find(':');
    const auto result = rep_of(signature.back(), false);
    if (operands == 1)
        unary(in, result);
    else if (operands == 2)
        binary(in, result);
    else
        ternary(in, result);
}

void Emitter::unary(const Instruction& in, Rep result)
{
    const auto a = pop();
    auto source = resolve(a);
    if (source.source == Source::immediate)
        source = in_slot(a);
    const auto row = arithmetic_handlers(in.op, source.source, Source::slot);
    const auto at = begin_value(row, result);
    put_operand(source, a.rep);
    end_value(at, row, result);
    last_.op = in.op;
}

void Emitter::binary(const Instruction& in, Rep result)
{
    auto b = pop(), a = pop();
    if (in.op == Op::i32_add && a.place == Place::constant)
        std::swap(a.place, b.place), std::swap(a.bits, b.bits), std::swap(a.local, b.local), std::swap(a.home, b.home);
    if (in.op == Op::i32_add && (merge_scaled_sum(a, b) || merge_scaled_sum(b, a)))
        return;
    auto x = resolve(a), y = resolve(b);
    if (x.source == Source::accumulator && y.source == Source::accumulator && bank_of(a.rep) == bank_of(b.rep))
        (a.place == Place::accumulator ? y : x) = in_slot(a.place == Place::accumulator ? b : a);
    if (x.source == Source::immediate && y.source == Source::immediate)
        x = in_slot(a);
    const bool lanes = info(in.op).shape == Shape::replace_lane;
    const auto row = lanes                 ? replace_lane_handlers(in.op, in.lane, x.source, y.source)
                     : in.op == Op::ref_eq ? ref_eq_handlers(x.source, y.source)
                                           : arithmetic_handlers(in.op, x.source, y.source);
    const auto at = begin_value(row, result);
    put_operand(x, a.rep);
    put_operand(y, b.rep);
    end_value(at, row, result);
    last_ = {.at = at, .op = in.op, .a = x.source, .b = y.source};
}

/// (x << constant) just before, now + slot: one operation.
bool Emitter::merge_scaled_sum(const Entry& scaled, const Entry& other)
{
    if (scaled.place != Place::accumulator || last_.at != accumulators_[0].producer.at || last_.op != Op::i32_shl ||
        last_.scaled_sum || last_.b != Source::immediate || last_.a == Source::immediate ||
        other.place == Place::constant)
        return false;
    const auto slot = in_slot(other).slot; // no code: it is in a slot already
    const auto at = last_.at;
    const auto source = last_.a;
    const auto row = scaled_sum_handlers(source);
    patch(at, row.at(Destination::accumulator));
    put(slot);
    end_value(at, row, Rep::i32);
    last_ = {.at = at, .op = Op::i32_add, .a = source, .b = Source::slot, .scaled_sum = true};
    return true;
}

void Emitter::ternary(const Instruction& in, Rep result)
{
    const auto c = pop(), b = pop(), a = pop();
    const Operand operands[] = {in_slot(a), in_slot(b), in_slot(c)};
    const auto row = arithmetic_handlers(in.op, Source::slot, Source::slot);
    const auto at = begin_value(row, result);
    for (const auto& operand : operands)
        put(operand.slot);
    end_value(at, row, result);
}

void Emitter::lane(const Instruction& in)
{
    const auto result = rep_of(info(in.op).signature.back(), false);
    if (info(in.op).shape == Shape::replace_lane)
        return binary(in, result);
    const auto a = pop();
    const auto x = resolve(a);
    const auto row = extract_lane_handlers(in.op, in.lane, x.source);
    const auto at = begin_value(row, result);
    put_operand(x, a.rep);
    end_value(at, row, result);
}

void Emitter::shuffle(const Instruction& in)
{
    const auto b = pop(), a = pop();
    const auto x = in_slot(a), y = in_slot(b);
    const auto row = handlers::shuffle();
    const auto at = begin_value(row, Rep::v128);
    put(x.slot), put(y.slot), put(in.bytes.data(), in.bytes.size());
    end_value(at, row, Rep::v128);
}

// Memory.

bool Emitter::is_guarded(const Instruction& in) const
{
    return module_code_.mode().guarded_memory0 && in.index == 0;
}

/// The sum that the last operation computed for an address, as part of the access itself.
std::optional<Address> Emitter::merged_address(const Entry& address) const
{
    if (address.place != Place::accumulator || last_.at != accumulators_[0].producer.at || last_.op != Op::i32_add)
        return std::nullopt;
    const auto a = last_.a, b = last_.b;
    if (last_.scaled_sum)
        return a == Source::slot ? Address::scaled_slot_slot : Address::scaled_accumulator_slot;
    if (a == Source::slot && b == Source::slot)
        return Address::sum_slot_slot;
    if (b == Source::immediate)
        return a == Source::slot ? Address::sum_slot_immediate : Address::sum_accumulator_immediate;
    if (a == Source::immediate)
        return std::nullopt;
    return Address::sum_slot_accumulator;
}

/// The operation that the access becomes a part of traps as the access.
void Emitter::note_merged(const Instruction& access)
{
    if (!offsets_)
        return;
    while (!offsets_->empty() && offsets_->back().code >= last_.at)
        offsets_->pop_back();
    offsets_->push_back({static_cast<std::uint32_t>(last_.at), access.offset});
}

Address plain_address(Source source)
{
    return source == Source::slot          ? Address::slot
           : source == Source::accumulator ? Address::accumulator
                                           : Address::immediate;
}

void Emitter::load(const Instruction& in)
{
    const auto result = rep_of(info(in.op).signature.back(), false);
    const auto address = pop();
    if (!is_guarded(in)) {
        const auto slot = in_slot(address).slot;
        const auto row = checked_load_handlers(in.op, address.rep == Rep::i64);
        const auto at = begin_value(row, result);
        put(slot), put(in.index), put(in.value);
        return end_value(at, row, result);
    }
    if (const auto merged = merged_address(address)) {
        const auto at = last_.at;
        const auto row = load_handlers(in.op, *merged);
        note_merged(in);
        spill(bank_of(result));
        patch(at, row.at(Destination::accumulator));
        put(static_cast<std::uint32_t>(in.value));
        end_value(at, row, result);
        last_ = {.at = at, .op = in.op};
        return;
    }
    const auto x = resolve(address);
    const auto row = load_handlers(in.op, plain_address(x.source));
    const auto at = begin_value(row, result);
    put_operand(x, Rep::i32);
    put(static_cast<std::uint32_t>(in.value));
    end_value(at, row, result);
    last_ = {.at = at, .op = in.op};
}

void Emitter::store(const Instruction& in)
{
    const auto value = pop(), address = pop();
    auto v = resolve(value);
    if (!is_guarded(in)) {
        const auto slot = in_slot(address).slot;
        v = resolve(value);
        begin_operation(checked_store_handler(in.op, address.rep == Rep::i64, v.source));
        put(std::uint32_t(0)), put(slot), put(in.index), put(in.value);
        return put_operand(v, value.rep);
    }
    if (const auto merged = merged_address(address)) {
        if (v.source == Source::accumulator && bank_of(value.rep) == Bank::word)
            v = in_slot(value);
        note_merged(in);
        patch(last_.at, store_handler(in.op, *merged, v.source));
        put(static_cast<std::uint32_t>(in.value));
        put_operand(v, value.rep);
        last_ = {};
        return;
    }
    auto x = resolve(address);
    if (x.source == Source::accumulator && v.source == Source::accumulator && bank_of(value.rep) == Bank::word)
        (address.place == Place::accumulator ? v : x) = in_slot(address.place == Place::accumulator ? value : address);
    begin_operation(store_handler(in.op, plain_address(x.source), v.source));
    put(std::uint32_t(0));
    put_operand(x, Rep::i32);
    put(static_cast<std::uint32_t>(in.value));
    put_operand(v, value.rep);
}

void Emitter::memory_size(const Instruction& in)
{
    const auto result = module_.memory_types[in.index].limits.is_64 ? Rep::i64 : Rep::i32;
    const auto row = handlers::memory_size();
    const auto at = begin_value(row, result);
    put(in.index);
    end_value(at, row, result);
}

// Constants, variables.

void Emitter::constant(const Instruction& in)
{
    if (in.op == Op::v128_const) {
        push_home(Rep::v128);
        begin_operation(handlers::constant_vector);
        put(stack_.back().home), put(in.bytes.data(), in.bytes.size());
        return slot_written(stack_.back().home, 2);
    }
    const bool narrow = in.op == Op::i32_const;
    const auto rep = in.op == Op::ref_null ? Rep::ref : rep_of(info(in.op).signature.back(), false);
    push(Place::constant, rep).bits = in.op == Op::ref_null ? 0
                                      : narrow              ? static_cast<std::uint32_t>(in.value)
                                                            : in.value;
}

void Emitter::local_get(const Instruction& in)
{
    const auto slot = local_slots_[in.index];
    auto& entry = push(Place::local, local_reps_[in.index]);
    entry.local = slot;
    entry.alias_below = std::exchange(aliases_[slot], stack_.size() - 1);
}

/// The value, already popped, becomes the local's.
void Emitter::assign_local(std::uint32_t local, const Entry& value)
{
    const auto slot = local_slots_[local];
    save_aliases(slot);
    if ((value.place == Place::local && value.local == slot))
        return;
    auto& a = accumulator(value.rep);
    if (value.place == Place::accumulator && last_.at == a.producer.at) {
        patch(a.producer.at, a.producer.row.at(Destination::slot));
        patch(a.producer.at + 8, slot);
        slot_written(slot, slots_of(value.rep));
        last_ = {};
    } else
        copy_to(slot, value);
    if (value.place == Place::accumulator)
        a.copy_of = slot;
}

void Emitter::local_set(const Instruction& in)
{
    assign_local(in.index, pop());
}

void Emitter::local_tee(const Instruction& in)
{
    assign_local(in.index, pop());
    local_get(in);
}

void Emitter::global_get(const Instruction& in)
{
    const auto rep = rep_of(module_.global_types[in.index].value);
    const auto row = rep == Rep::v128               ? handlers::global_get_vector()
                     : bank_of(rep) == Bank::vector ? handlers::global_get_float()
                                                    : handlers::global_get_word();
    const auto at = begin_value(row, rep);
    put(in.index);
    end_value(at, row, rep);
}

void Emitter::global_set(const Instruction& in)
{
    const auto value = pop();
    const auto v = resolve(value);
    begin_operation(value.rep == Rep::v128               ? handlers::global_set_vector(v.source)
                    : bank_of(value.rep) == Bank::vector ? handlers::global_set_float(v.source)
                                                         : handlers::global_set_word(v.source));
    put(in.index);
    put_wide_operand(v);
}

void Emitter::drop(const Instruction&)
{
    pop();
}

void Emitter::select(const Instruction&)
{
    const auto condition = pop(), b = pop(), a = pop();
    const auto value = [&](const Entry& entry) {
        return entry.place == Place::constant ? Operand{Source::immediate, 0, entry.bits} : in_slot(entry);
    };
    const auto x = value(a), y = value(b);
    auto c = resolve(condition);
    if (c.source == Source::immediate)
        c = in_slot(condition);
    const auto row = a.rep == Rep::v128               ? handlers::select_vector(c.source)
                     : bank_of(a.rep) == Bank::vector ? handlers::select_float(c.source, x.source, y.source)
                                                      : handlers::select_word(c.source, x.source, y.source);
    const auto at = begin_value(row, a.rep);
    put_operand(c, Rep::i32);
    put_wide_operand(x), put_wide_operand(y);
    end_value(at, row, a.rep);
}

void Emitter::ref_is_null(const Instruction&)
{
    const auto a = pop();
    auto x = resolve(a);
    if (x.source == Source::immediate)
        x = in_slot(a);
    const auto row = is_null_handlers(x.source);
    const auto at = begin_value(row, Rep::i32);
    put_operand(x, Rep::ref);
    end_value(at, row, Rep::i32);
}

void Emitter::ref_eq(const Instruction& in)
{
    binary(in, Rep::i32);
}

// Instructions that are plain functions.

namespace {

/// How many operands an instruction without a signature in the table takes.
std::uint32_t operand_count(const Module& module, const Instruction& in)
{
    switch (in.op) {
    case Op::ref_func:
    case Op::table_size:
    case Op::elem_drop:
    case Op::data_drop:
    case Op::struct_new_default:
    case Op::atomic_fence:
        return 0;
    case Op::table_get:
    case Op::ref_as_non_null:
    case Op::ref_test:
    case Op::ref_test_null:
    case Op::ref_cast:
    case Op::ref_cast_null:
    case Op::ref_i31:
    case Op::i31_get_s:
    case Op::i31_get_u:
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u:
    case Op::array_len:
    case Op::array_new_default:
        return 1;
    case Op::table_set:
    case Op::table_grow:
    case Op::struct_set:
    case Op::array_new:
    case Op::array_new_data:
    case Op::array_new_elem:
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u:
        return 2;
    case Op::table_fill:
    case Op::table_copy:
    case Op::table_init:
    case Op::memory_fill:
    case Op::memory_copy:
    case Op::memory_init:
    case Op::array_set:
        return 3;
    case Op::array_fill:
    case Op::array_init_data:
    case Op::array_init_elem:
        return 4;
    case Op::array_copy:
        return 5;
    case Op::struct_new:
        return static_cast<std::uint32_t>(std::get<StructType>(module.types[in.index].composite).fields.size());
    case Op::array_new_fixed:
        return in.index2;
    default:
        return static_cast<std::uint32_t>(info(in.op).signature.find(':'));
    }
}

/// The type of its result, or nothing.
std::optional<ValType> result_type(const Module& module, const Instruction& in)
{
    switch (in.op) {
    case Op::table_get:
        return module.table_types[in.index].element;
    case Op::table_size:
    case Op::table_grow:
        return module.table_types[in.index].limits.address_type();
    case Op::struct_get:
    case Op::struct_get_s:
    case Op::struct_get_u:
        return std::get<StructType>(module.types[in.index].composite).fields[in.index2].storage.unpacked();
    case Op::array_get:
    case Op::array_get_s:
    case Op::array_get_u:
        return std::get<ArrayType>(module.types[in.index].composite).element.storage.unpacked();
    case Op::i31_get_s:
    case Op::i31_get_u:
    case Op::array_len:
    case Op::ref_test:
    case Op::ref_test_null:
        return i32;
    case Op::ref_func:
    case Op::ref_as_non_null:
    case Op::ref_cast:
    case Op::ref_cast_null:
    case Op::ref_i31:
    case Op::struct_new:
    case Op::struct_new_default:
    case Op::array_new:
    case Op::array_new_default:
    case Op::array_new_fixed:
    case Op::array_new_data:
    case Op::array_new_elem:
        return anyref; // any reference: they all look alike here
    default:
        return std::nullopt;
    }
}

} // namespace

void Emitter::operation(const Instruction& in)
{
    Rep results[2];
    std::size_t count = 0;
    const auto signature = info(in.op).signature;
    if (!signature.empty()) {
        const bool wide_address =
            info(in.op).immediate == Immediate::memory && module_.memory_types[in.index].limits.is_64;
        for (const char letter : signature.substr(signature.find(':') + 1))
            results[count++] = rep_of(letter, wide_address);
    } else if (const auto type = result_type(module_, in))
        results[count++] = rep_of(*type);
    emit_operation(in, operand_count(module_, in), {results, count});
}

void Emitter::emit_operation(const Instruction& in, std::uint32_t operands, std::span<const Rep> results)
{
    settle_from(stack_.size() - operands);
    spill_all();
    const auto used = top_;
    for (std::uint32_t i = 0; i < operands; ++i)
        pop();
    const auto base = top_;
    const auto immediate = info(in.op).immediate;
    const auto index2 = immediate == Immediate::memory_access_lane ? in.lane : in.index2;
    begin_operation(handlers::operation);
    put(operation_of(in.op)), put(base), put(used), put(in.index), put(std::uint32_t(index2));
    put(immediate == Immediate::heap_type ? heap_type_immediate(in.type) : in.value);
    for (const auto rep : results)
        push_home(rep);
    slot_written(base, std::max(used, top_) - base);
}

} // namespace trellis::wasm::interpreter
