// The types of WebAssembly as a module writes them: value, heap, composite and external types. Type indices are the
// module's own; equality between modules is the business of type_registry.hpp. Plain values, safe to copy anywhere.
// https://webassembly.github.io/spec/core/syntax/types.html
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace trellis::wasm {

/// A distinct type per index space, so that mixing two of them does not compile.
enum class TypeIndex : std::uint32_t {};
enum class FuncIndex : std::uint32_t {};
enum class TableIndex : std::uint32_t {};
enum class MemoryIndex : std::uint32_t {};
enum class GlobalIndex : std::uint32_t {};
enum class TagIndex : std::uint32_t {};
enum class ElementIndex : std::uint32_t {};
enum class DataIndex : std::uint32_t {};
enum class LocalIndex : std::uint32_t {};

template <class Index>
    requires std::is_enum_v<Index>
constexpr std::uint32_t number(Index index)
{
    return static_cast<std::uint32_t>(index);
}

/// A heap type: a type index of the module, or an abstract one, in the binary format's own numbering (s33).
class HeapType {
public:
    constexpr explicit HeapType(TypeIndex index) : value_(static_cast<std::int32_t>(index)) {}
    static constexpr HeapType from_encoding(std::int32_t s33) { return HeapType(s33); }

    [[nodiscard]] constexpr bool is_index() const { return value_ >= 0; }
    [[nodiscard]] constexpr TypeIndex index() const { return static_cast<TypeIndex>(value_); }
    [[nodiscard]] constexpr std::int32_t encoding() const { return value_; }
    friend constexpr bool operator==(HeapType, HeapType) = default;

    static const HeapType noexn, nofunc, noextern, none, func, extern_, any, eq, i31, struct_, array, exn;
    /// The type below every other one: only of operands in unreachable code, never written in a module.
    static const HeapType bottom;

private:
    constexpr explicit HeapType(std::int32_t value) : value_(value) {}

    std::int32_t value_;
};

inline constexpr HeapType HeapType::noexn = HeapType(-0x0c);
inline constexpr HeapType HeapType::nofunc = HeapType(-0x0d);
inline constexpr HeapType HeapType::noextern = HeapType(-0x0e);
inline constexpr HeapType HeapType::none = HeapType(-0x0f);
inline constexpr HeapType HeapType::func = HeapType(-0x10);
inline constexpr HeapType HeapType::extern_ = HeapType(-0x11);
inline constexpr HeapType HeapType::any = HeapType(-0x12);
inline constexpr HeapType HeapType::eq = HeapType(-0x13);
inline constexpr HeapType HeapType::i31 = HeapType(-0x14);
inline constexpr HeapType HeapType::struct_ = HeapType(-0x15);
inline constexpr HeapType HeapType::array = HeapType(-0x16);
inline constexpr HeapType HeapType::exn = HeapType(-0x17);
inline constexpr HeapType HeapType::bottom = HeapType(-0x40);

/// Kinds of value and storage types, numbered as in the binary format.
enum class Kind : std::uint8_t {
    bottom = 0, ///< unknown operand of unreachable code
    i16 = 0x77,
    i8 = 0x78,
    v128 = 0x7b,
    f64 = 0x7c,
    f32 = 0x7d,
    i64 = 0x7e,
    i32 = 0x7f,
    ref = 0x64, ///< any reference; nullability and heap type are beside it
};

/// A value type, or (i8, i16) a packed storage type. Eight bytes, compared as one.
class ValType {
public:
    constexpr ValType() = default; // bottom
    constexpr ValType(Kind kind) : kind_(kind) {}
    static constexpr ValType ref(HeapType heap) { return ValType(heap, false); }
    static constexpr ValType ref_null(HeapType heap) { return ValType(heap, true); }

    [[nodiscard]] constexpr Kind kind() const { return kind_; }
    [[nodiscard]] constexpr bool is_ref() const { return kind_ == Kind::ref; }
    [[nodiscard]] constexpr bool is_packed() const { return kind_ == Kind::i8 || kind_ == Kind::i16; }
    [[nodiscard]] constexpr bool is_bottom() const { return kind_ == Kind::bottom; }
    /// Of a reference only.
    [[nodiscard]] constexpr bool nullable() const { return nullable_; }
    [[nodiscard]] constexpr HeapType heap() const { return HeapType::from_encoding(heap_); }
    /// A value of this type exists without an initialiser: number, vector, nullable reference.
    [[nodiscard]] constexpr bool defaultable() const { return !is_ref() || nullable_; }
    /// What an operand of this storage type is on the stack: i32 for packed types.
    [[nodiscard]] constexpr ValType unpacked() const { return is_packed() ? ValType(Kind::i32) : *this; }
    /// How many 8-byte slots a value takes: 2 for v128, else 1.
    [[nodiscard]] constexpr std::uint32_t slots() const { return kind_ == Kind::v128 ? 2 : 1; }
    friend constexpr bool operator==(ValType a, ValType b)
    {
        return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
    }

private:
    constexpr ValType(HeapType heap, bool nullable) : kind_(Kind::ref), nullable_(nullable), heap_(heap.encoding()) {}

    Kind kind_ = Kind::bottom;
    bool nullable_ = false;
    std::uint16_t unused_ = 0; // no padding: compared as one number
    std::int32_t heap_ = 0;
};
static_assert(sizeof(ValType) == 8);

/// As the text format writes it: "i32", "funcref", "(ref null 3)".
std::string to_string(HeapType type);
std::string to_string(ValType type);

inline constexpr ValType i32 = Kind::i32, i64 = Kind::i64, f32 = Kind::f32, f64 = Kind::f64, v128 = Kind::v128;
inline constexpr ValType funcref = ValType::ref_null(HeapType::func);
inline constexpr ValType externref = ValType::ref_null(HeapType::extern_);
inline constexpr ValType anyref = ValType::ref_null(HeapType::any);
inline constexpr ValType exnref = ValType::ref_null(HeapType::exn);

struct FuncType {
    std::vector<ValType> params = {};
    std::vector<ValType> results = {};
    friend bool operator==(const FuncType&, const FuncType&) = default;
};

struct FieldType {
    ValType storage;
    bool is_mutable = false;
    friend bool operator==(const FieldType&, const FieldType&) = default;
};

struct StructType {
    std::vector<FieldType> fields;
    friend bool operator==(const StructType&, const StructType&) = default;
};

struct ArrayType {
    FieldType element;
    friend bool operator==(const ArrayType&, const ArrayType&) = default;
};

using CompositeType = std::variant<FuncType, StructType, ArrayType>;

struct SubType {
    bool is_final = true;
    std::optional<TypeIndex> supertype = {};
    CompositeType composite = {};
    friend bool operator==(const SubType&, const SubType&) = default;
};

/// A run of types that may refer to each other.
struct RecursionGroup {
    TypeIndex first;
    std::uint32_t count;
    friend bool operator==(const RecursionGroup&, const RecursionGroup&) = default;
};

/// Size bounds of a table (elements) or memory (pages).
struct Limits {
    std::uint64_t min = 0;
    std::optional<std::uint64_t> max;
    bool is_64 = false; ///< the address type is i64
    friend bool operator==(const Limits&, const Limits&) = default;

    [[nodiscard]] ValType address_type() const { return is_64 ? i64 : i32; }
};

struct TableType {
    Limits limits;
    ValType element;
    friend bool operator==(const TableType&, const TableType&) = default;
};

struct MemoryType {
    Limits limits; ///< in pages
    bool shared = false;
    std::uint8_t page_size_log2 = 16;
    friend bool operator==(const MemoryType&, const MemoryType&) = default;
};

struct GlobalType {
    ValType value;
    bool is_mutable = false;
    friend bool operator==(const GlobalType&, const GlobalType&) = default;
};

struct TagType {
    TypeIndex function;
    friend bool operator==(const TagType&, const TagType&) = default;
};

enum class ExternKind : std::uint8_t { func = 0, table = 1, memory = 2, global = 3, tag = 4 };

/// What an import asks for. A function is named by its type.
using ExternType = std::variant<TypeIndex, TableType, MemoryType, GlobalType, TagType>;

} // namespace trellis::wasm
