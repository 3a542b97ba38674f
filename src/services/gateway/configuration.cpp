#include "services/gateway/configuration.hpp"

#include "base/format.hpp"
#include "base/nearest.hpp"
#include "base/quantity.hpp"
#include "services/gateway/configuration_toml.hpp"
#include "services/gateway/url.hpp"

#include <algorithm>
#include <array>

namespace trellis::gateway {
namespace {

Result<std::string> text_of(const toml::node& node)
{
    if (const auto* const text = node.as_string())
        return text->get();
    return fail(ErrorCode::usage, "must be a string");
}

Result<std::vector<std::string>> texts_of(const toml::node& node)
{
    const auto* const array = node.as_array();
    if (array == nullptr)
        return fail(ErrorCode::usage, "must be a list of strings");
    std::vector<std::string> texts;
    for (const auto& one : *array)
        texts.push_back(TRELLIS_TRY(text_of(one)));
    return texts;
}

Result<std::uint64_t> count_of(const toml::node& node)
{
    const auto* const number = node.as_integer();
    if (number == nullptr || number->get() <= 0)
        return fail(ErrorCode::usage, "must be a whole number above 0");
    return static_cast<std::uint64_t>(number->get());
}

Result<bool> choice_of(const toml::node& node)
{
    const auto* const choice = node.as_boolean();
    if (choice == nullptr)
        return fail(ErrorCode::usage, "must be true or false");
    return choice->get();
}

Result<std::uint32_t> small_count_of(const toml::node& node)
{
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(TRELLIS_TRY(count_of(node)), UINT32_MAX));
}

Result<std::uint64_t> size_of(const toml::node& node)
{
    return node.is_integer() ? count_of(node) : parse_size(TRELLIS_TRY(text_of(node)));
}

Result<std::chrono::microseconds> duration_of(const toml::node& node)
{
    if (!node.is_string())
        return fail(ErrorCode::usage, "must be a time such as \"30s\" or \"500ms\"");
    return parse_duration(TRELLIS_TRY(text_of(node)));
}

Result<std::vector<std::pair<std::string, std::string>>> pairs_of(const toml::node& node)
{
    const auto* const table = node.as_table();
    if (table == nullptr)
        return fail(ErrorCode::usage, "must be a table of strings");
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const auto& [name, value] : *table) {
        auto text = text_of(value);
        if (!text)
            return fail(ErrorCode::usage, format("{} {}", name.str(), text.error().message));
        pairs.emplace_back(name.str(), std::move(*text));
    }
    return pairs;
}

/// "host" or "host::ro".
Volume volume_of(std::string guest, std::string host)
{
    constexpr std::string_view mark = "::ro";
    const bool read_only = host.ends_with(mark);
    if (read_only)
        host.resize(host.size() - mark.size());
    return {std::move(guest), std::move(host), read_only};
}

/// Nothing that a guest or the system would take for an end.
Result<std::string> plain_text_of(const toml::node& node)
{
    auto text = TRELLIS_TRY(text_of(node));
    if (text.empty() || text.contains('\0'))
        return fail(ErrorCode::usage, "must not be empty or hold a NUL");
    return text;
}

bool is_in_path(char c)
{
    return c > ' ' && c != '\x7f' && c != '?' && c != '#';
}

Result<> set_route(const toml::node& node, ModuleEntry& entry)
{
    entry.route = TRELLIS_TRY(text_of(node));
    if (!entry.route.starts_with('/'))
        return fail(ErrorCode::usage, format("{}: must begin with /", entry.route));
    if (!std::ranges::all_of(entry.route, [](char c) { return static_cast<unsigned char>(c) > 0x7f || is_in_path(c); }))
        return fail(ErrorCode::usage, format("{}: no path holds spaces, ? or #", entry.route));
    const auto dots = entry.route.find("/...");
    if (dots != std::string::npos && dots + 4 != entry.route.size())
        return fail(ErrorCode::usage, format("{}: /... may only stand at the end", entry.route));
    return {};
}

struct ForeignSource {
    std::string_view scheme;
    std::string_view advice;
};

/// Where WAGI takes modules from, and what to do instead.
constexpr std::array foreign_sources = {
    ForeignSource{"file", "write file:/// and an absolute path, or the path alone"},
    ForeignSource{"oci", "registries can't be read yet; fetch the module and name the file"},
    ForeignSource{"bindle", "bindles are not supported; fetch the module and name the file"},
    ForeignSource{"parcel", "bindles are not supported; fetch the module and name the file"},
    ForeignSource{"http", "fetch the module and name the file"},
    ForeignSource{"https", "fetch the module and name the file"},
};

