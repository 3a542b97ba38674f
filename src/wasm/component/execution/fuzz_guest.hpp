// One side of a call that a fuzzer plays: memory of one page, and a realloc that may answer anything. For fuzzers only.
#pragma once

#include "wasm/component/execution/fuzz_input.hpp"
#include "wasm/component/execution/instance.hpp"

namespace trellis::wasm::component {

/// What is wrong with a realloc's answer, at one of its calls.
enum class Answer : std::uint8_t { right, unaligned, beyond_end, last_bytes, huge, zero, again, grown, trap };
inline constexpr std::uint32_t kinds_of_answers = 9;

/// Bytes that are written over what a guest was given or gives.
struct Mutation {
    std::uint32_t where;
    std::uint32_t bytes;
    std::uint64_t value;
};

struct GuestPlan {
    StringEncoding encoding = StringEncoding::utf8;
    std::uint8_t filling = 0;         ///< what its memory is full of
    std::vector<Answer> answers = {}; ///< to the first calls of realloc; right from then on
    std::vector<Mutation> mutations = {};

    static GuestPlan random(FuzzInput& input, bool is_hostile);
    [[nodiscard]] bool is_honest() const
    {
        return std::ranges::all_of(answers, [](Answer one) { return one == Answer::right; });
    }
};

class FuzzGuest {
public:
    static constexpr std::uint32_t page = 65'536, heap_begin = page - 16'384;

    /// Errors: limit.
    static Result<std::unique_ptr<FuzzGuest>> make(Store& store);

    void reset(const GuestPlan& plan);
    /// From now on realloc answers as planned.
    void start_answering() { answering_ = true; }
    void stop_answering() { answering_ = false; }
    Trap reallocate(Slot* frame);
    /// Over core values of these kinds, and what was allocated so far.
    void mutate(std::span<Slot> slots, std::span<const Kind> kinds) const;

    [[nodiscard]] Memory& memory() const { return *memory_; }
    [[nodiscard]] Function* realloc() const { return realloc_; }
    [[nodiscard]] bool ran_out() const { return ran_out_; }
    [[nodiscard]] const std::vector<std::uint32_t>& log() const { return log_; }
    /// Of what was given out.
    [[nodiscard]] std::vector<std::byte> contents() const
    {
        return {memory_->base() + heap_begin, memory_->base() + page};
    }

private:
    Trap answer(Answer answer, std::uint32_t alignment, std::uint32_t bytes, std::uint32_t& at);
    void write(std::uint32_t at, const Mutation& one) const;

    Memory* memory_ = nullptr;
    Function* realloc_ = nullptr;
    const GuestPlan* plan_ = nullptr;
    std::uint32_t next_ = heap_begin;
    std::uint32_t last_ = 0;
    std::size_t calls_ = 0;
    bool answering_ = false;
    bool ran_out_ = false;
    std::vector<std::uint32_t> log_;
};

} // namespace trellis::wasm::component
