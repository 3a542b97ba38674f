#include "wasm/component/bindgen/code_writer.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace trellis::wasm::component::bindgen {
namespace {

template <class Visit>
void for_each_line(std::string_view block, Visit visit)
{
    while (!block.empty()) {
        const auto end = std::min(block.find('\n'), block.size());
        visit(block.substr(0, end));
        block.remove_prefix(std::min(end + 1, block.size()));
    }
}

/// Carriage returns and other control characters end a line for some compilers, or are nothing to look at.
std::string without_controls(std::string_view line)
{
    std::string plain;
    for (const char c : line)
        plain.push_back(c == '\t' || static_cast<unsigned char>(c) >= ' ' ? c : ' ');
    while (plain.ends_with(' '))
        plain.pop_back();
    return plain;
}

} // namespace

void CodeWriter::line(std::string_view text)
{
    if (is_full())
        return;
    if (!text.empty())
        text_.append(depth_ * 4, ' ').append(text);
    text_.push_back('\n');
}

void CodeWriter::lines(std::string_view block)
{
    for_each_line(block, [&](std::string_view one) { line(one); });
}

void CodeWriter::open(std::string_view head)
{
    line(std::string(head).append(head.empty() ? "{" : " {"));
    ++depth_;
}

void CodeWriter::close(std::string_view tail)
{
    TRELLIS_ASSERT(depth_ > 0);
    --depth_;
    line(tail);
}

void CodeWriter::comment(std::string_view documentation)
{
    for_each_line(documentation, [&](std::string_view one) {
        auto text = without_controls(one);
        if (text.ends_with('\\'))
            text.append(" //");
        line(text.empty() ? "//" : "// " + text);
    });
}

std::string fill(std::string_view code, std::initializer_list<std::pair<std::string_view, std::string_view>> values)
{
    std::string text;
    for (;;) {
        const auto begin = code.find('@');
        text.append(code.substr(0, begin));
        if (begin == std::string_view::npos)
            return text;
        const auto end = code.find('@', begin + 1);
        const auto* const value = std::ranges::find(values, code.substr(begin + 1, end - begin - 1),
                                                    &std::pair<std::string_view, std::string_view>::first);
        TRELLIS_CHECK(value != values.end());
        text.append(value->second);
        code.remove_prefix(end + 1);
    }
}

} // namespace trellis::wasm::component::bindgen
