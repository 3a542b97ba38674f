#include "conformance/runner.hpp"

#include "base/format.hpp"
#include "conformance/component_runner.hpp"
#include "conformance/spectest.hpp"
#include "conformance/values.hpp"
#include "conformance/verdict.hpp"
#include "wasm/execution/deadline_timer.hpp"
#include "wasm/execution/linker.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/custom_section_check.hpp"
#include "wasm/validation/validator.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>

namespace trellis::conformance {

volatile unsigned current_line = 0;

namespace {

using namespace wasm;

/// No command takes a hundredth of it.
constexpr std::chrono::seconds command_time{20};

using ModulePointer = std::shared_ptr<const Module>;

/// Whether the type is of the func hierarchy; indices in it are those of `from`.
bool is_function_reference(ValType type, const CanonicalType& from)
{
    if (!type.is_ref())
        return false;
    const auto heap = type.heap();
    if (heap.is_index())
        return from.references[number(heap.index())]->is_function();
    return heap == HeapType::func || heap == HeapType::nofunc;
}

class ScriptRunner {
public:
    ScriptRunner(const RunOptions& options, const Notes& notes, std::shared_ptr<TypeRegistry> registry)
        : options_(options), notes_(notes), registry_(std::move(registry)),
          store_(registry_, *options.tier, options.limits, options.pool), host_(store_)
    {
        if (options_.rejections_only)
            return;
        if (auto defined = define_spectest(store_, linker_); !defined)
            result_.failures.push_back({0, "spectest", defined.error().describe()});
    }

    void run(const Command& command);
    ScriptResult take_result() { return std::move(result_); }

private:
    struct Row {
        std::string_view type;
        Verdict (ScriptRunner::*run)(const Command&);
        bool is_rejection = false;
    };
    static const std::array<Row, 15> rows;

    // One per type of command.
    Verdict run_module(const Command&);
    Verdict run_module_definition(const Command&);
    Verdict run_module_instance(const Command&);
    Verdict run_register(const Command&);
    Verdict run_action(const Command&);
    Verdict run_assert_return(const Command&);
    Verdict run_assert_trap(const Command&);
    Verdict run_assert_exhaustion(const Command&);
    Verdict run_assert_exception(const Command&);
    Verdict run_assert_invalid(const Command&);
    Verdict run_assert_malformed(const Command&);
    Verdict run_assert_custom(const Command&);
    Verdict run_assert_unlinkable(const Command&);
    Verdict run_assert_uninstantiable(const Command&);

    struct Returned {
        std::vector<Value> values;
        const CanonicalType* function = nullptr; ///< whose results they are
        Instance* instance;
    };
    Result<SharedBytes> binary_of(const Command&);
    Result<ModulePointer> load(const Command&);
    Verdict instantiate(const ModulePointer& module, const std::optional<std::string>& name);
    Result<Instance*> instance_named(const std::optional<std::string>& name);
    Result<Returned> perform(const Action& action);
    Result<Returned> get(Instance& instance, const Extern& item);
    Verdict rejected(const Command&, const Error& error, std::initializer_list<ErrorCode> allowed);
    Verdict trapped(const Command&, std::initializer_list<Trap> allowed);
    Verdict compare(const Command&, const Returned& returned);

