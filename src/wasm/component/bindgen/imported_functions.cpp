#include "wasm/component/bindgen/imported_functions.hpp"

#include "base/format.hpp"
#include "wasm/component/bindgen/lowering.hpp"

#include <algorithm>
#include <iterator>

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

class ImportedFunction {
public:
    ImportedFunction(Bindings& bindings, const Function& function, ScopeId scope)
        : bindings_(bindings), out_(bindings.source), function_(function), scope_(scope),
          is_async_(bindings.is_asynchronous(function, scope)),
          signature_(signature_of(bindings, function, scope, take_function_name(bindings, function, scope, false))),
          is_indirect_(is_indirect(bindings, function, is_async_)), import_("__wasm_import_" + signature_.name)
    {
        for (const auto& parameter : signature_.parameters) {
            locals_.reserve(parameter.name);
            locals_.reserve("maybe_" + parameter.name);
        }
        for (const auto* const name : {"ret", "err", "result", "arg", "args"})
            locals_.reserve(name);
    }

    void add()
    {
        declare_import();
        bindings_.functions.comment(function_.notes.documentation);
        if (is_async_)
            add_async();
        else
            add_sync();
    }

private:
    [[nodiscard]] FlatTypes flat_result() const { return bindings_.flattening.of(function_.result); }
    [[nodiscard]] bool returns_by_memory() const
    {
        return is_async_ ? function_.result.has_value() : !fits(flat_result(), max_flat_results);
    }

    /// The core function as the component model sees it.
    void declare_import()
    {
        Texts parameters;
        if (is_indirect_)
            parameters.emplace_back("int32_t");
        else
            for (const auto type : bindings_.flattening.of(function_.parameters))
                parameters.emplace_back(c_name(type));
        if (returns_by_memory())
            parameters.emplace_back("int32_t");
        const auto flat = flat_result();
        const auto result = is_async_                             ? std::string_view("uint32_t")
                            : flat.empty() || returns_by_memory() ? std::string_view("void")
                                                                  : c_name(flat[0]);
        out_.blank();
        out_.line(format("__attribute__((__import_module__(\"{}\"), __import_name__(\"{}{}\")))",
                         escaped(bindings_.scopes[scope_].module), is_async_ ? "[async-lower]" : "",
                         escaped(function_.name)));
        out_.line(format("extern {} {}({});", result, import_, parameters.empty() ? "void" : joined(parameters)));
    }

    void begin(const std::string& prototype)
    {
        bindings_.functions.line(format("extern {};", prototype));
        out_.blank();
        out_.open(prototype);
    }

    void add_sync()
    {
        begin(prototype(bindings_, signature_));
        auto arguments = is_indirect_ ? arguments_in_memory() : flat_arguments();
        if (returns_by_memory())
            return_by_memory(arguments);
        else if (function_.result)
            return_lifted(arguments);
        else
            out_.line(format("{}({});", import_, joined(arguments)));
        out_.close();
    }

    /// An option's own struct again, where a pointer stands for it; else the parameter.
    Value value_of(const Parameter& parameter)
    {
        if (parameter.passing != Passing::maybe_null)
            return {parameter.name, parameter.passing == Passing::by_pointer};
        out_.line(format("{} {};", bindings_.names.of(parameter.type), parameter.name));
        out_.line(format("{0}.is_some = maybe_{0} != NULL;", parameter.name));
        out_.open(format("if (maybe_{} != NULL)", parameter.name));
        out_.line(format("{0}.val = *maybe_{0};", parameter.name));
        out_.close();
        return {parameter.name};
    }

    Texts flat_arguments()
    {
        Texts arguments;
        Lowering lowering(bindings_, out_, locals_);
        for (const auto& parameter : signature_.parameters)
            std::ranges::move(lowering.lower(parameter.type, value_of(parameter)), std::back_inserter(arguments));
        return arguments;
    }

    /// More parameters than fit: one after the other in a struct, as a tuple would be.
    Texts arguments_in_memory()
    {
        std::vector<Value> values;
        for (const auto& parameter : signature_.parameters)
            values.push_back(value_of(parameter));
        const auto block = locals_.make("block");
        out_.open("struct");
        for (const auto& parameter : signature_.parameters)
            out_.line(format("{} {};", bindings_.names.of(parameter.type), parameter.name));
        out_.close(format("}} {};", block));
        for (std::size_t i = 0; i < values.size(); ++i)
            out_.line(format("{}.{} = {};", block, signature_.parameters[i].name, values[i].get()));
        return {format("(int32_t) &{}", block)};
    }