Result<> check_source(std::string_view module)
{
    const auto scheme = module.substr(0, module.find(':'));
    if (scheme.size() == module.size() || scheme.contains('/'))
        return {};
    const auto known = std::ranges::find(foreign_sources, scheme, &ForeignSource::scheme);
    const auto advice = known == foreign_sources.end()
                            ? format("there are no sources of kind {0}:; write ./{1} for a file", scheme, module)
                            : std::string(known->advice);
    return fail(ErrorCode::unsupported, format("{}: {}", module, advice));
}

Result<> set_module(const toml::node& node, ModuleEntry& entry)
{
    constexpr std::string_view file_url = "file:///";
    entry.module = TRELLIS_TRY(plain_text_of(node));
    if (!entry.module.starts_with(file_url))
        return check_source(entry.module);
    entry.module = url_decoded(entry.module.substr(file_url.size() - 1));
    return {};
}

Result<> set_volumes(const toml::node& node, ModuleEntry& entry)
{
    for (auto& [guest, host] : TRELLIS_TRY(pairs_of(node))) {
        auto volume = volume_of(guest, host);
        if (guest.empty() || guest.contains('\0') || volume.host.empty() || volume.host.contains('\0'))
            return fail(ErrorCode::usage, "write {\"/in/the/guest\" = \"folder\"}, or \"folder::ro\" for reading only");
        entry.volumes.push_back(std::move(volume));
    }
    return {};
}

/// "example.com", "*.example.com", "[::1]".
Result<> check_host(std::string_view host)
{
    const auto name = host.substr(host.starts_with("*.") ? 2 : 0);
    const bool has_port = name.contains(':') && !name.ends_with(']');
    if (name.empty() || name.contains('*') || name.contains('/') || has_port || !std::ranges::all_of(name, is_in_path))
        return fail(ErrorCode::usage, format("{}: write example.com or *.example.com, without scheme and port", host));
    return {};
}

Result<> set_hosts(const toml::node& node, ModuleEntry& entry)
{
    entry.hosts = TRELLIS_TRY(texts_of(node));
    for (const auto& host : entry.hosts)
        TRELLIS_TRY(check_host(host));
    return {};
}

Result<> set_argv(const toml::node& node, ModuleEntry& entry)
{
    entry.argv = TRELLIS_TRY(plain_text_of(node));
    return {};
}

Result<> set_methods(const toml::node& node, ModuleEntry& entry)
{
    entry.methods = TRELLIS_TRY(texts_of(node));
    for (const auto& method : entry.methods)
        if (method.empty() || std::ranges::any_of(method, [](char c) { return c <= ' ' || (c >= 'a' && c <= 'z'); }))
            return fail(ErrorCode::usage, format("{}: methods are written in capitals", method));
    return {};
}

Result<> set_environment(const toml::node& node, ModuleEntry& entry)
{
    entry.environment = TRELLIS_TRY(pairs_of(node));
    for (const auto& [name, value] : entry.environment)
        if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos ||
            value.find('\0') != std::string::npos)
            return fail(ErrorCode::usage, format("{}: is no name and value of a variable", name));
    return {};
}

/// A field that is read by one of the functions above into a member.
template <auto read, class Member>
Result<> set(const toml::node& node, Member& member)
{
    member = TRELLIS_TRY(read(node));
    return {};
}

struct FieldRule {
    std::string_view name;
    Result<> (*set)(const toml::node&, ModuleEntry&);
};

constexpr auto ignored = [](const toml::node&, ModuleEntry&) -> Result<> { return {}; };

/// Fields of `[[module]]`: WAGI's, then ours.
constexpr std::array field_rules = {
    FieldRule{"route", set_route},
    FieldRule{"module", set_module},
    FieldRule{"entrypoint",
              [](const toml::node& node, ModuleEntry& to) { return set<plain_text_of>(node, to.entrypoint); }},
    FieldRule{"argv", set_argv},
    FieldRule{"volumes", set_volumes},
    FieldRule{"allowed_hosts",
              [](const toml::node& node, ModuleEntry& to) { return set<texts_of>(node, to.allowed_hosts); }},
    FieldRule{
        "http_max_concurrency",
        [](const toml::node& node, ModuleEntry& to) { return set<small_count_of>(node, to.http_max_concurrency); }},
    FieldRule{"bindle_server", ignored},
    FieldRule{"repository", ignored},
    FieldRule{"environment", set_environment},
    FieldRule{"methods", set_methods},
    FieldRule{"hosts", set_hosts},
    FieldRule{"max_memory",
              [](const toml::node& node, ModuleEntry& to) { return set<size_of>(node, to.limits.memory_bytes); }},
    FieldRule{"timeout",
              [](const toml::node& node, ModuleEntry& to) { return set<duration_of>(node, to.limits.timeout); }},
    FieldRule{"fuel", [](const toml::node& node, ModuleEntry& to) { return set<count_of>(node, to.limits.fuel); }},
    FieldRule{"deterministic",
              [](const toml::node& node, ModuleEntry& to) { return set<choice_of>(node, to.limits.deterministic); }},
    FieldRule{"max_concurrency",
              [](const toml::node& node, ModuleEntry& to) { return set<small_count_of>(node, to.limits.concurrency); }},
    FieldRule{"queue_timeout",
              [](const toml::node& node, ModuleEntry& to) { return set<duration_of>(node, to.limits.queue_timeout); }},
    FieldRule{"max_body",
              [](const toml::node& node, ModuleEntry& to) { return set<size_of>(node, to.limits.body_bytes); }},
};

