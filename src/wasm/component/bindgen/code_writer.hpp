// Text of a program, line by line with indentation, and templates of it. What is written has a limit, because a few
// lines of WIT can ask for more code than anyone wants: a full writer drops what comes, and whoever writes much asks
// is_full().
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace trellis::wasm::component::bindgen {

class CodeWriter {
public:
    /// One line; an empty one stays empty.
    void line(std::string_view text);
    /// Lines as they are, each indented.
    void lines(std::string_view block);
    /// "head {" and what follows deeper.
    void open(std::string_view head);
    void close(std::string_view tail = "}");
    /// Lines of comment; what ends in a backslash would swallow the next line and gets an end of its own.
    void comment(std::string_view documentation);
    void blank() { line(""); }

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] bool is_full() const { return text_.size() >= max_bytes; }

private:
    static constexpr std::size_t max_bytes = 64u << 20;

    std::string text_;
    std::size_t depth_ = 0;
};

/// The template with every @name@ replaced by its value.
std::string fill(std::string_view code, std::initializer_list<std::pair<std::string_view, std::string_view>> values);

} // namespace trellis::wasm::component::bindgen
