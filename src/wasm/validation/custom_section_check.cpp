#include "wasm/validation/custom_section_check.hpp"

#include "base/format.hpp"
#include "wasm/binary/instruction_reader.hpp"

namespace trellis::wasm {

namespace {

std::unexpected<Error> invalid(std::string message, std::uint32_t offset)
{
    return fail(ErrorCode::invalid, std::move(message), offset);
}

/// Of a cursor that should have read everything.
Result<> finish(const Cursor& cursor, std::string_view section)
{
    if (cursor.ok() && cursor.at_end())
        return {};
    if (cursor.ok())
        return fail(ErrorCode::malformed, format("{}: junk after the last entry", section), cursor.offset());
    Error error = cursor.error();
    error.message = format("{}: {}", section, error.message);
    return std::unexpected(std::move(error));
}

// Branch hints

constexpr std::string_view hints_section = "metadata.code.branch_hint";

/// Reads the instructions of one function along with its hints, which ascend.
class HintedFunction {
public:
    HintedFunction(const Module& module, FuncIndex function)
        : body_(module.definition(function).body), reader_(module, body_)
    {
    }

    Result<> start()
    {
        TRELLIS_TRY(reader_.read_locals());
        return {};
    }

    /// `offset` is relative to the body.
    Result<> check_target(std::uint32_t offset)
    {
        while (!reader_.at_end() && reader_.offset() < body_.offset + offset)
            TRELLIS_TRY(reader_.read(instruction_));
        if (reader_.at_end() || reader_.offset() != body_.offset + offset)
            return invalid("@metadata.code.branch_hint annotation: invalid offset", body_.offset);
        TRELLIS_TRY(reader_.read(instruction_));
        if (instruction_.op != Op::br_if && instruction_.op != Op::if_)
            return invalid("@metadata.code.branch_hint annotation: invalid target", instruction_.offset);
        return {};
    }

private:
    ByteRange body_;
    InstructionReader reader_;
    Instruction instruction_;
};

Result<> check_hints_of_function(const Module& module, Cursor& cursor)
{
    const std::uint32_t at = cursor.offset();
    const std::uint32_t index = cursor.u32();
    const std::uint32_t count = cursor.length();
    if (!cursor.ok())
        return {};
    if (index < module.imported_functions || index >= module.function_types.size())
        return invalid(format("@metadata.code.branch_hint annotation: invalid function index {}", index), at);
    HintedFunction function(module, static_cast<FuncIndex>(index));
    TRELLIS_TRY(function.start());
    for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
        const std::uint32_t offset = cursor.u32();
        const std::uint32_t value_at = cursor.offset();
        if (cursor.u32() != 1 || cursor.byte() > 1)
            cursor.fail("invalid hint value", value_at);
        if (cursor.ok())
            TRELLIS_TRY(function.check_target(offset));
    }
    return {};
}

Result<> check_branch_hints(const Module& module, ByteRange contents)
{
    Cursor cursor(module.binary.view(), contents);
    const std::uint32_t functions = cursor.length();
    for (std::uint32_t i = 0; i < functions && cursor.ok(); ++i)
        TRELLIS_TRY(check_hints_of_function(module, cursor));
    return finish(cursor, "@metadata.code.branch_hint section");
}

// Names

struct Subsection {
    std::uint8_t id;
    bool nested; ///< names inside something: locals of a function
};

constexpr std::array<Subsection, 11> name_subsections = {{{1, false},
                                                          {2, true},
                                                          {3, true},
                                                          {4, false},
                                                          {5, false},
                                                          {6, false},
                                                          {7, false},
                                                          {8, false},
                                                          {9, false},
                                                          {10, true},
                                                          {11, false}}};

/// A vector of ascending indices, each with what `read_entry` reads.
template <class ReadEntry>
void read_ascending(Cursor& cursor, ReadEntry read_entry)
{
    const std::uint32_t count = cursor.length();
    std::int64_t last = -1;
    for (std::uint32_t i = 0; i < count && cursor.ok(); ++i) {
        const std::uint32_t at = cursor.offset();
        const std::uint32_t index = cursor.u32();
        if (index <= last)
            cursor.fail("indices are not ascending", at);
        last = index;
        read_entry();
    }
}

void read_name_map(Cursor& cursor)
{
    read_ascending(cursor, [&] { cursor.name(); });
}

void read_name_subsection(Cursor& cursor, std::uint8_t id)
{
    if (id == 0) {
        cursor.name();
        return;
    }
    const Subsection& subsection = name_subsections[id - 1u];
    if (subsection.nested)
        read_ascending(cursor, [&] { read_name_map(cursor); });
    else
        read_name_map(cursor);
}

Result<> check_names(const Module& module, ByteRange contents)
{
    Cursor cursor(module.binary.view(), contents);
    int last = -1;
    while (cursor.ok() && !cursor.at_end()) {
        const std::uint32_t at = cursor.offset();
        const std::uint8_t id = cursor.byte();
        const std::uint32_t size = cursor.length();
        const std::uint32_t end = cursor.offset() + size;
        if (id <= last || id > name_subsections.size())
            cursor.fail("invalid name subsection id", at);
        last = id;
        if (!cursor.ok())
            break;
        read_name_subsection(cursor, id);
        if (cursor.ok() && cursor.offset() != end)
            cursor.fail("name subsection size mismatch", end);
    }
    return finish(cursor, "@name section");
}

} // namespace

Result<> check_custom_sections(const Module& module)
{
    for (const CustomSection& section : module.custom_sections) {
        if (section.name == hints_section)
            TRELLIS_TRY(check_branch_hints(module, section.contents));
        if (section.name == "name")
            TRELLIS_TRY(check_names(module, section.contents));
    }
    return {};
}

} // namespace trellis::wasm
