#include "wasm/component/validation/dependency_names.hpp"

#include "base/format.hpp"
#include "wasm/component/validation/extern_names.hpp"
#include "wasm/component/wit/version.hpp"

#include <algorithm>
#include <array>

namespace trellis::wasm::component {
namespace {

/// Goes through a name from left to right.
class NameReader {
public:
    NameReader(std::string_view text, std::uint32_t offset) : rest_(text), offset_(offset) {}

    bool skip(std::string_view wanted)
    {
        const bool is_there = rest_.starts_with(wanted);
        rest_.remove_prefix(is_there ? wanted.size() : 0);
        return is_there;
    }
    Result<> expect(std::string_view wanted)
    {
        return skip(wanted) ? Result<>() : error(format("expected `{}` at `{}`", wanted, rest_));
    }
    std::string_view until(std::string_view ends)
    {
        const auto end = std::min(rest_.find_first_of(ends), rest_.size());
        const auto part = rest_.substr(0, end);
        rest_.remove_prefix(end);
        return part;
    }
    [[nodiscard]] std::string_view rest() const { return rest_; }
    [[nodiscard]] std::unexpected<Error> error(std::string message) const
    {
        return fail(ErrorCode::invalid, std::move(message), offset_);
    }

private:
    std::string_view rest_;
    std::uint32_t offset_;
};

/// "namespace:name".
Result<> read_package(NameReader& reader)
{
    constexpr std::string_view ends = ":@>/";
    for (const bool is_namespace : {true, false}) {
        const auto word = reader.until(ends);
        if (!is_kebab_case(word))
            return reader.error(format("`{}` is not in kebab case", word));
        if (is_namespace)
            TRELLIS_TRY(reader.expect(":"));
    }
    return {};
}

Result<> check_version(const NameReader& reader, std::string_view version)
{
    return wit::Version::parse(version) ? Result<>() : reader.error(format("`{}` is not a valid semver", version));
}

/// ">=1.0.0", "<2.0.0", or both.
Result<> read_range(NameReader& reader)
{
    if (reader.skip("<"))
        return check_version(reader, reader.until("}"));
    if (!reader.skip(">="))
        return reader.error("expected `>=` or `<` at start of version range");
    TRELLIS_TRY(check_version(reader, reader.until(" }")));
    return reader.skip(" <") ? check_version(reader, reader.until("}")) : Result<>();
}

Result<> read_unlocked(NameReader& reader)
{
    TRELLIS_TRY(read_package(reader));
    if (reader.skip("@") && !reader.skip("*")) {
        TRELLIS_TRY(reader.expect("{"));
        TRELLIS_TRY(read_range(reader));
        TRELLIS_TRY(reader.expect("}"));
    }
    return reader.expect(">");
}

bool is_base64(std::string_view text)
{
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto end = std::min(text.find_first_not_of(digits), text.size());
    const auto padding = text.substr(end);
    return end > 0 && padding.size() <= 2 && padding.find_first_not_of('=') == std::string_view::npos;
}

Result<> check_hash(const NameReader& reader, std::string_view hash)
{
    constexpr std::array<std::string_view, 3> algorithms = {"sha256", "sha384", "sha512"};
    const auto dash = hash.find('-');
    if (dash == std::string_view::npos)
        return reader.error("expected `-` after hash algorithm");
    if (std::ranges::find(algorithms, hash.substr(0, dash)) == algorithms.end())
        return reader.error(format("unrecognized hash algorithm: `{}`", hash.substr(0, dash)));
    const auto digest = hash.substr(dash + 1, hash.find('?') - dash - 1); // what is behind ? are options
    return is_base64(digest) ? Result<>() : reader.error(format("not valid base64: `{}`", digest));
}

/// Hashes with spaces between them.
Result<> read_hashes(NameReader& reader)
{
    std::size_t hashes = 0;
    while (true) {
        while (reader.skip(" "))
            ;
        const auto hash = reader.until(" >");
        if (hash.empty())
            break;
        TRELLIS_TRY(check_hash(reader, hash));
        ++hashes;
    }
    if (hashes == 0)
        return reader.error("integrity hash cannot be empty");
    return reader.expect(">");
}

Result<> read_optional_hashes(NameReader& reader)
{
    if (!reader.skip(","))
        return {};
    TRELLIS_TRY(reader.expect("integrity=<"));
    return read_hashes(reader);
}

Result<> read_locked(NameReader& reader)
{
    TRELLIS_TRY(read_package(reader));
    if (reader.skip("@"))
        TRELLIS_TRY(check_version(reader, reader.until(">")));
    TRELLIS_TRY(reader.expect(">"));
    return read_optional_hashes(reader);
}

Result<> read_url(NameReader& reader)
{
    if (reader.until("<>"); reader.rest().starts_with('<'))
        return reader.error("url cannot contain `<`");
    if (!reader.skip(">"))
        return reader.error("failed to find `>`");
    return read_optional_hashes(reader);
}

struct Form {
    std::string_view beginning;
    Result<> (*read)(NameReader&);
};
constexpr std::array forms = {
    Form{"unlocked-dep=", read_unlocked},
    Form{"locked-dep=", read_locked},
    Form{"url=", read_url},
    Form{"integrity=", read_hashes},
};

} // namespace

bool is_dependency_name(std::string_view name)
{
    return std::ranges::any_of(forms, [&](const Form& form) { return name.starts_with(form.beginning); });
}

Result<> check_dependency_name(std::string_view name, std::uint32_t offset)
{
    NameReader reader(name, offset);
    const auto* form = std::ranges::find_if(forms, [&](const Form& one) { return reader.skip(one.beginning); });
    TRELLIS_TRY(reader.expect("<"));
    TRELLIS_TRY(form->read(reader));
    if (!reader.rest().empty())
        return reader.error(format("trailing characters found: `{}`", reader.rest()));
    return {};
}

} // namespace trellis::wasm::component
