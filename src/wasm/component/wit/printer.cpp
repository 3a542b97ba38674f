#include "wasm/component/wit/printer.hpp"

#include "base/format.hpp"
#include "wasm/component/wit/lexer.hpp"

#include <algorithm>

namespace trellis::wasm::component::wit {

namespace {

std::string quoted(std::string_view text)
{
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            result += '\\';
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            result += format("\\u{{{:x}}}", static_cast<unsigned char>(c));
        else
            result += c;
    }
    return result + '"';
}

/// What a function is called inside its resource: `read` of `[method]file.read`.
std::string_view own_name(const Function& function)
{
    const auto dot = function.name.find('.');
    return function.resource ? std::string_view(function.name).substr(dot + 1) : std::string_view(function.name);
}

class Printer {
public:
    explicit Printer(const Model& model) : model_(model) {}

    void declaration(PackageId id)
    {
        documentation(model_[id].documentation);
        line(format("package {};", name_of(id)));
        items(id);
    }

    void nested(PackageId id)
    {
        text_ += '\n';
        documentation(model_[id].documentation);
        open(format("package {} ", name_of(id)));
        is_first_ = true;
        items(id);
        close();
    }

    std::string take() && { return std::move(text_); }

    std::string signature(const Function& function)
    {
        const std::size_t first = function.kind == FunctionKind::method ? 1 : 0;
        return format("{}func({}){}", function.is_async ? "async " : "", parameters(function, first),
                      function.result ? " -> " + type(*function.result) : "");
    }

private:
    void line(std::string_view text)
    {
        text_.append(indent_, ' ').append(text).append("\n");
        is_first_ = false;
    }

    void open(std::string_view head)
    {
        line(std::string(head).append("{"));
        indent_ += 2;
        is_first_ = true;
    }

    void close()
    {
        indent_ -= 2;
        line("}");
    }

    /// An empty line between blocks.
    void gap()
    {
        if (!is_first_)
            text_ += '\n';
        is_first_ = true;
    }

    void documentation(std::string_view text)
    {
        for (std::size_t start = 0; !text.empty() && start <= text.size();) {
            const auto end = std::min(text.find('\n', start), text.size());
            line(end == start ? "///" : std::string("/// ").append(text.substr(start, end - start)));
            start = end + 1;
        }
    }

    void notes(const Notes& notes)
    {
        documentation(notes.documentation);
        const auto& stability = notes.stability;
        if (stability.since)
            line(format("@since(version = {})", stability.since->text()));
        if (!stability.feature.empty())
            line(format("@unstable(feature = {})", identifier(stability.feature)));
        if (stability.deprecated)
            line(format("@deprecated(version = {})", stability.deprecated->text()));
        if (notes.external_id)
            line(format("@external-id({})", quoted(*notes.external_id)));
    }

    [[nodiscard]] std::string name_of(PackageId id) const
    {
        const auto& name = model_[id].name;
        auto text = format("{}:{}", identifier(name.space), identifier(name.name));
        return name.version ? text.append("@").append(name.version->text()) : text;
    }

    /// How the package being printed refers to an interface.
    [[nodiscard]] std::string path(InterfaceId id) const
    {
        const auto& interface = model_[id];
        if (interface.package == package_)
            return identifier(interface.name);
        const auto& name = model_[interface.package].name;
        auto text = format("{}:{}/{}", identifier(name.space), identifier(name.name), identifier(interface.name));
        return name.version ? text.append("@").append(name.version->text()) : text;
    }

    void items(PackageId id)
    {
        package_ = id;
        for (const auto interface : model_[id].interfaces) {
            gap();
            notes(model_[interface].notes);
            open(format("interface {} ", identifier(model_[interface].name)));
            body(model_[interface]);
            close();
        }
        for (const auto world : model_[id].worlds) {
            gap();
            notes(model_[world].notes);
            open(format("world {} ", identifier(model_[world].name)));
            this->world(model_[world]);
            close();
        }
    }

    void body(const Interface& interface)
    {
        std::vector<const Function*> functions;
        for (const auto& function : interface.functions)
            functions.push_back(&function);
        types(interface.types, functions);
        for (const auto* function : functions) {
            if (function->resource)
                continue;
            gap();
            notes(function->notes);
            line(format("{}: {};", identifier(function->name), signature(*function)));
        }
    }

