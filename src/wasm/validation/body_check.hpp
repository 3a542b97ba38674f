// Checks function bodies and constant expressions for load time, with nobody listening.
#pragma once

#include "base/result.hpp"
#include "wasm/validation/function_rules.hpp"

namespace trellis::wasm {

/// Checks all function bodies, on several threads when there is much to do. The error is that of the first bad
/// function, whatever the threads did.
Result<> check_bodies(const Module& module);

/// Checks constant expressions one after another; remembers which functions ref.func names.
class ConstantChecker {
public:
    ConstantChecker(Module& module) : module_(module), reader_(module, {}), rules_(module) {}

    /// `visible_globals`: the first so many globals may be read.
    Result<> check(ConstExpr expression, ValType type, std::uint32_t visible_globals);

private:
    Result<> check_instructions(ConstExpr expression, std::uint32_t visible_globals);
    Result<> check_instruction(const Instruction& instruction, std::uint32_t visible_globals);

    Module& module_;
    InstructionReader reader_;
    FunctionRules rules_;
};

} // namespace trellis::wasm