    /// The callee writes where the caller's C value is, or beside it where C wants its parts apart.
    void return_by_memory(Texts& arguments)
    {
        const bool is_whole = signature_.result.leaving == Leaving::pointer;
        const auto area = is_whole ? std::string("ret") : locals_.make("area");
        if (!is_whole)
            out_.line(format("{} {};", bindings_.names.of(*signature_.result.type), area));
        arguments.push_back(format("(int32_t) {}{}", is_whole ? "" : "&", area));
        out_.line(format("{}({});", import_, joined(arguments)));
        if (!is_whole)
            hand_out(area);
    }

    void return_lifted(const Texts& arguments)
    {
        const auto flat = flat_result();
        const auto call = format("{}({})", import_, joined(arguments));
        const auto core = locals_.make("core");
        const auto value = locals_.make("value");
        out_.line(flat.empty() ? call + ";" : format("{} {} = {};", c_name(flat[0]), core, call));
        out_.line(format("{} {};", bindings_.names.of(*signature_.result.type), value));
        const Texts taken(flat.size(), core);
        std::span<const std::string> rest = taken;
        Lifting(bindings_, out_).lift(*signature_.result.type, value, rest);
        hand_out(value);
    }

    /// Statements that end the function with the result.
    void hand_out(const std::string& value)
    {
        const auto& result = signature_.result;
        const auto guarded = [&](std::string_view condition, std::string_view to, std::string_view member) {
            out_.open(format("if ({}{})", value, condition));
            out_.line(format("*{} = {}.{};", to, value, member));
            out_.close();
        };
        if (result.leaving == Leaving::value) {
            out_.line(format("return {};", value));
        } else if (result.leaving == Leaving::pointer) {
            out_.line(format("*ret = {};", value));
        } else if (result.leaving == Leaving::option) {
            guarded(".is_some", "ret", "val");
            out_.line(format("return {}.is_some;", value));
        } else {
            if (result.ok)
                guarded(".is_err == false", "ret", "val.ok");
            if (result.error)
                guarded(".is_err", "err", "val.err");
            out_.line(format("return !{}.is_err;", value));
        }
    }

    void add_async()
    {
        bindings_.is_async = true;
        Texts list;
        for (auto& parameter : signature_.parameters)
            parameter.passing = Passing::by_value;
        auto arguments = is_indirect_ ? declare_block(list) : Texts();
        if (!is_indirect_)
            for (const auto& parameter : signature_.parameters)
                list.push_back(format("{} {}", bindings_.names.of(parameter.type), parameter.name));
        UniqueNames names;
        for (const auto& parameter : signature_.parameters)
            names.take(parameter.name);
        const auto result = is_indirect_ ? std::string("result") : names.take("result");
        if (function_.result)
            list.push_back(format("{} *{}", bindings_.names.of(*signature_.result.type), result));
        begin(format("{}_subtask_status_t {}({})", bindings_.world_name, signature_.name,
                     list.empty() ? "void" : joined(list)));
        if (!is_indirect_)
            arguments = flat_arguments();
        if (function_.result)
            arguments.push_back("(int32_t) " + result);
        out_.line(format("return {}({});", import_, joined(arguments)));
        out_.close();
    }

    /// Arguments have to stay where they are until the callee has started: the program holds the block.
    Texts declare_block(Texts& list)
    {
        if (signature_.parameters.size() == 1) {
            list.push_back(format("{} *arg", bindings_.names.of(signature_.parameters[0].type)));
            return {"(int32_t) arg"};
        }
        const auto name = bindings_.taken.take(signature_.name + "_args");
        bindings_.types.blank();
        bindings_.types.open("typedef struct " + name);
        for (const auto& parameter : signature_.parameters)
            bindings_.types.line(format("{} {};", bindings_.names.of(parameter.type), parameter.name));
        bindings_.types.close(format("}} {}_t;", name));
        list.push_back(name + "_t *args");
        return {"(int32_t) args"};
    }

    Bindings& bindings_;
    CodeWriter& out_;
    const Function& function_;
    ScopeId scope_;
    bool is_async_;
    Signature signature_;
    bool is_indirect_;
    std::string import_;
    LocalNames locals_;
};

} // namespace

void add_import(Bindings& bindings, const Function& function, ScopeId scope)
{
    ImportedFunction(bindings, function, scope).add();
}

} // namespace trellis::wasm::component::bindgen
