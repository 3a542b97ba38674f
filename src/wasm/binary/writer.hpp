// Writes the binary format: numbers in shortest LEB128, names, types and instructions. Grows a buffer; never fails.
// https://webassembly.github.io/spec/core/binary/index.html
#pragma once

#include "base/bytes.hpp"
#include "wasm/syntax/instruction.hpp"
#include "wasm/syntax/types.hpp"

#include <string_view>
#include <vector>

namespace trellis::wasm {

class Writer {
public:
    [[nodiscard]] Bytes bytes() const { return bytes_; }
    [[nodiscard]] std::size_t size() const { return bytes_.size(); }
    void clear() { bytes_.clear(); }
    void truncate(std::size_t size) { bytes_.resize(size); }

    void byte(std::uint8_t value) { bytes_.push_back(value); }
    void raw(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
    void raw(std::string_view bytes) { raw(Bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size())); }
    void u64(std::uint64_t value);
    void u32(std::uint32_t value) { u64(value); }
    void s64(std::int64_t value);
    /// The low `count` bytes of a number, lowest first.
    void fixed(std::uint64_t value, unsigned count);
    void name(std::string_view text);
    /// Contents with their size in front.
    void sized(Bytes contents);
    void section(std::uint8_t id, Bytes contents);
    void custom_section(std::string_view section_name, Bytes contents);

    void heap_type(HeapType type) { s64(type.encoding()); }
    void value_type(ValType type);
    void value_types(std::span<const ValType> types);
    void field_type(const FieldType& type);
    void composite_type(const CompositeType& type);
    void sub_type(const SubType& type);
    void table_type(const TableType& type);
    void memory_type(const MemoryType& type);
    void global_type(const GlobalType& type);
    void tag_type(const TagType& type);
    /// What an import asks for, its kind in front.
    void extern_type(const ExternType& type);
    void block_type(const BlockType& type);
    void instruction(const Instruction& instruction);

private:
    void limits(const Limits& limits, std::uint8_t flags);
    void memory_access(const Instruction& instruction);
    void immediates(const Instruction& instruction);
    void catches(std::span<const CatchClause> clauses);

    std::vector<std::uint8_t> bytes_;
};

} // namespace trellis::wasm
