#include "wasm/component/encoding/import_name.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>

namespace trellis::wasm::component::encoding {
namespace {

constexpr std::string_view standard_prefix = "cm32p2", standard_export = "_ex_", export_prefix = "[export]",
                           root = "$root";

bool cut_front(std::string_view& text, std::string_view prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

bool cut_back(std::string_view& text, std::string_view suffix)
{
    if (!text.ends_with(suffix))
        return false;
    text.remove_suffix(suffix.size());
    return true;
}

/// "stream.cancel-read" is spelled "stream-cancel-read" in the names of imports.
std::string spelled(std::string_view builtin)
{
    std::string text(builtin);
    std::ranges::replace(text, '.', '-');
    return text;
}

/// What is between the brackets: the longest built-in's name that it begins with, and an argument behind a dash.
bool read_between_brackets(std::string_view text, ImportedBuiltin& into)
{
    std::size_t longest = 0;
    for (const auto& row : builtin_rows) {
        auto rest = text;
        if (row.name.size() <= longest || !cut_front(rest, spelled(row.name)))
            continue;
        if (!rest.empty() && !cut_front(rest, "-"))
            continue;
        longest = row.name.size();
        into.builtin = row.builtin;
        into.argument = rest;
    }
    return longest != 0;
}

struct ResourceSuffix {
    std::string_view suffix;
    Builtin builtin;
};
constexpr std::array resource_suffixes = {
    ResourceSuffix{"_drop", Builtin::resource_drop},
    ResourceSuffix{"_new", Builtin::resource_new},
    ResourceSuffix{"_rep", Builtin::resource_rep},
};

std::optional<ImportedBuiltin> read_standard_builtin(std::string_view name)
{
    ImportedBuiltin result;
    for (const auto& row : resource_suffixes) {
        result.subject = name;
        result.builtin = row.builtin;
        if (cut_back(result.subject, row.suffix))
            return result;
    }
    return std::nullopt;
}

} // namespace

ImportModule read_import_module(std::string_view name)
{
    ImportModule result;
    result.is_standard = cut_front(name, standard_prefix);
    if (result.is_standard) {
        cut_front(name, "|");
        result.is_of_export = cut_front(name, standard_export);
        result.interface = name;
        return result;
    }
    result.is_of_export = cut_front(name, export_prefix);
    result.interface = name == root ? std::string_view() : name;
    return result;
}

std::optional<ImportedBuiltin> read_builtin(std::string_view name, bool is_standard)
{
    if (is_standard)
        return read_standard_builtin(name);
    ImportedBuiltin result;
    result.is_async = cut_front(name, "[async-lower]");
    result.is_cancellable = cut_front(name, "[cancellable]");
    if (!cut_front(name, "["))
        return std::nullopt;
    const auto end = name.find(']');
    if (end == std::string_view::npos || !read_between_brackets(name.substr(0, end), result))
        return std::nullopt;
    result.subject = name.substr(end + 1);
    return result;
}

ImportedFunction read_function(std::string_view name, bool is_standard)
{
    ImportedFunction result{name};
    result.is_async = !is_standard && cut_front(result.name, "[async-lower]");
    return result;
}

ExportNames export_names(std::string_view interface, std::string_view function)
{
    const auto name = interface.empty() ? std::string(function) : format("{}#{}", interface, function);
    return {
        .plain = name,
        .post_return = "cabi_post_" + name,
        .with_callback = "[async-lift]" + name,
        .callback = "[callback][async-lift]" + name,
        .stackful = "[async-lift-stackful]" + name,
    };
}

ExportNames standard_export_names(std::string_view interface, std::string_view function)
{
    const auto name = format("{}|{}|{}", standard_prefix, interface, function);
    return {.plain = name, .post_return = name + "_post", .with_callback = {}, .callback = {}, .stackful = {}};
}

} // namespace trellis::wasm::component::encoding
