#include "wasm/component/bindgen/type_definitions.hpp"

#include "base/format.hpp"
#include "wasm/component/bindgen/resources.hpp"

namespace trellis::wasm::component::bindgen {

using namespace wit;

namespace {

/// Calls `visit` with a type and all that it is made of, the parts first, but for what has been seen.
template <class IsKnown, class Visit>
void walk(const Bindings& bindings, const Typed& typed, const IsKnown& is_known, const Visit& visit)
{
    const auto* kind = bindings.kind(typed);
    if (kind == nullptr || is_known(typed) || bindings.types.is_full())
        return;
    for_each_type(*kind,
                  [&](const Type& part) { walk(bindings, bindings.scopes.inside(typed, part), is_known, visit); });
    visit(typed);
}

template <class IsKnown, class Visit>
void walk(const Bindings& bindings, const Function& function, ScopeId scope, const IsKnown& is_known,
          const Visit& visit)
{
    if (function.resource)
        walk(bindings, Typed{*function.resource, scope}, is_known, visit);
    for (const auto& parameter : function.parameters)
        walk(bindings, Typed{parameter.type, scope}, is_known, visit);
    if (function.result)
        walk(bindings, Typed{*function.result, scope}, is_known, visit);
}

template <class IsKnown, class Visit>
void walk(const Bindings& bindings, ScopeId scope, const IsKnown& is_known, const Visit& visit)
{
    const auto& interface = bindings.model[*bindings.scopes[scope].interface];
    for (const auto type : interface.types)
        walk(bindings, Typed{type, scope}, is_known, visit);
    for (const auto& function : interface.functions)
        walk(bindings, function, scope, is_known, visit);
}

/// What has cases has a function that frees it even where none of them owns memory.
constexpr std::string_view owns_nothing = "(void) ptr;\n";

class TypeDefinitions {
public:
    explicit TypeDefinitions(Bindings& bindings) : bindings_(bindings), out_(bindings.types) {}

    void define(const Typed& typed)
    {
        if (!bindings_.names.assign(typed, bindings_.taken))
            return;
        typed_ = typed;
        name_ = bindings_.names.of(typed);
        const auto& definition = *bindings_.definition(typed);
        if (is_there_already(definition))
            return;
        out_.blank();
        out_.comment(definition.notes.documentation);
        const auto& kind = *bindings_.kind(typed);
        std::visit([&](const auto& it) { add(it); }, kind);
        add_free(kind);
    }

private:
    /// Handles come with their resource, and a resource's other names need no type of their own.
    [[nodiscard]] bool is_there_already(const TypeDefinition& definition) const
    {
        if (const auto* resource = resource_in(definition.kind); resource != nullptr && definition.name.empty())
            return std::holds_alternative<Resource>(bindings_.model[*resource].kind);
        return std::holds_alternative<Alias>(definition.kind) && definition.is_resource;
    }

    [[nodiscard]] std::string c_type(const Type& type) const
    {
        return bindings_.names.of(bindings_.scopes.inside(typed_, type));
    }

    void typedef_as(std::string_view what) { out_.line(format("typedef {} {};", what, name_)); }
    void begin_struct() { out_.open("typedef struct " + name_); }
    void end_struct() { out_.close(format("}} {};", name_)); }
    void member(const Type& type, std::string_view name) { out_.line(format("{} {};", c_type(type), name)); }

    void add(const Alias& it) { typedef_as(c_type(it.type)); }
    void add(const Resource&) { define_resource(bindings_, typed_); }

    void add(const Record& it)
    {
        begin_struct();
        for (const auto& field : it.fields) {
            out_.comment(field.documentation);
            member(field.type, c_identifier(field.name));
        }
        end_struct();
    }

    void add(const Tuple& it)
    {
        begin_struct();
        for (std::size_t i = 0; i < it.types.size(); ++i)
            member(it.types[i], format("f{}", i));
        end_struct();
    }

    void add(const Variant& it)
    {
        begin_struct();
        out_.line(format("{} tag;", tag_type(it.cases.size())));
        std::vector<std::pair<Type, std::string>> held;
        for (const auto& one : it.cases)
            if (one.type)
                held.emplace_back(*one.type, c_identifier(one.name));
        add_union(held);
        end_struct();
        constants(it.cases, [](std::size_t i) { return format("{}", i); });
    }