    void world(const World& world)
    {
        std::vector<TypeId> types;
        std::vector<const Function*> functions;
        for (const auto& item : world.imports) {
            if (const auto* type = std::get_if<TypeId>(&item.item))
                types.push_back(*type);
            else if (const auto* function = std::get_if<Function>(&item.item))
                functions.push_back(function);
            else
                extern_item("import", item);
        }
        if (!types.empty())
            gap();
        this->types(types, functions);
        if (!types.empty())
            gap();
        for (const auto& item : world.imports)
            if (const auto* function = std::get_if<Function>(&item.item); function != nullptr && !function->resource)
                extern_item("import", item);
        if (!world.exports.empty())
            gap();
        for (const auto& item : world.exports)
            extern_item("export", item);
    }

    void extern_item(std::string_view direction, const WorldItem& item)
    {
        if (const auto* function = std::get_if<Function>(&item.item)) {
            notes(function->notes);
            line(format("{} {}: {};", direction, identifier(item.name), signature(*function)));
            return;
        }
        const auto id = std::get<InterfaceId>(item.item);
        notes(item.notes);
        if (item.name.empty()) {
            line(format("{} {};", direction, path(id)));
        } else if (!model_[id].name.empty()) {
            line(format("{} {}: {};", direction, identifier(item.name), path(id)));
        } else {
            open(format("{} {}: interface ", direction, identifier(item.name)));
            body(model_[id]);
            close();
        }
    }

    void types(const std::vector<TypeId>& types, const std::vector<const Function*>& functions)
    {
        std::map<TypeId, std::vector<const Function*>> methods;
        for (const auto* function : functions)
            if (function->resource)
                methods[*function->resource].push_back(function);
        uses(types);
        for (const auto id : types) {
            if (model_.used_interface(id))
                continue;
            gap();
            notes(model_[id].notes);
            definition(id, methods[id]);
        }
    }

    void uses(const std::vector<TypeId>& types)
    {
        for (std::size_t i = 0; i < types.size();) {
            const auto interface = model_.used_interface(types[i]);
            if (!interface) {
                ++i;
                continue;
            }
            notes({.stability = model_[types[i]].notes.stability});
            std::string names;
            const auto first = i;
            do {
                const auto target = std::get<TypeId>(std::get<Alias>(model_[types[i]].kind).type);
                names.append(i == first ? "" : ", ").append(renaming(model_[target].name, model_[types[i]].name));
                ++i;
            } while (i < types.size() && model_.used_interface(types[i]) == interface &&
                     model_[types[i]].notes.stability == model_[types[first]].notes.stability);
            line(format("use {}.{{{}}};", path(*interface), names));
        }
    }

    static std::string renaming(const std::string& name, const std::string& as)
    {
        return name == as ? identifier(name) : format("{} as {}", identifier(name), identifier(as));
    }

    void definition(TypeId id, const std::vector<const Function*>& methods)
    {
        const auto name = identifier(model_[id].name);
        std::visit(Overloaded{
                       [&](const Alias& it) { line(format("type {} = {};", name, aliased(it.type))); },
                       [&](const Resource&) { resource(name, methods); },
                       [&](const Record& it) { fields(name, it); },
                       [&](const Variant& it) { cases(format("variant {} ", name), it.cases); },
                       [&](const Enum& it) { cases(format("enum {} ", name), it.cases); },
                       [&](const Flags& it) { cases(format("flags {} ", name), it.flags); },
                       [&](const auto&) { line(format("type {} = {};", name, composed(id))); },
                   },
                   model_[id].kind);
    }

    void fields(const std::string& name, const Record& record)
    {
        open(format("record {} ", name));
        for (const auto& field : record.fields) {
            documentation(field.documentation);
            line(format("{}: {},", identifier(field.name), type(field.type)));
        }
        close();
    }

    void cases(const std::string& head, const std::vector<Case>& list)
    {
        open(head);
        for (const auto& one : list) {
            documentation(one.documentation);
            line(one.type ? format("{}({}),", identifier(one.name), type(*one.type)) : identifier(one.name) + ",");
        }
        close();
    }

    void resource(const std::string& name, const std::vector<const Function*>& methods)
    {
        if (methods.empty())
            return line(format("resource {};", name));
        open(format("resource {} ", name));
        for (const auto* method : methods) {
            if (!method->notes.documentation.empty())
                gap();
            notes(method->notes);
            if (method->kind == FunctionKind::constructor)
                line(constructor(*method));
            else
                line(format("{}: {}{};", identifier(own_name(*method)),
                            method->kind == FunctionKind::static_method ? "static " : "", signature(*method)));
        }
        close();
    }

