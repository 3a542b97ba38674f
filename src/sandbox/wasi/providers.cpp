#include "sandbox/wasi/providers.hpp"

#include <array>

namespace trellis::sandbox {
namespace {

/// Of imports whose names begin like this: the first row that fits.
struct Provider {
    std::string_view prefix;
    std::string_view sentence;
};
constexpr std::array providers = {
    Provider{"wasi:cli/environment",
             "Trellis provides it: arguments stand behind FILE, variables are granted with --env"},
    Provider{"wasi:filesystem/", "Trellis provides it: directories are granted with --dir"},
    Provider{"wasi:sockets/",
             "Trellis provides it: whom it may reach is granted with --tcp-connect, --udp-send and --lookup, where it "
             "may listen with --listen and --udp-bind"},
    Provider{"wasi:http/", "Trellis provides it: requests arrive with `trellis serve`, hosts to ask are granted with "
                           "--http"},
    Provider{"wasi:cli/", "Trellis provides it: nothing has to be granted"},
    Provider{"wasi:clocks/", "Trellis provides it: nothing has to be granted"},
    Provider{"wasi:io/", "Trellis provides it: nothing has to be granted"},
    Provider{"wasi:random/", "Trellis provides it: nothing has to be granted"},
};

} // namespace

std::string provider_of(std::string_view name)
{
    for (const auto& provider : providers)
        if (name.starts_with(provider.prefix))
            return std::string(provider.sentence);
    return "another component has to provide it: name one that exports it with `trellis run --link FILE`, or join both "
           "with `trellis compose`";
}

} // namespace trellis::sandbox
