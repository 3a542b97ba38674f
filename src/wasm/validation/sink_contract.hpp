// A sink for tests that checks what function_walk.hpp promises to sinks: blocks nest, and an instruction that never
// falls through is followed by the else, catch or end of its block.
#pragma once

#include "base/check.hpp"
#include "wasm/validation/function_walk.hpp"

#include <vector>

namespace trellis::wasm {

class SinkContract : public FunctionSink {
public:
    void begin(const Module& module, FuncIndex function, std::span<const InstructionReader::LocalRun> locals) override
    {
        TRELLIS_CHECK(!module.is_imported(function));
        TRELLIS_CHECK(locals.size() <= module.binary.size());
        blocks_.assign(1, Op::block);
        falls_through_ = true;
    }

    void instruction(const Instruction& instruction) override
    {
        TRELLIS_CHECK(!blocks_.empty());
        ++count;
        switch (instruction.op) {
        case Op::block:
        case Op::loop:
        case Op::if_:
        case Op::try_:
        case Op::try_table:
            TRELLIS_CHECK(falls_through_);
            blocks_.push_back(instruction.op);
            break;
        case Op::else_:
            TRELLIS_CHECK(blocks_.back() == Op::if_);
            blocks_.back() = Op::else_;
            falls_through_ = true;
            break;
        case Op::catch_:
        case Op::catch_all:
            TRELLIS_CHECK(blocks_.back() == Op::try_ || blocks_.back() == Op::catch_);
            blocks_.back() = instruction.op;
            falls_through_ = true;
            break;
        case Op::delegate:
        case Op::end:
            blocks_.pop_back();
            falls_through_ = true;
            break;
        default:
            TRELLIS_CHECK(falls_through_);
            falls_through_ = !never_falls_through(instruction.op);
        }
    }

    [[nodiscard]] bool complete() const { return blocks_.empty(); }

    std::size_t count = 0; ///< instructions reported

private:
    static bool never_falls_through(Op op)
    {
        switch (op) {
        case Op::br:
        case Op::br_table:
        case Op::return_:
        case Op::return_call:
        case Op::return_call_indirect:
        case Op::return_call_ref:
        case Op::throw_:
        case Op::throw_ref:
        case Op::rethrow:
        case Op::unreachable:
            return true;
        default:
            return false;
        }
    }

    std::vector<Op> blocks_;
    bool falls_through_ = true;
};

/// Walks every function of a valid module with such a sink.
inline void check_sink_contract(const Module& module)
{
    for (std::uint32_t i = 0; i < module.functions.size(); ++i) {
        SinkContract sink;
        TRELLIS_CHECK(walk_function(module, static_cast<FuncIndex>(module.imported_functions + i), sink).has_value());
        TRELLIS_CHECK(sink.complete());
    }
}

} // namespace trellis::wasm