    void add(const Option& it)
    {
        begin_struct();
        out_.line("bool is_some;");
        member(it.type, "val");
        end_struct();
    }

    void add(const ResultOf& it)
    {
        begin_struct();
        out_.line("bool is_err;");
        std::vector<std::pair<Type, std::string>> held;
        if (it.ok)
            held.emplace_back(*it.ok, "ok");
        if (it.error)
            held.emplace_back(*it.error, "err");
        add_union(held);
        end_struct();
    }

    void add_union(const std::vector<std::pair<Type, std::string>>& members)
    {
        if (members.empty())
            return;
        out_.open("union");
        for (const auto& [type, name] : members)
            member(type, name);
        out_.close("} val;");
    }

    void add(const Enum& it)
    {
        typedef_as(tag_type(it.cases.size()));
        constants(it.cases, [](std::size_t i) { return format("{}", i); });
    }

    void add(const wit::Flags& it)
    {
        const auto count = it.flags.size();
        typedef_as(count <= 8 ? "uint8_t" : count <= 16 ? "uint16_t" : "uint32_t");
        constants(it.flags, [](std::size_t i) { return i < 31 ? format("(1 << {})", i) : "(1u << 31)"; });
    }

    template <class Value>
    void constants(const std::vector<Case>& cases, const Value& value)
    {
        const auto scope = bindings_.scopes.owner(std::get<TypeId>(typed_.type), typed_.scope);
        const auto prefix = format("{}_{}", bindings_.scopes[scope].space, bindings_.definition(typed_)->name);
        out_.blank();
        for (std::size_t i = 0; i < cases.size(); ++i) {
            out_.comment(cases[i].documentation);
            const auto name = bindings_.taken.take(capital_case(format("{}_{}", prefix, cases[i].name)));
            out_.line(format("#define {} {}", name, value(i)));
        }
    }

    void add(const List& it)
    {
        begin_struct();
        if (it.length)
            out_.line(format("{} val[{}];", c_type(it.element), *it.length));
        else
            pointer_and_length(c_type(it.element));
        end_struct();
    }

    void add(const Map& it)
    {
        const auto entry = bindings_.taken.take(bindings_.names.stem(typed_) + "_entry_t");
        out_.open("typedef struct " + entry);
        member(it.key, "key");
        member(it.value, "value");
        out_.close(format("}} {};", entry));
        out_.blank();
        begin_struct();
        pointer_and_length(entry);
        end_struct();
    }

    void pointer_and_length(const std::string& element)
    {
        out_.line(element + " *ptr;");
        out_.line("size_t len;");
    }

    void add(const Own&) { typedef_as(bindings_.names.handle(bindings_.resource_of(typed_), "own")); }
    void add(const Borrow&) { typedef_as(bindings_.names.handle(bindings_.resource_of(typed_), "borrow")); }
    void add(const Future&) { typedef_as("uint32_t"); }
    void add(const Stream&) { typedef_as("uint32_t"); }

    void add_free(const TypeKind& kind)
    {
        const auto body = free_body(kind);
        if (body.empty())
            return;
        const auto name = bindings_.taken.take(bindings_.names.stem(typed_) + "_free");
        if (body != owns_nothing)
            bindings_.frees.emplace(name_, name);
        bindings_.helpers.line(format("void {}({} *ptr);", name, name_));
        bindings_.source.blank();
        bindings_.source.open(format("void {}({} *ptr)", name, name_));
        bindings_.source.lines(body);
        bindings_.source.close();
    }

    /// A call for a part of the value, with its indentation and line end; empty if it owns nothing.
    [[nodiscard]] std::string call(const Type& type, std::string_view pointer, std::string_view indent = "") const
    {
        const auto text = free_call(bindings_, bindings_.scopes.inside(typed_, type), pointer);
        return text.empty() ? text : format("{}{}\n", indent, text);
    }
    [[nodiscard]] std::string call(const std::optional<Type>& type, std::string_view pointer,
                                   std::string_view indent = "") const
    {
        return type ? call(*type, pointer, indent) : std::string();
    }

