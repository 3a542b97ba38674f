// What all parts of the text parser share: a cursor over the tokens with the words every grammar rule needs, the
// module's index spaces, its types so far, and the names that will make the name section. One Parser parses one text.
#pragma once

#include "wasm/syntax/module.hpp"
#include "wasm/text/index_space.hpp"
#include "wasm/text/lexer.hpp"
#include "wasm/text/text.hpp"

#include <deque>

namespace trellis::wasm {

/// A place where an identifier can be bound: the identifier, and the name a (@name ...) annotation gives instead.
struct Binding {
    std::string_view id; ///< empty: none
    std::optional<std::string_view> name;
    std::uint32_t offset = 0;
};

class Parser {
public:
    Parser(std::string_view text, const TextOptions& options) : list_(tokenize(text)), options_(options) {}

    [[nodiscard]] const TextOptions& options() const { return options_; }

    // The cursor
    [[nodiscard]] const Token& peek(std::uint32_t ahead = 0) const
    {
        return list_.tokens[std::min<std::size_t>(position_ + ahead, list_.tokens.size() - 1)];
    }
    [[nodiscard]] std::string_view text(const Token& token) const { return list_.text(token); }
    [[nodiscard]] std::string_view peek_text() const { return text(peek()); }
    [[nodiscard]] bool at(TokenKind kind) const { return peek().kind == kind; }
    [[nodiscard]] bool at_keyword(std::string_view word) const { return at(TokenKind::keyword) && peek_text() == word; }
    /// At "(" and that keyword.
    [[nodiscard]] bool at_field(std::string_view word) const
    {
        return at(TokenKind::left) && peek(1).kind == TokenKind::keyword && text(peek(1)) == word;
    }
    [[nodiscard]] bool at_index() const { return at(TokenKind::natural) || at(TokenKind::identifier); }
    [[nodiscard]] std::uint32_t position() const { return position_; }
    void move_to(std::uint32_t position) { position_ = position; }
    void advance(std::uint32_t count = 1) { position_ += count; }

    bool take(TokenKind kind);
    bool take_keyword(std::string_view word);
    bool take_field(std::string_view word);
    Result<> expect(TokenKind kind);
    Result<> expect_keyword(std::string_view word);
    Result<> close() { return expect(TokenKind::right); }
    /// The error for a token that no rule allows here.
    [[nodiscard]] std::unexpected<Error> unexpected() const;
    /// An error at the next token, or at an offset.
    [[nodiscard]] std::unexpected<Error> error(std::string message) const { return error_at(peek().offset, message); }
    [[nodiscard]] std::unexpected<Error> error_at(std::uint32_t offset, std::string message) const
    {
        return list_.source.error(offset, std::move(message));
    }

    // Literals
    Result<std::uint64_t> parse_u64();
    Result<std::uint32_t> parse_u32();
    Result<std::uint8_t> parse_u8();
    /// Bytes of one string; any.
    Result<std::string> parse_string();
    /// A string that must be UTF-8; lives as long as the parser.
    Result<std::string_view> parse_name();
    /// Any number of strings, joined.
    Result<std::string> parse_strings();

    // Identifiers
    /// The identifier's name without "$"; lives as long as the text or the parser.
    std::string_view id_of(const Token& token);
    /// An optional identifier and (@name) annotation.
    Result<Binding> parse_binding();
    Result<std::uint32_t> bind(IndexSpace& space, const Binding& binding);
    Result<std::uint32_t> parse_index(const IndexSpace& space);
    /// Also notes what the name section will say.
    static void note_name(NameMap& map, std::uint32_t index, const Binding& binding);

    // Annotations
    [[nodiscard]] std::vector<Annotation>& annotations() { return list_.annotations; }
    /// The unused annotation of a kind in front of the next token, now used; or nullptr.
    const Annotation* take_annotation(AnnotationKind kind);
    [[nodiscard]] std::span<const Token> items(const Annotation& annotation) const
    {
        return std::span(list_.items).subspan(annotation.first_item, annotation.item_count);
    }
    /// A copy of a string that lives as long as the parser.
    std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

    IndexSpace types{"type"}, functions{"function"}, tables{"table"}, memories{"memory"}, globals{"global"},
        tags{"tag"}, elements{"elem segment"}, data{"data segment"};
    /// Fields by name, of each structure type that names some.
    std::unordered_map<std::uint32_t, IndexSpace> fields;
    Names names;

private:
    Result<std::optional<std::string_view>> parse_name_annotation(const Annotation& annotation);

    TokenList list_;
    TextOptions options_;
    std::uint32_t position_ = 0;
    std::deque<std::string> kept_;
};

} // namespace trellis::wasm
