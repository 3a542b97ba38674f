#include "wasm/text/lexer.hpp"

#include "base/check.hpp"
#include "wasm/text/branch_hints.hpp"
#include "wasm/text/characters.hpp"
#include "wasm/text/number.hpp"

#include <limits>

namespace trellis::wasm {

namespace {

struct StringEnd {
    std::size_t position = 0;    ///< behind the closing quote, or of the error
    const char* error = nullptr; ///< why there is no string here
};

/// Behind the escape at `text[at]` (a backslash), or 0 where there is none.
std::size_t escape_end(std::string_view text, std::size_t at)
{
    const auto rest = text.substr(at + 1);
    if (rest.empty())
        return 0;
    if (std::string_view("nrt\\'\"").contains(rest[0]))
        return at + 2;
    if (rest.size() >= 2 && hex_value(rest[0]) >= 0 && hex_value(rest[1]) >= 0)
        return at + 3;
    if (!rest.starts_with("u{"))
        return 0;
    const auto close = rest.find_first_not_of("0123456789abcdefABCDEF_", 2);
    if (close == std::string_view::npos || rest[close] != '}')
        return 0;
    const auto scalar = parse_natural(std::string("0x").append(rest.substr(2, close - 2)));
    const bool is_scalar = scalar && (*scalar < 0xd800 || (*scalar >= 0xe000 && *scalar < 0x110000));
    return is_scalar ? at + 1 + close + 1 : 0;
}

/// Where the string literal that begins at `text[at]` (a quote) ends.
StringEnd string_end(std::string_view text, std::size_t at)
{
    for (auto i = at + 1; i < text.size();) {
        const char c = text[i];
        if (c == '"')
            return {i + 1, nullptr};
        if (c == '\n' || c == '\r')
            return {i, "unclosed string literal"};
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            return {i, "illegal control character in string literal"};
        const auto next = c == '\\' ? escape_end(text, i) : i + utf8_length(text.substr(i, 4));
        if (next <= i)
            return {i, c == '\\' ? "illegal escape" : "malformed UTF-8 encoding"};
        i = next;
    }
    return {at, "unclosed string literal"};
}

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) { list_.source = {text}; }

    TokenList run()
    {
        while (at_ < text_.size() && !list_.error)
            step();
        if (!list_.error && depth_ > 0)
            stop(annotation_start_, "unclosed annotation");
        const auto kind = list_.error ? TokenKind::bad : TokenKind::end;
        for (int i = 0; i < 4; ++i)
            list_.tokens.push_back({kind, static_cast<std::uint32_t>(text_.size()), 0});
        return std::move(list_);
    }

private:
    [[nodiscard]] bool starts_with(std::string_view prefix) const { return text_.substr(at_).starts_with(prefix); }

    void stop(std::size_t offset, std::string message)
    {
        list_.error = list_.source.error(static_cast<std::uint32_t>(offset), std::move(message)).error();
    }

    void add(TokenKind kind, std::size_t end)
    {
        if (depth_ == 0)
            list_.tokens.push_back({kind, static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(end - at_)});
        else if (recorded_)
            list_.items.push_back({kind, static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(end - at_)});
        at_ = end;
    }

    void step()
    {
        const char c = text_[at_];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            ++at_;
        else if (c == '(')
            open();
        else if (c == ')')
            close();
        else if (starts_with(";;"))
            line_comment();
        else if (c == '"' || is_identifier_character(c))
            word();
        else if (std::string_view(",;[]{}").contains(c))
            add(TokenKind::reserved, at_ + 1);
        else
            illegal_character();
    }

    void illegal_character()
    {
        if (utf8_length(text_.substr(at_, 4)) == 0)
            stop(at_, "malformed UTF-8 encoding");
        else if (depth_ > 0)
            stop(at_, "illegal character");
        else
            stop(at_, (text_[at_] & 0x80) != 0 ? "misplaced unicode character" : "misplaced control character");
    }

    void open()
    {
        if (starts_with("(;"))
            return block_comment();
        if (starts_with("(@"))
            return open_annotation();
        add(TokenKind::left, at_ + 1);
        depth_ += depth_ > 0;
    }

    void close()
    {
        if (depth_ == 0)
            return add(TokenKind::right, at_ + 1);
        if (--depth_ > 0) {
            add(TokenKind::right, at_ + 1);
        } else {
            if (recorded_)
                list_.annotations.back().item_count =
                    static_cast<std::uint32_t>(list_.items.size()) - list_.annotations.back().first_item;
            ++at_;
        }
    }

    void open_annotation()
    {
        const auto start = at_;
        auto end = start + 2;
        while (end < text_.size() && is_identifier_character(text_[end]))
            ++end;
        std::string id(text_.substr(start + 2, end - start - 2));
        if (id.empty() && end < text_.size() && text_[end] == '"') {
            const auto quoted = string_end(text_, end);
            if (quoted.error == nullptr) {
                id = unescape(text_.substr(end, quoted.position - end));
                end = quoted.position;
            }
        }
        if (id.empty())
            return stop(start, "empty annotation id");
        if (!is_utf8(id))
            return stop(start, "malformed UTF-8 encoding");
        if (depth_ > 0) {
            add(TokenKind::left, start + 1);
        } else {
            annotation_start_ = start;
            recorded_ = record(id, start);
        }
        ++depth_;
        at_ = end;
    }

