#include "wasm/text/custom_annotation.hpp"

#include "base/format.hpp"
#include "wasm/text/characters.hpp"

#include <algorithm>

namespace trellis::wasm {

namespace {

class CustomAnnotationParser {
public:
    CustomAnnotationParser(const Parser& parser, const Annotation& annotation)
        : parser_(parser), annotation_(annotation), rest_(parser.items(annotation))
    {
    }

    Result<CustomAnnotation> parse()
    {
        CustomAnnotation custom;
        if (!at(TokenKind::string))
            return error("missing section name");
        custom.name = unescape(take());
        if (!is_utf8(custom.name))
            return error("malformed UTF-8 encoding");
        if (at(TokenKind::left))
            custom.placement = TRELLIS_TRY(parse_placement());
        while (at(TokenKind::string))
            custom.contents += unescape(take());
        if (!rest_.empty())
            return error("unexpected token");
        return custom;
    }

private:
    [[nodiscard]] bool at(TokenKind kind) const { return !rest_.empty() && rest_[0].kind == kind; }

    std::string_view take()
    {
        if (rest_.empty())
            return {};
        const auto word = parser_.text(rest_[0]);
        rest_ = rest_.subspan(1);
        return word;
    }

    [[nodiscard]] std::unexpected<Error> error(std::string_view message) const
    {
        return parser_.error_at(rest_.empty() ? annotation_.offset : rest_[0].offset,
                                format("@custom annotation: {}", message));
    }

    Result<Placement> parse_placement()
    {
        take();
        const auto direction = take();
        if (direction != "before" && direction != "after")
            return error("malformed placement");
        const auto section = take();
        if (!at(TokenKind::right))
            return error("malformed section kind");
        take();
        if (section == "first" || section == "last")
            return extreme(direction, section);
        const auto* const row = std::ranges::find(section_rows, section, &SectionRow::name);
        if (row == std::end(section_rows))
            return error("malformed section kind");
        return static_cast<Placement>(2 * (row - std::begin(section_rows)) + (direction == "after" ? 1 : 0));
    }

    static Placement extreme(std::string_view direction, std::string_view section)
    {
        if (section == "first")
            return direction == "before" ? 0 : 1;
        return direction == "before" ? placement_after_data - 1 : placement_last;
    }

    const Parser& parser_;
    const Annotation& annotation_;
    std::span<const Token> rest_;
};

} // namespace

Result<std::optional<CustomAnnotation>> parse_custom_annotation(const Parser& parser, const Annotation& annotation)
{
    auto custom = CustomAnnotationParser(parser, annotation).parse();
    if (custom.has_value())
        return std::optional(std::move(*custom));
    if (parser.options().check_annotations)
        return std::unexpected(std::move(custom).error());
    return std::nullopt;
}

} // namespace trellis::wasm
