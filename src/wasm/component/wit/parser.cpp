#include "wasm/component/wit/parser.hpp"

#include "base/format.hpp"
#include "wasm/component/wit/token_cursor.hpp"
#include "wasm/text/lexer.hpp"

#include <algorithm>
#include <array>

namespace trellis::wasm::component::wit {

namespace {

/// One class for the grammar of files; types are in type_parser.cpp.
class Parser {
public:
    explicit Parser(TokenCursor cursor) : cursor_(std::move(cursor)) {}

    Result<FileSyntax> file()
    {
        FileSyntax file;
        if (cursor_.is("package") && is_file_declaration()) {
            file.declaration = TRELLIS_TRY(declaration());
            TRELLIS_TRY(cursor_.expect(";"));
        }
        while (!cursor_.at_end()) {
            if (cursor_.is("package"))
                file.nested.push_back(TRELLIS_TRY(nested_package()));
            else
                TRELLIS_TRY(package_item(file.body));
        }
        return file;
    }

private:
    /// A package of its own, ended by a semicolon before any brace.
    [[nodiscard]] bool is_file_declaration() const
    {
        std::size_t ahead = 0;
        while (!cursor_.is(";", ahead) && !cursor_.is("{", ahead) && cursor_.peek(ahead).kind != TokenKind::end)
            ++ahead;
        return !cursor_.is("{", ahead);
    }

    Result<PackageDeclaration> declaration()
    {
        PackageDeclaration result;
        result.documentation = cursor_.documentation();
        TRELLIS_TRY(cursor_.expect("package"));
        result.name.place = cursor_.place();
        result.name.name.space = TRELLIS_TRY(cursor_.name()).text;
        TRELLIS_TRY(cursor_.expect(":"));
        result.name.name.name = TRELLIS_TRY(cursor_.name()).text;
        if (cursor_.is(":") || cursor_.is("/"))
            return cursor_.error(cursor_.place(), "nested namespaces and packages are not supported: a package's name "
                                                  "is namespace:name");
        if (cursor_.eat("@"))
            result.name.name.version = TRELLIS_TRY(cursor_.version());
        return result;
    }

    Result<NestedPackage> nested_package()
    {
        NestedPackage package;
        package.declaration = TRELLIS_TRY(declaration());
        TRELLIS_TRY(cursor_.expect("{"));
        while (!cursor_.eat("}")) {
            if (cursor_.is("package"))
                return cursor_.error(cursor_.place(), "a package inside a package stands at the top of the file");
            TRELLIS_TRY(package_item(package.body));
        }
        return package;
    }

    Result<> package_item(PackageBody& body)
    {
        auto preamble = TRELLIS_TRY(this->preamble());
        if (preamble.notes.external_id)
            return cursor_.error(preamble.place, "@external-id is for imports, exports, types and functions");
        if (cursor_.eat("interface"))
            return interface(body, std::move(preamble));
        if (cursor_.eat("world"))
            return world(body, std::move(preamble));
        if (cursor_.eat("use"))
            return top_level_use(body);
        return cursor_.expected("`interface`, `world`, `use` or `package`");
    }

    Result<> top_level_use(PackageBody& body)
    {
        TopLevelUse use;
        use.path = TRELLIS_TRY(path());
        use.as = cursor_.eat("as") ? TRELLIS_TRY(cursor_.name()) : use.path.name;
        TRELLIS_TRY(cursor_.expect(";"));
        body.uses.push_back(std::move(use));
        return {};
    }

    Result<> interface(PackageBody& body, Preamble preamble)
    {
        const auto name = TRELLIS_TRY(cursor_.name());
        body.interfaces.push_back({name, std::move(preamble), TRELLIS_TRY(interface_body())});
        return {};
    }

    Result<InterfaceBody> interface_body()
    {
        InterfaceBody body;
        TRELLIS_TRY(cursor_.expect("{"));
        while (!cursor_.eat("}")) {
            auto preamble = TRELLIS_TRY(this->preamble());
            if (cursor_.eat("use"))
                body.uses.push_back(TRELLIS_TRY(use(std::move(preamble))));
            else if (cursor_.is_name())
                body.functions.push_back(TRELLIS_TRY(function_item(std::move(preamble), false)));
            else if (type_item_row() != nullptr)
                body.types.push_back(TRELLIS_TRY(type_item(std::move(preamble))));
            else
                return cursor_.expected("`use`, a type, a function or `}`");
        }
        return body;
    }

