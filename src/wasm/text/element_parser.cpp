// The part of ModuleParser that reads element segments.
#include "wasm/text/module_parser.hpp"

namespace trellis::wasm {

Result<ModuleParser::ElementHead> ModuleParser::parse_element_head(bool& may_omit_kind)
{
    ElementHead head;
    may_omit_kind = false;
    if (parser_.take_keyword("declare")) {
        head.mode = ElementHead::Mode::declarative;
        return head;
    }
    const bool table_use = parser_.take_field("table");
    head.explicit_table = table_use;
    if (table_use) {
        head.table = TRELLIS_TRY(parser_.parse_index(parser_.tables));
        TRELLIS_TRY(parser_.close());
    }
    if (table_use || (parser_.at(TokenKind::left) && !parser_.at_field("ref"))) {
        head.mode = ElementHead::Mode::active;
        may_omit_kind = !table_use;
        TRELLIS_TRY(parse_wrapped_expression("offset", head.offset));
    }
    return head;
}

Result<> ModuleParser::parse_element(const Field&)
{
    bool may_omit_kind = false;
    const auto head = TRELLIS_TRY(parse_element_head(may_omit_kind));
    const bool bare = may_omit_kind && (parser_.at_index() || parser_.at(TokenKind::right));
    if (bare || parser_.take_keyword("func"))
        TRELLIS_TRY(parse_function_indices(head, funcref));
    else
        TRELLIS_TRY(parse_element_expressions(head, TRELLIS_TRY(types_.parse_reference_type())));
    return {};
}

Result<std::uint32_t> ModuleParser::parse_function_indices(const ElementHead& head, ValType type)
{
    std::vector<std::uint32_t> functions;
    while (!parser_.at(TokenKind::right))
        functions.push_back(TRELLIS_TRY(parser_.parse_index(parser_.functions)));
    if (type == funcref) {
        add_functions(head, functions);
        return static_cast<std::uint32_t>(functions.size());
    }
    // A table of another type, with its elements inline: the binary format wants expressions then.
    EntryList expressions;
    for (const auto function : functions) {
        Instruction reference;
        reference.op = Op::ref_func;
        reference.index = function;
        expressions.entries.instruction(reference);
        expressions.entries.byte(0x0b);
        ++expressions.count;
    }
    add_expressions(head, type, expressions);
    return expressions.count;
}

Result<std::uint32_t> ModuleParser::parse_element_expressions(const ElementHead& head, ValType type)
{
    EntryList expressions;
    while (!parser_.at(TokenKind::right)) {
        TRELLIS_TRY(parse_wrapped_expression("item", expressions.entries));
        ++expressions.count;
    }
    add_expressions(head, type, expressions);
    return expressions.count;
}

void ModuleParser::add_functions(const ElementHead& head, std::span<const std::uint32_t> functions)
{
    auto& [segments, count] = sections_.elements;
    ++count;
    const bool short_form = head.mode == ElementHead::Mode::active && head.table == 0 && !head.explicit_table;
    if (head.mode == ElementHead::Mode::active) {
        segments.byte(short_form ? 0 : 2);
        if (!short_form)
            segments.u32(head.table);
        segments.raw(head.offset.bytes());
    } else {
        segments.byte(static_cast<std::uint8_t>(head.mode));
    }
    if (!short_form)
        segments.byte(0); // the kind: functions
    segments.u64(functions.size());
    for (const auto function : functions)
        segments.u32(function);
}

void ModuleParser::add_expressions(const ElementHead& head, ValType type, const EntryList& expressions)
{
    auto& [segments, count] = sections_.elements;
    ++count;
    const bool short_form =
        head.mode == ElementHead::Mode::active && head.table == 0 && !head.explicit_table && type == funcref;
    if (head.mode == ElementHead::Mode::active) {
        segments.byte(short_form ? 4 : 6);
        if (!short_form)
            segments.u32(head.table);
        segments.raw(head.offset.bytes());
    } else {
        segments.byte(static_cast<std::uint8_t>(4 | static_cast<std::uint8_t>(head.mode)));
    }
    if (!short_form)
        segments.value_type(type);
    segments.u32(expressions.count);
    segments.raw(expressions.entries.bytes());
}

} // namespace trellis::wasm
