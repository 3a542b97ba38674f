#include "wasm/component/validation/extern_names.hpp"

#include "base/format.hpp"
#include "wasm/component/validation/dependency_names.hpp"
#include "wasm/component/wit/version.hpp"

#include <algorithm>
#include <array>

namespace trellis::wasm::component {
namespace {

bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_fragment(std::string_view part)
{
    const auto all = [&](bool (*is_letter)(char)) {
        return std::ranges::all_of(part, [&](char c) { return is_letter(c) || is_digit(c); });
    };
    return !part.empty() && (all(is_lower) || all(is_upper));
}

std::string lowered(std::string_view text)
{
    std::string result(text);
    for (char& c : result)
        if (is_upper(c))
            c = static_cast<char>(c - 'A' + 'a');
    return result;
}

/// Cuts `text` behind the first `separator`; gives what was before it, all of it where there is none.
std::string_view cut(std::string_view& text, char separator)
{
    const auto end = std::min(text.find(separator), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return part;
}

Result<> check_kebab(std::string_view label, std::uint32_t offset)
{
    if (is_kebab_case(label))
        return {};
    return fail(ErrorCode::invalid, format("`{}` is not in kebab case", label), offset);
}

/// A namespace or a package's name: labels without capital letters.
Result<> check_words(std::string_view words, std::uint32_t offset)
{
    TRELLIS_TRY(check_kebab(words, offset));
    if (const auto* capital = std::ranges::find_if(words, is_upper); capital != words.end())
        return fail(ErrorCode::invalid, format("character `{}` is not lowercase in package name/namespace", *capital),
                    offset);
    return {};
}

/// What version means before and behind its canonical part: "1", "0.2", "0.0.3" and "0.0.0" stand alone, too.
bool is_canonical_version(std::string_view version)
{
    std::string padded(version);
    for (auto dots = std::ranges::count(version, '.'); dots < 2; ++dots)
        padded += ".0";
    const auto parsed = wit::Version::parse(padded);
    return parsed && (parsed->compatibility() == version || version == "0.0.0");
}

Result<> check_version(std::string_view version, std::uint32_t offset)
{
    if (wit::Version::parse(version) || is_canonical_version(version))
        return {};
    const std::string reason =
        version.empty() ? "empty string, expected a semver version" : format("`{}` is not a valid semver", version);
    return fail(ErrorCode::invalid, reason, offset);
}

Result<ParsedName> parse_interface_name(std::string_view name, std::uint32_t offset)
{
    std::string_view rest = name;
    const bool has_version = rest.find('@') != std::string_view::npos;
    std::string_view path = cut(rest, '@');
    TRELLIS_TRY(check_words(cut(path, ':'), offset));
    const bool has_projection = path.find('/') != std::string_view::npos;
    const std::string_view package = cut(path, '/');
    const auto no_projection = [&] {
        return fail(ErrorCode::invalid, format("expected `/` after package name in `{}`", name), offset);
    };
    if (package.contains(':'))
        return no_projection();
    TRELLIS_TRY(check_words(package, offset));
    if (!has_projection)
        return no_projection();
    const std::string_view interface = cut(path, '/');
    TRELLIS_TRY(check_kebab(interface, offset));
    if (!path.empty())
        return fail(ErrorCode::invalid, format("trailing characters found: `/{}`", path), offset);
    if (has_version)
        TRELLIS_TRY(check_version(rest, offset));
    return ParsedName{NameForm::interface, {}};
}

struct Annotation {
    std::string_view text;
    NameForm form;
};
constexpr std::array annotations = {
    Annotation{"[constructor]", NameForm::constructor},
    Annotation{"[method]", NameForm::method},
    Annotation{"[static]", NameForm::static_},
};

Result<ParsedName> parse_annotated(std::string_view rest, NameForm form, std::uint32_t offset)
{
    if (form == NameForm::constructor) {
        TRELLIS_TRY(check_kebab(rest, offset));
        return ParsedName{form, rest};
    }
    if (rest.find('.') == std::string_view::npos)
        return fail(ErrorCode::invalid, "failed to find `.` character", offset);
    const std::string_view resource = cut(rest, '.');
    TRELLIS_TRY(check_kebab(resource, offset));
    TRELLIS_TRY(check_kebab(rest, offset));
    return ParsedName{form, resource};
}

/// What has to be unique: capital letters, and all annotations but that of constructors, make no difference.
std::string reduced(std::string_view name)
{
    if (is_dependency_name(name))
        return std::string(name);
    std::string text = lowered(name);
    for (const Annotation& annotation : annotations) {
        if (annotation.form == NameForm::constructor || !text.starts_with(annotation.text))
            continue;
        text.erase(0, annotation.text.size());
        const auto dot = text.find('.');
        if (dot != std::string::npos && text.substr(0, dot) == text.substr(dot + 1))
            text.resize(dot);
    }
    return text;
}

} // namespace

bool is_kebab_case(std::string_view label)
{
    if (label.empty() || is_digit(label.front()) || label.ends_with('-'))
        return false;
    while (!label.empty())
        if (!is_fragment(cut(label, '-')))
            return false;
    return true;
}

Result<> check_label(std::string_view label, std::string_view what, std::uint32_t offset)
{
    if (label.empty())
        return fail(ErrorCode::invalid, format("{} name cannot be empty", what), offset);
    if (!is_kebab_case(label))
        return fail(ErrorCode::invalid, format("{} name `{}` is not in kebab case", what, label), offset);
    return {};
}

Result<ParsedName> parse_extern_name(std::string_view name, std::uint32_t offset)
{
    for (const Annotation& annotation : annotations)
        if (name.starts_with(annotation.text))
            return parse_annotated(name.substr(annotation.text.size()), annotation.form, offset);
    if (is_dependency_name(name)) {
        TRELLIS_TRY(check_dependency_name(name, offset));
        return ParsedName{NameForm::dependency, {}};
    }
    if (name.find(':') != std::string_view::npos)
        return parse_interface_name(name, offset);
    if (name.empty())
        return fail(ErrorCode::invalid, "`` is not in kebab case: a name cannot be empty", offset);
    TRELLIS_TRY(check_kebab(name, offset));
    return ParsedName{NameForm::label, {}};
}

Result<> NameSet::add(std::string_view name, std::string_view what, std::uint32_t offset)
{
    const auto [place, is_new] = names_.emplace(reduced(name), name);
    if (is_new)
        return {};
    return fail(ErrorCode::invalid, format("{} name `{}` conflicts with previous name `{}`", what, name, place->second),
                offset);
}

} // namespace trellis::wasm::component
