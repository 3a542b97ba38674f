#include "wasm/component/bindgen/lowering.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace trellis::wasm::component::bindgen {

using namespace wit;

namespace {

using Texts = std::vector<std::string>;

/// A case of what has cases, as C sees it.
struct CaseInC {
    std::string label;
    std::string member; ///< where its value is
    std::optional<Type> type;
};

/// How C says which case it is.
std::string_view tag_member(const TypeKind& kind)
{
    return std::holds_alternative<Variant>(kind) ? "tag" : std::holds_alternative<Option>(kind) ? "is_some" : "is_err";
}

std::vector<CaseInC> cases_of(const TypeKind& kind)
{
    if (const auto* option = std::get_if<Option>(&kind))
        return {{"0", "", {}}, {"1", "val", option->type}};
    if (const auto* result = std::get_if<ResultOf>(&kind))
        return {{"0", "val.ok", result->ok}, {"1", "val.err", result->error}};
    std::vector<CaseInC> cases;
    for (const auto& one : std::get<Variant>(kind).cases)
        cases.push_back({format("{}", cases.size()), "val." + c_identifier(one.name), one.type});
    return cases;
}

bool has_cases(const TypeKind& kind)
{
    return std::holds_alternative<Variant>(kind) || std::holds_alternative<Option>(kind) ||
           std::holds_alternative<ResultOf>(kind);
}

/// The parts of a record, a tuple or a list of fixed length: member of C, type.
std::vector<std::pair<std::string, Type>> parts_of(const TypeKind& kind)
{
    std::vector<std::pair<std::string, Type>> parts;
    if (const auto* record = std::get_if<Record>(&kind))
        for (const auto& field : record->fields)
            parts.emplace_back(c_identifier(field.name), field.type);
    if (const auto* tuple = std::get_if<Tuple>(&kind))
        for (const auto& type : tuple->types)
            parts.emplace_back(format("f{}", parts.size()), type);
    if (const auto* list = std::get_if<List>(&kind); list != nullptr && list->length)
        for (std::uint32_t i = 0; i < *list->length && i <= max_flat_parameters; ++i)
            parts.emplace_back(format("val[{}]", i), list->element);
    return parts;
}

bool is_of_parts(const TypeKind& kind)
{
    const auto* list = std::get_if<List>(&kind);
    return std::holds_alternative<Record>(kind) || std::holds_alternative<Tuple>(kind) ||
           (list != nullptr && list->length);
}

bool is_pointer_and_length(const Typed& real, const TypeKind* kind)
{
    if (kind == nullptr)
        return std::get<Primitive>(real.type) == Primitive::string;
    const auto* list = std::get_if<List>(kind);
    return std::holds_alternative<Map>(*kind) || (list != nullptr && !list->length);
}

constexpr std::string_view macros = R"(
// A variant's slot holds values of several types.
#define SLOT_I32_OF_F32(value) (((union { float from; int32_t to; }) { (value) }).to)
#define SLOT_F32_OF_I32(value) (((union { int32_t from; float to; }) { (int32_t) (value) }).to)
#define SLOT_I64_OF_F64(value) (((union { double from; int64_t to; }) { (value) }).to)
#define SLOT_F64_OF_I64(value) (((union { int64_t from; double to; }) { (value) }).to)
#define SLOT_I64_OF_I32(value) ((int64_t) (uint32_t) (value))
#define SLOT_I64_OF_F32(value) SLOT_I64_OF_I32(SLOT_I32_OF_F32(value))
#define SLOT_I32_OF_I64(value) ((int32_t) (value))
#define SLOT_F32_OF_I64(value) SLOT_F32_OF_I32(value)
)";

constexpr std::array<std::string_view, 4> slot_names = {"I32", "I64", "F32", "F64"};

/// The value in another type of the same bits, zeros added or left out above.
std::string cast(const std::string& value, CoreType from, CoreType to)
{
    if (from == to)
        return value;
    return format("SLOT_{}_OF_{}({})", slot_names[static_cast<std::size_t>(to)],
                  slot_names[static_cast<std::size_t>(from)], value);
}

} // namespace

std::string_view slot_macros()
{
    return macros;
}

Texts Lowering::lower(const Typed& typed, const Value& value)
{
    const auto real = bindings_.scopes.resolved(typed);
    const auto* kind = bindings_.scopes.kind(real);
    const auto flat = bindings_.flattening.of(real.type);
    if (out_.is_full())
        return Texts(flat.size(), "0");
    if (is_pointer_and_length(real, kind))
        return {format("(int32_t) {}", value.member("ptr").get()), format("(int32_t) {}", value.member("len").get())};
    if (kind != nullptr && has_cases(*kind))
        return lower_cases(real, value);
    if (kind != nullptr && resource_in(*kind) != nullptr)
        return {value.member("__handle").get()};
    if (kind == nullptr || !is_of_parts(*kind))
        return flat.empty() ? Texts() : Texts{format("({}) {}", c_name(flat[0]), value.get())};
    Texts all;
    for (const auto& [member, type] : parts_of(*kind))
        std::ranges::move(lower(bindings_.scopes.inside(real, type), value.member(member)), std::back_inserter(all));
    return all;
}

