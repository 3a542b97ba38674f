// Names of hosts, read strictly: lower-case, and never something that a resolver could take for an address, so that
// what was compared with a list of names is what is asked for. ASCII only: names of other scripts come in their encoded
// form (xn--...). Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace trellis::net {

/// In lower case and without the dot at its end; absent: no such name can be. May still end in a number.
std::optional<std::string> host_name(std::string_view text);
/// Resolvers take "127.1", "0x7f000001" and the like for addresses: what ends in a number is one, or nothing.
bool ends_in_a_number(std::string_view name);

} // namespace trellis::net
