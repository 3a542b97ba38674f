#include "wasm/component/bindgen/exported_functions.hpp"

#include "base/format.hpp"
#include "wasm/component/bindgen/lowering.hpp"
#include "wasm/component/bindgen/type_definitions.hpp"

namespace trellis::wasm::component::bindgen {

using namespace wit;

namespace {

using Texts = std::vector<std::string>;

std::string joined(const Texts& texts)
{
    std::string list;
    for (const auto& text : texts)
        list.append(list.empty() ? "" : ", ").append(text);
    return list;
}

constexpr std::string_view callback_declarations =
    R"(@world@_callback_code_t @name@_callback(@world@_event_t *event);
// Gives the result of the task; once, and before its last callback ends.
extern void @name@_return(@result@);
)";

constexpr std::string_view callback_definition = R"(
__attribute__((__export_name__("[callback][async-lift]@export@")))
uint32_t __wasm_export_@name@_callback(uint32_t kind, uint32_t waitable, uint32_t code) {
    @world@_event_t event;
    event.event = (@world@_event_code_t) kind;
    event.waitable = waitable;
    event.code = code;
    return @name@_callback(&event);
}

__attribute__((__import_module__("[export]@module@"), __import_name__("[task-return]@function@")))
extern void __wasm_import_@name@_return(@parameters@);
)";

class ExportedFunction {
public:
    ExportedFunction(Bindings& bindings, const Function& function, ScopeId scope)
        : bindings_(bindings), out_(bindings.source), function_(function), scope_(scope),
          signature_(signature_of(bindings, function, scope, take_function_name(bindings, function, scope, true)))
    {
        const auto& place = bindings.scopes[scope];
        export_name_ = place.interface ? format("{}#{}", place.module, function.name) : function.name;
    }

    void add()
    {
        bindings_.functions.comment(function_.notes.documentation);
        if (bindings_.is_asynchronous(function_, scope_))
            add_async();
        else
            add_sync();
    }

private:
    [[nodiscard]] FlatTypes flat_result() const { return bindings_.flattening.of(function_.result); }
    [[nodiscard]] std::string result_type() const { return bindings_.names.of(*signature_.result.type); }

    void add_sync()
    {
        bindings_.functions.line(prototype(bindings_, signature_) + ";");
        const auto flat = flat_result();
        const bool is_by_memory = !fits(flat, max_flat_results);
        begin("", flat.empty() ? "void" : is_by_memory ? "int32_t" : c_name(flat[0]));
        auto arguments = lifted_arguments();
        call(arguments);
        if (is_by_memory)
            return_by_memory();
        else if (!flat.empty())
            out_.line(format("return {};", lowered_result()[0]));
        out_.close();
        if (is_by_memory)
            add_post_return();
    }

    /// The head of the core function, with its parameters in core_.
    void begin(std::string_view prefix, std::string_view result)
    {
        auto types = bindings_.flattening.of(function_.parameters);
        is_indirect_ = !fits(types, max_flat_parameters);
        if (is_indirect_)
            types = {CoreType::i32};
        Texts parameters;
        for (const auto type : types) {
            core_.push_back(locals_.make("core"));
            parameters.push_back(format("{} {}", c_name(type), core_.back()));
        }
        out_.blank();
        out_.line(format("__attribute__((__export_name__(\"{}{}\")))", prefix, escaped(export_name_)));
        out_.open(format("{} __wasm_export_{}({})", result, signature_.name,
                         parameters.empty() ? "void" : joined(parameters)));
    }

    /// Variables for the parameters, filled; and how the program's function gets them.
    Texts lifted_arguments()
    {
        std::vector<std::string> variables;
        for (const auto& parameter : signature_.parameters) {
            variables.push_back(locals_.make("arg"));
            out_.line(format("{} {};", bindings_.names.of(parameter.type), variables.back()));
        }
        if (is_indirect_)
            read_block(variables);
        else
            lift(variables);
        Texts arguments;
        for (std::size_t i = 0; i < variables.size(); ++i)
            arguments.push_back(argument(signature_.parameters[i].passing, variables[i]));
        return arguments;
    }

    static std::string argument(Passing passing, const std::string& variable)
    {
        if (passing == Passing::maybe_null)
            return format("{0}.is_some ? &{0}.val : NULL", variable);
        return passing == Passing::by_pointer ? "&" + variable : variable;
    }

    void lift(const Texts& variables)
    {
        std::span<const std::string> rest = core_;
        Lifting lifting(bindings_, out_);
        for (std::size_t i = 0; i < variables.size(); ++i)
            lifting.lift(signature_.parameters[i].type, variables[i], rest);
    }

    /// The caller put the parameters into a block that it had us allocate.
    void read_block(const Texts& variables)
    {
        const auto block = locals_.make("block");
        out_.open("struct");
        for (std::size_t i = 0; i < variables.size(); ++i)
            out_.line(format("{} {};", bindings_.names.of(signature_.parameters[i].type), variables[i]));
        out_.close(format("}} *{} = (void *) {};", block, core_[0]));
        for (const auto& variable : variables)
            out_.line(format("{0} = {1}->{0};", variable, block));
        out_.line(format("free({});", block));
    }

