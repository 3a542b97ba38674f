// Values on their way across the border of a component: lifted out of one side, lowered into the other. Between guests
// there is nothing in between: what one side has in its memory is copied into the other's.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
#pragma once

#include "wasm/component/execution/concurrency.hpp"

namespace trellis::wasm::component {

class SharedCopy;
struct HostTypeCheck;

/// A type of the host's as elements of streams and futures: one for each, told apart by address.
struct HostElement {
    Layout layout;
    bool (*accepts)(const HostTypeCheck& context, ValueTypeId element);
};

/// What a stream or future carries, as somebody sees it: something of a component's type, or of the host's.
struct ElementType {
    const ComponentInstance* types = nullptr; ///< whose arena `id` is of; null: `host` says
    ValueTypeId id = no_type;                 ///< no_type: nothing
    const HostElement* host = nullptr;

    [[nodiscard]] Layout layout() const;
};
/// Whether two see the same: by structure, where they are of two components, and resources as they are at run time.
bool is_same(const ElementType& one, const ElementType& other);

/// Out of this side. `lender`: the call that borrowed handles are lent to; null: nothing can be borrowed.
struct Lifting {
    ComponentStore& store;
    CanonicalSide side;
    Subtask* lender = nullptr;
};

/// Into this side. `task`: whose end borrowed handles may not outlive.
struct Lowering {
    ComponentStore& store;
    CanonicalSide side;
    Task* task = nullptr;
};

struct Range {
    std::uint32_t at = 0;
    std::uint32_t length = 0; ///< elements, or tagged code units of a string
};

/// Calls a core function of a component: exceptions don't get out of it.
Trap call_core(ComponentStore& store, Function& function, Slot* frame);

// Memory of a side
Trap allocate(const Lowering& to, std::uint32_t alignment, std::uint64_t bytes, std::uint32_t& at);
/// A call of the realloc option with these arguments; checks what it returns.
Trap reallocate(const Lowering& to, ComponentInstance& instance, Slot* frame, std::uint32_t& at);
/// Checks alignment and bounds. `what` begins the message: "list", "string".
Trap check_range(ComponentStore& store, const CanonicalSide& side, std::uint32_t at, std::uint64_t bytes,
                 std::uint32_t alignment, std::string_view what);

// Strings
Trap lift_string(const Lifting& from, Range range, std::string& text);
Trap lower_string(const Lowering& to, std::string_view utf8, Range& range);
Trap transfer_string(const Lifting& from, const Lowering& to, Range source, Range& target);

// Handles
Trap lift_own(const Lifting& from, const RuntimeResourceType* type, std::uint32_t index, std::uint32_t& rep);
Trap lift_borrow(const Lifting& from, const RuntimeResourceType* type, std::uint32_t index, std::uint32_t& rep);
Trap lower_own(const Lowering& to, RuntimeResourceType* type, std::uint32_t rep, std::uint32_t& index);
Trap lower_borrow(const Lowering& to, RuntimeResourceType* type, std::uint32_t rep, std::uint32_t& index);
Trap lift_copy_end(const Lifting& from, bool is_future, const ElementType& elements, std::uint32_t index,
                   std::shared_ptr<SharedCopy>& shared);
Trap lower_copy_end(const Lowering& to, std::shared_ptr<SharedCopy> shared, std::uint32_t& index);
Trap lift_error_context(const Lifting& from, std::uint32_t index, std::shared_ptr<ErrorContext>& error);
/// Errors of it in words: unknown, or of another type.
Trap find_resource_handle(ComponentStore& store, ComponentInstance& instance, const RuntimeResourceType* type,
                          std::uint32_t index, Handle*& handle);
Trap add_handle(ComponentStore& store, ComponentInstance& instance, Handle handle, std::uint32_t& index);

/// One value of a type that is the same on both sides; `types` is the instance whose arena the type is of.
class Transfer {
public:
    Transfer(const Lifting& from, const Lowering& to, const ComponentInstance& types)
        : from_(from), to_(to), types_(types)
    {
    }
    Trap value(ValueTypeId type, Place& source, Place& target);
    /// So many of them, one behind the other in both memories.
    Trap elements(ValueTypeId type, const std::byte* source, std::byte* target, std::uint32_t count);

private:
    Trap scalar(const ValueType& type, Place& source, Place& target);
    Trap string(Place& source, Place& target);
    Trap fixed_list(const ValueType& type, Place& source, Place& target);
    Trap flags(const ValueType& type, Place& source, Place& target);
    Trap range(ValueTypeId element, Place& source, Place& target);
    Trap record(const ValueType& type, Place& source, Place& target);
    Trap variant(const ValueType& type, Place& source, Place& target);
    Trap handle(const ValueType& type, Place& source, Place& target);
    Trap map(const ValueType& type, Place& source, Place& target);

    const Lifting& from_;
    const Lowering& to_;
    const ComponentInstance& types_;
};

/// Whether elements are just copied: numbers.
bool is_plain(const ValueType& type);
/// The payloads of a variant, option, result or enum, by case; no_type where a case has none.
ValueTypeId payload_of(const ValueType& type, std::uint32_t case_index);
std::uint32_t cases_of(const ValueType& type);

/// "spec: lift_flat_values then lower_flat_values" for parameters and for results: flat where there are at most so many
/// core values, else in memory at a pointer. The target's memory is allocated, or at `out` where that is not null.
Trap pass_parameters(const Lifting& from, const Lowering& to, const ComponentFunction& function, Slot* source,
                     std::size_t most_source, Slot* target);
Trap pass_result(const Lifting& from, const Lowering& to, const ComponentFunction& function, Slot* source,
                 std::size_t most_source, Slot* target, std::size_t most_target, const std::uint32_t* out);

/// Parameters at a pointer: checked.
Trap tuple_at(ComponentStore& store, const CanonicalSide& side, std::uint32_t at, Layout layout, Place& place);

} // namespace trellis::wasm::component
