// Strings between the three encodings. What is passed on is always valid: UTF-8 and UTF-16 are checked where they are
// read. The allocations are those of the specification: what a guest's realloc sees is part of the ABI.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#storing
#include "wasm/binary/cursor.hpp"
#include "wasm/component/execution/canonical_abi.hpp"
#include "wasm/component/syntax/limits.hpp"

namespace trellis::wasm::component {
namespace {

constexpr std::uint32_t utf16_tag = 1u << 31;

/// How the code units of a string are encoded, and how many there are.
struct Units {
    enum class Form : std::uint8_t { utf8, utf16, latin1 };

    Form form;
    std::uint32_t count;
    const std::byte* at;

    [[nodiscard]] std::uint64_t bytes() const { return std::uint64_t(count) * (form == Form::utf16 ? 2 : 1); }
};

Trap units_of(const Lifting& from, Range range, Units& units)
{
    using Form = Units::Form;
    std::uint32_t alignment = 1;
    units = {Form::utf8, range.length, nullptr};
    if (from.side.encoding == StringEncoding::utf16) {
        units.form = Form::utf16;
        alignment = 2;
    } else if (from.side.encoding == StringEncoding::latin1_utf16) {
        const bool wide = (range.length & utf16_tag) != 0;
        units.form = wide ? Form::utf16 : Form::latin1;
        units.count = range.length & ~utf16_tag;
        alignment = 2;
    }
    if (const Trap trap = check_range(from.store, from.side, range.at, units.bytes(), alignment, "string");
        failed(trap))
        return trap;
    units.at = from.side.memory->base() + range.at;
    return Trap::none;
}

char16_t unit_at(const Units& units, std::uint32_t i)
{
    char16_t unit = 0;
    std::memcpy(&unit, units.at + std::size_t(i) * 2, 2);
    return unit;
}

void append_utf8(std::string& text, char32_t code)
{
    const auto add = [&](std::uint32_t byte) { text.push_back(static_cast<char>(byte)); };
    if (code < 0x80)
        return add(code);
    if (code < 0x800) {
        add(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            add(0xe0 | code >> 12);
        } else {
            add(0xf0 | code >> 18);
            add(0x80 | (code >> 12 & 0x3f));
        }
        add(0x80 | (code >> 6 & 0x3f));
    }
    add(0x80 | (code & 0x3f));
}

bool is_high(char16_t unit)
{
    return (unit & 0xfc00) == 0xd800;
}
bool is_low(char16_t unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

/// Calls with each code point. False: not valid.
template <class Use>
bool for_each_utf16(const Units& units, Use use)
{
    for (std::uint32_t i = 0; i < units.count; ++i) {
        const char16_t unit = unit_at(units, i);
        if (is_low(unit) || (is_high(unit) && (i + 1 == units.count || !is_low(unit_at(units, i + 1)))))
            return false;
        if (!is_high(unit)) {
            use(static_cast<char32_t>(unit));
            continue;
        }
        ++i;
        use(0x10000 + ((static_cast<char32_t>(unit) & 0x3ff) << 10) + (unit_at(units, i) & 0x3ff));
    }
    return true;
}

/// Code points of valid UTF-8.
template <class Use>
void for_each_utf8(std::string_view text, Use use)
{
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        char32_t code = length == 1 ? lead : lead & (0x7f >> length);
        for (std::size_t k = 1; k < length; ++k)
            code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3f);
        use(code);
        i += length;
    }
}

bool is_valid_utf8(const Units& units)
{
    return is_utf8(Bytes(reinterpret_cast<const std::uint8_t*>(units.at), units.count));
}

Trap to_utf8(const Lifting& from, const Units& units, std::string& text)
{
    switch (units.form) {
    case Units::Form::utf8:
        text.assign(reinterpret_cast<const char*>(units.at), units.count);
        if (!is_valid_utf8(units))
            return from.store.trap("invalid utf-8: incomplete utf-8 byte sequence");
        return Trap::none;
    case Units::Form::utf16:
        text.reserve(units.count);
        if (!for_each_utf16(units, [&](char32_t code) { append_utf8(text, code); }))
            return from.store.trap("unpaired surrogate found");
        return Trap::none;
    case Units::Form::latin1:
        text.reserve(units.count);
        for (std::uint32_t i = 0; i < units.count; ++i)
            append_utf8(text, static_cast<unsigned char>(units.at[i]));
        return Trap::none;
    }
    return Trap::none;
}

/// One string on its way into a side, by whatever steps its encoding takes.
class Writer {
public:
    explicit Writer(const Lowering& to) : to_(to) {}

