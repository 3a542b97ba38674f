// Prints instructions, flat, one a line; and what else refers to a module's types.
#pragma once

#include "wasm/binary/instruction_reader.hpp"
#include "wasm/text/branch_hints.hpp"
#include "wasm/text/identifiers.hpp"
#include "wasm/text/text_output.hpp"

namespace trellis::wasm {

/// The identifiers of a module's index spaces.
struct ModuleIdentifiers {
    ModuleIdentifiers(const Names& names, const Module& module);

    [[nodiscard]] const Identifiers& of(NameSpace space) const { return spaces[static_cast<std::size_t>(space)]; }
    [[nodiscard]] std::string reference(NameSpace space, std::uint32_t index) const
    {
        return of(space).reference(index);
    }
    [[nodiscard]] const Identifiers& fields_of(std::uint32_t type) const;

    [[nodiscard]] std::string heap_type(HeapType type) const;
    [[nodiscard]] std::string value_type(ValType type) const;
    [[nodiscard]] std::string type_use(std::uint32_t index) const;

    std::vector<Identifiers> spaces;
    std::unordered_map<std::uint32_t, Identifiers> fields;
};

class InstructionPrinter {
public:
    InstructionPrinter(const Module& module, const ModuleIdentifiers& ids, TextOutput& out)
        : module_(module), ids_(ids), out_(out)
    {
    }

    /// The instructions of a function body; `hints` are offsets from the body's start. Errors: malformed.
    Result<> print_body(InstructionReader& reader, ByteRange body, const Identifiers& locals, const Identifiers& labels,
                        const BranchHints& hints);
    /// A constant expression: " (i32.const 1)", or in one pair of parentheses "(keyword instr instr)" unless the
    /// keyword is empty.
    Result<> print_constant(const ConstExpr& expression, std::string_view keyword);

    [[nodiscard]] std::size_t printed_labels() const { return printed_labels_; }

private:
    [[nodiscard]] bool is_in_place(Op op) const;
    void print(const Instruction& instruction);
    [[nodiscard]] std::string immediates(const Instruction& instruction) const;
    [[nodiscard]] std::string label(std::uint32_t depth) const;
    [[nodiscard]] std::string labels(const Instruction& instruction) const;
    [[nodiscard]] std::string block_type(const BlockType& type) const;
    [[nodiscard]] std::string catches(std::span<const CatchClause> clauses) const;
    [[nodiscard]] std::string memory_access(const Instruction& instruction) const;
    [[nodiscard]] std::string heap_immediate(const Instruction& instruction) const;

    const Module& module_;
    const ModuleIdentifiers& ids_;
    TextOutput& out_;
    const Identifiers* locals_ = nullptr;
    const Identifiers* label_ids_ = nullptr;
    struct OpenBlock {
        std::uint32_t number; ///< in the function
        Op part;              ///< what began the part being printed: if_, else_, ...
    };

    std::vector<OpenBlock> open_blocks_;
    std::uint32_t block_count_ = 0;
    std::size_t printed_labels_ = 0;
};

} // namespace trellis::wasm