    std::string constructor(const Function& function)
    {
        const auto* result = std::get_if<TypeId>(&*function.result);
        const bool is_plain = result != nullptr && std::holds_alternative<Own>(model_[*result].kind);
        return format("constructor({}){};", parameters(function, 0), is_plain ? "" : " -> " + type(*function.result));
    }

    std::string parameters(const Function& function, std::size_t first)
    {
        std::string list;
        for (auto i = first; i < function.parameters.size(); ++i) {
            const auto& parameter = function.parameters[i];
            list.append(i == first ? "" : ", ").append(identifier(parameter.name)).append(": ");
            list.append(type(parameter.type));
        }
        return list;
    }

    std::string type(const Type& type)
    {
        if (const auto* primitive = std::get_if<Primitive>(&type))
            return std::string(wit::name_of(*primitive));
        const auto id = std::get<TypeId>(type);
        return model_[id].name.empty() ? composed(id) : identifier(model_[id].name);
    }

    /// Behind `type a =`, where a resource's name alone would be another name for the resource.
    std::string aliased(const Type& type)
    {
        const auto* id = std::get_if<TypeId>(&type);
        const auto* own = id != nullptr ? std::get_if<Own>(&model_[*id].kind) : nullptr;
        return own != nullptr ? format("own<{}>", this->type(own->resource)) : this->type(type);
    }

    std::string composed(TypeId id)
    {
        const auto optional = [&](std::string_view word, const std::optional<Type>& inner) {
            return inner ? format("{}<{}>", word, type(*inner)) : std::string(word);
        };
        return std::visit(Overloaded{
                              [&](const Own& it) { return type(it.resource); },
                              [&](const Borrow& it) { return format("borrow<{}>", type(it.resource)); },
                              [&](const List& it) {
                                  return it.length ? format("list<{}, {}>", type(it.element), *it.length)
                                                   : format("list<{}>", type(it.element));
                              },
                              [&](const Map& it) { return format("map<{}, {}>", type(it.key), type(it.value)); },
                              [&](const Option& it) { return format("option<{}>", type(it.type)); },
                              [&](const Future& it) { return optional("future", it.type); },
                              [&](const Stream& it) { return optional("stream", it.type); },
                              [&](const Tuple& it) { return tuple(it); },
                              [&](const ResultOf& it) {
                                  if (!it.error)
                                      return optional("result", it.ok);
                                  return format("result<{}, {}>", it.ok ? type(*it.ok) : "_", type(*it.error));
                              },
                              [&](const auto&) { return model_[id].name; },
                          },
                          model_[id].kind);
    }

    std::string tuple(const Tuple& it)
    {
        std::string list;
        for (const auto& part : it.types)
            list.append(list.empty() ? "" : ", ").append(type(part));
        return format("tuple<{}>", list);
    }

    const Model& model_;
    PackageId package_;
    std::string text_;
    std::size_t indent_ = 0;
    bool is_first_ = false; ///< in a block
};

} // namespace

std::string identifier(std::string_view name)
{
    return std::string(is_keyword(name) ? "%" : "").append(name);
}

std::string print(const Model& model)
{
    Printer printer(model);
    printer.declaration(model.root);
    for (std::uint32_t i = 0; i < model.packages.size(); ++i)
        if (PackageId{i} != model.root)
            printer.nested(PackageId{i});
    return std::move(printer).take();
}

std::string print(const Model& model, const Function& function)
{
    const auto signature = Printer(model).signature(function);
    if (function.kind == FunctionKind::freestanding)
        return format("{}: {}", identifier(function.name), signature);
    const auto& resource = model[*function.resource].name;
    if (function.kind == FunctionKind::constructor)
        return format("{}: constructor{}", resource, signature.substr(signature.find('(')));
    const auto is_static = function.kind == FunctionKind::static_method;
    return format("{}.{}: {}{}", resource, own_name(function), is_static ? "static " : "", signature);
}

std::string print(const Model& model, PackageId package)
{
    Printer printer(model);
    printer.declaration(package);
    return std::move(printer).take();
}

} // namespace trellis::wasm::component::wit
