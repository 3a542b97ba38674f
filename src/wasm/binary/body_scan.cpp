#include "wasm/binary/body_scan.hpp"

#include "wasm/binary/instruction_reader.hpp"

namespace trellis::wasm {

namespace {

std::unexpected<Error> malformed(std::string message, std::uint32_t offset)
{
    return fail(ErrorCode::malformed, std::move(message), offset);
}

/// Follows the nesting of blocks.
class Nesting {
public:
    [[nodiscard]] bool open() const { return !blocks_.empty(); }

    /// False: the instruction stands where an `end` belongs.
    bool take(Op op)
    {
        switch (op) {
        case Op::block:
        case Op::loop:
        case Op::if_:
        case Op::try_:
        case Op::try_table:
            blocks_.push_back(op);
            return true;
        case Op::else_:
            return replace(op, blocks_.back() == Op::if_);
        case Op::catch_:
        case Op::catch_all:
            return replace(op, blocks_.back() == Op::try_ || blocks_.back() == Op::catch_);
        case Op::delegate:
            return close(blocks_.back() == Op::try_);
        case Op::end:
            return close(true);
        default:
            return true;
        }
    }

private:
    bool replace(Op op, bool fits)
    {
        blocks_.back() = op;
        return fits;
    }

    bool close(bool fits)
    {
        blocks_.pop_back();
        return fits;
    }

    std::vector<Op> blocks_ = {Op::block};
};

bool names_data(Op op)
{
    const Immediate immediate = info(op).immediate;
    return immediate == Immediate::data || immediate == Immediate::data_memory || immediate == Immediate::type_data;
}

/// As a decoder reads it: on to the matching end, wherever the body's size says it should be.
Result<> scan_body(const Module& module, ByteRange body, std::optional<std::uint32_t>& first_data_use)
{
    const auto file_size = static_cast<std::uint32_t>(module.binary.size());
    InstructionReader reader(module, {body.offset, file_size - body.offset});
    TRELLIS_TRY(reader.read_locals());
    Instruction instruction;
    Nesting nesting;
    while (nesting.open()) {
        TRELLIS_TRY(reader.read(instruction));
        if (!nesting.take(instruction.op))
            return malformed("END opcode expected", instruction.offset);
        if (!first_data_use && names_data(instruction.op))
            first_data_use = instruction.offset;
    }
    if (reader.offset() != body.offset + body.size)
        return malformed("section size mismatch", body.offset);
    return {};
}

} // namespace

Result<> scan_bodies(const Module& module)
{
    std::optional<std::uint32_t> first_data_use;
    for (const FunctionDefinition& function : module.functions) {
        if (function.body.offset != 0)
            TRELLIS_TRY(scan_body(module, function.body, first_data_use));
    }
    if (first_data_use && !module.data_count)
        return malformed("data count section required", *first_data_use);
    return {};
}

} // namespace trellis::wasm