    bool record(std::string_view id, std::size_t start)
    {
        static constexpr std::pair<std::string_view, AnnotationKind> known[] = {
            {"name", AnnotationKind::name},
            {"custom", AnnotationKind::custom},
            {branch_hint_section, AnnotationKind::branch_hint},
        };
        for (const auto& [name, kind] : known) {
            if (name != id)
                continue;
            list_.annotations.push_back({.kind = kind,
                                         .offset = static_cast<std::uint32_t>(start),
                                         .position = static_cast<std::uint32_t>(list_.tokens.size()),
                                         .first_item = static_cast<std::uint32_t>(list_.items.size())});
            return true;
        }
        return false;
    }

    void line_comment()
    {
        while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r') {
            const auto length = utf8_length(text_.substr(at_, 4));
            if (length == 0)
                return stop(at_, "malformed UTF-8 encoding");
            at_ += length;
        }
    }

    void block_comment()
    {
        const auto start = at_;
        std::size_t nesting = 0;
        while (at_ < text_.size()) {
            if (starts_with("(;")) {
                ++nesting;
                at_ += 2;
            } else if (starts_with(";)")) {
                at_ += 2;
                if (--nesting == 0)
                    return;
            } else {
                const auto length = utf8_length(text_.substr(at_, 4));
                if (length == 0)
                    return stop(at_, "malformed UTF-8 encoding");
                at_ += length;
            }
        }
        stop(start, "unclosed comment");
    }

    /// The longest run of identifier characters and strings; then what it is.
    void word()
    {
        auto end = at_;
        bool single_string = text_[at_] == '"';
        while (end < text_.size() && (text_[end] == '"' || is_identifier_character(text_[end]))) {
            if (text_[end] != '"') {
                single_string = false;
                ++end;
                continue;
            }
            const auto string = string_end(text_, end);
            if (string.error != nullptr) {
                if (end == at_)
                    return stop(string.position, string.error);
                break;
            }
            single_string = single_string && end == at_;
            end = string.position;
        }
        const auto word = text_.substr(at_, end - at_);
        if (word[0] == '$')
            return identifier(word);
        add(single_string ? TokenKind::string : classify(word), end);
    }

    void identifier(std::string_view word)
    {
        const auto name = word.substr(1);
        const auto quote = name.find('"');
        if (name.empty() || name == "\"\"")
            return stop(at_, "empty identifier");
        if (quote == std::string_view::npos)
            return add(TokenKind::identifier, at_ + word.size());
        const bool one_string = quote == 0 && string_end(word, 1).position == word.size();
        if (!one_string)
            return add(TokenKind::reserved, at_ + word.size());
        if (!is_utf8(unescape(name)))
            return stop(at_, "malformed UTF-8 encoding");
        add(TokenKind::identifier, at_ + word.size());
    }

    static TokenKind classify(std::string_view word)
    {
        switch (classify_number(word)) {
        case NumberForm::natural:
            return TokenKind::natural;
        case NumberForm::integer:
            return TokenKind::integer;
        case NumberForm::floating:
            return TokenKind::floating;
        case NumberForm::none:
            break;
        }
        const bool keyword = word[0] >= 'a' && word[0] <= 'z' && !word.contains('"');
        return keyword ? TokenKind::keyword : TokenKind::reserved;
    }

    std::string_view text_;
    TokenList list_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0; ///< of parentheses inside an annotation
    std::size_t annotation_start_ = 0;
    bool recorded_ = false;
};

} // namespace

TokenList tokenize(std::string_view text)
{
    TRELLIS_CHECK(text.size() < std::numeric_limits<std::uint32_t>::max());
    return Lexer(text).run();
}

std::string unescape(std::string_view quoted)
{
    std::string result;
    for (std::size_t i = 1; i + 1 < quoted.size();) {
        if (quoted[i] != '\\') {
            result.push_back(quoted[i++]);
            continue;
        }
        const auto end = escape_end(quoted, i);
        static constexpr std::string_view letters = "nrt\\'\"", values = "\n\r\t\\'\"";
        if (const auto letter = letters.find(quoted[i + 1]); letter != std::string_view::npos)
            result.push_back(values[letter]);
        else if (quoted[i + 1] == 'u')
            append_utf8(result, static_cast<std::uint32_t>(
                                    *parse_natural("0x" + std::string(quoted.substr(i + 3, end - i - 4)))));
        else
            result.push_back(static_cast<char>(hex_value(quoted[i + 1]) * 16 + hex_value(quoted[i + 2])));
        i = end;
    }
    return result;
}

} // namespace trellis::wasm