    Trap allocate(std::uint32_t alignment, std::uint64_t bytes)
    {
        bytes_ = bytes;
        return component::allocate(to_, alignment, bytes, at);
    }
    Trap reallocate(std::uint32_t alignment, std::uint64_t bytes)
    {
        Slot frame[4] = {{.u64 = at}, {.u64 = bytes_}, {.u64 = alignment}, {.u64 = bytes}};
        bytes_ = bytes;
        return component::reallocate(to_, *to_.side.instance, frame, at);
    }
    Trap shrink(std::uint32_t alignment, std::uint64_t bytes)
    {
        return bytes < bytes_ ? reallocate(alignment, bytes) : Trap::none;
    }
    [[nodiscard]] std::byte* data() const { return to_.side.memory->base() + at; }

    std::uint32_t at = 0;

private:
    const Lowering& to_;
    std::uint64_t bytes_ = 0;
};

void put_utf16(std::byte*& out, char32_t code)
{
    const auto put = [&](char32_t unit) {
        const auto value = static_cast<char16_t>(unit);
        std::memcpy(out, &value, 2);
        out += 2;
    };
    if (code < 0x10000)
        return put(code);
    put(0xd800 + ((code - 0x10000) >> 10));
    put(0xdc00 + ((code - 0x10000) & 0x3ff));
}

/// `units` code units of the source were given: what the specification allocates at first.
Trap write_utf8(Writer& writer, std::string_view text, std::uint64_t units, std::uint64_t worst)
{
    if (const Trap trap = writer.allocate(1, units); failed(trap))
        return trap;
    if (text.size() > units) {
        if (const Trap trap = writer.reallocate(1, worst); failed(trap))
            return trap;
        std::memcpy(writer.data(), text.data(), text.size());
        return writer.shrink(1, text.size());
    }
    std::memcpy(writer.data(), text.data(), text.size());
    return Trap::none;
}

Trap write_utf16(Writer& writer, std::string_view text, Range& range)
{
    if (const Trap trap = writer.allocate(2, text.size() * 2); failed(trap))
        return trap;
    std::byte* out = writer.data();
    for_each_utf8(text, [&](char32_t code) { put_utf16(out, code); });
    const auto bytes = static_cast<std::uint64_t>(out - writer.data());
    range.length = static_cast<std::uint32_t>(bytes / 2);
    return writer.shrink(2, bytes);
}

Trap write_latin1_or_utf16(Writer& writer, std::string_view text, std::uint64_t units, Range& range)
{
    if (const Trap trap = writer.allocate(2, units); failed(trap))
        return trap;
    bool is_latin1 = true;
    std::uint32_t count = 0;
    for_each_utf8(text, [&](char32_t code) {
        is_latin1 = is_latin1 && code < 0x100;
        ++count;
    });
    std::byte* out = nullptr;
    if (is_latin1) {
        out = writer.data();
        for_each_utf8(text, [&](char32_t code) { *out++ = static_cast<std::byte>(code); });
        range.length = count;
        return writer.shrink(2, count);
    }
    if (const Trap trap = writer.reallocate(2, units * 2); failed(trap))
        return trap;
    out = writer.data();
    for_each_utf8(text, [&](char32_t code) { put_utf16(out, code); });
    const auto bytes = static_cast<std::uint64_t>(out - writer.data());
    range.length = static_cast<std::uint32_t>(bytes / 2) | utf16_tag;
    return writer.shrink(2, bytes);
}

Trap write(const Lowering& to, std::string_view text, std::uint64_t units, std::uint64_t worst, Range& range)
{
    Writer writer(to);
    Trap trap = Trap::none;
    range.length = static_cast<std::uint32_t>(text.size());
    if (to.side.encoding == StringEncoding::utf8)
        trap = write_utf8(writer, text, units, worst);
    else if (to.side.encoding == StringEncoding::utf16)
        trap = write_utf16(writer, text, range);
    else
        trap = write_latin1_or_utf16(writer, text, units, range);
    range.at = writer.at;
    return trap;
}

/// Of code units that stay as they are.
Trap copy(const Lowering& to, const Units& units, std::uint32_t alignment, Range& range)
{
    if (const Trap trap = allocate(to, alignment, units.bytes(), range.at); failed(trap))
        return trap;
    std::memcpy(to.side.memory->base() + range.at, units.at, units.bytes());
    range.length = units.count;
    return Trap::none;
}

/// UTF-16 that a side with both encodings has may be Latin-1 all the same.
Trap write_probably_utf16(const Lowering& to, const Units& units, Range& range)
{
    Writer writer(to);
    if (const Trap trap = writer.allocate(2, units.bytes()); failed(trap))
        return trap;
    std::memcpy(writer.data(), units.at, units.bytes());
    bool is_latin1 = true;
    for (std::uint32_t i = 0; i < units.count && is_latin1; ++i)
        is_latin1 = unit_at(units, i) < 0x100;
    range.at = writer.at;
    range.length = units.count | utf16_tag;
    if (!is_latin1)
        return Trap::none;
    for (std::uint32_t i = 0; i < units.count; ++i)
        writer.data()[i] = writer.data()[std::size_t(i) * 2];
    const Trap trap = writer.reallocate(1, units.count);
    range = {writer.at, units.count};
    return trap;
}

} // namespace

