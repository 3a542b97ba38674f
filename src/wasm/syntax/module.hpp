// A decoded module: what the sections say, in the module's own indices. Function bodies and constant expressions stay
// bytes (ranges of the binary), read when they are needed; so a large module decodes in time and memory bounded by its
// size. Built by binary/decoder, completed by validation, then immutable and shared between threads.
// https://webassembly.github.io/spec/core/syntax/modules.html
#pragma once

#include "base/bytes.hpp"
#include "wasm/syntax/features.hpp"
#include "wasm/syntax/types.hpp"

#include <memory>
#include <mutex>
#include <string_view>

namespace trellis::wasm {

struct CanonicalType; // type_registry.hpp

/// A range of the module's binary: offsets in bytes from its start.
struct ByteRange {
    std::uint32_t offset = 0;
    std::uint32_t size = 0;
    friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// The bytes of a constant expression, its `end` included.
struct ConstExpr {
    ByteRange bytes;
};

/// Names point into the module's binary and live as long as it does. They are valid UTF-8.
struct Import {
    std::string_view module;
    std::string_view name;
    ExternType type;
    std::uint32_t offset; ///< where it stands in the binary
};

struct Export {
    std::string_view name;
    ExternKind kind;
    std::uint32_t index;
};

struct TableDefinition {
    TableType type;
    std::optional<ConstExpr> initial; ///< absent: null
};

struct GlobalDefinition {
    GlobalType type;
    ConstExpr initial;
};

struct FunctionDefinition {
    TypeIndex type;
    ByteRange body; ///< locals and expression, without the size in front
};

enum class SegmentMode : std::uint8_t { active, passive, declarative };

struct ElementSegment {
    SegmentMode mode;
    TableIndex table{}; ///< active only
    ConstExpr offset;   ///< active only
    ValType type;
    std::vector<FuncIndex> functions;   ///< the elements, where they are written as function indices
    std::vector<ConstExpr> expressions; ///< or as expressions; one of the two is empty
    bool explicit_table = false;        ///< written with a table index or type (only matters for printing)

    [[nodiscard]] std::size_t size() const { return functions.size() + expressions.size(); }
};

struct DataSegment {
    SegmentMode mode; ///< active or passive
    MemoryIndex memory{};
    ConstExpr offset; ///< active only
    ByteRange bytes;
};

struct CustomSection {
    std::string_view name;
    ByteRange contents;         ///< behind the name
    std::uint8_t after_section; ///< id of the last non-custom section before it, 0 at the start
};

/// A section as it stands in the file, for `inspect`.
struct SectionInfo {
    std::uint8_t id;
    ByteRange contents;
};

/// Where each definition stands in the binary, in the order of its vector: for messages.
struct DefinitionOffsets {
    std::vector<std::uint32_t> types, functions, tables, memories, tags, globals, exports, elements, data;
    std::uint32_t start = 0;
};

/// Where the tiers keep the code they made of a module: shared by all its instances, on any thread.
struct TierCode {
    std::mutex mutex;
    std::vector<std::shared_ptr<void>> code; ///< one per mode of compilation; the tier's business
    std::shared_ptr<void> native;            ///< compiled code
};

/// Where execution keeps what all instances of a module begin with: found out once, on any thread.
struct StartUpCell {
    std::once_flag once;
    std::shared_ptr<const void> value;
};

/// In each index space the imported ones come first; the vectors below that are called `..._types` cover the whole
/// space.
struct Module {
    SharedBytes binary;
    Features features = Features::standard();

    std::vector<SubType> types;
    std::vector<RecursionGroup> recursion_groups;
    std::vector<Import> imports;
    std::vector<TypeIndex> function_types;
    std::vector<TableType> table_types;
    std::vector<MemoryType> memory_types;
    std::vector<GlobalType> global_types;
    std::vector<TagType> tag_types;

    std::vector<FunctionDefinition>
        functions; ///< defined ones: function i of the index space is functions[i - imported]
    std::vector<TableDefinition> tables;
    std::vector<GlobalDefinition> globals;
    std::vector<Export> exports;
    std::optional<FuncIndex> start;
    std::vector<ElementSegment> elements;
    std::vector<DataSegment> data;
    std::optional<std::uint32_t> data_count;
    std::vector<CustomSection> custom_sections;
    std::vector<SectionInfo> sections;
    DefinitionOffsets offsets;

    std::uint32_t imported_functions = 0;
    std::uint32_t imported_tables = 0;
    std::uint32_t imported_memories = 0;
    std::uint32_t imported_globals = 0;
    std::uint32_t imported_tags = 0;

    /// The engine's own identity of each type, filled in by validation: equal types have equal pointers in all modules.
    std::vector<std::shared_ptr<const CanonicalType>> canonical_types;
    /// One bit per function: ref.func may name it. Filled in by validation.
    std::vector<bool> declared_functions;

    std::shared_ptr<TierCode> tier_code = std::make_shared<TierCode>();
    std::shared_ptr<StartUpCell> start_up = std::make_shared<StartUpCell>();

    [[nodiscard]] Bytes bytes(ByteRange range) const { return binary.view().subspan(range.offset, range.size); }
    [[nodiscard]] const SubType& type(TypeIndex index) const { return types[number(index)]; }
    /// Of a type that validation has found to be a function type.
    [[nodiscard]] const FuncType& function_type(TypeIndex index) const
    {
        return std::get<FuncType>(type(index).composite);
    }
    [[nodiscard]] const FuncType& type_of(FuncIndex f) const { return function_type(function_types[number(f)]); }
    [[nodiscard]] bool is_imported(FuncIndex f) const { return number(f) < imported_functions; }
    [[nodiscard]] const FunctionDefinition& definition(FuncIndex f) const
    {
        return functions[number(f) - imported_functions];
    }
};

} // namespace trellis::wasm
