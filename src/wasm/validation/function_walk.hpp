// The walk over one function body of a module that validate_module accepted (or is checking): each instruction is read,
// type-checked and handed to a sink.
//
// A sink sees reachable code only. It is called once per instruction after the check, in order, with these rules:
//   * instructions in unreachable code are not reported, nor blocks opened there with their else, catch and end;
//   * `else`, `catch`, `catch_all`, `delegate` and `end` of a reported block are always reported, also when the code
//     before them is unreachable; the last `end` is the function's own;
//   * after an instruction that never falls through (br, br_table, return, return_call..., throw..., rethrow,
//     unreachable) the next call is the matching else, catch or end.
// So a sink can mirror the operand stack from signatures alone: it needs no types but those of locals and blocks.
//
//   struct Sink {
//       void begin(const Module&, FuncIndex, std::span<const InstructionReader::LocalRun> locals); // params not
//       included void instruction(const Instruction&);
//   };
#pragma once

#include "wasm/binary/instruction_reader.hpp"
#include "wasm/validation/validator.hpp"

namespace trellis::wasm {

/// A sink behind virtual calls, for the tiers; validation itself uses a template with a sink that does nothing.
class FunctionSink {
public:
    virtual ~FunctionSink() = default;
    virtual void begin(const Module& module, FuncIndex function,
                       std::span<const InstructionReader::LocalRun> locals) = 0;
    virtual void instruction(const Instruction& instruction) = 0;
};

/// Walks the body of a defined function. Errors: malformed or invalid (never for a module that validate_module
/// accepted).
Result<> walk_function(const Module& module, FuncIndex function, FunctionSink& sink);

} // namespace trellis::wasm
