// Code, entries of the abstract stack, and operands.
#include "wasm/interpreter/emitter.hpp"
#include "wasm/interpreter/handlers_control.hpp"

#include <algorithm>

namespace trellis::wasm::interpreter {

void Emitter::put(const void* bytes, std::size_t size)
{
    const auto* const first = static_cast<const std::byte*>(bytes);
    code_.insert(code_.end(), first, first + size);
}

template <class T>
void Emitter::patch(std::size_t at, T value)
{
    std::memcpy(&code_[at], &value, sizeof value);
}
template void Emitter::patch(std::size_t, Handler);
template void Emitter::patch(std::size_t, std::uint32_t);
template void Emitter::patch(std::size_t, std::int32_t);

/// Starts an operation that nothing can be merged into unless the caller says so.
std::size_t Emitter::begin_operation(Handler handler)
{
    TRELLIS_CHECK(handler != nullptr);
    const auto at = code_.size();
    put(handler);
    last_ = {};
    return at;
}

void Emitter::put_operand(const Operand& operand, Rep rep)
{
    if (operand.source == Source::slot)
        put(operand.slot);
    else if (operand.source == Source::immediate && (rep == Rep::i32 || rep == Rep::f32))
        put(static_cast<std::uint32_t>(operand.bits));
    else if (operand.source == Source::immediate)
        put(operand.bits);
}

/// Of an operand that is eight bytes wide whatever its type.
void Emitter::put_wide_operand(const Operand& operand)
{
    put_operand(operand, Rep::i64);
}

Emitter::Rep Emitter::rep_of(ValType type)
{
    switch (type.kind()) {
    case Kind::i32:
    case Kind::i8:
    case Kind::i16:
        return Rep::i32;
    case Kind::i64:
        return Rep::i64;
    case Kind::f32:
        return Rep::f32;
    case Kind::f64:
        return Rep::f64;
    case Kind::v128:
        return Rep::v128;
    default:
        return Rep::ref;
    }
}

Emitter::Rep Emitter::rep_of(char letter, bool address_64)
{
    switch (letter) {
    case 'i':
        return Rep::i32;
    case 'I':
        return Rep::i64;
    case 'f':
        return Rep::f32;
    case 'F':
        return Rep::f64;
    case 'v':
        return Rep::v128;
    default:
        return address_64 ? Rep::i64 : Rep::i32;
    }
}

Emitter::Bank Emitter::bank_of(Rep rep)
{
    return rep == Rep::f32 || rep == Rep::f64 || rep == Rep::v128 ? Bank::vector : Bank::word;
}

void Emitter::reserve(std::uint32_t top)
{
    max_top_ = std::max(max_top_, top);
}

Emitter::Entry& Emitter::push(Place place, Rep rep)
{
    stack_.push_back({place, rep, top_});
    top_ += slots_of(rep);
    reserve(top_);
    return stack_.back();
}

Emitter::Entry Emitter::pop()
{
    const auto entry = stack_.back();
    stack_.pop_back();
    top_ = entry.home;
    at_home_ = std::min(at_home_, stack_.size());
    if (aliases_[entry.local] == stack_.size())
        aliases_[entry.local] = entry.alias_below;
    if (entry.place == Place::accumulator)
        accumulator(entry.rep).occupant = no_entry;
    return entry;
}

/// A slot has a new value: what the accumulators copied from it is stale.
void Emitter::slot_written(std::uint32_t slot, std::uint32_t count)
{
    for (auto& a : accumulators_)
        if (a.copy_of != no_slot && a.copy_of + 2 > slot && a.copy_of < slot + count)
            a.copy_of = no_slot;
}

void Emitter::forget_accumulators()
{
    for (auto& a : accumulators_) {
        TRELLIS_CHECK(a.occupant == no_entry);
        a.copy_of = no_slot;
    }
    last_ = {};
}

Emitter::Operand Emitter::resolve(const Entry& entry)
{
    switch (entry.place) {
    case Place::accumulator:
        return {Source::accumulator, 0, 0};
    case Place::constant:
        return {Source::immediate, 0, entry.bits};
    default:
        const auto slot = entry.place == Place::home ? entry.home : entry.local;
        return {accumulator(entry.rep).copy_of == slot ? Source::accumulator : Source::slot, slot, 0};
    }
}

/// The operand as a slot, putting it in its home if need be. For entries already popped.
Emitter::Operand Emitter::in_slot(const Entry& entry)
{
    if (entry.place == Place::local)
        return {Source::slot, entry.local, 0};
    if (entry.place == Place::accumulator) {
        auto& a = accumulator(entry.rep);
        patch(a.producer.at, a.producer.row.at(Destination::slot));
        patch(a.producer.at + 8, entry.home);
        slot_written(entry.home, slots_of(entry.rep));
        a.copy_of = entry.home;
    } else if (entry.place == Place::constant)
        copy_to(entry.home, entry);
    return {Source::slot, entry.home, 0};
}

/// Puts an entry into its home.
void Emitter::settle(std::size_t index)
{
    auto& entry = stack_[index];
    if (entry.place == Place::home)
        return;
    if (entry.place == Place::accumulator) {
        spill(bank_of(entry.rep));
        return;
    }
    copy_to(entry.home, entry);
    entry.place = Place::home;
}

void Emitter::settle_from(std::size_t index)
{
    for (auto i = index; i < stack_.size(); ++i)
        settle(i);
}

void Emitter::settle_all()
{
    for (; at_home_ < stack_.size(); ++at_home_)
        settle(at_home_);
}

/// The entry in an accumulator goes home: its producer is rewritten to write there too.
void Emitter::spill(Bank bank)
{
    auto& a = accumulators_[static_cast<std::size_t>(bank)];
    if (a.occupant == no_entry)
        return;
    auto& entry = stack_[a.occupant];
    patch(a.producer.at, a.producer.row.at(Destination::slot));
    patch(a.producer.at + 8, entry.home);
    slot_written(entry.home, slots_of(entry.rep));
    entry.place = Place::home;
    a.occupant = no_entry;
    a.copy_of = entry.home;
    if (last_.at == a.producer.at)
        last_ = {};
}

void Emitter::spill_all()
{
    spill(Bank::word);
    spill(Bank::vector);
}

/// A local is about to change: entries that are still this local get their own copy. Each entry is looked at once, so
/// that a stack full of other things costs nothing.
void Emitter::save_aliases(std::uint32_t local_slot)
{
    for (auto i = std::exchange(aliases_[local_slot], no_entry); i != no_entry; i = stack_[i].alias_below)
        if (stack_[i].place == Place::local)
            settle(i);
}

void Emitter::emit_copy(std::uint32_t to, std::uint32_t from)
{
    const auto previous = last_;
    if (previous.at != Last::none && previous.copies != 0 && previous.copies < 4) {
        patch(previous.at, handlers::copy[static_cast<std::size_t>(previous.copies)]);
        put(to), put(from);
        ++last_.copies;
    } else {
        const auto at = begin_operation(handlers::copy[0]);
        put(to), put(from);
        last_ = {.at = at, .copies = 1};
    }
    slot_written(to, 1);
}

void Emitter::emit_constant(std::uint32_t to, std::uint64_t bits)
{
    begin_operation(handlers::constant);
    put(to), put(bits);
    slot_written(to, 1);
}

/// The value of an entry (still valid where it is) into a slot.
void Emitter::copy_to(std::uint32_t slot, const Entry& entry)
{
    const bool wide = entry.rep == Rep::v128;
    switch (entry.place) {
    case Place::constant:
        return emit_constant(slot, entry.bits);
    case Place::accumulator:
        begin_operation(wide                                 ? handlers::keep_vector
                        : bank_of(entry.rep) == Bank::vector ? handlers::keep_float
                                                             : handlers::keep_word);
        put(slot);
        break;
    default: {
        const auto from = entry.place == Place::home ? entry.home : entry.local;
        if (!wide)
            return emit_copy(slot, from);
        begin_operation(handlers::copy_vector);
        put(slot), put(from);
    }
    }
    slot_written(slot, slots_of(entry.rep));
}

/// Starts an operation whose result goes to an accumulator. Operands are popped already.
std::size_t Emitter::begin_value(HandlerRow row, Rep result)
{
    spill(bank_of(result));
    const auto at = begin_operation(row.at(Destination::accumulator));
    put(std::uint32_t(0));
    return at;
}

/// The result, pushed.
void Emitter::end_value(std::size_t at, HandlerRow row, Rep result)
{
    push(Place::accumulator, result);
    accumulator(result) = {.occupant = stack_.size() - 1, .copy_of = no_slot, .producer = {at, row}};
    last_.at = at;
}

} // namespace trellis::wasm::interpreter