    std::string free_body(const TypeKind& kind) const
    {
        return std::visit(Overloaded{
                              [&](const Alias& it) { return call(it.type, "ptr"); },
                              [&](const Record& it) {
                                  std::string body;
                                  for (const auto& field : it.fields)
                                      body += call(field.type, "&ptr->" + c_identifier(field.name));
                                  return body;
                              },
                              [&](const Tuple& it) {
                                  std::string body;
                                  for (std::size_t i = 0; i < it.types.size(); ++i)
                                      body += call(it.types[i], format("&ptr->f{}", i));
                                  return body;
                              },
                              [&](const Variant& it) { return free_cases(it); },
                              [&](const Option& it) {
                                  const auto value = call(it.type, "&ptr->val", "    ");
                                  return value.empty() ? std::string(owns_nothing) : "if (ptr->is_some)\n" + value;
                              },
                              [&](const ResultOf& it) { return free_result(it); },
                              [&](const List& it) { return free_list(it); },
                              [&](const Map& it) {
                                  return free_elements(call(it.key, "&ptr->ptr[i].key", "        ") +
                                                       call(it.value, "&ptr->ptr[i].value", "        "));
                              },
                              [](const auto&) { return std::string(); },
                          },
                          kind);
    }

    std::string free_cases(const Variant& variant) const
    {
        std::string cases;
        for (std::size_t i = 0; i < variant.cases.size(); ++i) {
            const auto& one = variant.cases[i];
            const auto value = call(one.type, "&ptr->val." + c_identifier(one.name), "    ");
            if (!value.empty())
                cases += format("case {}:\n{}    break;\n", i, value);
        }
        return cases.empty() ? std::string(owns_nothing) : "switch (ptr->tag) {\n" + cases + "}\n";
    }

    std::string free_result(const ResultOf& it) const
    {
        const auto ok = call(it.ok, "&ptr->val.ok", "    ");
        const auto error = call(it.error, "&ptr->val.err", "    ");
        std::string body;
        if (!ok.empty())
            body += "if (!ptr->is_err)\n" + ok;
        if (!error.empty())
            body += "if (ptr->is_err)\n" + error;
        return body.empty() ? std::string(owns_nothing) : body;
    }

    std::string free_list(const List& it) const
    {
        if (!it.length)
            return free_elements(call(it.element, "&ptr->ptr[i]", "        "));
        const auto element = call(it.element, "&ptr->val[i]", "    ");
        return element.empty() ? element : format("for (size_t i = 0; i < {}; i++)\n{}", *it.length, element);
    }

    /// An empty list has no memory, whatever its pointer says.
    static std::string free_elements(const std::string& element)
    {
        const auto loop =
            element.empty() ? std::string() : "    for (size_t i = 0; i < ptr->len; i++) {\n" + element + "    }\n";
        return "if (ptr->len > 0) {\n" + loop + "    free(ptr->ptr);\n}\n";
    }

    Bindings& bindings_;
    CodeWriter& out_;
    Typed typed_ = {};
    std::string name_;
};

/// What to do with a walk to define everything on it.
struct Definer {
    explicit Definer(Bindings& bindings) : bindings_(bindings), definitions_(bindings) {}

    template <class... Where>
    void operator()(const Where&... where)
    {
        walk(
            bindings_, where..., [&](const Typed& one) { return bindings_.names.has(one); },
            [&](const Typed& one) { definitions_.define(one); });
    }

private:
    Bindings& bindings_;
    TypeDefinitions definitions_;
};

} // namespace

void define_types(Bindings& bindings, ScopeId scope)
{
    Definer{bindings}(scope);
}

void define_type(Bindings& bindings, const Typed& typed)
{
    Definer{bindings}(typed);
}

void define_types_of(Bindings& bindings, const Function& function, ScopeId scope)
{
    Definer{bindings}(function, scope);
}

void keep_types_for_exports(Bindings& bindings)
{
    for (const auto scope : bindings.scopes.used_by_exports()) {
        std::set<TypeId> seen;
        walk(
            bindings, scope, [&](const Typed& one) { return seen.contains(std::get<TypeId>(one.type)); },
            [&](const Typed& one) {
                seen.insert(std::get<TypeId>(one.type));
                bindings.names.keep_for_exports(one);
            });
    }
}

std::string free_call(const Bindings& bindings, const Typed& typed, std::string_view pointer)
{
    const auto found = bindings.frees.find(bindings.names.of(typed));
    return found == bindings.frees.end() ? std::string() : format("{}({});", found->second, pointer);
}

} // namespace trellis::wasm::component::bindgen
