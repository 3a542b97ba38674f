// Percent-encoding, as CGI needs it. https://www.rfc-editor.org/rfc/rfc3986#section-2.1
#pragma once

#include <string>
#include <string_view>

namespace trellis::gateway {

/// "%41" becomes "A". What is no escape stays as it is, and so does "%00", since a NUL would end the text for a guest.
/// The result is UTF-8: what isn't becomes U+FFFD, once for each sequence that broke off.
std::string url_decoded(std::string_view text);

} // namespace trellis::gateway
