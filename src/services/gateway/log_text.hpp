// The pieces that log lines are made of, appended to a text without other allocation: times, numbers, and foreign text
// in three escapings that leave no control character, line end or quote of its own. Linear in the text's length.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace trellis::gateway {

using WallClock = std::chrono::system_clock::time_point;

void append_number(std::string& to, std::uint64_t number);
/// Milliseconds with three decimals: "12.345".
void append_milliseconds(std::string& to, std::chrono::nanoseconds duration);

/// As httpd escapes %r: \" and \\, \n \r \t and so on, \xhh for other control characters and all above ASCII.
void append_quotable(std::string& to, std::string_view text);
/// The inside of a JSON string, in ASCII: what is not UTF-8 becomes \ufffd.
void append_json(std::string& to, std::string_view text);
/// For people to read on a terminal: UTF-8 and tabs stay, control characters and what is not UTF-8 become \xhh.
void append_readable(std::string& to, std::string_view text);

/// Renders times; remembers the text of the second that was last asked for. UTC.
class TimeText {
public:
    /// "10/Oct/2000:13:55:36 +0000"
    void append_common(std::string& to, WallClock time);
    /// "2000-10-10T13:55:36.123Z", RFC 3339
    void append_rfc3339(std::string& to, WallClock time);

private:
    void look_up(std::chrono::sys_seconds second);

    std::chrono::sys_seconds second_ = std::chrono::sys_seconds::min();
    std::array<char, 26> common_;
    std::array<char, 19> rfc3339_; ///< without the fraction
};

} // namespace trellis::gateway
