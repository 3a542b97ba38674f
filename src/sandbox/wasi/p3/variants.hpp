// Variants of WASI that are an enum, but for a last case `other` that may have text: error codes and types of files.
#pragma once

#include "wasm/component/execution/host_types.hpp"

namespace trellis::sandbox::preview3 {

/// `Enum` has its cases' names as an enum of the component model has, the last one being other.
template <class Enum>
struct OrOther {
    Enum code{};
    std::optional<std::string> text = {}; ///< of other

    OrOther() = default;
    OrOther(Enum code) : code(code) {}
    bool operator==(const OrOther&) const = default;
};

} // namespace trellis::sandbox::preview3

namespace trellis::wasm::component {

template <class Enum>
struct HostType<sandbox::preview3::OrOther<Enum>> {
    using Value = sandbox::preview3::OrOther<Enum>;
    using Text = std::optional<std::string>;
    static constexpr std::uint32_t count = case_names<Enum>.size();
    static_assert(count <= 256);
    using Cases = CasesLayout<std::monostate, Text>;
    static constexpr HostLayout layout = Cases::layout;

    static bool check(const HostTypeCheck& context, const ValueType& type)
    {
        if (type.kind != ValueKind::variant || !names_match(type, case_names<Enum>))
            return false;
        for (std::uint32_t i = 0; i + 1 < count; ++i)
            if ((*type.members)[i].type != no_type)
                return false;
        const ValueTypeId text = type.members->back().type;
        return text != no_type && HostType<Text>::check(context, context.arena[text]);
    }
    static Trap lift(const Lifting& from, Place& place, Value& value)
    {
        const typename Cases::End end(place);
        std::uint32_t which = 0;
        if (const Trap trap = lift_discriminant(from, place, count, which); failed(trap))
            return trap;
        value.code = static_cast<Enum>(which);
        return which + 1 < count ? Trap::none : Cases::lift_payload(from, place, value.text);
    }
    static Trap lower(const Lowering& to, const Value& value, Place& place)
    {
        const auto which = static_cast<std::uint32_t>(value.code);
        return which + 1 < count ? Cases::lower_case(to, which, std::monostate(), place)
                                 : Cases::lower_case(to, which, value.text, place);
    }
};

} // namespace trellis::wasm::component
