#include "wasm/component/encoding/json_tree.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <charconv>

namespace trellis::wasm::component::encoding {
namespace {

constexpr unsigned most_nested = 32;

void append_utf8(std::string& text, std::uint32_t point)
{
    const auto byte = [&](std::uint32_t value) { text += static_cast<char>(value); };
    const auto rest = [&](unsigned shift) { byte(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x80)
        return byte(point);
    if (point < 0x800) {
        byte(0xc0 | point >> 6);
        return rest(0);
    }
    if (point < 0x1'0000) {
        byte(0xe0 | point >> 12);
    } else {
        byte(0xf0 | point >> 18);
        rest(12);
    }
    rest(6);
    rest(0);
}

class Reader {
public:
    explicit Reader(std::string_view text) : rest_(text) {}

    std::optional<JsonTree> run()
    {
        auto tree = value(0);
        skip_space();
        return ok_ && rest_.empty() ? std::optional(std::move(tree)) : std::nullopt;
    }

private:
    void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

    bool take(char c)
    {
        skip_space();
        if (!rest_.starts_with(c))
            return false;
        rest_.remove_prefix(1);
        return true;
    }

    void want(char c) { ok_ = take(c) && ok_; }

    JsonTree value(unsigned depth)
    {
        JsonTree tree;
        ok_ = ok_ && depth < most_nested;
        if (!ok_)
            return tree;
        if (take('{'))
            sequence('}', [&] {
                auto name = text();
                want(':');
                tree.members[std::move(name)] = value(depth + 1);
            });
        else if (take('['))
            sequence(']', [&] { value(depth + 1); });
        else if (rest_.starts_with('"'))
            tree.text = text();
        else
            word();
        return tree;
    }

    template <class One>
    void sequence(char end, One one)
    {
        if (take(end))
            return;
        do
            one();
        while (ok_ && take(','));
        want(end);
    }

    /// A number, true, false or null.
    void word()
    {
        const auto end = std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size());
        ok_ = end != 0;
        rest_.remove_prefix(end);
    }

    std::string text()
    {
        want('"');
        std::string result;
        while (ok_ && !rest_.starts_with('"')) {
            const auto plain = std::min(rest_.find_first_of("\"\\"), rest_.size());
            result += rest_.substr(0, plain);
            rest_.remove_prefix(plain);
            if (rest_.starts_with('\\'))
                escape(result);
            ok_ = ok_ && !rest_.empty();
        }
        want('"');
        return result;
    }

    void escape(std::string& into)
    {
        constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
        const char letter = rest_.size() < 2 ? '\0' : rest_[1];
        rest_.remove_prefix(std::min<std::size_t>(2, rest_.size()));
        if (const auto found = letters.find(letter); found != std::string_view::npos && letter != '\0')
            into += meanings[found];
        else if (letter == 'u')
            append_utf8(into, code_point());
        else
            ok_ = false;
    }

    std::uint32_t unit()
    {
        std::uint32_t value = 0;
        const auto digits = rest_.substr(0, 4);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
        ok_ = ok_ && error == std::errc() && end == digits.data() + 4;
        rest_.remove_prefix(digits.size());
        return value;
    }

    /// Above 0xffff in two halves.
    std::uint32_t code_point()
    {
        constexpr std::uint32_t replacement = 0xfffd;
        const auto first = unit();
        if (first < 0xd800 || first > 0xdfff)
            return first;
        if (first > 0xdbff || !rest_.starts_with("\\u"))
            return replacement;
        rest_.remove_prefix(2);
        const auto second = unit();
        return second < 0xdc00 || second > 0xdfff ? replacement
                                                  : 0x1'0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
    }

    std::string_view rest_;
    bool ok_ = true;
};

std::string quoted(std::string_view text)
{
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            result += '\\';
        if (static_cast<unsigned char>(c) < 0x20)
            result += format("\\u{:04x}", static_cast<unsigned char>(c));
        else
            result += c;
    }
    return result + '"';
}

} // namespace

bool JsonTree::has_content() const
{
    return text ? !text->empty()
                : std::ranges::any_of(members, [](const auto& member) { return member.second.has_content(); });
}

const JsonTree* JsonTree::find(std::string_view name) const
{
    const auto found = members.find(name);
    return found != members.end() ? &found->second : nullptr;
}

std::optional<JsonTree> read_json(std::string_view text)
{
    return Reader(text).run();
}

std::string write_json(const JsonTree& tree)
{
    if (tree.text)
        return quoted(*tree.text);
    std::string list;
    for (const auto& [name, member] : tree.members)
        if (member.has_content())
            list.append(list.empty() ? "" : ",").append(quoted(name)).append(":").append(write_json(member));
    return format("{{{}}}", list);
}

} // namespace trellis::wasm::component::encoding
