#include "sandbox/http/allow_list.hpp"

#include "base/format.hpp"

#include <algorithm>

namespace trellis::sandbox {

Result<AllowList> AllowList::parse(const std::vector<std::string>& entries)
{
    AllowList list;
    for (const std::string& entry : entries) {
        if (entry == "insecure:allow-all") {
            list.all_ = true;
            continue;
        }
        auto url = parse_url(entry);
        if (!url)
            return fail(ErrorCode::usage, format("allowed host \"{}\": {}", entry, url.error().message));
        if (url->target != "/" || entry.find_first_of("?#") != std::string::npos)
            return fail(ErrorCode::usage, format("allowed host \"{}\": scheme, host and port are compared; write {}",
                                                 entry, url->origin.text()));
        list.origins_.push_back(std::move(url->origin));
    }
    return list;
}

bool AllowList::lists(const Origin& origin) const
{
    return std::ranges::find(origins_, origin) != origins_.end();
}

bool AllowList::allows(const Origin& origin) const
{
    return all_ || lists(origin);
}

bool AllowList::allows_address(const Origin& origin, const net::IpAddress& address) const
{
    if (address.is_public())
        return true;
    if (origin.host == "localhost" && address.is_loopback())
        return lists(origin);
    return lists({.secure = origin.secure, .host = address.text(), .port = origin.port});
}

} // namespace trellis::sandbox
