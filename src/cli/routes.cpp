// trellis routes: what `trellis serve` would answer with which module, in the order in which it looks.
#include "base/format.hpp"
#include "cli/arguments.hpp"
#include "cli/exit_code.hpp"
#include "cli/json_writer.hpp"
#include "cli/terminal.hpp"
#include "services/gateway/application.hpp"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace trellis::cli {
namespace {

using gateway::Application;
using gateway::Route;

constexpr std::array options = {
    Option{.name = "json", .value = {}, .help = "As JSON, for programs", .example = {}},
};
constexpr std::array examples = {
    Example{"trellis routes modules.toml", "shows who answers what, and which routes can never match"},
    Example{"trellis routes modules.toml --json", "the same for programs"},
};
constexpr std::string_view details =
    "FILE is read and checked as `trellis serve` does it: modules are loaded, and those that declare routes of their\n"
    "own by _routes are asked. The table stands in the order in which routes are tried; the first that fits answers.";

using Cells = std::array<std::string, 6>;

std::string list_of(const std::vector<std::string>& words)
{
    std::string text;
    for (const auto& word : words)
        text.append(text.empty() ? "" : ",").append(word);
    return text.empty() ? "all" : text;
}

/// One line for each route, and its place in the table: 1 is the health check.
class RoutesTable {
public:
    explicit RoutesTable(const Application& application) : application_(application) {}

    [[nodiscard]] std::string text() const
    {
        std::vector<Cells> lines = {{"route", "methods", "hosts", "entrypoint", "module", "from"},
                                    {std::string(gateway::health_path), "all", "all", "-", "-", "built in"}};
        for (const auto& route : routes())
            lines.push_back(cells_of(route));
        auto out = aligned(lines);
        for (std::size_t i = 0; i < routes().size(); ++i)
            if (const auto shadows = shadows_of(i); !shadows.empty())
                out += format("{} {}: can never match; {} {} first\n", i + 2, printable(routes()[i].pattern),
                              names_of(shadows), shadows.size() == 1 ? "comes" : "come");
        return out;
    }

    [[nodiscard]] std::string json() const
    {
        JsonWriter out;
        out.begin_object();
        out.key("routes");
        out.begin_array();
        out.begin_object();
        out.member("route", gateway::health_path);
        out.member("built_in", true);
        out.end_object();
        for (std::size_t i = 0; i < routes().size(); ++i)
            add_json(out, i);
        out.end_array();
        out.end_object();
        return out.take();
    }

private:
    [[nodiscard]] const std::vector<Route>& routes() const { return application_.routes().routes(); }

    [[nodiscard]] Cells cells_of(const Route& route) const
    {
        const auto& entry = application_.module_of(route).entry;
        return {printable(route.pattern), list_of(route.methods),
                list_of(route.hosts),     printable(route.entrypoint),
                printable(entry.module),  format("line {}{}", entry.line, route.declared_by_module ? ", _routes" : "")};
    }

    static std::string aligned(const std::vector<Cells>& lines)
    {
        std::string out;
        for (std::size_t number = 0; number < lines.size(); ++number) {
            std::string line = number == 0 ? "   " : format("{:>2} ", number);
            for (std::size_t column = 0; column < lines[number].size(); ++column) {
                std::size_t width = 0;
                for (const auto& one : lines)
                    width = std::max(width, one[column].size());
                line += format("{:<{}}  ", lines[number][column], width);
            }
            out.append(line, 0, line.find_last_not_of(' ') + 1).append("\n");
        }
        return out;
    }

    /// Places in the table of the routes that together leave nothing for this one.
    [[nodiscard]] std::vector<std::size_t> shadows_of(std::size_t index) const
    {
        if (routes()[index].pattern == gateway::health_path)
            return {1};
        std::vector<std::size_t> places;
        for (const auto* shadow : application_.routes().shadowed_by(index))
            places.push_back(static_cast<std::size_t>(shadow - routes().data()) + 2);
        return places;
    }

    [[nodiscard]] std::string names_of(const std::vector<std::size_t>& places) const
    {
        std::string names;
        for (const auto place : places)
            names += format("{}{} {}", names.empty() ? "" : " and ", place,
                            place == 1 ? std::string(gateway::health_path) : printable(routes()[place - 2].pattern));
        return names;
    }

    void add_json(JsonWriter& out, std::size_t index) const
    {
        const auto& route = routes()[index];
        const auto& entry = application_.module_of(route).entry;
        out.begin_object();
        out.member("route", std::string_view(route.pattern));
        out.member("built_in", false);
        add_words(out, "methods", route.methods);
        add_words(out, "hosts", route.hosts);
        out.member("entrypoint", std::string_view(route.entrypoint));
        out.member("module", std::string_view(entry.module));
        out.member("line", std::uint64_t(entry.line));
        out.member("declared_by_module", route.declared_by_module);
        out.key("shadowed_by");
        out.begin_array();
        for (const auto place : shadows_of(index))
            out.value(std::uint64_t(place));
        out.end_array();
        out.end_object();
    }

    static void add_words(JsonWriter& out, std::string_view name, const std::vector<std::string>& words)
    {
        out.key(name);
        out.begin_array();
        for (const auto& word : words)
            out.value(std::string_view(word));
        out.end_array();
    }

    const Application& application_;
};

Result<std::string> routes(const Arguments& arguments)
{
    gateway::CodeSupply code(gateway::CodeChoice::interpreter, std::nullopt, {});
    const gateway::ApplicationContext context = {.configuration_file = std::string(arguments.operands()[0]),
                                                 .environment = {},
                                                 .registry = std::make_shared<wasm::TypeRegistry>(),
                                                 .code = &code};
    const auto application = TRELLIS_TRY(Application::load(context, nullptr));
    for (const auto& warning : application->configuration().warnings)
        (void)write_all(STDERR_FILENO, printable(warning) + "\n");
    const RoutesTable table(*application);
    return arguments.has("json") ? table.json() : table.text();
}

int run_routes(const Arguments& arguments)
{
    const auto text = routes(arguments);
    return text ? print(*text) : report(text.error());
}

} // namespace

const Command routes_command = {
    .name = "routes",
    .operands = "FILE",
    .summary = "Shows which module answers what",
    .details = details,
    .options = options,
    .examples = examples,
    .run = run_routes,
};

} // namespace trellis::cli
