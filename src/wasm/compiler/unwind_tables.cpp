// The formats: Linux Standard Base, "Exception Frames"; DWARF 5, section 6.4.2; the language-specific data as in the
// Itanium C++ ABI's exception handling tables.
#include "wasm/compiler/unwind_tables.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <cstring>

namespace trellis::wasm::compiler {
namespace {

/// Reads what LLVM has just written: it is well-formed.
class Reader {
public:
    Reader(const std::vector<char>& bytes, std::size_t position) : bytes_(bytes), position_(position) {}

    [[nodiscard]] std::size_t position() const { return position_; }
    void skip(std::size_t count) { position_ += count; }
    std::uint8_t byte() { return static_cast<std::uint8_t>(bytes_.at(position_++)); }
    std::uint32_t u32()
    {
        std::uint32_t value = 0;
        std::memcpy(&value, &bytes_.at(position_), sizeof value);
        position_ += sizeof value;
        return value;
    }
    std::uint64_t uleb()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            const auto one = byte();
            value |= std::uint64_t(one & 0x7f) << shift;
            if ((one & 0x80) == 0)
                return value;
        }
    }
    std::int64_t sleb()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0;;) {
            const auto one = byte();
            value |= std::uint64_t(one & 0x7f) << shift;
            shift += 7;
            if ((one & 0x80) == 0) {
                const bool negative = (one & 0x40) != 0 && shift < 64;
                return static_cast<std::int64_t>(negative ? value | ~std::uint64_t(0) << shift : value);
            }
        }
    }
    void skip_string()
    {
        while (byte() != 0) {
        }
    }

private:
    const std::vector<char>& bytes_;
    std::size_t position_;
};

/// Reads the rules of one function: where, from the frame pointer, registers are kept.
class Rules {
public:
    /// `unit`: bytes from the caller's stack pointer to a register, for each that a rule says.
    Rules(const Processor& processor, std::int64_t unit) : processor_(processor), unit_(unit) {}

    native::CompiledModule::SavedRegisters read(Reader reader, std::size_t end)
    {
        while (reader.position() < end)
            read_rule(reader);
        native::CompiledModule::SavedRegisters made;
        made.caller_stack = static_cast<std::int16_t>(from_frame_);
        for (std::size_t i = 0; i < places_.size(); ++i)
            if (places_[i] != 0)
                made.offsets[i] = static_cast<std::int16_t>(from_frame_ + places_[i]);
        return made;
    }

private:
    void read_rule(Reader& reader)
    {
        const auto rule = reader.byte();
        const auto low = rule & 0x3fu;
        switch (rule & 0xc0u) {
        case 0x80: // a register is saved
            return note(low, reader.uleb());
        case 0x40: // further on
        case 0xc0: // as it was
            return;
        default:
            read_long_rule(reader, low);
        }
    }

    void read_long_rule(Reader& reader, unsigned rule)
    {
        static constexpr std::array<std::uint8_t, 3> fixed = {1, 2, 4}; // advance_loc1, 2, 4
        if (rule >= 0x02 && rule <= 0x04)
            reader.skip(fixed[rule - 2]);
        else if (rule == 0x05) { // a register with a large number is saved
            const auto number = reader.uleb();
            note(number, reader.uleb());
        } else if (rule == 0x0c) { // the caller's stack pointer: a register and a distance
            const auto number = reader.uleb();
            distance_ = reader.uleb();
            count_from(number);
        } else if (rule == 0x0d) // another register
            count_from(reader.uleb());
        else if (rule == 0x0e) // another distance
            distance_ = reader.uleb();
        else if (rule == 0x2e || rule == 0x07 || rule == 0x08)
            reader.uleb();
        else
            TRELLIS_CHECK(rule == 0x00 || rule == 0x0a || rule == 0x0b);
    }

    /// What is said first holds in the function's body; at its end the stack pointer counts again.
    void count_from(std::uint64_t number)
    {
        if (number == processor_.frame_pointer && from_frame_ == 0)
            from_frame_ = static_cast<std::int64_t>(distance_);
    }

    void note(std::uint64_t number, std::uint64_t units)
    {
        const auto found = std::ranges::find(processor_.kept, number);
        if (found != processor_.kept.end())
            places_.at(static_cast<std::size_t>(found - processor_.kept.begin())) =
                static_cast<std::int64_t>(units) * unit_;
    }

