// The state of type checking inside one function: the types of the operands and the open blocks, as in the
// specification's validation algorithm. Buffers are kept from function to function.
// https://webassembly.github.io/spec/core/appendix/algorithm.html
#pragma once

#include "base/check.hpp"
#include "wasm/syntax/instruction.hpp"

#include <memory>
#include <span>
#include <vector>

namespace trellis::wasm {

using Types = std::span<const ValType>;

/// One open block.
struct ControlFrame {
    Op op;                    ///< block, loop, if_, else_, try_, catch_, catch_all, try_table; block for the function
    bool unreachable = false; ///< behind an instruction that never falls through
    bool dead = false;        ///< opened in unreachable code: nothing of it reaches a sink
    BlockType::Form form = BlockType::Form::empty;
    ValType single;                 ///< the result, of form value
    const FuncType* type = nullptr; ///< of form type
    std::uint32_t height = 0;       ///< of the operand stack below the block's parameters
    std::uint32_t set_locals = 0;   ///< how many locals without default had been set at its start

    [[nodiscard]] Types parameters() const { return form == BlockType::Form::type ? Types(type->params) : Types(); }
    [[nodiscard]] Types results() const
    {
        if (form == BlockType::Form::type)
            return type->results;
        return form == BlockType::Form::value ? Types(&single, 1) : Types();
    }
    /// What a branch to the block carries.
    [[nodiscard]] Types label_types() const { return op == Op::loop ? parameters() : results(); }
};

/// A stack of types that is fast to push to and to compare with. The floor is the height of the innermost block: no
/// instruction reaches below it.
class OperandStack {
public:
    OperandStack() { grow(); }

    [[nodiscard]] std::uint32_t height() const { return static_cast<std::uint32_t>(top_ - base_.get()); }
    [[nodiscard]] std::size_t above_floor() const { return static_cast<std::size_t>(top_ - floor_); }
    /// More was pushed than implementation_limits::operands, and lost.
    [[nodiscard]] bool overflowed() const { return overflowed_; }
    void clear()
    {
        floor_ = top_ = base_.get();
        overflowed_ = false;
    }
    void set_floor(std::uint32_t height) { floor_ = base_.get() + height; }
    void drop_to_floor() { top_ = floor_; }
    void drop(std::size_t count) { top_ -= count; }
    /// depth 1 is the topmost; only above the floor.
    [[nodiscard]] ValType from_top(std::size_t depth) const { return top_[-static_cast<std::ptrdiff_t>(depth)]; }
    [[nodiscard]] Types operands() const { return {floor_, top_}; }
    void push(ValType type)
    {
        if (top_ == limit_ && !grow()) [[unlikely]]
            return;
        *top_++ = type;
    }

private:
    bool grow();

    std::unique_ptr<ValType[]> base_;
    ValType* floor_ = nullptr;
    ValType* top_ = nullptr;
    ValType* limit_ = nullptr;
    bool overflowed_ = false;
};

} // namespace trellis::wasm
