#include "wasm/component/wit/lexer.hpp"

#include "base/format.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>

namespace trellis::wasm::component::wit {

namespace {

constexpr std::string_view keywords[] = {
    "as",  "async",  "bool",   "borrow",  "char",   "constructor", "enum",    "export",    "f32",
    "f64", "flags",  "from",   "func",    "future", "import",      "include", "interface", "list",
    "map", "option", "own",    "package", "record", "resource",    "result",  "s16",       "s32",
    "s64", "s8",     "static", "stream",  "string", "tuple",       "type",    "u16",       "u32",
    "u64", "u8",     "use",    "variant", "with",   "world",
};
static_assert(std::ranges::is_sorted(keywords));

bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

bool is_word_character(char c)
{
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_';
}

bool is_fragment(std::string_view fragment)
{
    const bool lower = std::ranges::any_of(fragment, is_lower);
    const bool upper = std::ranges::any_of(fragment, is_upper);
    return !fragment.empty() && !(lower && upper) &&
           std::ranges::all_of(fragment, [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); });
}

struct CharacterRange {
    std::uint32_t first;
    std::uint32_t last;
    const char* what;
};

/// What no file may contain, not even in a comment.
constexpr CharacterRange forbidden[] = {
    {0x00, 0x08, "control character"},          {0x0b, 0x0c, "control character"},
    {0x0e, 0x1f, "control character"},          {0x7f, 0x9f, "control character"},
    {0x149, 0x149, "deprecated character"},     {0x673, 0x673, "deprecated character"},
    {0xf77, 0xf77, "deprecated character"},     {0xf79, 0xf79, "deprecated character"},
    {0x17a3, 0x17a4, "deprecated character"},   {0x17b4, 0x17b5, "discouraged character"},
    {0x202a, 0x202e, "bidirectional override"}, {0x2066, 0x2069, "bidirectional override"},
};

std::uint32_t decode_utf8(std::string_view bytes)
{
    const auto lead = static_cast<unsigned char>(bytes[0]);
    std::uint32_t scalar = bytes.size() == 1 ? lead : lead & (0x7fu >> bytes.size());
    for (const char c : bytes.substr(1))
        scalar = scalar << 6 | (static_cast<unsigned char>(c) & 0x3f);
    return scalar;
}

class Lexer {
public:
    Lexer(const Sources& sources, std::uint32_t file) : sources_(sources), file_(file), text_(sources.file(file).text)
    {
        list_.text = text_;
    }

    Result<TokenList> run()
    {
        TRELLIS_TRY(check_characters());
        while (TRELLIS_TRY(skip_blank()))
            TRELLIS_TRY(token());
        push(TokenKind::end, 0);
        return std::move(list_);
    }

private:
    [[nodiscard]] std::unexpected<Error> error(std::size_t offset, std::string_view message) const
    {
        return sources_.error(ErrorCode::malformed, {file_, static_cast<std::uint32_t>(offset)}, message);
    }

