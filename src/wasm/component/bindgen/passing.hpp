// How a C function of a WIT function looks: which parameters come by value, behind a pointer, or as a pointer that may
// be null, and how the result leaves.
#pragma once

#include "wasm/component/bindgen/bindings.hpp"

namespace trellis::wasm::component::bindgen {

/// A value in C: an expression, or one behind a pointer.
struct Value {
    std::string text;
    bool is_pointer = false;

    [[nodiscard]] std::string get() const { return is_pointer ? "*" + text : text; }
    [[nodiscard]] std::string address() const { return is_pointer ? text : "&" + text; }
    [[nodiscard]] Value member(std::string_view name) const;
};

enum class Passing : std::uint8_t {
    by_value,
    by_pointer,
    maybe_null, ///< an option: null is none
};

struct Parameter {
    std::string name;
    Typed type;
    Passing passing;
};

enum class Leaving : std::uint8_t {
    nothing,
    value,
    pointer, ///< `T *ret`
    option,  ///< true, and `T *ret`
    result,  ///< true and `T *ret`, or false and `E *err`
};

struct Return {
    Leaving leaving = Leaving::nothing;
    std::optional<Typed> type = {}; ///< the whole
    std::optional<Typed> ok = {};   ///< of an option or a result
    std::optional<Typed> error = {};
};

struct Signature {
    std::string name;
    std::vector<Parameter> parameters;
    Return result;
};

/// The C name a function gets; every call takes a new one.
std::string take_function_name(Bindings& bindings, const wit::Function& function, ScopeId scope, bool is_export);

Signature signature_of(Bindings& bindings, const wit::Function& function, ScopeId scope, std::string name);

/// "bool f(uint32_t a, b_t *ret)".
std::string prototype(const Bindings& bindings, const Signature& signature);
/// "uint32_t a, b_t *c"; empty where there are none.
std::string parameter_list(const Bindings& bindings, const Signature& signature);

/// Whether all parameters go in one block of memory.
bool is_indirect(const Bindings& bindings, const wit::Function& function, bool is_async_import);

} // namespace trellis::wasm::component::bindgen
