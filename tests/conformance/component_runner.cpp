#include "conformance/component_runner.hpp"

#include "base/format.hpp"
#include "conformance/verdict.hpp"
#include "wasm/component/validation/validator.hpp"
#include "wasm/validation/validator.hpp"

#include <algorithm>
#include <array>

namespace trellis::conformance {
namespace {

using wasm::component::Component;
using ComponentPointer = std::shared_ptr<const Component>;

/// What is refused for now. Scripts that ask for one of these may hold components that are refused as unsupported.
constexpr std::array refused_features = {
    "cm-gc", "cm64", "cm-values", "shared-everything-threads", "component_model_gc", "component_model_memory64"};

class ComponentScriptRunner {
public:
    ComponentScriptRunner(const Script& script, const RunOptions& options, const Notes& notes,
                          std::shared_ptr<wasm::TypeRegistry> registry)
        : options_(options), notes_(notes), registry_(std::move(registry)),
          may_refuse_(std::ranges::any_of(
              refused_features, [&](const char* feature) { return script.needed_features.contains(feature); }))
    {
    }

    void run(const Command& command);
    ScriptResult take_result() { return std::move(result_); }

private:
    enum class Outcome : std::uint8_t { executed, skipped };
    struct Row {
        std::string_view type;
        Verdict (ComponentScriptRunner::*run)(const Command&); ///< null: not without executing something
        bool is_rejection = false;
    };
    static const std::array<Row, 10> rows;

    Verdict run_module(const Command&);
    Verdict run_assert_invalid(const Command&);
    Verdict run_assert_malformed(const Command&);

    Result<ComponentPointer> load(const Command&);
    Verdict rejected(const Command&, const Result<ComponentPointer>& loaded, std::initializer_list<ErrorCode> allowed);

    const RunOptions& options_;
    const Notes& notes_;
    std::shared_ptr<wasm::TypeRegistry> registry_;
    bool may_refuse_; ///< components may be refused as unsupported
    Outcome outcome_ = Outcome::executed;
    ScriptResult result_;
};

const std::array<ComponentScriptRunner::Row, 10> ComponentScriptRunner::rows = {{
    {"module", &ComponentScriptRunner::run_module},
    {"module_definition", &ComponentScriptRunner::run_module},
    {"module_instance", nullptr},
    {"action", nullptr},
    {"assert_return", nullptr},
    {"assert_trap", nullptr},
    {"assert_invalid", &ComponentScriptRunner::run_assert_invalid, true},
    {"assert_malformed", &ComponentScriptRunner::run_assert_malformed, true},
    {"assert_unlinkable", &ComponentScriptRunner::run_module},
    {"assert_uninstantiable", &ComponentScriptRunner::run_module},
}};

void ComponentScriptRunner::run(const Command& command)
{
    current_line = command.line;
    const auto* row = std::ranges::find(rows, command.type, &Row::type);
    if (row == rows.end()) {
        result_.failures.push_back({command.line, command.type, "the runner does not know this command"});
        return;
    }
    const bool noted = notes_.skipped.contains(command.line) || notes_.skipped.contains(0);
    const bool is_text = command.form == ModuleForm::text; // components have no text format here
    if (noted || is_text || !row->run || (options_.rejections_only && !row->is_rejection)) {
        count(result_.skipped, command);
        return;
    }
    outcome_ = Outcome::executed;
    auto verdict = (this->*row->run)(command);
    count(outcome_ == Outcome::executed ? result_.executed : result_.skipped, command);
    if (verdict)
        result_.failures.push_back({command.line, command.type, std::move(*verdict)});
}

/// A core module is loaded too, and gives no component.
Result<ComponentPointer> ComponentScriptRunner::load(const Command& command)
{
    if (command.is_component)
        return wasm::component::load_component(command.bytes, *registry_);
    TRELLIS_TRY(wasm::load_module(command.bytes, *registry_, options_.features));
    return ComponentPointer();
}

Verdict ComponentScriptRunner::run_module(const Command& command)
{
    const auto loaded = load(command);
    if (loaded)
        return std::nullopt;
    if (may_refuse_ && loaded.error().code == ErrorCode::unsupported) {
        outcome_ = Outcome::skipped;
        return std::nullopt;
    }
    return loaded.error().describe();
}

Verdict ComponentScriptRunner::rejected(const Command& command, const Result<ComponentPointer>& loaded,
                                        std::initializer_list<ErrorCode> allowed)
{
    if (loaded)
        return format("accepted, but should not: {}", command.text);
    if (may_refuse_ && loaded.error().code == ErrorCode::unsupported) {
        outcome_ = Outcome::skipped;
        return std::nullopt;
    }
    return judge_rejection(result_, notes_, command, loaded.error(), allowed);
}

/// A limit is no rule of the specification; the suites ask for some all the same.
Verdict ComponentScriptRunner::run_assert_invalid(const Command& command)
{
    return rejected(command, load(command), {ErrorCode::invalid, ErrorCode::limit});
}

Verdict ComponentScriptRunner::run_assert_malformed(const Command& command)
{
    return rejected(command, load(command), {ErrorCode::malformed});
}

} // namespace

ScriptResult run_component_script(const Script& script, const RunOptions& options, const Notes& notes,
                                  const std::shared_ptr<wasm::TypeRegistry>& registry)
{
    ComponentScriptRunner runner(script, options, notes, registry);
    for (const auto& command : script.commands)
        runner.run(command);
    return runner.take_result();
}

} // namespace trellis::conformance