    RunOptions options_;
    const Notes& notes_;
    std::shared_ptr<TypeRegistry> registry_;
    Store store_;
    DeadlineTimer timer_; ///< a command that runs for ever fails
    Linker linker_;
    HostReferences host_;
    std::map<std::string, Instance*> instances_;
    std::map<std::string, ModulePointer> definitions_;
    Instance* current_ = nullptr;
    ModulePointer current_definition_;
    ScriptResult result_;
};

const std::array<ScriptRunner::Row, 15> ScriptRunner::rows = {{
    {"module", &ScriptRunner::run_module},
    {"module_definition", &ScriptRunner::run_module_definition},
    {"module_instance", &ScriptRunner::run_module_instance},
    {"register", &ScriptRunner::run_register},
    {"action", &ScriptRunner::run_action},
    {"assert_return", &ScriptRunner::run_assert_return},
    {"assert_trap", &ScriptRunner::run_assert_trap},
    {"assert_exhaustion", &ScriptRunner::run_assert_exhaustion},
    {"assert_exception", &ScriptRunner::run_assert_exception},
    {"assert_invalid", &ScriptRunner::run_assert_invalid, true},
    {"assert_malformed", &ScriptRunner::run_assert_malformed, true},
    {"assert_malformed_custom", &ScriptRunner::run_assert_custom, true},
    {"assert_invalid_custom", &ScriptRunner::run_assert_custom, true},
    {"assert_unlinkable", &ScriptRunner::run_assert_unlinkable},
    {"assert_uninstantiable", &ScriptRunner::run_assert_uninstantiable},
}};

void ScriptRunner::run(const Command& command)
{
    current_line = command.line;
    const auto* row = std::ranges::find(rows, command.type, &Row::type);
    if (row == rows.end()) {
        result_.failures.push_back({command.line, command.type, "the runner does not know this command"});
        return;
    }
    const bool noted = notes_.skipped.contains(command.line) || notes_.skipped.contains(0);
    if (noted || (options_.rejections_only && !row->is_rejection)) {
        count(result_.skipped, command);
        return;
    }
    count(result_.executed, command);
    const auto deadline = timer_.add(wasm::DeadlineTimer::Clock::now() + command_time, store_.interrupt_handle());
    auto verdict = (this->*row->run)(command);
    timer_.cancel(deadline);
    store_.clear_deadline();
    if (verdict)
        result_.failures.push_back({command.line, command.type, std::move(*verdict)});
}

Result<SharedBytes> ScriptRunner::binary_of(const Command& command)
{
    if (command.form != ModuleForm::text)
        return command.bytes;
    const auto view = command.bytes.view();
    const std::string_view text(reinterpret_cast<const char*>(view.data()), view.size());
    return parse_text(text, {options_.features, options_.check_annotations});
}

Result<ModulePointer> ScriptRunner::load(const Command& command)
{
    auto module = TRELLIS_TRY(load_module(TRELLIS_TRY(binary_of(command)), *registry_, options_.features));
    if (options_.prepare)
        TRELLIS_TRY(options_.prepare(*module));
    return module;
}

Verdict ScriptRunner::instantiate(const ModulePointer& module, const std::optional<std::string>& name)
{
    current_ = nullptr;
    const auto instance = linker_.instantiate(store_, module);
    if (!instance)
        return instance.error().describe();
    current_ = *instance;
    if (name)
        instances_[*name] = current_;
    return std::nullopt;
}

Verdict ScriptRunner::run_module(const Command& command)
{
    auto module = load(command);
    if (!module) {
        current_ = nullptr;
        return module.error().describe();
    }
    current_definition_ = *module;
    return instantiate(*module, command.name);
}

Verdict ScriptRunner::run_module_definition(const Command& command)
{
    auto module = load(command);
    if (!module)
        return module.error().describe();
    current_definition_ = *module;
    if (command.name)
        definitions_[*command.name] = *module;
    return std::nullopt;
}

Verdict ScriptRunner::run_module_instance(const Command& command)
{
    const auto module = command.module ? definitions_[*command.module] : current_definition_;
    if (!module)
        return "no such module definition";
    return instantiate(module, command.instance);
}

Result<Instance*> ScriptRunner::instance_named(const std::optional<std::string>& name)
{
    const auto found = name ? instances_.find(*name) : instances_.end();
    auto* instance = !name ? current_ : found == instances_.end() ? nullptr : found->second;
    if (!instance)
        return fail(ErrorCode::not_found, format("no instance {}", name.value_or("(current)")));
    return instance;
}

Verdict ScriptRunner::run_register(const Command& command)
{
    const auto instance = instance_named(command.name);
    if (!instance)
        return instance.error().describe();
    linker_.define_instance(command.as, **instance);
    return std::nullopt;
}

Result<ScriptRunner::Returned> ScriptRunner::get(Instance& instance, const Extern& item)
{
    const auto* global = std::get_if<Global*>(&item);
    if (!global)
        return fail(ErrorCode::usage, "the export is not a global");
    return Returned{{Value{(*global)->type.value, (*global)->value}}, nullptr, &instance};
}

Result<ScriptRunner::Returned> ScriptRunner::perform(const Action& action)
{
    store_.last_trap = {};
    auto& instance = *TRELLIS_TRY(instance_named(action.module));
    const auto item = find_export(instance, action.field);
    if (!item)
        return fail(ErrorCode::not_found, format("no export \"{}\"", action.field));
    if (action.type == "get")
        return get(instance, *item);
    const auto* function = std::get_if<Function*>(&*item);
    if (!function)
        return fail(ErrorCode::usage, format("export \"{}\" is not a function", action.field));
    std::vector<Value> arguments;
    for (const auto& argument : action.arguments)
        arguments.push_back(TRELLIS_TRY(argument_of(argument, host_)));
    return Returned{TRELLIS_TRY(invoke(store_, **function, arguments)), (*function)->type, &instance};
}

Verdict ScriptRunner::run_action(const Command& command)
{
    const auto returned = perform(*command.action);
    return returned ? std::nullopt : Verdict(returned.error().describe());
}

Verdict ScriptRunner::compare(const Command& command, const Returned& returned)
{
    if (returned.values.size() != command.expected.size())
        return format("{} results where {} are expected", returned.values.size(), command.expected.size());
    for (std::size_t i = 0; i < returned.values.size(); ++i) {
        const auto& actual = returned.values[i];
        const bool is_function = returned.function ? is_function_reference(actual.type, *returned.function)
                                                   : actual.type.is_ref() && actual.type.heap() == HeapType::func;
        if (!matches(command.expected[i], actual, {store_, *returned.instance, is_function}))
            return format("result {}: expected {}, got {}", i, show(command.expected[i]), show(actual));
    }
    return std::nullopt;
}

Verdict ScriptRunner::run_assert_return(const Command& command)
{
    const auto returned = perform(*command.action);
    if (!returned)
        return format("{}: {}", command.action->field, returned.error().describe());
    auto difference = compare(command, *returned);
    return difference ? Verdict(format("{}: {}", command.action->field, *difference)) : std::nullopt;
}

Verdict ScriptRunner::trapped(const Command& command, std::initializer_list<Trap> allowed)
{
    const auto returned = perform(*command.action);
    if (returned)
        return format("{}: returned where it should fail with \"{}\"", command.action->field, command.text);
    const auto trap = store_.last_trap.trap;
    if (returned.error().code != ErrorCode::trap || trap == Trap::none)
        return format("{}: not a trap: {}", command.action->field, returned.error().describe());
    if (allowed.size() > 0 && std::ranges::find(allowed, trap) == allowed.end())
        return format("{}: another trap: {}", command.action->field, message_of(trap));
    if (!command.text.empty() && !same_words(message_of(trap), command.text))
        return format("{}: trapped with \"{}\", not \"{}\"", command.action->field, message_of(trap), command.text);
    return std::nullopt;
}

Verdict ScriptRunner::run_assert_trap(const Command& command)
{
    return trapped(command, {});
}

Verdict ScriptRunner::run_assert_exhaustion(const Command& command)
{
    return trapped(command, {Trap::call_stack_exhausted});
}

Verdict ScriptRunner::run_assert_exception(const Command& command)
{
    return trapped(command, {Trap::uncaught_exception});
}

Verdict ScriptRunner::rejected(const Command& command, const Error& error, std::initializer_list<ErrorCode> allowed)
{
    return judge_rejection(result_, notes_, command, error, allowed);
}

Verdict ScriptRunner::run_assert_invalid(const Command& command)
{
    const auto module = load(command);
    if (module)
        return format("accepted, but is invalid: {}", command.text);
    return rejected(command, module.error(), {ErrorCode::invalid});
}

Verdict ScriptRunner::run_assert_malformed(const Command& command)
{
    if (command.form == ModuleForm::text) {
        const auto binary = binary_of(command);
        return binary ? Verdict(format("accepted, but is malformed: {}", command.text))
                      : rejected(command, binary.error(), {ErrorCode::malformed});
    }
    const auto module = load(command);
    return module ? Verdict(format("accepted, but is malformed: {}", command.text))
                  : rejected(command, module.error(), {ErrorCode::malformed});
}

/// Text is checked by the parser; what was encoded, by the check that tools may ask for.
Verdict ScriptRunner::run_assert_custom(const Command& command)
{
    const auto checked = [&]() -> Result<> {
        const auto module = TRELLIS_TRY(load(command));
        return check_custom_sections(*module);
    }();
    if (checked)
        return format("accepted, but its custom section is wrong: {}", command.text);
    return rejected(command, checked.error(), {ErrorCode::malformed, ErrorCode::invalid});
}

Verdict ScriptRunner::run_assert_unlinkable(const Command& command)
{
    const auto module = load(command);
    if (!module)
        return module.error().describe();
    const auto instance = linker_.instantiate(store_, *module);
    if (instance)
        return format("linked, but should not: {}", command.text);
    if (instance.error().code != ErrorCode::unlinkable || !same_words(instance.error().message, command.text))
        return format("failed otherwise than by \"{}\": {}", command.text, instance.error().describe());
    return std::nullopt;
}

Verdict ScriptRunner::run_assert_uninstantiable(const Command& command)
{
    const auto module = load(command);
    if (!module)
        return module.error().describe();
    const auto instance = linker_.instantiate(store_, *module);
    if (instance)
        return format("instantiated, but should trap: {}", command.text);
    if (instance.error().code != ErrorCode::trap || !same_words(instance.error().message, command.text))
        return format("failed otherwise than by \"{}\": {}", command.text, instance.error().describe());
    return std::nullopt;
}

} // namespace

ScriptResult run_script(const Script& script, const RunOptions& options, const Notes& notes,
                        const std::shared_ptr<TypeRegistry>& registry)
{
    if (options.kind == ScriptKind::component)
        return run_component_script(script, options, notes, registry);
    ScriptRunner runner(options, notes, registry);
    for (const auto& command : script.commands)
        runner.run(command);
    return runner.take_result();
}

} // namespace trellis::conformance