    const Processor& processor_;
    std::int64_t unit_;
    std::uint64_t distance_ = 0;
    std::int64_t from_frame_ = 0; ///< from the frame pointer to the caller's stack pointer
    std::array<std::int64_t, native::most_kept_registers> places_{}; ///< from there; 0: not saved
};

class Frames {
public:
    Frames(const ObjectFile& object, const SectionPlaces& places, const Processor& processor,
           native::CompiledModule& to)
        : object_(object), places_(places), processor_(processor), to_(to)
    {
    }

    void add_all()
    {
        for (const auto& section : object_.sections)
            if (section.name.starts_with(".eh_frame"))
                add(section);
    }

private:
    void add(const ObjectFile::Section& section)
    {
        for (std::size_t at = 0; at + 4 <= section.contents.size();) {
            Reader reader(section.contents, at);
            const auto length = reader.u32();
            if (length == 0)
                break;
            const auto end = at + 4 + length;
            const auto here = reader.position();
            const auto distance = reader.u32();
            if (distance != 0)
                add_function(section, reader, here - distance, end);
            at = end;
        }
    }

    /// What the functions of a common entry share.
    struct Common {
        bool has_exception_data; ///< augmentation "zPLR"
        std::int64_t unit;
    };
    static Common common_at(const ObjectFile::Section& section, std::size_t at)
    {
        const auto augmentation = at + 4 + 4 + 1;
        Reader reader(section.contents, augmentation);
        reader.skip_string();
        reader.uleb(); // of distances in code
        return {std::strchr(&section.contents.at(augmentation), 'L') != nullptr, reader.sleb()};
    }

    const ObjectFile::Relocation* relocation_at(const ObjectFile::Section& section, std::size_t offset) const
    {
        const auto found = std::ranges::find(section.relocations, offset, &ObjectFile::Relocation::offset);
        return found == section.relocations.end() ? nullptr : &*found;
    }

    void add_function(const ObjectFile::Section& section, Reader reader, std::size_t common_begin, std::size_t end)
    {
        const auto* const start = relocation_at(section, reader.position());
        TRELLIS_CHECK(start);
        reader.skip(4);
        const auto size = reader.u32();
        const auto begin = static_cast<std::uint32_t>(places_.at(start->section) + start->value +
                                                      static_cast<std::uint64_t>(start->addend));
        const auto augmentation = reader.uleb();
        const auto common = common_at(section, common_begin);
        if (common.has_exception_data && augmentation >= 4)
            if (const auto* const data = relocation_at(section, reader.position()))
                add_landings(*data, begin);
        reader.skip(augmentation);
        to_.frames.push_back({begin, begin + size, saved(Rules(processor_, common.unit).read(reader, end))});
    }

    std::uint32_t saved(const native::CompiledModule::SavedRegisters& one)
    {
        auto& all = to_.saved_registers;
        const auto found = std::ranges::find(all, one);
        if (found != all.end())
            return static_cast<std::uint32_t>(found - all.begin());
        all.push_back(one);
        return static_cast<std::uint32_t>(all.size() - 1);
    }

    void add_landings(const ObjectFile::Relocation& data, std::uint32_t function)
    {
        const auto table = std::ranges::find(object_.sections, data.section, &ObjectFile::Section::index);
        TRELLIS_CHECK(table != object_.sections.end());
        // The addend counts from the word that is relocated, which is distance 0 for a word of its own.
        Reader reader(table->contents, data.value + static_cast<std::uint64_t>(data.addend));
        TRELLIS_CHECK(reader.byte() == 0xff); // landing pads count from the function's start
        if (reader.byte() != 0xff)
            reader.uleb();
        TRELLIS_CHECK(reader.byte() == 0x01); // numbers are LEB128
        const auto length = reader.uleb();
        const auto end = reader.position() + length;
        while (reader.position() < end) {
            const auto begin = static_cast<std::uint32_t>(reader.uleb());
            const auto size = static_cast<std::uint32_t>(reader.uleb());
            const auto pad = static_cast<std::uint32_t>(reader.uleb());
            reader.uleb();
            if (pad != 0)
                to_.landings.push_back({function + begin, function + begin + size, function + pad});
        }
    }

    const ObjectFile& object_;
    const SectionPlaces& places_;
    const Processor& processor_;
    native::CompiledModule& to_;
};

} // namespace

void add_unwind_tables(const ObjectFile& object, const SectionPlaces& places, const Processor& processor,
                       native::CompiledModule& to)
{
    Frames(object, places, processor, to).add_all();
}

} // namespace trellis::wasm::compiler
