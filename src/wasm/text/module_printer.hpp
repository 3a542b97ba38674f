// Prints the fields of a module, and with them the whole of print_text. Names become identifiers; where that would lose
// a byte of their section, the section is printed as it is too, and wins when parsed. Branch hints become annotations,
// or their section is printed as it is.
#pragma once

#include "wasm/text/instruction_printer.hpp"
#include "wasm/text/text.hpp"

namespace trellis::wasm {

class ModulePrinter {
public:
    explicit ModulePrinter(const Module& module);

    Result<std::string> print();

private:
    void print_types();
    void print_sub_type(std::uint32_t index);
    void print_composite(std::uint32_t index, const CompositeType& type);
    void print_fields(std::uint32_t index, const StructType& type);
    void print_imports();
    Result<> print_tables();
    void print_memories();
    void print_tags();
    Result<> print_globals();
    void print_exports();
    Result<> print_elements();
    Result<> print_element(const ElementSegment& segment);
    Result<> print_functions();
    Result<> print_function(std::uint32_t index, const FunctionDefinition& definition);
    Result<> print_data();
    void print_customs();

    /// "(keyword $id", on a new line.
    void open(std::string_view keyword, NameSpace space, std::uint32_t index);
    [[nodiscard]] std::string field_type(const FieldType& type) const;
    [[nodiscard]] std::string table_type(const TableType& type) const;
    [[nodiscard]] std::string memory_type(const MemoryType& type) const;
    [[nodiscard]] std::string global_type(const GlobalType& type) const;
    /// The parameters and results of a function type, named ones apart.
    std::string signature(const FuncType& type, const Identifiers* names);
    /// "(word type type)", or one parenthesis for each if any has a name. The first type has index `first`.
    std::string named_types(std::string_view word, std::span<const ValType> types, const Identifiers* names,
                            std::uint32_t first);
    std::string function_type(TypeIndex type, const Identifiers& locals);

    [[nodiscard]] const CustomSection* single_custom(std::string_view name) const;
    [[nodiscard]] bool stands_before_code(const CustomSection& section) const;
    [[nodiscard]] bool names_suffice() const;
    [[nodiscard]] bool hints_fit(std::uint32_t function, const BranchHints& hints) const;
    [[nodiscard]] bool hints_suffice() const;
    [[nodiscard]] std::string placement(const CustomSection& section, bool behind_names) const;

    const Module& module_;
    const CustomSection* name_section_;
    const CustomSection* hint_section_;
    NameSection names_;
    BranchHintSection hints_; ///< none where annotations would not give the section again
    ModuleIdentifiers ids_;
    TextOutput out_;
    InstructionPrinter instructions_;
    std::size_t printed_names_ = 0;
};

} // namespace trellis::wasm
