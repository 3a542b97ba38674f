#include "conformance/component_runner.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "conformance/component_host.hpp"
#include "conformance/component_values.hpp"
#include "conformance/verdict.hpp"
#include "wasm/component/execution/value.hpp"
#include "wasm/component/validation/validator.hpp"
#include "wasm/execution/deadline_timer.hpp"
#include "wasm/validation/validator.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

namespace trellis::conformance {
namespace {

using wasm::component::Component;
using wasm::component::ComponentInstance;
using wasm::component::InstanceValue;
using wasm::component::ItemValue;
using ComponentPointer = std::shared_ptr<const Component>;

/// What is refused for now. Scripts that ask for one of these may hold components that are refused as unsupported.
constexpr std::array refused_features = {
    "cm-gc", "cm64", "cm-values", "shared-everything-threads", "component_model_gc", "component_model_memory64"};

/// Traps that one suite's engine and this one meet in another order.
struct OtherWords {
    std::string_view wanted, ours; // and why:
};
constexpr std::array other_words = {
    // Strings have a greatest length, which is looked at before any memory is asked for.
    OtherWords{"unreachable", "string content out-of-bounds"},
    // A limit of that engine's own; the guest traps behind it.
    OtherWords{"fuel allocated for hostcalls has been exhausted", "unreachable"},
    // The last realloc asks for the specification's alignment of 1, where the guest wants 2.
    OtherWords{"unaligned pointer", "unreachable"},
};

/// No command takes a hundredth of it.
constexpr std::chrono::seconds command_time{20};

/// One component's instance, in a store of its own.
struct Living {
    Living(std::shared_ptr<wasm::TypeRegistry> registry, const RunOptions& options)
        : core(std::move(registry), *options.tier, options.limits, options.pool), store(core)
    {
    }
    wasm::Store core;
    wasm::component::ComponentStore store;
    ComponentHost host;
    ComponentInstance* instance = nullptr;
};

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
    Verdict run_module_definition(const Command&);
    Verdict run_module_instance(const Command&);
    Verdict run_action(const Command&);
    Verdict run_assert_return(const Command&);
    Verdict run_assert_trap(const Command&);
    Verdict run_assert_invalid(const Command&);
    Verdict run_assert_malformed(const Command&);
    Verdict run_assert_unlinkable(const Command&);
    Verdict run_assert_uninstantiable(const Command&);

    Verdict loaded_or_refused(const Result<ComponentPointer>& loaded);
    Result<Living*> instantiate(ComponentPointer component, const std::optional<std::string>& name);
    std::shared_ptr<const wasm::Module> adapter_module(SharedBytes binary);
    Result<Living*> living(const std::optional<std::string>& name);
    Result<std::optional<wasm::component::Value>> perform(const Action& action,
                                                          const wasm::component::ComponentFunction*& function);
    Verdict failed_as(const Command& command, const Error& error, std::initializer_list<ErrorCode> allowed);
    Result<ComponentPointer> load(const Command&);
    Verdict rejected(const Command&, const Result<ComponentPointer>& loaded, std::initializer_list<ErrorCode> allowed);

