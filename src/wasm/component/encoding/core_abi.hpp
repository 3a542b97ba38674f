// What the functions of a WIT model are as core functions: their core types, and what they need of the core module to
// be called. https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#flattening
#pragma once

#include "wasm/component/syntax/types.hpp"
#include "wasm/component/wit/model.hpp"

namespace trellis::wasm::component::encoding {

/// How a function crosses the border of a core module.
enum class Crossing : std::uint8_t {
    lower,         ///< called by the module
    lower_async,   ///< called by the module, without waiting
    lift,          ///< called in the module
    lift_callback, ///< called in the module, which is called back when something happened
    lift_stackful, ///< called in the module, which may wait in the middle
    task_return,   ///< the built-in function that such a call ends with
};

/// What the module has to give for a canonical definition.
struct Needs {
    bool memory = false;
    bool realloc = false;
    bool strings = false; ///< an encoding of strings
    bool async = false;
    void add(const Needs& more);
};

class CoreAbi {
public:
    /// Looks at all types once.
    explicit CoreAbi(const wit::Model& model);

    [[nodiscard]] wasm::FuncType type_of(const wit::Function& function, Crossing crossing) const;
    [[nodiscard]] Needs needs_of(const wit::Function& function, Crossing crossing) const;
    /// Of copying values that go through a stream or future.
    [[nodiscard]] Needs needs_of_copy(const std::optional<wit::Type>& payload, bool is_read) const;
    /// Whether there is a stream or future in it.
    [[nodiscard]] bool has_stream(const wit::Type& type) const { return facts_of(type).has_stream; }

private:
    struct Facts {
        FlatTypes flat;
        bool has_pointer = false; ///< a string, or a list of any length
        bool has_string = false;
        bool has_stream = false; ///< or future
        void add(const Facts& part);
        void add_case(const Facts& payload);
    };

    [[nodiscard]] Facts facts_of(const wit::Type& type) const;
    [[nodiscard]] Facts facts_of(const std::optional<wit::Type>& type) const;
    [[nodiscard]] Facts facts_of(const wit::TypeKind& kind) const;
    [[nodiscard]] Facts parameters_of(const wit::Function& function) const;
    [[nodiscard]] static Needs lifting(const Facts& facts);
    [[nodiscard]] static Needs lowering(const Facts& facts);

    std::vector<Facts> facts_; ///< by TypeId
};

} // namespace trellis::wasm::component::encoding
