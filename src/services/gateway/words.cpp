#include "services/gateway/words.hpp"

#include <algorithm>
#include <array>

namespace trellis::gateway {
namespace {

/// White_Space of the Unicode Character Database beyond ASCII, but for U+2000 to U+200A.
constexpr std::array<std::string_view, 8> wide_spaces = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80",
                                                         "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                                                         "\xe2\x81\x9f", "\xe3\x80\x80"};

bool is_quad_space(std::string_view text)
{
    return text.size() >= 3 && text.starts_with("\xe2\x80") && text[2] >= '\x80' && text[2] <= '\x8a';
}

/// In bytes, at the beginning of the text, which is not empty; 0: there is none.
std::size_t space_length(std::string_view text)
{
    if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r'))
        return 1;
    if (is_quad_space(text))
        return 3;
    const auto found = std::ranges::find_if(wide_spaces, [&](auto one) { return text.starts_with(one); });
    return found == wide_spaces.end() ? 0 : found->size();
}

} // namespace

std::vector<std::string_view> words_of(std::string_view text)
{
    std::vector<std::string_view> words;
    std::size_t begin = 0, at = 0;
    const auto end_word = [&] {
        if (at != begin)
            words.push_back(text.substr(begin, at - begin));
    };
    while (at < text.size()) {
        const auto space = space_length(text.substr(at));
        if (space == 0) {
            ++at;
            continue;
        }
        end_word();
        at += space;
        begin = at;
    }
    end_word();
    return words;
}

} // namespace trellis::gateway