    const RunOptions& options_;
    const Notes& notes_;
    std::shared_ptr<wasm::TypeRegistry> registry_;
    bool may_refuse_; ///< components may be refused as unsupported
    Outcome outcome_ = Outcome::executed;
    bool is_refused_ = false; ///< the current component, for a feature that is not there: what acts on it is skipped
    wasm::DeadlineTimer timer_;
    std::vector<std::unique_ptr<Living>> living_;
    std::map<std::string, Living*> named_;
    std::map<std::string, ComponentPointer> definitions_;
    std::map<std::string, std::shared_ptr<const wasm::Module>> adapters_; ///< by their bytes
    ComponentPointer current_definition_;
    Living* current_ = nullptr;
    ScriptResult result_;
};

const std::array<ComponentScriptRunner::Row, 10> ComponentScriptRunner::rows = {{
    {"module", &ComponentScriptRunner::run_module},
    {"module_definition", &ComponentScriptRunner::run_module_definition},
    {"module_instance", &ComponentScriptRunner::run_module_instance},
    {"action", &ComponentScriptRunner::run_action},
    {"assert_return", &ComponentScriptRunner::run_assert_return},
    {"assert_trap", &ComponentScriptRunner::run_assert_trap},
    {"assert_invalid", &ComponentScriptRunner::run_assert_invalid, true},
    {"assert_malformed", &ComponentScriptRunner::run_assert_malformed, true},
    {"assert_unlinkable", &ComponentScriptRunner::run_assert_unlinkable},
    {"assert_uninstantiable", &ComponentScriptRunner::run_assert_uninstantiable},
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
    const bool acts = command.action || command.type == "module_instance" || command.type == "assert_trap";
    if (noted || is_text || (acts && !options_.instantiates) || (options_.rejections_only && !row->is_rejection)) {
        count(result_.skipped, command);
        return;
    }
    outcome_ = Outcome::executed;
    auto verdict = (this->*row->run)(command);
    count(outcome_ == Outcome::executed ? result_.executed : result_.skipped, command);
    if (verdict && outcome_ == Outcome::executed)
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

Verdict ComponentScriptRunner::loaded_or_refused(const Result<ComponentPointer>& loaded)
{
    if (loaded)
        return std::nullopt;
    if (may_refuse_ && loaded.error().code == ErrorCode::unsupported) {
        outcome_ = Outcome::skipped;
        is_refused_ = true;
        return std::nullopt;
    }
    return loaded.error().describe();
}

/// An adapter that is not valid is a mistake.
std::shared_ptr<const wasm::Module> ComponentScriptRunner::adapter_module(SharedBytes binary)
{
    auto& known = adapters_[std::string(binary.view().begin(), binary.view().end())];
    if (!known) {
        auto made = wasm::load_module(std::move(binary), *registry_);
        TRELLIS_CHECK(made.has_value());
        known = *std::move(made);
    }
    return known;
}

/// Everything that earlier instances of the file export by name, and the host's own.
Result<Living*> ComponentScriptRunner::instantiate(ComponentPointer component, const std::optional<std::string>& name)
{
    current_ = nullptr;
    auto made = std::make_unique<Living>(registry_, options_);
    if (options_.adapters)
        made->store.adapter_modules = [this](SharedBytes binary) { return adapter_module(std::move(binary)); };
    wasm::component::HostImports imports;
    add_component_host(imports, made->host, made->store, registry_);
    for (const auto& [known, other] : named_) {
        auto* const offered = made->store.add(InstanceValue());
        for (const auto& [export_name, item] : other->instance->exports.exports)
            if (std::holds_alternative<std::shared_ptr<const wasm::Module>>(item) ||
                std::holds_alternative<wasm::component::TypeValue>(item))
                offered->exports.emplace_back(export_name, item);
        imports.add(known, ItemValue(offered));
    }
    const auto deadline = timer_.add(wasm::DeadlineTimer::Clock::now() + command_time, made->core.interrupt_handle());
    auto instance = wasm::component::instantiate(made->store, std::move(component), imports);
    timer_.cancel(deadline);
    if (!instance)
        return std::unexpected(std::move(instance).error());
    made->instance = *instance;
    living_.push_back(std::move(made));
    current_ = living_.back().get();
    if (name)
        named_[name->substr(name->starts_with('$') ? 1 : 0)] = current_;
    return current_;
}

Verdict ComponentScriptRunner::run_module(const Command& command)
{
    current_ = nullptr;
    is_refused_ = false;
    auto loaded = load(command);
    if (!loaded || !*loaded)
        return loaded_or_refused(loaded);
    current_definition_ = *loaded;
    if (!options_.instantiates)
        return std::nullopt;
    const auto made = instantiate(*loaded, command.name);
    return made ? std::nullopt : Verdict(made.error().describe());
}

Verdict ComponentScriptRunner::run_module_definition(const Command& command)
{
    auto loaded = load(command);
    if (!loaded || !*loaded)
        return loaded_or_refused(loaded);
    current_definition_ = *loaded;
    if (command.name)
        definitions_[*command.name] = *loaded;
    return std::nullopt;
}

Verdict ComponentScriptRunner::run_module_instance(const Command& command)
{
    const auto known = command.module ? definitions_.find(*command.module) : definitions_.end();
    const auto component = known == definitions_.end() ? current_definition_ : known->second;
    if (!component)
        return "no component of that name";
    const auto made = instantiate(component, command.instance);
    return made ? std::nullopt : Verdict(made.error().describe());
}

Result<Living*> ComponentScriptRunner::living(const std::optional<std::string>& name)
{
    if (!name && current_)
        return current_;
    const std::string known = name ? name->substr(name->starts_with('$') ? 1 : 0) : "";
    if (named_.contains(known))
        return named_[known];
    outcome_ = is_refused_ ? Outcome::skipped : outcome_;
    return fail(ErrorCode::not_found, "no instance of that name");
}

Result<std::optional<wasm::component::Value>>
ComponentScriptRunner::perform(const Action& action, const wasm::component::ComponentFunction*& function)
{
    Living& there = *TRELLIS_TRY(living(action.module));
    const ItemValue* const item = there.instance->exports.find(action.field);
    const auto* const found = item ? std::get_if<wasm::component::ComponentFunction*>(item) : nullptr;
    if (!found)
        return fail(ErrorCode::not_found, format("no function {}", action.field));
    function = *found;
    std::vector<wasm::component::Value> arguments;
    const auto& params = function->type->params;
    for (std::size_t i = 0; i < action.component_arguments.size() && i < params.size(); ++i)
        arguments.push_back(
            TRELLIS_TRY(value_from(function->types->arena(), params[i].type, action.component_arguments[i])));
    const auto deadline = timer_.add(wasm::DeadlineTimer::Clock::now() + command_time, there.core.interrupt_handle());
    auto result = wasm::component::invoke(there.store, *function, arguments);
    timer_.cancel(deadline);
    if (!result && !there.core.last_trap.backtrace.empty())
        result.error().message += "; " + describe(there.core, there.core.last_trap);
    return result;
}

Verdict ComponentScriptRunner::run_action(const Command& command)
{
    const wasm::component::ComponentFunction* function = nullptr;
    const auto result = perform(*command.action, function);
    return result ? std::nullopt : Verdict(result.error().describe());
}

Verdict ComponentScriptRunner::run_assert_return(const Command& command)
{
    const wasm::component::ComponentFunction* function = nullptr;
    const auto result = perform(*command.action, function);
    if (!result)
        return result.error().describe();
    if (command.component_expected.empty())
        return std::nullopt;
    if (!*result)
        return "a result was expected, there is none";
    return compare_value(function->types->arena(), function->type->result, **result,
                         command.component_expected.front());
}

/// The words may stand anywhere in the message: it goes from the outside in.
Verdict ComponentScriptRunner::failed_as(const Command& command, const Error& error,
                                         std::initializer_list<ErrorCode> allowed)
{
    if (std::ranges::find(allowed, error.code) == allowed.end())
        return "failed at another stage: " + error.describe();
    std::string_view wanted = command.text;
    constexpr std::string_view prefix = "wasm trap: ";
    if (wanted.starts_with(prefix))
        wanted.remove_prefix(prefix.size());
    if (wanted == "wasm `unreachable` instruction executed")
        wanted = "unreachable";
    const auto says = [&](std::string_view words) { return error.message.find(words) != std::string::npos; };
    const bool is_known =
        std::ranges::any_of(other_words, [&](const OtherWords& one) { return one.wanted == wanted && says(one.ours); });
    if (!says(wanted) && !is_known)
        return format("other words: wanted \"{}\", got \"{}\"", wanted, error.message);
    return std::nullopt;
}

Verdict ComponentScriptRunner::run_assert_trap(const Command& command)
{
    if (!command.action) {
        auto loaded = load(command);
        if (!loaded || !*loaded)
            return loaded_or_refused(loaded);
        const auto made = instantiate(*loaded, std::nullopt);
        return made ? Verdict("instantiated, but should trap") : failed_as(command, made.error(), {ErrorCode::trap});
    }
    const wasm::component::ComponentFunction* function = nullptr;
    const auto result = perform(*command.action, function);
    if (result)
        return format("returned, but should trap: {}", command.text);
    return failed_as(command, result.error(), {ErrorCode::trap});
}

Verdict ComponentScriptRunner::run_assert_unlinkable(const Command& command)
{
    auto loaded = load(command);
    if (!loaded || !*loaded || !options_.instantiates)
        return loaded_or_refused(loaded);
    const auto made = instantiate(*loaded, std::nullopt);
    if (made)
        return format("linked, but should not: {}", command.text);
    return made.error().code == ErrorCode::unlinkable ? std::nullopt : Verdict(made.error().describe());
}

Verdict ComponentScriptRunner::run_assert_uninstantiable(const Command& command)
{
    auto loaded = load(command);
    if (!loaded || !*loaded || !options_.instantiates)
        return loaded_or_refused(loaded);
    const auto made = instantiate(*loaded, std::nullopt);
    if (made)
        return format("instantiated, but should not: {}", command.text);
    return failed_as(command, made.error(), {ErrorCode::trap});
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