template <std::size_t count>
std::string advice(std::string_view word, const std::array<std::string_view, count>& names)
{
    const auto like = nearest(word, names);
    return like ? format("; did you mean {}?", *like) : std::string();
}

constexpr auto field_names = [] {
    std::array<std::string_view, field_rules.size()> names;
    std::ranges::transform(field_rules, names.begin(), &FieldRule::name);
    return names;
}();

class Reader {
public:
    explicit Reader(const std::string& origin) : origin_(origin) {}

    Result<Configuration> read(const toml::table& root)
    {
        constexpr std::array<std::string_view, 2> names = {"module", "default_host"};
        Configuration configuration;
        for (const auto& [key, value] : root) {
            if (key == "default_host")
                configuration.warnings.push_back(located(value, "default_host has no effect; use --hostname"));
            else if (key != "module")
                return error(value, format("there is no field {}{}", key.str(), advice(key.str(), names)));
        }
        const auto* const modules = root["module"].as_array();
        if (modules == nullptr || modules->empty() || !modules->is_array_of_tables())
            return error(root, "there are no modules; write [[module]] and below it route and module");
        for (const auto& one : *modules)
            configuration.modules.push_back(TRELLIS_TRY(read_entry(*one.as_table(), configuration.warnings)));
        return configuration;
    }

private:
    Result<ModuleEntry> read_entry(const toml::table& table, std::vector<std::string>& warnings) const
    {
        ModuleEntry entry;
        entry.line = table.source().begin.line;
        for (const auto& [key, value] : table) {
            const auto rule = std::ranges::find(field_rules, key.str(), &FieldRule::name);
            if (rule == field_rules.end())
                return error(value, format("there is no field {}{}", key.str(), advice(key.str(), field_names)));
            if (auto done = rule->set(value, entry); !done)
                return error(value, format("{}: {}", key.str(), done.error().message), done.error().code);
            if (rule->name == "bindle_server" || rule->name == "repository")
                warnings.push_back(located(value, format("{} has no effect", key.str())));
        }
        for (const auto& [field, is_missing] :
             {std::pair("route", entry.route.empty()), std::pair("module", entry.module.empty())})
            if (is_missing)
                return error(table, format("the module has no {}", field));
        resolve_paths(entry);
        return entry;
    }

    /// Relative paths are relative to the folder of the file.
    void resolve_paths(ModuleEntry& entry) const
    {
        const auto slash = origin_.rfind('/');
        const auto folder = slash == std::string::npos ? std::string() : origin_.substr(0, slash + 1);
        const auto resolve = [&](std::string& path) {
            if (!path.starts_with('/'))
                path = folder + path;
        };
        resolve(entry.module);
        for (auto& volume : entry.volumes)
            resolve(volume.host);
    }

    [[nodiscard]] std::string located(const toml::node& node, std::string_view message) const
    {
        return format("{}:{}: {}", origin_, node.source().begin.line, message);
    }

    [[nodiscard]] std::unexpected<Error> error(const toml::node& node, std::string_view message,
                                               ErrorCode code = ErrorCode::usage) const
    {
        return fail(code, located(node, message));
    }

    const std::string& origin_;
};

} // namespace

std::span<const std::string_view> module_field_names()
{
    return field_names;
}

Result<Configuration> parse_configuration(std::string_view text, const std::string& origin)
{
    const auto parsed = toml::parse(text, origin);
    if (!parsed) {
        const auto& error = parsed.error();
        return fail(ErrorCode::malformed, format("{}:{}: {}", origin, error.source().begin.line, error.description()));
    }
    return Reader(origin).read(parsed.table());
}

} // namespace trellis::gateway
