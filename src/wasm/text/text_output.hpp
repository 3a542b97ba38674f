// The text being printed: lines, indented as far as is readable, and a bound on the size, because a few bytes of a
// module can stand for a lot of text (50,000 locals, a long name used often).
#pragma once

#include "base/result.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace trellis::wasm {

class TextOutput {
public:
    static constexpr std::size_t max_size = std::size_t{1} << 30;

    void append(std::string_view text) { text_ += text; }
    /// Starts a new line at the current depth.
    void line(std::string_view text)
    {
        constexpr std::size_t deepest = 40;
        text_ += '\n';
        text_.append(2 * std::min(depth_, deepest), ' ');
        text_ += text;
    }
    void indent() { ++depth_; }
    void outdent() { --depth_; }

    [[nodiscard]] Result<> check() const
    {
        if (text_.size() > max_size)
            return fail(ErrorCode::limit, "the module takes more than 1 GiB of text");
        return {};
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
    std::size_t depth_ = 0;
};

} // namespace trellis::wasm