    Result<> check_characters() const
    {
        if (text_.size() >= 0x4000'0000)
            return error(0, "a file of 1 GiB or more is not read");
        for (std::size_t at = 0; at < text_.size();) {
            const auto size = utf8_length(text_.substr(at, 4));
            if (size == 0)
                return error(at, "malformed UTF-8 encoding");
            const auto scalar = decode_utf8(text_.substr(at, size));
            for (const auto& range : forbidden)
                if (scalar >= range.first && scalar <= range.last)
                    return error(at, format("{} U+{:04X} is not allowed in a WIT file", range.what, scalar));
            at += size;
        }
        return {};
    }

    [[nodiscard]] bool at_text(std::string_view prefix) const { return text_.substr(at_).starts_with(prefix); }

    void push(TokenKind kind, std::size_t size)
    {
        list_.tokens.push_back({kind, static_cast<std::uint32_t>(at_), static_cast<std::uint32_t>(size),
                                static_cast<std::uint32_t>(list_.documents.size())});
        at_ += size;
    }

    /// Moves to the next token; false at the end.
    Result<bool> skip_blank()
    {
        while (at_ < text_.size()) {
            if (std::string_view(" \t\r\n").contains(text_[at_]))
                ++at_;
            else if (at_text("//"))
                line_comment();
            else if (at_text("/*"))
                TRELLIS_TRY(block_comment());
            else
                return true;
        }
        return false;
    }

    void line_comment()
    {
        const auto end = std::min(text_.find('\n', at_), text_.size());
        if (at_text("///"))
            list_.documents.push_back(text_.substr(at_, end - at_));
        at_ = end;
    }

    Result<> block_comment()
    {
        const auto start = at_;
        std::size_t depth = 0;
        do {
            const auto next = text_.find_first_of("/*", at_);
            if (next == std::string_view::npos)
                return error(start, "unclosed block comment: close it with */");
            at_ = next;
            depth += at_text("/*") ? 1 : 0;
            depth -= at_text("*/") ? 1 : 0;
            at_ += at_text("/*") || at_text("*/") ? 2 : 1;
        } while (depth > 0);
        const auto comment = text_.substr(start, at_ - start);
        if (comment.starts_with("/**") && comment.size() > 4)
            list_.documents.push_back(comment);
        return {};
    }

    Result<> token()
    {
        const char c = text_[at_];
        if (at_text("->"))
            push(TokenKind::symbol, 2);
        else if (c == '"')
            return string();
        else if (is_digit(c))
            push_number();
        else if (is_word_character(c) || c == '%')
            return word();
        else if (std::string_view("=,:;(){}<>*/.@").contains(c))
            push(TokenKind::symbol, 1);
        else
            return error(at_,
                         format("unexpected character `{}`", text_.substr(at_, utf8_length(text_.substr(at_, 4)))));
        return {};
    }

    Result<> string()
    {
        auto end = at_ + 1;
        while (end < text_.size() && text_[end] != '"' && text_[end] != '\n')
            end += text_[end] == '\\' ? 2 : 1;
        if (end >= text_.size() || text_[end] == '\n')
            return error(at_, "unclosed string: close it with \" on the same line");
        push(TokenKind::string, end + 1 - at_);
        return {};
    }

    /// Digits, or a version. A dot belongs to a version only where something follows that can: `a/b@1.0.0.{c}`.
    void push_number()
    {
        auto end = at_;
        const auto take = [&](auto&& wanted) {
            while (end < text_.size() && wanted(text_[end]))
                ++end;
        };
        take(is_digit);
        if (end + 1 >= text_.size() || text_[end] != '.' || !is_digit(text_[end + 1]))
            return push(TokenKind::integer, end - at_);
        const auto may_follow = [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '-'; };
        do {
            end += 1;
            take([&](char c) { return may_follow(c) || c == '+'; });
        } while (end + 1 < text_.size() && text_[end] == '.' && may_follow(text_[end + 1]));
        push(TokenKind::version, end - at_);
    }

    Result<> word()
    {
        const bool is_explicit = text_[at_] == '%';
        auto end = at_ + (is_explicit ? 1 : 0);
        while (end < text_.size() && is_word_character(text_[end]))
            ++end;
        const auto size = end - at_;
        const auto name = text_.substr(at_ + (is_explicit ? 1 : 0), size - (is_explicit ? 1 : 0));
        if (!is_explicit && name == "_")
            push(TokenKind::symbol, size);
        else if (!is_explicit && is_keyword(name))
            push(TokenKind::keyword, size);
        else if (!is_label(name))
            return error(at_, format("`{}` is not in kebab-case: words of letters and digits joined by -, each all "
                                     "lower case or all upper case, the first beginning with a letter",
                                     name));
        else
            push(is_explicit ? TokenKind::explicit_identifier : TokenKind::identifier, size);
        return {};
    }

    const Sources& sources_;
    std::uint32_t file_;
    std::string_view text_;
    std::size_t at_ = 0;
    TokenList list_;
};

std::string_view trimmed_right(std::string_view line)
{
    return line.substr(0, line.find_last_not_of(" \t\r") + 1); // npos + 1 is 0
}

void append_line(std::string& to, std::string_view line)
{
    to.append(trimmed_right(line)).push_back('\n');
}

/// `/** ... */`: lines without the stars they begin with; no empty line at either end.
void append_block(std::string& to, std::string_view comment)
{
    auto rest = comment.substr(3, comment.size() - 5);
    std::string lines;
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), rest.size());
        auto line = rest.substr(0, end);
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        line.remove_prefix(line.starts_with("*") ? 1 : 0);
        line.remove_prefix(line.starts_with(" ") ? 1 : 0);
        append_line(lines, line);
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const auto first = std::min(lines.find_first_not_of('\n'), lines.size());
    const auto last = lines.find_last_not_of('\n') + 1;
    if (first < last)
        append_line(to, std::string_view(lines).substr(first, last - first));
}

} // namespace

bool is_keyword(std::string_view word)
{
    return std::ranges::binary_search(keywords, word);
}

bool is_label(std::string_view word)
{
    if (word.empty() || is_digit(word[0]))
        return false;
    for (std::size_t start = 0; start <= word.size();) {
        const auto end = std::min(word.find('-', start), word.size());
        if (!is_fragment(word.substr(start, end - start)))
            return false;
        start = end + 1;
    }
    return true;
}

std::string TokenList::documentation(std::size_t token) const
{
    std::string text_of_all;
    for (auto i = token == 0 ? 0 : tokens[token - 1].documents; i < tokens[token].documents; ++i) {
        auto piece = documents[i];
        if (piece.starts_with("/*")) {
            append_block(text_of_all, piece);
        } else {
            piece.remove_prefix(piece.starts_with("/// ") ? 4 : 3);
            append_line(text_of_all, piece);
        }
    }
    if (text_of_all.ends_with('\n'))
        text_of_all.pop_back();
    return text_of_all;
}

Result<TokenList> tokenize(const Sources& sources, std::uint32_t file)
{
    return Lexer(sources, file).run();
}

} // namespace trellis::wasm::component::wit
