// Canonical definitions: functions lifted from core functions, lowered to them, and built in. The decoder fills in what
// the binary says, validation what it means. Plain values.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canonical-definitions
#pragma once

#include "wasm/component/syntax/types.hpp"
#include "wasm/component/syntax/written_types.hpp"

namespace trellis::wasm::component {

enum class StringEncoding : std::uint8_t { utf8, utf16, latin1_utf16 };

struct CanonicalOptions {
    StringEncoding encoding = StringEncoding::utf8;
    std::optional<CoreMemoryIndex> memory;
    std::optional<CoreFuncIndex> realloc;
    std::optional<CoreFuncIndex> post_return;
    std::optional<CoreFuncIndex> callback;
    bool is_async = false;
};

/// An option as it stands in the list, of which validation makes CanonicalOptions.
struct WrittenOption {
    enum class Kind : std::uint8_t { utf8, utf16, latin1_utf16, memory, realloc, post_return, async, callback };
    Kind kind;
    std::uint32_t index = 0;
};
using WrittenOptions = std::vector<WrittenOption>;

/// Makes a component function of a core function.
struct CanonLift {
    CoreFuncIndex function;
    WrittenOptions written_options;
    ComponentTypeIndex written_type;
    // From validation:
    CanonicalOptions options = {};
    FuncTypeId type = {};                                ///< canonical
    std::shared_ptr<const CanonicalType> signature = {}; ///< of the core function
};

/// Makes a core function of a component function.
struct CanonLower {
    ComponentFuncIndex function;
    WrittenOptions written_options;
    // From validation:
    CanonicalOptions options = {};
    FuncTypeId type = {}; ///< canonical
    std::shared_ptr<const CanonicalType> signature = {};
};

enum class Builtin : std::uint8_t {
#define BUILTIN(enumerator, code, name, immediates) enumerator,
#include "wasm/component/syntax/builtins.def"
#undef BUILTIN
};

/// What follows a built-in's code in the binary.
enum class BuiltinImmediates : std::uint8_t {
    none,
    resource,
    async,
    result_options,
    context,
    cancellable,
    stream,
    stream_options,
    stream_async,
    future,
    future_options,
    future_async,
    options,
    cancellable_memory,
    function_table,
};

struct BuiltinRow {
    Builtin builtin;
    std::uint8_t code;
    std::string_view name;
    BuiltinImmediates immediates;
};

inline constexpr BuiltinRow builtin_rows[] = {
#define BUILTIN(enumerator, code, name, immediates) {Builtin::enumerator, code, name, BuiltinImmediates::immediates},
#include "wasm/component/syntax/builtins.def"
#undef BUILTIN
};

constexpr const BuiltinRow& row_of(Builtin builtin)
{
    return builtin_rows[static_cast<std::size_t>(builtin)];
}

/// A core function that the Canonical ABI defines. What a built-in has no use for is empty.
struct CanonBuiltin {
    Builtin builtin{};
    bool is_async = false; ///< may return before it is done; of a cancellation or, from the options, of a copy
    bool is_cancellable = false;
    std::uint32_t context_slot = 0;
    ValType context_type;
    CoreTypeIndex function_type{}; ///< of thread.new-indirect
    CoreTableIndex table{};
    WrittenOptions written_options;
    ComponentTypeIndex written_type{};
    std::optional<written::ValueType> written_result;
    // From validation:
    CanonicalOptions options;
    ResourceId resource{};
    ValueTypeId value = no_type; ///< canonical: the stream or future type itself, or what task.return returns
    std::shared_ptr<const CanonicalType> thread_function; ///< of thread.new-indirect
    std::shared_ptr<const CanonicalType> signature;
};

} // namespace trellis::wasm::component
