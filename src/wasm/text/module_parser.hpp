// The fields of a module, and with them the whole of parse_text: a scan that binds names, then the types, then every
// other field in order, each written to its section at once. Type uses without an index append types in that order.
// https://webassembly.github.io/spec/core/text/modules.html
#pragma once

#include "wasm/text/field_scanner.hpp"
#include "wasm/text/section_assembler.hpp"

namespace trellis::wasm {

class ModuleParser {
public:
    ModuleParser(std::string_view text, const TextOptions& options)
        : parser_(text, options), types_(parser_, type_table_), instructions_(parser_, types_, body_)
    {
    }

    Result<SharedBytes> parse();

private:
    struct ImportName {
        std::string_view module;
        std::string_view name;
    };

    Result<> parse_field(const Field& field);
    Result<> parse_import(const Field& field);
    Result<> parse_function(const Field& field);
    Result<> parse_table(const Field& field);
    Result<> parse_memory(const Field& field);
    Result<> parse_global(const Field& field);
    Result<> parse_tag(const Field& field);
    Result<> parse_export(const Field& field);
    Result<> parse_start(const Field& field);
    Result<> parse_element(const Field& field);
    Result<> parse_data(const Field& field);
    Result<> parse_customs(const FieldList& fields);
    Result<> check_unused_annotations(const FieldList& fields);

    /// What stands behind the identifier of anything importable: exports, perhaps an import.
    Result<std::optional<ImportName>> parse_inline_names(ExternKind kind, std::uint32_t index);
    Result<ImportName> parse_import_name();
    Result<ExternType> parse_extern_type(ExternKind kind, std::uint32_t index);
    void add_import(const ImportName& name, const ExternType& type);
    void add_export(std::string_view name, ExternKind kind, std::uint32_t index);

    Result<std::uint32_t> parse_function_type(NameMap& local_names);
    Result<> parse_locals(bool params_unknown, NameMap& local_names);

    /// To `to`: an expression and its end.
    Result<> parse_expression(Writer& to);
    Result<> parse_folded_expression(Writer& to);
    /// "(keyword instr...)" or one folded instruction.
    Result<> parse_wrapped_expression(std::string_view keyword, Writer& to);
    static void write_zero_offset(bool is_64, Writer& to);

    struct ElementHead {
        enum class Mode : std::uint8_t { active = 0, passive = 1, declarative = 3 } mode = Mode::passive;
        std::uint32_t table = 0;
        bool explicit_table = false; ///< written, so the binary says it too, also where it is 0
        Writer offset;
    };
    Result<ElementHead> parse_element_head(bool& may_omit_kind);
    /// Both give the number of elements.
    Result<std::uint32_t> parse_function_indices(const ElementHead& head, ValType type);
    Result<std::uint32_t> parse_element_expressions(const ElementHead& head, ValType type);
    void add_functions(const ElementHead& head, std::span<const std::uint32_t> functions);
    void add_expressions(const ElementHead& head, ValType type, const EntryList& expressions);

    Parser parser_;
    TypeTable type_table_;
    TypeParser types_;
    Writer body_;
    InstructionParser instructions_;
    SectionAssembler sections_;
};

} // namespace trellis::wasm
