#include "code.hpp"

#include "tree.hpp"

#include <algorithm>
#include <array>

namespace trellis::tidy {

namespace {

constexpr std::string_view blanks = " \t\n";

bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Walks over code once and copies what is code.
class Blanker {
public:
    explicit Blanker(std::string_view code) : code_(code), out_(code) {}

    std::string run()
    {
        while (at_ < code_.size())
            step();
        return std::move(out_);
    }

private:
    void step()
    {
        if (starts_with("//"))
            blank_to(code_.find('\n', at_));
        else if (starts_with("/*"))
            blank_behind(code_.find("*/", at_ + 2), 2);
        else if (starts_with("R\"") && (at_ == 0 || !is_word_character(code_[at_ - 1])))
            blank_raw_string();
        else if (code_[at_] == '"' || is_character_literal())
            blank_literal(code_[at_]);
        else
            ++at_;
    }

    [[nodiscard]] bool starts_with(std::string_view what) const { return code_.substr(at_).starts_with(what); }

    /// An apostrophe, unless it separates digits: 1'000.
    [[nodiscard]] bool is_character_literal() const
    {
        if (code_[at_] != '\'')
            return false;
        const bool between_digits = at_ > 0 && is_word_character(code_[at_ - 1]) && code_[at_ - 1] != 'u' &&
                                    code_[at_ - 1] != 'U' && code_[at_ - 1] != 'L';
        return !between_digits;
    }

    void blank_raw_string()
    {
        const std::size_t open = code_.find('(', at_);
        if (open == std::string_view::npos)
            return blank_to(open);
        const std::string close = ")" + std::string(code_.substr(at_ + 2, open - at_ - 2)) + "\"";
        blank_behind(code_.find(close, open), close.size());
    }

    void blank_literal(char quote)
    {
        std::size_t end = at_ + 1;
        while (end < code_.size() && code_[end] != quote && code_[end] != '\n')
            end += code_[end] == '\\' ? 2 : 1;
        blank_behind(std::min(end, code_.size()), 1);
    }

    void blank_behind(std::size_t end, std::size_t length)
    {
        blank_to(end == std::string_view::npos ? end : end + length);
    }

    void blank_to(std::size_t end)
    {
        for (end = std::min(end, code_.size()); at_ < end; ++at_)
            if (out_[at_] != '\n')
                out_[at_] = ' ';
    }

    std::string_view code_;
    std::string out_;
    std::size_t at_ = 0;
};

constexpr std::array not_a_name = {"__attribute__", "noexcept", "alignas", "decltype",
                                   "requires",      "explicit", "operator"};

/// What stands before the first parenthesis that belongs to a name: "make" in "Result<Tree> Tree::make(int x) const".
std::string name_before_parenthesis(std::string_view head)
{
    for (std::size_t open = head.find('('); open != std::string_view::npos; open = head.find('(', open + 1)) {
        std::size_t end = open;
        while (end > 0 && blanks.find(head[end - 1]) != std::string_view::npos)
            --end;
        std::size_t begin = end;
        while (begin > 0 && is_word_character(head[begin - 1]))
            --begin;
        std::string name(head.substr(begin, end - begin));
        if (name == "TEST" || name == "TEST_F" || name == "TEST_P")
            return std::string(head.substr(open + 1, head.find(')', open) - open - 1));
        if (!name.empty() && std::ranges::find(not_a_name, name) == not_a_name.end())
            return name;
    }
    return "operator";
}

enum class Scope { outer, function, initializer };

/// Follows braces through blanked code; at namespace and type scope a brace behind a parenthesis opens a function.
class FunctionFinder {
public:
    explicit FunctionFinder(std::string_view code) : code_(code) {}

    std::vector<Function> run()
    {
        for (at_ = 0; at_ < code_.size(); ++at_)
            step(code_[at_]);
        return std::move(found_);
    }

private:
    void step(char c)
    {
        if (c == '\n')
            end_line();
        else if (c == '{')
            open();
        else if (c == '}')
            close();
        else if (c == ';' && in_outer_scope())
            head_ = at_ + 1;
    }

    /// A preprocessor line is no part of the head that follows it.
    void end_line()
    {
        const std::size_t text = code_.find_first_not_of(blanks, line_start_);
        if (in_outer_scope() && text < at_ && (code_[text] == '#' || continues_)) {
            head_ = at_ + 1;
            continues_ = code_[at_ - 1] == '\\';
        }
        line_start_ = at_ + 1;
        ++line_;
    }

