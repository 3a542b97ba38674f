#include "cli/module_file.hpp"

#include "base/format.hpp"
#include "cli/arguments.hpp"
#include "cli/terminal.hpp"
#include "sandbox/system.hpp"

#include <algorithm>
#include <fcntl.h>
#include <vector>

namespace trellis::cli {
namespace {

Result<> switch_features(wasm::Features& features, const std::vector<std::string_view>& names, bool on)
{
    std::vector<std::string_view> known;
    for (unsigned i = 0; i < static_cast<unsigned>(wasm::Feature::count_); ++i)
        known.push_back(name_of(static_cast<wasm::Feature>(i)));
    for (const auto name : names) {
        const auto found = std::ranges::find(known, name);
        if (found == known.end()) {
            const auto like = nearest(name, known);
            return fail(ErrorCode::usage,
                        format("no feature {}{}", name, like ? format("; did you mean {}?", *like) : std::string()));
        }
        const auto feature = static_cast<wasm::Feature>(found - known.begin());
        features = on ? features.with(feature) : features.without(feature);
    }
    return {};
}

} // namespace

Result<> write_file(std::string_view path, Bytes content)
{
    if (path == "-")
        return write_all(STDOUT_FILENO, content);
    const sandbox::HostFd file(open(std::string(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.number() < 0)
        return embed::system_failure(path, errno);
    return write_all(file.number(), content);
}

Result<wasm::Features> features_of(const Arguments& arguments)
{
    auto features = wasm::Features::standard();
    TRELLIS_TRY(switch_features(features, arguments.values(feature_option.name), true));
    TRELLIS_TRY(switch_features(features, arguments.values(no_feature_option.name), false));
    return features;
}

} // namespace trellis::cli
