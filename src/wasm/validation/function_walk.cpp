#include "wasm/validation/function_walk.hpp"

#include "wasm/validation/function_rules.hpp"

namespace trellis::wasm {

namespace {

struct ReportingSink {
    static constexpr bool reports = true;
    FunctionSink& sink;
    void instruction(const Instruction& instruction) { sink.instruction(instruction); }
};

} // namespace

Result<> walk_function(const Module& module, FuncIndex function, FunctionSink& sink)
{
    TRELLIS_CHECK(!module.is_imported(function));
    FunctionRules rules(module);
    if (!rules.begin_function(module.type_of(function), module.definition(function).body))
        return std::unexpected(rules.take_error());
    sink.begin(module, function, rules.local_runs());
    ReportingSink reporting{sink};
    if (!walk_instructions(rules, reporting))
        return std::unexpected(rules.take_error());
    return {};
}

} // namespace trellis::wasm