    [[nodiscard]] bool in_outer_scope() const { return scopes_.empty() || scopes_.back() == Scope::outer; }

    void open()
    {
        const std::string_view head = code_.substr(head_, at_ - head_);
        if (!in_outer_scope())
            return scopes_.push_back(Scope::initializer);
        if (is_initializer(head))
            return scopes_.push_back(Scope::initializer);
        if (head.find('(') != std::string_view::npos && !is_type_or_namespace(head)) {
            found_.push_back({name_before_parenthesis(head), line_, 0});
            return scopes_.push_back(Scope::function);
        }
        scopes_.push_back(Scope::outer);
        head_ = at_ + 1;
    }

    void close()
    {
        if (scopes_.empty())
            return;
        const Scope scope = scopes_.back();
        scopes_.pop_back();
        if (scope == Scope::function)
            found_.back().lines = line_ - found_.back().first_line + 1;
        if (scope != Scope::initializer)
            head_ = at_ + 1;
    }

    /// "x = {", "int x{", and "Foo() : member_{": the name stands right before the brace.
    [[nodiscard]] bool is_initializer(std::string_view head) const
    {
        if (!head.empty() && (is_word_character(head.back()) || head.back() == '>') && !is_type_or_namespace(head))
            return true;
        const std::size_t last = head.find_last_not_of(blanks);
        return last != std::string_view::npos && (head[last] == '=' || head[last] == ',' || head[last] == '(');
    }

    [[nodiscard]] static bool is_type_or_namespace(std::string_view head)
    {
        constexpr std::array<std::string_view, 5> openers = {"namespace", "class", "struct", "union", "enum"};
        const std::size_t last = head.find_last_not_of(blanks);
        if (last != std::string_view::npos && head[last] == ')')
            return false; // "struct timespec now(void)"
        const std::size_t parenthesis = find_parenthesis_of_a_declarator(head);
        return std::ranges::any_of(openers, [&](std::string_view word) {
            const std::size_t at = find_word(head, word);
            return at < parenthesis && !is_template_parameter(head, at);
        });
    }

    [[nodiscard]] static bool is_template_parameter(std::string_view head, std::size_t at)
    {
        const std::size_t before = at == 0 ? std::string_view::npos : head.find_last_not_of(blanks, at - 1);
        return before != std::string_view::npos && (head[before] == '<' || head[before] == ',');
    }

    /// The first parenthesis that is not alignas's or an attribute's.
    [[nodiscard]] static std::size_t find_parenthesis_of_a_declarator(std::string_view head)
    {
        const std::size_t opening = head.find('(');
        return head.substr(0, opening).ends_with("alignas") ? head.find('(', opening + 1) : opening;
    }

    std::string_view code_;
    std::size_t at_ = 0;
    std::size_t head_ = 0;
    std::size_t line_ = 1;
    std::size_t line_start_ = 0;
    bool continues_ = false;
    std::vector<Scope> scopes_;
    std::vector<Function> found_;
};

} // namespace

std::string blanked(std::string_view code)
{
    return Blanker(code).run();
}

std::vector<Include> includes_of(std::string_view code)
{
    std::vector<Include> includes;
    std::size_t number = 0;
    for (std::string_view line : lines_of(code)) {
        ++number;
        const auto words = words_of(line);
        const bool is_include = words.size() >= 2 && words[0] == "#include" && words[1].size() > 2;
        if (!is_include)
            continue;
        const char close = words[1][0] == '<' ? '>' : '"';
        const std::string_view path = words[1].substr(1);
        includes.push_back({number, std::string(path.substr(0, path.find(close))), close == '>'});
    }
    return includes;
}

std::vector<Function> functions_of(std::string_view blanked_code)
{
    return FunctionFinder(blanked_code).run();
}

bool is_whole_word(std::string_view text, std::size_t at, std::string_view word)
{
    const std::size_t end = at + word.size();
    const bool starts = at == 0 || !is_word_character(text[at - 1]) || !is_word_character(word.front());
    const bool ends = end == text.size() || !is_word_character(text[end]) || !is_word_character(word.back());
    return starts && ends;
}

std::size_t find_word(std::string_view text, std::string_view word, std::size_t from)
{
    for (std::size_t at = text.find(word, from); at != std::string_view::npos; at = text.find(word, at + 1))
        if (is_whole_word(text, at, word))
            return at;
    return std::string_view::npos;
}

} // namespace trellis::tidy
