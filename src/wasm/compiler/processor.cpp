// Relocations: System V ABI for x86-64, 4.4; ELF for the Arm 64-bit Architecture, 5.7.
#include "wasm/compiler/processor.hpp"

#include "base/format.hpp"
#include "wasm/compiler/numeric_bitcode.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <llvm/BinaryFormat/ELF.h>

namespace trellis::wasm::compiler {
namespace {

std::unexpected<Error> unknown(std::uint64_t type)
{
    return fail(ErrorCode::unsupported, format("relocation of type {} in compiled code", type));
}

std::unexpected<Error> too_far(std::uint64_t type)
{
    return fail(ErrorCode::limit,
                format("the module's code is too large: a relocation of type {} does not reach", type));
}

bool fits(std::int64_t value, unsigned bits)
{
    const auto most = std::int64_t(1) << (bits - 1);
    return value >= -most && value < most;
}

Result<> relocate_x86_64(std::span<std::byte> code, std::uint64_t type, std::uint64_t at, std::int64_t target)
{
    if (type != llvm::ELF::R_X86_64_PC32 && type != llvm::ELF::R_X86_64_PLT32)
        return unknown(type);
    const auto distance = target - static_cast<std::int64_t>(at);
    if (!fits(distance, 32))
        return too_far(type);
    const auto word = static_cast<std::int32_t>(distance);
    std::memcpy(&code[at], &word, sizeof word);
    return {};
}

/// Where an instruction, or a word, holds the distance.
struct Field {
    std::uint64_t type;
    enum class Kind : std::uint8_t { distance, page, in_page } kind;
    std::uint8_t dropped; ///< low bits of the value that are zero and not written
    std::uint8_t bits;    ///< that are written
    std::uint8_t place;   ///< of the lowest one
};

constexpr std::array<Field, 13> fields = {{
    {llvm::ELF::R_AARCH64_PREL32, Field::Kind::distance, 0, 32, 0},
    {llvm::ELF::R_AARCH64_LD_PREL_LO19, Field::Kind::distance, 2, 19, 5},
    {llvm::ELF::R_AARCH64_CONDBR19, Field::Kind::distance, 2, 19, 5},
    {llvm::ELF::R_AARCH64_TSTBR14, Field::Kind::distance, 2, 14, 5},
    {llvm::ELF::R_AARCH64_JUMP26, Field::Kind::distance, 2, 26, 0},
    {llvm::ELF::R_AARCH64_CALL26, Field::Kind::distance, 2, 26, 0},
    {llvm::ELF::R_AARCH64_ADR_PREL_PG_HI21, Field::Kind::page, 12, 21, 5},
    {llvm::ELF::R_AARCH64_ADD_ABS_LO12_NC, Field::Kind::in_page, 0, 12, 10},
    {llvm::ELF::R_AARCH64_LDST8_ABS_LO12_NC, Field::Kind::in_page, 0, 12, 10},
    {llvm::ELF::R_AARCH64_LDST16_ABS_LO12_NC, Field::Kind::in_page, 1, 12, 10},
    {llvm::ELF::R_AARCH64_LDST32_ABS_LO12_NC, Field::Kind::in_page, 2, 12, 10},
    {llvm::ELF::R_AARCH64_LDST64_ABS_LO12_NC, Field::Kind::in_page, 3, 12, 10},
    {llvm::ELF::R_AARCH64_LDST128_ABS_LO12_NC, Field::Kind::in_page, 4, 12, 10},
}};

constexpr std::int64_t page_mask = 0xfff; // of the instruction's pages, whatever those of the system are

std::int64_t value_of(const Field& field, std::int64_t at, std::int64_t target)
{
    switch (field.kind) {
    case Field::Kind::distance:
        return target - at;
    case Field::Kind::page:
        return (target & ~page_mask) - (at & ~page_mask);
    case Field::Kind::in_page:
        return target & page_mask;
    }
    return 0;
}

/// The distance of a page is in two parts: its lowest two bits stand above all others.
std::uint32_t placed(const Field& field, std::uint32_t value)
{
    if (field.kind == Field::Kind::page)
        return (value & 3) << 29 | (value >> 2 & 0x7ffff) << field.place;
    return value << field.place;
}

Result<> relocate_aarch64(std::span<std::byte> code, std::uint64_t type, std::uint64_t at, std::int64_t target)
{
    const auto* const field = std::ranges::find(fields, type, &Field::type);
    if (field == fields.end())
        return unknown(type);
    const auto value = value_of(*field, static_cast<std::int64_t>(at), target);
    const auto shortened = value >> field->dropped;
    if (shortened << field->dropped != value)
        return unknown(type); // not aligned: the instruction can't say it
    if (field->kind != Field::Kind::in_page && !fits(shortened, field->bits))
        return too_far(type);
    const auto mask = field->bits == 32 ? ~0u : (1u << field->bits) - 1;
    std::uint32_t word = 0;
    std::memcpy(&word, &code[at], sizeof word);
    word = (word & ~placed(*field, mask)) | placed(*field, static_cast<std::uint32_t>(shortened) & mask);
    std::memcpy(&code[at], &word, sizeof word);
    return {};
}

constexpr std::array<std::uint64_t, 5> kept_x86_64 = {15, 14, 13, 12, 3};                        // r15 r14 r13 r12 rbx
constexpr std::array<std::uint64_t, 18> kept_aarch64 = {72, 73, 74, 75, 76, 77, 78, 79,          // d8 to d15
                                                        19, 20, 21, 22, 23, 24, 25, 26, 27, 28}; // x19 to x28

constexpr Processor x86_64 = {.triple = "x86_64-linux-gnu",
                              .cpu = "",
                              .frame_pointer = 6,
                              .kept = kept_x86_64,
                              .numeric_bitcode = numeric_bitcode_x86_64,
                              .guards_memory = true,
                              .quiets_in_minimum = false,
                              .relocate = relocate_x86_64};
constexpr Processor aarch64 = {.triple = "aarch64-linux-gnu",
                               .cpu = "generic", // Armv8-A
                               .frame_pointer = 29,
                               .kept = kept_aarch64,
                               .numeric_bitcode = numeric_bitcode_portable,
                               .guards_memory = false,
                               .quiets_in_minimum = true,
                               .relocate = relocate_aarch64};

} // namespace

const Processor& processor_of(std::string_view cpu)
{
    return cpu == "aarch64" ? aarch64 : x86_64;
}

} // namespace trellis::wasm::compiler
