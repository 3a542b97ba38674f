// Writes JSON: begin, key, value, end. Commas and indentation come by themselves.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trellis::cli {

class JsonWriter {
public:
    void begin_object() { open('{'); }
    void end_object() { close('}'); }
    void begin_array() { open('['); }
    void end_array() { close(']'); }
    void key(std::string_view name);
    void value(std::string_view text);
    void value(const char* text) { value(std::string_view(text)); }
    void value(std::uint64_t number);
    void value(bool truth);

    template <class Value>
    void member(std::string_view name, const Value& content)
    {
        key(name);
        value(content);
    }

    /// The text, with a newline behind.
    std::string take();

private:
    void open(char bracket);
    void close(char bracket);
    void before_value();
    void new_line();
    void quoted(std::string_view text);

    std::string text_;
    unsigned depth_ = 0;
    bool first_ = true;      ///< nothing in this object or array yet
    bool after_key_ = false; ///< the next value belongs to a key
};

} // namespace trellis::cli