    /// Calls the program's function; its result is in ret_ then, as WIT says it.
    void call(Texts& arguments)
    {
        const auto& result = signature_.result;
        if (result.leaving != Leaving::nothing) {
            ret_ = locals_.make("ret");
            out_.line(format("{} {};", result_type(), ret_));
        }
        const auto call = [&] { return format("{}({})", signature_.name, joined(arguments)); };
        if (result.leaving == Leaving::nothing)
            return out_.line(call() + ";");
        if (result.leaving == Leaving::value)
            return out_.line(format("{} = {};", ret_, call()));
        if (result.leaving == Leaving::pointer) {
            arguments.push_back("&" + ret_);
            return out_.line(call() + ";");
        }
        if (result.leaving == Leaving::option) {
            arguments.push_back(format("&{}.val", ret_));
            return out_.line(format("{}.is_some = {};", ret_, call()));
        }
        call_with_result(arguments);
    }

    /// Both places are the program's to write to, whatever it returns: so they are apart.
    void call_with_result(Texts& arguments)
    {
        const auto& result = signature_.result;
        const auto error = locals_.make("err");
        if (result.ok)
            arguments.push_back(format("&{}.val.ok", ret_));
        if (result.error) {
            out_.line(format("{} {};", bindings_.names.of(*result.error), error));
            arguments.push_back("&" + error);
        }
        out_.line(format("{}.is_err = !{}({});", ret_, signature_.name, joined(arguments)));
        if (!result.error)
            return;
        out_.open(format("if ({}.is_err)", ret_));
        out_.line(format("{}.val.err = {};", ret_, error));
        out_.close();
    }

    Texts lowered_result() { return Lowering(bindings_, out_, locals_).lower(*signature_.result.type, {ret_}); }

    /// It stays until the caller has read it and called the function after the return.
    void return_by_memory()
    {
        const auto area = locals_.make("area");
        out_.line(format("static {} {};", result_type(), area));
        out_.line(format("{} = {};", area, ret_));
        out_.line(format("return (int32_t) &{};", area));
    }

    void add_post_return()
    {
        const auto free = free_call(bindings_, *signature_.result.type, "(void *) area");
        if (free.empty())
            return;
        out_.blank();
        out_.line(format("__attribute__((__weak__, __export_name__(\"cabi_post_{}\")))", escaped(export_name_)));
        out_.open(format("void __wasm_export_{}_post_return(int32_t area)", signature_.name));
        out_.line(free);
        out_.close();
    }

    void add_async()
    {
        bindings_.is_async = true;
        const auto list = parameter_list(bindings_, signature_);
        bindings_.functions.line(
            format("{}_callback_code_t {}({});", bindings_.world_name, signature_.name, list.empty() ? "void" : list));
        begin("[async-lift]", "uint32_t");
        out_.line(format("return {}({});", signature_.name, joined(lifted_arguments())));
        out_.close();
        add_callback();
        add_task_return();
    }

    void add_callback()
    {
        Texts parameters;
        for (const auto type : task_return_types())
            parameters.emplace_back(c_name(type));
        const auto result = function_.result ? result_type() + " ret" : "void";
        const auto list = parameters.empty() ? "void" : joined(parameters);
        const auto expand = [&](std::string_view code) {
            return fill(code, {{"world", bindings_.world_name},
                               {"name", signature_.name},
                               {"export", escaped(export_name_)},
                               {"module", escaped(bindings_.scopes[scope_].module)},
                               {"function", escaped(function_.name)},
                               {"result", result},
                               {"parameters", list}});
        };
        bindings_.functions.lines(expand(callback_declarations));
        out_.lines(expand(callback_definition));
    }

    /// The result goes as a parameter does.
    [[nodiscard]] FlatTypes task_return_types() const
    {
        auto types = flat_result();
        return fits(types, max_flat_parameters) ? types : FlatTypes{CoreType::i32};
    }

    void add_task_return()
    {
        out_.blank();
        out_.open(format("void {}_return({})", signature_.name, function_.result ? result_type() + " ret" : "void"));
        LocalNames locals;
        locals.reserve("ret");
        Texts arguments;
        if (!fits(flat_result(), max_flat_parameters))
            arguments = {"(int32_t) &ret"};
        else if (function_.result)
            arguments = Lowering(bindings_, out_, locals).lower(*signature_.result.type, {"ret"});
        out_.line(format("__wasm_import_{}_return({});", signature_.name, joined(arguments)));
        out_.close();
    }

    Bindings& bindings_;
    CodeWriter& out_;
    const Function& function_;
    ScopeId scope_;
    Signature signature_;
    std::string export_name_;
    bool is_indirect_ = false;
    LocalNames locals_;
    Texts core_;
    std::string ret_;
};

} // namespace

void add_export(Bindings& bindings, const Function& function, ScopeId scope)
{
    ExportedFunction(bindings, function, scope).add();
}

} // namespace trellis::wasm::component::bindgen