    Result<> world(PackageBody& body, Preamble preamble)
    {
        WorldSyntax result = {.name = TRELLIS_TRY(cursor_.name()), .preamble = std::move(preamble)};
        TRELLIS_TRY(cursor_.expect("{"));
        while (!cursor_.eat("}"))
            TRELLIS_TRY(world_item(result));
        body.worlds.push_back(std::move(result));
        return {};
    }

    Result<> world_item(WorldSyntax& result)
    {
        auto preamble = TRELLIS_TRY(this->preamble());
        if (cursor_.is("import") || cursor_.is("export"))
            result.externs.push_back(TRELLIS_TRY(extern_item(std::move(preamble))));
        else if (cursor_.eat("use"))
            result.uses.push_back(TRELLIS_TRY(use(std::move(preamble))));
        else if (cursor_.eat("include"))
            result.includes.push_back(TRELLIS_TRY(include(std::move(preamble))));
        else if (type_item_row() != nullptr)
            result.types.push_back(TRELLIS_TRY(type_item(std::move(preamble))));
        else
            return cursor_.expected("`import`, `export`, `include`, `use`, a type or `}`");
        return {};
    }

    /// `a:b/c` is a path and `a: b` a name with a path: what counts is whether the colon touches what follows.
    /// https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md#item-world
    Result<ExternItem> extern_item(Preamble preamble)
    {
        ExternItem result = {
            .is_export = cursor_.is("export"), .preamble = std::move(preamble), .name = {}, .item = {}};
        cursor_.skip();
        const bool is_plain_path = !cursor_.is(":", 1) || (cursor_.is_name(2) && cursor_.touches_next(1));
        if (is_plain_path) {
            result.item = TRELLIS_TRY(path());
            result.name.place = std::get<Path>(result.item).name.place;
            TRELLIS_TRY(cursor_.expect(";"));
            return result;
        }
        result.name = TRELLIS_TRY(cursor_.name());
        cursor_.skip();
        if (cursor_.eat("interface")) {
            result.item = TRELLIS_TRY(interface_body());
            return result;
        }
        if (cursor_.is("func") || cursor_.is("async")) {
            FunctionSyntax function = {.name = result.name, .preamble = result.preamble};
            TRELLIS_TRY(function_type(function));
            result.item = std::move(function);
        } else if (cursor_.is_name()) {
            result.item = TRELLIS_TRY(path());
        } else {
            return cursor_.expected("`func`, `async func`, `interface` or the name of an interface");
        }
        TRELLIS_TRY(cursor_.expect(";"));
        return result;
    }

    Result<Path> path()
    {
        Path result;
        const auto first = TRELLIS_TRY(cursor_.name());
        if (!cursor_.eat(":")) {
            result.name = first;
            return result;
        }
        const auto package = TRELLIS_TRY(cursor_.name());
        if (!cursor_.is("/"))
            return cursor_.expected(
                format("`/` and the name of an interface or world of the package {}:{}", first.text, package.text));
        cursor_.skip();
        result.name = TRELLIS_TRY(cursor_.name());
        result.package = PackageName{std::string(first.text), std::string(package.text), std::nullopt};
        if (cursor_.eat("@"))
            result.package->version = TRELLIS_TRY(cursor_.version());
        return result;
    }

    Result<UseItem> use(Preamble preamble)
    {
        if (preamble.notes.external_id)
            return cursor_.error(preamble.place, "@external-id is for imports, exports, types and functions");
        UseItem result = {.preamble = std::move(preamble), .path = TRELLIS_TRY(path()), .names = {}};
        TRELLIS_TRY(cursor_.expect("."));
        result.names = TRELLIS_TRY(renamings(false));
        TRELLIS_TRY(cursor_.expect(";"));
        return result;
    }

    Result<IncludeItem> include(Preamble preamble)
    {
        if (preamble.notes.external_id)
            return cursor_.error(preamble.place, "@external-id is for imports, exports, types and functions");
        IncludeItem result = {.preamble = std::move(preamble), .path = TRELLIS_TRY(path()), .names = {}};
        if (!cursor_.eat("with")) {
            TRELLIS_TRY(cursor_.expect(";"));
            return result;
        }
        result.names = TRELLIS_TRY(renamings(true));
        cursor_.eat(";");
        return result;
    }