Texts Lowering::lower_cases(const Typed& real, const Value& value)
{
    const auto& kind = *bindings_.scopes.kind(real);
    const auto tag = value.member(tag_member(kind)).get();
    const auto types = bindings_.flattening.payload(payloads(kind));
    Texts slots;
    for (const auto type : types) {
        slots.push_back(locals_.make("slot"));
        out_.line(format("{} {} = 0;", c_name(type), slots.back()));
    }
    if (!slots.empty()) {
        out_.open(format("switch ((int32_t) {})", tag));
        for (const auto& one : cases_of(kind)) {
            if (!one.type || bindings_.flattening.of(*one.type).empty())
                continue;
            out_.open(format("case {}:", one.label));
            lower_case(bindings_.scopes.inside(real, *one.type), value.member(one.member), slots, types);
            out_.line("break;");
            out_.close();
        }
        out_.close();
    }
    slots.insert(slots.begin(), "(int32_t) " + tag);
    return slots;
}

void Lowering::lower_case(const Typed& payload, const Value& value, const Texts& slots, const FlatTypes& types)
{
    const auto values = lower(payload, value);
    const auto own = bindings_.flattening.of(payload.type);
    for (std::size_t i = 0; i < values.size(); ++i)
        out_.line(format("{} = {};", slots[i], cast(values[i], own[i], types[i])));
}

void Lifting::lift(const Typed& typed, const std::string& variable, std::span<const std::string>& flat)
{
    const auto real = bindings_.scopes.resolved(typed);
    const auto* kind = bindings_.scopes.kind(real);
    const auto take = [&] {
        const auto first = flat.front();
        flat = flat.subspan(1);
        return first;
    };
    if (out_.is_full())
        return;
    if (is_pointer_and_length(real, kind)) {
        out_.line(format("{}.ptr = (void *) {};", variable, take()));
        out_.line(format("{}.len = (size_t) {};", variable, take()));
    } else if (kind != nullptr && has_cases(*kind)) {
        lift_cases(real, variable, flat);
    } else if (kind != nullptr && is_of_parts(*kind)) {
        for (const auto& [member, type] : parts_of(*kind))
            lift(bindings_.scopes.inside(real, type), format("{}.{}", variable, member), flat);
    } else if (kind != nullptr && resource_in(*kind) != nullptr) {
        const bool is_pointer =
            std::holds_alternative<Borrow>(*kind) && bindings_.is_exported_resource(bindings_.resource_of(real));
        out_.line(is_pointer ? format("{} = (void *) {};", variable, take())
                             : format("{}.__handle = {};", variable, take()));
    } else if (!bindings_.flattening.of(real.type).empty()) {
        out_.line(format("{} = ({}) {};", variable, bindings_.names.of(real), take()));
    }
}

void Lifting::lift_cases(const Typed& real, const std::string& variable, std::span<const std::string>& flat)
{
    const auto& kind = *bindings_.scopes.kind(real);
    const auto types = bindings_.flattening.payload(payloads(kind));
    const auto tag = flat.front();
    const auto slots = flat.subspan(1, types.size());
    flat = flat.subspan(1 + types.size());
    const auto* variant = std::get_if<Variant>(&kind);
    out_.line(format("{}.{} = ({}) {};", variable, tag_member(kind),
                     variant != nullptr ? tag_type(variant->cases.size()) : "bool", tag));
    if (types.empty())
        return;
    out_.open(format("switch ({})", tag));
    for (const auto& one : cases_of(kind)) {
        if (!one.type || bindings_.flattening.of(*one.type).empty())
            continue;
        out_.open(format("case {}:", one.label));
        lift_case(bindings_.scopes.inside(real, *one.type), format("{}.{}", variable, one.member), slots, types);
        out_.line("break;");
        out_.close();
    }
    out_.close();
}

void Lifting::lift_case(const Typed& payload, const std::string& variable, std::span<const std::string> slots,
                        const FlatTypes& types)
{
    const auto own = bindings_.flattening.of(payload.type);
    Texts values;
    for (std::size_t i = 0; i < own.size(); ++i)
        values.push_back(cast(slots[i], types[i], own[i]));
    std::span<const std::string> rest = values;
    lift(payload, variable, rest);
}

} // namespace trellis::wasm::component::bindgen
