// Semantic versions: the text as written, and their order. https://semver.org/spec/v2.0.0.html
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trellis::wasm::component::wit {

struct Version {
    std::uint64_t major = 0;
    std::uint64_t minor = 0;
    std::uint64_t patch = 0;
    std::string prerelease; ///< without its -
    std::string build;      ///< without its +; has no part in the order

    /// Nothing where the text is no semantic version.
    static std::optional<Version> parse(std::string_view text);
    [[nodiscard]] std::string text() const;
    /// "0.2" of 0.2.9, "1" of 1.4.0, "0.0.3" of 0.0.3; the whole version before a release: versions that share this
    /// can stand for one another. https://semver.org, and canonversion in the component model's grammar of names
    [[nodiscard]] std::string compatibility() const;

    friend bool operator==(const Version&, const Version&) = default;
};

/// Which comes before which; the build counts for nothing.
std::strong_ordering precedence(const Version& left, const Version& right);

} // namespace trellis::wasm::component::wit