    /// `{a, b as c}`
    Result<std::vector<Renaming>> renamings(bool as_is_required)
    {
        std::vector<Renaming> names;
        TRELLIS_TRY(cursor_.expect("{"));
        while (!cursor_.eat("}")) {
            const auto name = TRELLIS_TRY(cursor_.name());
            if (as_is_required && !cursor_.is("as"))
                return cursor_.expected("`as`");
            names.push_back({name, cursor_.eat("as") ? TRELLIS_TRY(cursor_.name()) : name});
            if (!cursor_.eat(",") && !cursor_.is("}"))
                return cursor_.expected("`,` or `}`");
        }
        return names;
    }

    struct TypeItemRow {
        std::string_view keyword;
        TypeItemKind kind;
        Result<> (Parser::*body)(TypeItem& item);
    };

    [[nodiscard]] const TypeItemRow* type_item_row() const
    {
        static constexpr std::array rows = {
            TypeItemRow{"type", TypeItemKind::alias, &Parser::alias},
            TypeItemRow{"record", TypeItemKind::record, &Parser::fields},
            TypeItemRow{"variant", TypeItemKind::variant, &Parser::variant_cases},
            TypeItemRow{"enum", TypeItemKind::enumeration, &Parser::words},
            TypeItemRow{"flags", TypeItemKind::flags, &Parser::words},
            TypeItemRow{"resource", TypeItemKind::resource, &Parser::methods},
        };
        const auto found = std::ranges::find_if(rows, [&](const auto& row) { return cursor_.is(row.keyword); });
        return found == rows.end() ? nullptr : &*found;
    }

    Result<TypeItem> type_item(Preamble preamble)
    {
        const auto* row = type_item_row();
        cursor_.skip();
        TypeItem item = {.name = TRELLIS_TRY(cursor_.name()), .preamble = std::move(preamble), .kind = row->kind};
        TRELLIS_TRY((this->*row->body)(item));
        return item;
    }

    Result<> alias(TypeItem& item)
    {
        TRELLIS_TRY(cursor_.expect("="));
        item.aliased = TRELLIS_TRY(parse_type(cursor_));
        return cursor_.expect(";");
    }

    template <class ReadType>
    Result<> members(TypeItem& item, std::string_view what, ReadType&& read_type)
    {
        TRELLIS_TRY(cursor_.expect("{"));
        while (!cursor_.eat("}")) {
            MemberSyntax member = {.name = {}, .type = {}, .documentation = cursor_.documentation()};
            member.name = TRELLIS_TRY(cursor_.name());
            TRELLIS_TRY(read_type(member));
            item.members.push_back(std::move(member));
            if (!cursor_.eat(",") && !cursor_.is("}"))
                return cursor_.expected("`,` or `}`");
        }
        if (item.members.empty())
            return cursor_.error(item.name.place, format("`{}` needs at least one {}", item.name.text, what));
        return {};
    }

    Result<> fields(TypeItem& item)
    {
        return members(item, "field", [&](MemberSyntax& field) -> Result<> {
            TRELLIS_TRY(cursor_.expect(":"));
            field.type = TRELLIS_TRY(parse_type(cursor_));
            return {};
        });
    }

    Result<> variant_cases(TypeItem& item)
    {
        return members(item, "case", [&](MemberSyntax& one) -> Result<> {
            if (!cursor_.eat("("))
                return {};
            one.type = TRELLIS_TRY(parse_type(cursor_));
            return cursor_.expect(")");
        });
    }

    Result<> words(TypeItem& item)
    {
        const auto* what = item.kind == TypeItemKind::flags ? "flag" : "case";
        return members(item, what, [](MemberSyntax&) -> Result<> { return {}; });
    }

    Result<> methods(TypeItem& item)
    {
        if (cursor_.eat(";"))
            return {};
        if (!cursor_.eat("{"))
            return cursor_.expected("`;` or `{`");
        while (!cursor_.eat("}"))
            item.methods.push_back(TRELLIS_TRY(method(TRELLIS_TRY(preamble()))));
        return {};
    }

    Result<FunctionSyntax> method(Preamble preamble)
    {
        if (cursor_.is_name())
            return function_item(std::move(preamble), true);
        FunctionSyntax result = {.name = {"constructor", cursor_.place()},
                                 .preamble = std::move(preamble),
                                 .kind = FunctionKind::constructor};
        if (!cursor_.eat("constructor"))
            return cursor_.expected("a function, `constructor` or `}`");
        TRELLIS_TRY(signature(result));
        TRELLIS_TRY(cursor_.expect(";"));
        return result;
    }

