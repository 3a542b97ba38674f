#include "conformance/values.hpp"

#include "base/format.hpp"
#include "wasm/execution/operations.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace trellis::conformance {
namespace {

using namespace wasm;

/// The numeric types of scripts, lane types included. The NaN masks are 0 where there is no NaN.
struct NumberRow {
    std::string_view name;
    Kind kind; ///< of a value of this type; bottom: lanes only
    unsigned bits;
    std::uint64_t quiet_nan = 0;
    std::uint64_t without_sign = 0;
};

constexpr std::array numbers = {
    NumberRow{"i8", Kind::bottom, 8},
    NumberRow{"i16", Kind::bottom, 16},
    NumberRow{"i32", Kind::i32, 32},
    NumberRow{"i64", Kind::i64, 64},
    NumberRow{"f32", Kind::f32, 32, 0x7fc0'0000, 0x7fff'ffff},
    NumberRow{"f64", Kind::f64, 64, 0x7ff8'0000'0000'0000, 0x7fff'ffff'ffff'ffff},
};

/// The reference types of scripts. A null argument gets `heap`; a pattern without a number asks for a non-null
/// reference that is one.
enum class Hierarchy : std::uint8_t { any, extern_, func, exn };
struct ReferenceRow {
    std::string_view name;
    HeapType heap;
    Hierarchy hierarchy;
};

constexpr std::array references = {
    ReferenceRow{"anyref", HeapType::any, Hierarchy::any},
    ReferenceRow{"eqref", HeapType::eq, Hierarchy::any},
    ReferenceRow{"i31ref", HeapType::i31, Hierarchy::any},
    ReferenceRow{"structref", HeapType::struct_, Hierarchy::any},
    ReferenceRow{"arrayref", HeapType::array, Hierarchy::any},
    ReferenceRow{"nullref", HeapType::none, Hierarchy::any},
    ReferenceRow{"externref", HeapType::extern_, Hierarchy::extern_},
    ReferenceRow{"nullexternref", HeapType::noextern, Hierarchy::extern_},
    ReferenceRow{"funcref", HeapType::func, Hierarchy::func},
    ReferenceRow{"nullfuncref", HeapType::nofunc, Hierarchy::func},
    ReferenceRow{"exnref", HeapType::exn, Hierarchy::exn},
    ReferenceRow{"nullexnref", HeapType::noexn, Hierarchy::exn},
};

template <class Rows>
auto row_named(const Rows& rows, std::string_view name) -> const typename Rows::value_type*
{
    const auto* found = std::ranges::find(rows, name, [](const auto& row) { return row.name; });
    return found == rows.end() ? nullptr : found;
}

std::optional<std::uint64_t> number_of(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

bool bits_match(const NumberRow& row, std::string_view pattern, std::uint64_t bits)
{
    if (pattern == "nan:canonical")
        return row.quiet_nan != 0 && (bits & row.without_sign) == row.quiet_nan;
    if (pattern == "nan:arithmetic")
        return row.quiet_nan != 0 && (bits & row.quiet_nan) == row.quiet_nan;
    return number_of(pattern) == bits;
}

std::uint64_t low_bits(std::uint64_t bits, unsigned count)
{
    return count == 64 ? bits : bits & ((std::uint64_t(1) << count) - 1);
}

std::uint64_t lane_bits(const Value& vector, unsigned lane, unsigned bits)
{
    const unsigned position = lane * bits;
    return low_bits(vector.slots[position / 64].u64 >> (position % 64), bits);
}

bool vector_matches(const ScriptValue& pattern, const Value& actual)
{
    const auto* row = row_named(numbers, pattern.lane_type);
    if (!row || actual.type != v128 || pattern.lanes.size() != 128 / row->bits)
        return false;
    for (unsigned lane = 0; lane < pattern.lanes.size(); ++lane) {
        if (!bits_match(*row, pattern.lanes[lane], lane_bits(actual, lane, row->bits)))
            return false;
    }
    return true;
}

Result<Value> vector_of(const ScriptValue& value)
{
    const auto* row = row_named(numbers, value.lane_type);
    if (!row || value.lanes.size() != 128 / row->bits)
        return fail(ErrorCode::malformed, "v128 with a wrong number of lanes");
    Value vector{v128, {}};
    for (unsigned lane = 0; lane < value.lanes.size(); ++lane) {
        const auto bits = number_of(value.lanes[lane]);
        if (!bits)
            return fail(ErrorCode::malformed, format("not a lane: {}", value.lanes[lane]));
        const unsigned position = lane * row->bits;
        vector.slots[position / 64].u64 |= *bits << (position % 64);
    }
    return vector;
}

/// Whether a non-null reference is of the kind.
bool is_of_kind(const ReferenceRow& row, const Value& actual, const ResultContext& context)
{
    switch (row.hierarchy) {
    case Hierarchy::func:
        return context.is_function;
    case Hierarchy::exn:
        return actual.type.heap() == HeapType::exn;
    case Hierarchy::extern_:
        return actual.type.heap() == HeapType::extern_;
    case Hierarchy::any:
        return !context.is_function && actual.type.heap() != HeapType::exn &&
               (row.heap == HeapType::any || ref_test(context.instance, actual.slots[0].ref, row.heap));
    }
    return false;
}

bool reference_matches(const ScriptValue& pattern, const Value& actual, const ResultContext& context)
{
    if (!actual.type.is_ref())
        return false;
    const auto ref = actual.slots[0].ref;
    if (pattern.value == "null")
        return ref == null_ref;
    const auto* row = row_named(references, pattern.type);
    if (!row || ref == null_ref)
        return false;
    if (pattern.value && row->hierarchy != Hierarchy::func)
        return context.store.host_payload(ref) == number_of(*pattern.value);
    return is_of_kind(*row, actual, context);
}

} // namespace

Result<Ref> HostReferences::of(std::uint64_t number)
{
    if (const auto found = known_.find(number); found != known_.end())
        return found->second;
    return known_[number] = TRELLIS_TRY(store_.make_host_ref(number));
}

Result<Value> argument_of(const ScriptValue& value, HostReferences& host)
{
    if (value.type == "v128")
        return vector_of(value);
    if (const auto* row = row_named(references, value.type); row && value.value) {
        const auto type = ValType::ref_null(row->heap);
        if (value.value == "null")
            return Value::of_ref(type, null_ref);
        if (const auto payload = number_of(*value.value))
            return Value::of_ref(type, TRELLIS_TRY(host.of(*payload)));
    }
    const auto* row = row_named(numbers, value.type);
    const auto bits = value.value ? number_of(*value.value) : std::nullopt;
    if (!row || row->kind == Kind::bottom || !bits)
        return fail(ErrorCode::malformed, format("not an argument: {}", show(value)));
    return Value{row->kind, {Slot{.u64 = *bits}}};
}

bool matches(const ScriptValue& pattern, const Value& actual, const ResultContext& context)
{
    if (pattern.type == "either") {
        return std::ranges::any_of(pattern.alternatives,
                                   [&](const auto& alternative) { return matches(alternative, actual, context); });
    }
    if (pattern.type == "v128")
        return vector_matches(pattern, actual);
    if (const auto* row = row_named(numbers, pattern.type))
        return actual.type == ValType(row->kind) && pattern.value &&
               bits_match(*row, *pattern.value, low_bits(actual.slots[0].u64, row->bits));
    return reference_matches(pattern, actual, context);
}

std::string show(const Value& value)
{
    if (value.type == v128)
        return format("v128 {:#018x} {:#018x} (low, high half)", value.slots[0].u64, value.slots[1].u64);
    if (value.type.is_ref())
        return value.slots[0].ref == null_ref ? "ref null" : format("ref {:#x}", value.slots[0].ref);
    const auto* row = std::ranges::find(numbers, value.type, [](const auto& r) { return ValType(r.kind); });
    return row == numbers.end() ? "?" : format("{} {:#x}", row->name, low_bits(value.slots[0].u64, row->bits));
}

std::string show(const ScriptValue& value)
{
    std::string text = value.type;
    if (!value.lane_type.empty())
        text += " " + value.lane_type;
    for (const auto& lane : value.lanes)
        text += " " + lane;
    for (const auto& alternative : value.alternatives)
        text += " [" + show(alternative) + "]";
    if (value.value) {
        const auto bits = number_of(*value.value);
        text += " " + (bits ? format("{:#x}", *bits) : *value.value);
    }
    return text;
}

} // namespace trellis::conformance