Trap lift_string(const Lifting& from, Range range, std::string& text)
{
    Units units{};
    if (const Trap trap = units_of(from, range, units); failed(trap))
        return trap;
    text.clear();
    return to_utf8(from, units, text);
}

Trap lower_string(const Lowering& to, std::string_view utf8, Range& range)
{
    return write(to, utf8, utf8.size(), utf8.size(), range);
}

Trap transfer_string(const Lifting& from, const Lowering& to, Range source, Range& target)
{
    using Form = Units::Form;
    Units units{};
    if (const Trap trap = units_of(from, source, units); failed(trap))
        return trap;
    const StringEncoding wanted = to.side.encoding;
    if (units.form == Form::utf8 && wanted == StringEncoding::utf8) {
        if (!is_valid_utf8(units))
            return from.store.trap("invalid utf-8: incomplete utf-8 byte sequence");
        return copy(to, units, 1, target);
    }
    if (units.form == Form::latin1 && wanted == StringEncoding::latin1_utf16)
        return copy(to, units, 2, target);
    if (units.form == Form::utf16 && wanted != StringEncoding::utf8) {
        if (!for_each_utf16(units, [](char32_t) {}))
            return from.store.trap("unpaired surrogate found");
        if (wanted == StringEncoding::utf16)
            return copy(to, units, 2, target);
        if (from.side.encoding == StringEncoding::latin1_utf16)
            return write_probably_utf16(to, units, target);
    }
    std::string text;
    if (const Trap trap = to_utf8(from, units, text); failed(trap))
        return trap;
    if (units.form == Form::latin1 && wanted == StringEncoding::utf16) {
        Writer writer(to);
        const Trap trap = writer.allocate(2, std::uint64_t(units.count) * 2);
        if (failed(trap))
            return trap;
        std::byte* out = writer.data();
        for_each_utf8(text, [&](char32_t code) { put_utf16(out, code); });
        target = {writer.at, units.count};
        return Trap::none;
    }
    return write(to, text, units.count, std::uint64_t(units.count) * (units.form == Form::utf16 ? 3 : 2), target);
}

} // namespace trellis::wasm::component