    Result<FunctionSyntax> function_item(Preamble preamble, bool in_resource)
    {
        FunctionSyntax result = {.name = TRELLIS_TRY(cursor_.name()), .preamble = std::move(preamble)};
        TRELLIS_TRY(cursor_.expect(":"));
        if (in_resource)
            result.kind = cursor_.eat("static") ? FunctionKind::static_method : FunctionKind::method;
        TRELLIS_TRY(function_type(result));
        TRELLIS_TRY(cursor_.expect(";"));
        return result;
    }

    Result<> function_type(FunctionSyntax& function)
    {
        function.is_async = cursor_.eat("async");
        TRELLIS_TRY(cursor_.expect("func"));
        return signature(function);
    }

    Result<> signature(FunctionSyntax& function)
    {
        TRELLIS_TRY(cursor_.expect("("));
        while (!cursor_.eat(")")) {
            const auto name = TRELLIS_TRY(cursor_.name());
            TRELLIS_TRY(cursor_.expect(":"));
            function.parameters.push_back({name, TRELLIS_TRY(parse_type(cursor_))});
            if (!cursor_.eat(",") && !cursor_.is(")"))
                return cursor_.expected("`,` or `)`");
        }
        if (cursor_.eat("->"))
            function.result = TRELLIS_TRY(parse_type(cursor_));
        return {};
    }

    Result<Preamble> preamble()
    {
        Preamble result = {.notes = {.documentation = cursor_.documentation()}, .place = cursor_.place()};
        while (cursor_.eat("@"))
            TRELLIS_TRY(attribute(result));
        auto& stability = result.notes.stability;
        result.has_gate = stability.since || !stability.feature.empty() || stability.deprecated;
        if (stability.since && !stability.feature.empty())
            return cursor_.error(result.place, "@since and @unstable exclude one another");
        if (stability.deprecated && !stability.since && stability.feature.empty())
            return cursor_.error(result.place, "@deprecated needs a @since or an @unstable beside it");
        return result;
    }

    Result<> attribute(Preamble& to)
    {
        const auto name = TRELLIS_TRY(cursor_.name());
        TRELLIS_TRY(cursor_.expect("("));
        auto& stability = to.notes.stability;
        bool again = false;
        if (name.text == "since") {
            again = stability.since.has_value();
            stability.since = TRELLIS_TRY(version_field());
        } else if (name.text == "deprecated") {
            again = stability.deprecated.has_value();
            stability.deprecated = TRELLIS_TRY(version_field());
        } else if (name.text == "unstable") {
            again = !stability.feature.empty();
            TRELLIS_TRY(field_name("feature"));
            stability.feature = TRELLIS_TRY(cursor_.name()).text;
        } else if (name.text == "external-id") {
            again = to.notes.external_id.has_value();
            to.notes.external_id = TRELLIS_TRY(string());
        } else {
            return cursor_.error(
                name.place, format("there is no @{}: it is since, unstable, deprecated or external-id", name.text));
        }
        if (again)
            return cursor_.error(name.place, format("@{} stands here twice", name.text));
        return cursor_.expect(")");
    }

    Result<> field_name(std::string_view expected)
    {
        if (cursor_.text(cursor_.peek()) != expected)
            return cursor_.expected(format("`{} = `", expected));
        cursor_.skip();
        return cursor_.expect("=");
    }

    Result<Version> version_field()
    {
        TRELLIS_TRY(field_name("version"));
        return cursor_.version();
    }

    /// With the escapes of core's text format.
    Result<std::string> string()
    {
        const auto place = cursor_.place();
        const auto quoted = TRELLIS_TRY(cursor_.take(TokenKind::string, "a string"));
        if (const auto list = wasm::tokenize(quoted); list.error || list.tokens[0].kind != wasm::TokenKind::string)
            return cursor_.error(place, "this string has an escape that text in WebAssembly does not know");
        return wasm::unescape(quoted);
    }

    TokenCursor cursor_;
};

} // namespace

Result<FileSyntax> parse_file(const Sources& sources, std::uint32_t file)
{
    return Parser(TokenCursor(sources, file, TRELLIS_TRY(tokenize(sources, file)))).file();
}

} // namespace trellis::wasm::component::wit
