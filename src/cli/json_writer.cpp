#include "cli/json_writer.hpp"

#include "base/format.hpp"

#include <utility>

namespace trellis::cli {

void JsonWriter::new_line()
{
    text_ += '\n';
    text_.append(std::size_t(2) * depth_, ' ');
}

void JsonWriter::before_value()
{
    if (std::exchange(after_key_, false))
        return;
    if (!first_)
        text_ += ',';
    if (depth_ > 0)
        new_line();
    first_ = false;
}

void JsonWriter::open(char bracket)
{
    before_value();
    text_ += bracket;
    ++depth_;
    first_ = true;
}

void JsonWriter::close(char bracket)
{
    --depth_;
    if (!first_)
        new_line();
    text_ += bracket;
    first_ = false;
}

void JsonWriter::quoted(std::string_view text)
{
    text_ += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\')
            (text_ += '\\') += c;
        else if (static_cast<unsigned char>(c) < 0x20)
            text_ += format("\\u{:04x}", static_cast<unsigned>(c));
        else
            text_ += c;
    }
    text_ += '"';
}

void JsonWriter::key(std::string_view name)
{
    before_value();
    quoted(name);
    text_ += ": ";
    after_key_ = true;
}

void JsonWriter::value(std::string_view text)
{
    before_value();
    quoted(text);
}

void JsonWriter::value(std::uint64_t number)
{
    before_value();
    text_ += format("{}", number);
}

void JsonWriter::value(bool truth)
{
    before_value();
    text_ += truth ? "true" : "false";
}

std::string JsonWriter::take()
{
    text_ += '\n';
    return std::move(text_);
}

} // namespace trellis::cli
