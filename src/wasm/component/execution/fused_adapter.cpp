#include "wasm/component/execution/fused_adapter.hpp"

#include "wasm/binary/writer.hpp"

#include <algorithm>
#include <array>

namespace trellis::wasm::component {
namespace {

using Form = FlatStep::Form;

/// Bits that count of a flags value with so many flags.
std::uint32_t mask_of(std::size_t flags)
{
    return flags >= 32 ? 0xffff'ffff : (1u << flags) - 1;
}

std::optional<FlatStep> step_of(const TypeArena& arena, const ValueType& type)
{
    switch (type.kind) {
    case ValueKind::bool_:
        return FlatStep{Form::boolean};
    case ValueKind::s8:
        return FlatStep{Form::sign_8};
    case ValueKind::s16:
        return FlatStep{Form::sign_16};
    case ValueKind::u8:
        return FlatStep{Form::mask, 0xff};
    case ValueKind::u16:
        return FlatStep{Form::mask, 0xffff};
    case ValueKind::char_:
        return FlatStep{Form::character};
    case ValueKind::string:
        return FlatStep{Form::text, 1};
    case ValueKind::flags:
        return FlatStep{Form::mask, mask_of(type.members->size())};
    case ValueKind::enum_:
        return FlatStep{Form::below, static_cast<std::uint32_t>(type.members->size())};
    case ValueKind::list: {
        const ValueType& element = arena[type.element];
        if (element.kind >= ValueKind::s8 && element.kind <= ValueKind::f64)
            return FlatStep{Form::list, element.layout.size};
        return std::nullopt;
    }
    default:
        if (type.kind >= ValueKind::s32 && type.kind <= ValueKind::f64)
            return FlatStep{};
        return std::nullopt;
    }
}

} // namespace

bool add_steps(const TypeArena& arena, ValueTypeId id, FlatSteps& steps)
{
    const ValueType& type = arena[id];
    if (type.kind == ValueKind::record || type.kind == ValueKind::tuple)
        return std::ranges::all_of(*type.members, [&](const Member& one) { return add_steps(arena, one.type, steps); });
    const auto step = step_of(arena, type);
    if (step)
        steps.push_back(*step);
    return step.has_value();
}

bool FusedShape::has_ranges() const
{
    return params && std::ranges::any_of(*params, &FlatStep::is_range);
}

namespace {

/// Whether a step may find that the value is not valid.
bool may_fail(const FlatStep& step)
{
    return step.form == Form::below || step.form == Form::character || step.is_range();
}

bool may_fail(const std::optional<FlatSteps>& steps)
{
    return !steps || std::ranges::any_of(*steps, [](const FlatStep& one) { return may_fail(one); });
}

bool has_text(const FusedShape& shape)
{
    return shape.has_ranges() &&
           std::ranges::any_of(*shape.params, [](const FlatStep& one) { return one.form == Form::text; });
}

} // namespace

bool imports(const FusedShape& shape, FusedImport what)
{
    switch (what) {
    case FusedImport::pass_in:
        return may_fail(shape.params);
    case FusedImport::pass_out:
        return may_fail(shape.results);
    case FusedImport::post_return:
        return shape.has_post_return;
    case FusedImport::callee_may_leave:
        return shape.has_post_return || shape.has_ranges();
    case FusedImport::is_text:
        return has_text(shape);
    case FusedImport::realloc:
    case FusedImport::bad_allocation:
    case FusedImport::forget_storage:
    case FusedImport::caller_memory:
    case FusedImport::callee_memory:
        return shape.has_ranges();
    default:
        return true;
    }
}

wasm::FuncType type_of(const FusedShape& shape, FusedImport what)
{
    switch (what) {
    case FusedImport::callee:
        return *shape.core;
    case FusedImport::pass_in:
        return {shape.lowered->params, shape.core->params};
    case FusedImport::pass_out: {
        wasm::FuncType type{shape.core->results, shape.lowered->results};
        if (type.results.empty())
            type.params.push_back(i32);
        return type;
    }
    case FusedImport::post_return:
        return {shape.core->results, {}};
    case FusedImport::realloc:
        return {{i32, i32, i32, i32}, {i32}};
    case FusedImport::is_text:
        return {{i32, i32}, {i32}};
    case FusedImport::bad_allocation:
        return {{i32, i32, i32}, {}};
    default:
        return {};
    }
}

namespace {

/// A module under construction.
class Sections {
public:
    Sections() { all_.raw(std::array<std::uint8_t, 8>{0, 'a', 's', 'm', 1, 0, 0, 0}); }

    template <class Fill>
    void add(std::uint8_t id, std::uint32_t count, Fill fill)
    {
        Writer contents;
        contents.u32(count);
        fill(contents);
        all_.section(id, contents.bytes());
    }
    [[nodiscard]] Writer& all() { return all_; }

private:
    Writer all_;
};

constexpr std::uint32_t import_kinds = static_cast<std::uint32_t>(FusedImport::may_enter) + 1;

/// The type of an import; functions' types stand in the order of the enumeration.
wasm::ExternType extern_type_of(FusedImport what)
{
    if (static_cast<std::uint32_t>(what) < fused_functions)
        return static_cast<TypeIndex>(what);
    if (what < FusedImport::current)
        return MemoryType();
    const bool is_word = what == FusedImport::current || what == FusedImport::self;
    return GlobalType{is_word ? i64 : i32, what != FusedImport::self};
}

void write_imports(Sections& module, const FusedShape& shape)
{
    std::vector<FusedImport> all;
    for (std::uint32_t i = 0; i < import_kinds; ++i)
        if (imports(shape, static_cast<FusedImport>(i)))
            all.push_back(static_cast<FusedImport>(i));
    all.resize(all.size() + shape.entered - 1, FusedImport::may_enter);
    module.add(2, static_cast<std::uint32_t>(all.size()), [&](Writer& writer) {
        for (const FusedImport one : all) {
            writer.name("");
            writer.name("");
            writer.extern_type(extern_type_of(one));
        }
    });
}

/// For backtraces.
void write_names(Writer& module, std::uint32_t function)
{
    Writer map, contents;
    map.u32(1);
    map.u32(function);
    map.name("(call of another component)");
    contents.section(1, map.bytes());
    module.custom_section("name", contents.bytes());
}

} // namespace

std::vector<std::uint8_t> make_fused_adapter(const FusedShape& shape)
{
    Sections module;
    module.add(1, fused_functions + 1, [&](Writer& writer) {
        for (std::uint32_t i = 0; i < fused_functions; ++i)
            writer.composite_type(type_of(shape, static_cast<FusedImport>(i)));
        writer.composite_type(*shape.lowered);
    });
    write_imports(module, shape);
    std::uint32_t function = 0;
    for (std::uint32_t i = 0; i < fused_functions; ++i)
        function += imports(shape, static_cast<FusedImport>(i));
    module.add(3, 1, [](Writer& writer) { writer.u32(fused_functions); });
    module.add(7, 1, [&](Writer& writer) {
        writer.name(fused_export);
        writer.byte(static_cast<std::uint8_t>(ExternKind::func));
        writer.u32(function);
    });
    const auto body = fused_body(shape);
    module.add(10, 1, [&](Writer& writer) { writer.sized(body); });
    write_names(module.all(), function);
    const Bytes bytes = module.all().bytes();
    return {bytes.begin(), bytes.end()};
}

} // namespace trellis::wasm::component
