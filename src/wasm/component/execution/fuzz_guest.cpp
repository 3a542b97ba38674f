#include "wasm/component/execution/fuzz_guest.hpp"

#include "base/check.hpp"

#include <cstring>

namespace trellis::wasm::component {
namespace {

constexpr std::uint64_t hostile_numbers[] = {
    0,
    1,
    2,
    3,
    4,
    5,
    7,
    8,
    0x7f,
    0x80,
    0xc0,
    0xff,
    0x100,
    0xd800,
    0xdbff,
    0xdc00,
    0xdfff,
    0xfffe,
    0xffff,
    0x10000,
    0x10ffff,
    0x110000,
    0x0fff'ffff,
    0x1000'0000,
    0x7fff'ffff,
    0x8000'0000,
    0x8000'0001,
    0x8000'0003,
    0xc000'0000,
    0xffff'fff0,
    0xffff'fffe,
    0xffff'ffff,
    FuzzGuest::page - 1,
    FuzzGuest::page - 4,
    FuzzGuest::page - 8,
    FuzzGuest::heap_begin,
    FuzzGuest::heap_begin + 1,
    ~std::uint64_t(0),
};

} // namespace

GuestPlan GuestPlan::random(FuzzInput& input, bool is_hostile)
{
    constexpr std::array encodings = {StringEncoding::utf8, StringEncoding::utf16, StringEncoding::latin1_utf16};
    constexpr std::array fillings = {std::uint8_t(0), std::uint8_t(0xff), std::uint8_t('a'), std::uint8_t(0xd8)};
    GuestPlan plan{.encoding = encodings[input.below(3)], .filling = fillings[input.below(4)]};
    if (!is_hostile)
        return plan;
    if (input.one_in(2))
        for (std::uint32_t i = input.below(5); i-- > 0;)
            plan.answers.push_back(input.one_in(2) ? Answer::right
                                                   : static_cast<Answer>(input.below(kinds_of_answers)));
    for (std::uint32_t i = input.below(5); i-- > 0;) {
        const std::uint32_t where = input.below(65'536), bytes = 1u << input.below(4);
        plan.mutations.push_back(
            {where, bytes, input.one_in(4) ? input.number(8) : input.any_of<std::uint64_t>(hostile_numbers)});
    }
    return plan;
}

Result<std::unique_ptr<FuzzGuest>> FuzzGuest::make(Store& store)
{
    auto guest = std::make_unique<FuzzGuest>();
    guest->memory_ = TRELLIS_TRY(store.make_memory({.limits = {.min = 1, .max = 4}}));
    const auto call = [](void* self, Caller, Slot* frame) { return static_cast<FuzzGuest*>(self)->reallocate(frame); };
    guest->realloc_ = store.make_host_function({{i32, i32, i32, i32}, {i32}}, call, guest.get());
    return guest;
}

void FuzzGuest::reset(const GuestPlan& plan)
{
    if (memory_->size() != page)
        TRELLIS_CHECK(memory_->renew());
    std::memset(memory_->base(), plan.filling, page);
    plan_ = &plan;
    next_ = heap_begin;
    last_ = 0;
    calls_ = 0;
    answering_ = ran_out_ = false;
    log_.clear();
}

Trap FuzzGuest::answer(Answer answer, std::uint32_t alignment, std::uint32_t bytes, std::uint32_t& at)
{
    const std::uint32_t right = (next_ + alignment - 1) / alignment * alignment;
    switch (answer) {
    case Answer::unaligned:
        at = right + 1;
        return Trap::none;
    case Answer::beyond_end:
        at = page - std::min(bytes, page) + alignment;
        return Trap::none;
    case Answer::last_bytes:
        at = page - std::min(bytes, page);
        return Trap::none;
    case Answer::huge:
        at = 0u - alignment;
        return Trap::none;
    case Answer::zero:
        at = 0;
        return Trap::none;
    case Answer::again:
        at = last_;
        return Trap::none;
    case Answer::grown:
        at = static_cast<std::uint32_t>(memory_->size());
        return memory_->grow(1) < 0 ? Trap::unreachable : Trap::none;
    case Answer::trap:
        return Trap::unreachable;
    case Answer::right:
        break;
    }
    at = right;
    ran_out_ = ran_out_ || bytes > page - std::min(right, page);
    if (ran_out_)
        return Trap::unreachable;
    next_ = right + bytes;
    return Trap::none;
}

Trap FuzzGuest::reallocate(Slot* frame)
{
    const std::uint32_t old_at = frame[0].u32, old_bytes = frame[1].u32, alignment = frame[2].u32, bytes = frame[3].u32;
    const bool has_plan = answering_ && calls_ < plan_->answers.size();
    std::uint32_t at = 0;
    log_.insert(log_.end(), {old_at, old_bytes, alignment, bytes});
    TRELLIS_CHECK(alignment == 1 || alignment == 2 || alignment == 4 || alignment == 8);
    const Trap trap = answer(has_plan ? plan_->answers[calls_] : Answer::right, alignment, bytes, at);
    calls_ += answering_;
    if (failed(trap))
        return trap;
    const auto source = memory_->range(old_at, std::min(old_bytes, bytes)), target = memory_->range(at, bytes);
    if (source && target)
        std::memmove(target->data(), source->data(), source->size());
    last_ = at;
    frame[0].u64 = at;
    return Trap::none;
}

void FuzzGuest::write(std::uint32_t at, const Mutation& one) const
{
    const std::uint32_t bytes = std::min(one.bytes, page - at);
    std::memcpy(memory_->base() + at, &one.value, bytes);
}

void FuzzGuest::mutate(std::span<Slot> slots, std::span<const Kind> kinds) const
{
    const std::uint32_t used = next_ - heap_begin, places = static_cast<std::uint32_t>(kinds.size()) * 8 + used;
    for (const Mutation& one : plan_->mutations) {
        const std::uint32_t place = places == 0 ? 0 : one.where % places;
        if (place >= kinds.size() * 8) {
            write(heap_begin + place - static_cast<std::uint32_t>(kinds.size()) * 8, one);
            continue;
        }
        const Kind kind = kinds[place / 8];
        const bool is_short = kind == Kind::i32 || kind == Kind::f32;
        slots[place / 8].u64 = is_short ? one.value & 0xffff'ffff : one.value;
    }
}

} // namespace trellis::wasm::component
