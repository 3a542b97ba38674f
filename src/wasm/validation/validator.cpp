#include "wasm/validation/validator.hpp"

#include "base/format.hpp"
#include "wasm/binary/body_scan.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/syntax/implementation_limits.hpp"
#include "wasm/validation/body_check.hpp"

#include <algorithm>
#include <numeric>

namespace trellis::wasm {

namespace {

/// The checks of one module, in the order of the specification; bodies last but for exports and start.
class ModuleValidator {
public:
    ModuleValidator(Module& module, TypeRegistry& registry, Bodies bodies)
        : module_(module), registry_(registry), bodies_(bodies)
    {
    }

    Result<> run();

private:
    Result<> check_types();
    Result<> check_type_references(std::uint32_t type, std::uint32_t known);
    Result<> check_supertype(std::uint32_t type, std::uint32_t known);
    Result<> check_against_supertype(std::uint32_t type);
    Result<> check_imports();
    Result<> check_tags();
    Result<> check_functions();
    Result<> check_memories();
    Result<> check_tables();
    Result<> check_globals();
    Result<> check_data();
    Result<> check_elements();
    Result<> check_start();
    Result<> check_exports();
    Result<> check_export_names();

    Result<> check(ValType type, std::uint32_t offset) const;
    Result<> check(TypeIndex function, std::uint32_t offset) const;
    Result<> check(const TableType& type, std::uint32_t offset) const;
    Result<> check(const MemoryType& type, std::uint32_t offset) const;
    Result<> check(const GlobalType& type, std::uint32_t offset) const { return check(type.value, offset); }
    Result<> check(const TagType& type, std::uint32_t offset) const;
    Result<> check(const ElementSegment& segment, std::uint32_t offset);

    [[nodiscard]] bool is_subtype_of(ValType sub, ValType super) const
    {
        return matches(sub, module_.canonical_types, super, module_.canonical_types);
    }
    [[nodiscard]] bool composite_matches(const CompositeType& sub, const CompositeType& super) const;
    [[nodiscard]] bool field_matches(const FieldType& sub, const FieldType& super) const;
    [[nodiscard]] bool all_match(const std::vector<ValType>& sub, const std::vector<ValType>& super) const;

    [[nodiscard]] std::uint32_t all_globals() const { return static_cast<std::uint32_t>(module_.global_types.size()); }

    Module& module_;
    TypeRegistry& registry_;
    Bodies bodies_;
    std::optional<ConstantChecker> constants_; ///< made when the types are known
};

[[nodiscard]] std::unexpected<Error> invalid(std::string message, std::uint32_t offset)
{
    return fail(ErrorCode::invalid, std::move(message), offset);
}

Result<> check_index(std::string_view what, std::uint32_t index, std::size_t count, std::uint32_t offset)
{
    if (index >= count)
        return invalid(format("unknown {} {}", what, index), offset);
    return {};
}

Result<> check_bounds(const Limits& limits, std::uint64_t largest, std::string_view message, std::uint32_t offset)
{
    if (limits.min > largest || (limits.max && *limits.max > largest))
        return invalid(std::string(message), offset);
    if (limits.max && limits.min > *limits.max)
        return invalid("size minimum must not be greater than maximum", offset);
    return {};
}

Result<> ModuleValidator::run()
{
    module_.declared_functions.assign(module_.function_types.size(), false);
    TRELLIS_TRY(check_types());
    constants_.emplace(module_);
    TRELLIS_TRY(check_imports());
    TRELLIS_TRY(check_tags());
    TRELLIS_TRY(check_functions());
    TRELLIS_TRY(check_memories());
    TRELLIS_TRY(check_tables());
    TRELLIS_TRY(check_globals());
    TRELLIS_TRY(check_data());
    TRELLIS_TRY(check_elements());
    for (const Export& item : module_.exports) {
        if (item.kind == ExternKind::func && item.index < module_.declared_functions.size())
            module_.declared_functions[item.index] = true;
    }
    if (bodies_ == Bodies::check)
        TRELLIS_TRY(check_bodies(module_));
    TRELLIS_TRY(check_start());
    return check_exports();
}

// Types

Result<> ModuleValidator::check_types()
{
    for (const RecursionGroup& group : module_.recursion_groups) {
        const std::uint32_t first = number(group.first), end = first + group.count;
        for (std::uint32_t type = first; type < end; ++type)
            TRELLIS_TRY(check_type_references(type, end));
        for (std::uint32_t type = first; type < end; ++type)
            TRELLIS_TRY(check_supertype(type, end));
    }
    std::vector<std::uint8_t> depths(module_.types.size());
    for (std::uint32_t type = 0; type < module_.types.size(); ++type) {
        if (!module_.types[type].supertype)
            continue;
        depths[type] = static_cast<std::uint8_t>(depths[number(*module_.types[type].supertype)] + 1);
        if (depths[type] > implementation_limits::subtyping_depth)
            return fail(
                ErrorCode::limit,
                format("sub type {} has more than {} super types", type, implementation_limits::subtyping_depth),
                module_.offsets.types[type]);
    }
    module_.canonical_types = registry_.intern(module_);
    for (std::uint32_t type = 0; type < module_.types.size(); ++type)
        TRELLIS_TRY(check_against_supertype(type));
    return {};
}

/// Types before `known` may be referred to.
Result<> ModuleValidator::check_type_references(std::uint32_t type, std::uint32_t known)
{
    const std::uint32_t offset = module_.offsets.types[type];
    const auto check_one = [&](ValType value) -> Result<> {
        if (!value.is_ref() || !value.heap().is_index())
            return {};
        return check_index("type", number(value.heap().index()), known, offset);
    };
    const CompositeType& composite = module_.types[type].composite;
    if (const auto* function = std::get_if<FuncType>(&composite)) {
        for (ValType value : function->params)
            TRELLIS_TRY(check_one(value));
        for (ValType value : function->results)
            TRELLIS_TRY(check_one(value));
        if (function->results.size() > 1 && !module_.features.has(Feature::multi_value))
            return invalid("invalid result arity", offset);
        return {};
    }
    if (const auto* structure = std::get_if<StructType>(&composite)) {
        for (const FieldType& field : structure->fields)
            TRELLIS_TRY(check_one(field.storage));
        return {};
    }
    return check_one(std::get<ArrayType>(composite).element.storage);
}

Result<> ModuleValidator::check_supertype(std::uint32_t type, std::uint32_t known)
{
    const SubType& sub = module_.types[type];
    if (!sub.supertype)
        return {};
    const std::uint32_t super = number(*sub.supertype), offset = module_.offsets.types[type];
    TRELLIS_TRY(check_index("type", super, known, offset));
    if (super >= type)
        return invalid(format("forward use of type {} in sub type definition", super), offset);
    if (module_.types[super].is_final)
        return invalid(format("sub type {} has final super type {}", type, super), offset);
    return {};
}

Result<> ModuleValidator::check_against_supertype(std::uint32_t type)
{
    const SubType& sub = module_.types[type];
    if (sub.supertype && !composite_matches(sub.composite, module_.type(*sub.supertype).composite))
        return invalid(format("sub type {} does not match super type {}", type, number(*sub.supertype)),
                       module_.offsets.types[type]);
    return {};
}

bool ModuleValidator::all_match(const std::vector<ValType>& sub, const std::vector<ValType>& super) const
{
    return std::ranges::equal(sub, super, [&](ValType a, ValType b) { return is_subtype_of(a, b); });
}

bool ModuleValidator::field_matches(const FieldType& sub, const FieldType& super) const
{
    if (sub.is_mutable != super.is_mutable || !is_subtype_of(sub.storage, super.storage))
        return false;
    return !sub.is_mutable || is_subtype_of(super.storage, sub.storage);
}

bool ModuleValidator::composite_matches(const CompositeType& sub, const CompositeType& super) const
{
    if (sub.index() != super.index())
        return false;
    if (const auto* function = std::get_if<FuncType>(&sub)) {
        const auto& other = std::get<FuncType>(super);
        return all_match(other.params, function->params) && all_match(function->results, other.results);
    }
    if (const auto* structure = std::get_if<StructType>(&sub)) {
        const auto& other = std::get<StructType>(super);
        return structure->fields.size() >= other.fields.size() &&
               std::ranges::equal(std::span(structure->fields).first(other.fields.size()), other.fields,
                                  [&](const FieldType& a, const FieldType& b) { return field_matches(a, b); });
    }
    return field_matches(std::get<ArrayType>(sub).element, std::get<ArrayType>(super).element);
}

// Kinds of external types

Result<> ModuleValidator::check(ValType type, std::uint32_t offset) const
{
    if (type.is_ref() && type.heap().is_index())
        return check_index("type", number(type.heap().index()), module_.types.size(), offset);
    return {};
}

Result<> ModuleValidator::check(TypeIndex function, std::uint32_t offset) const
{
    TRELLIS_TRY(check_index("type", number(function), module_.types.size(), offset));
    if (!std::holds_alternative<FuncType>(module_.type(function).composite))
        return invalid(format("non-function type {}", number(function)), offset);
    return {};
}

Result<> ModuleValidator::check(const TableType& type, std::uint32_t offset) const
{
    TRELLIS_TRY(check(type.element, offset));
    if (type.limits.is_64)
        return check_bounds(type.limits, UINT64_MAX, "", offset);
    return check_bounds(type.limits, UINT32_MAX, "table size must be at most 2^32-1 for i32", offset);
}

Result<> ModuleValidator::check(const MemoryType& type, std::uint32_t offset) const
{
    if (type.page_size_log2 != 0 && type.page_size_log2 != 16)
        return invalid("invalid custom page size", offset);
    if (type.shared && !type.limits.max)
        return invalid("shared memory must have maximum", offset);
    const bool bytes = type.page_size_log2 == 0;
    if (type.limits.is_64)
        return check_bounds(type.limits, bytes ? UINT64_MAX : std::uint64_t(1) << 48,
                            "memory size must be at most 2^48 pages (256 TiB) for i64", offset);
    return check_bounds(type.limits, bytes ? UINT32_MAX : std::uint64_t(1) << 16,
                        bytes ? "memory size must be at most 2^32-1 pages (4GiB)"
                              : "memory size must be at most 65536 pages (4GiB)",
                        offset);
}

Result<> ModuleValidator::check(const TagType& type, std::uint32_t offset) const
{
    TRELLIS_TRY(check(type.function, offset));
    if (!module_.function_type(type.function).results.empty())
        return invalid("non-empty tag result type", offset);
    return {};
}

// Sections

Result<> ModuleValidator::check_imports()
{
    for (const Import& import : module_.imports)
        TRELLIS_TRY(std::visit([&](const auto& type) { return check(type, import.offset); }, import.type));
    return {};
}

Result<> ModuleValidator::check_tags()
{
    for (std::size_t i = 0; i < module_.offsets.tags.size(); ++i)
        TRELLIS_TRY(check(module_.tag_types[module_.imported_tags + i], module_.offsets.tags[i]));
    return {};
}

Result<> ModuleValidator::check_functions()
{
    for (std::size_t i = 0; i < module_.functions.size(); ++i)
        TRELLIS_TRY(check(module_.functions[i].type, module_.offsets.functions[i]));
    return {};
}

Result<> ModuleValidator::check_memories()
{
    const auto& offsets = module_.offsets.memories;
    for (std::size_t i = 0; i < offsets.size(); ++i)
        TRELLIS_TRY(check(module_.memory_types[module_.imported_memories + i], offsets[i]));
    if (module_.memory_types.size() > 1 && !module_.features.has(Feature::multi_memory))
        return invalid("multiple memories", offsets.empty() ? module_.imports.back().offset : offsets.back());
    return {};
}

Result<> ModuleValidator::check_tables()
{
    const auto& offsets = module_.offsets.tables;
    for (std::size_t i = 0; i < module_.tables.size(); ++i) {
        const TableDefinition& table = module_.tables[i];
        TRELLIS_TRY(check(table.type, offsets[i]));
        if (table.initial)
            TRELLIS_TRY(constants_->check(*table.initial, table.type.element, module_.imported_globals));
        else if (!table.type.element.defaultable())
            return invalid(format("type mismatch: a table of {} needs an initial value", to_string(table.type.element)),
                           offsets[i]);
    }
    if (module_.table_types.size() > 1 && !module_.features.has(Feature::reference_types))
        return invalid("multiple tables", offsets.empty() ? module_.imports.back().offset : offsets.back());
    return {};
}

Result<> ModuleValidator::check_globals()
{
    for (std::uint32_t i = 0; i < module_.globals.size(); ++i) {
        const GlobalDefinition& global = module_.globals[i];
        TRELLIS_TRY(check(global.type, module_.offsets.globals[i]));
        TRELLIS_TRY(constants_->check(global.initial, global.type.value, module_.imported_globals + i));
    }
    return {};
}

Result<> ModuleValidator::check_data()
{
    for (std::size_t i = 0; i < module_.data.size(); ++i) {
        const DataSegment& segment = module_.data[i];
        if (segment.mode != SegmentMode::active)
            continue;
        TRELLIS_TRY(
            check_index("memory", number(segment.memory), module_.memory_types.size(), module_.offsets.data[i]));
        const ValType address = module_.memory_types[number(segment.memory)].limits.address_type();
        TRELLIS_TRY(constants_->check(segment.offset, address, all_globals()));
    }
    return {};
}

Result<> ModuleValidator::check_elements()
{
    for (std::size_t i = 0; i < module_.elements.size(); ++i)
        TRELLIS_TRY(check(module_.elements[i], module_.offsets.elements[i]));
    return {};
}

Result<> ModuleValidator::check(const ElementSegment& segment, std::uint32_t offset)
{
    TRELLIS_TRY(check(segment.type, offset));
    for (FuncIndex function : segment.functions) {
        TRELLIS_TRY(check_index("function", number(function), module_.function_types.size(), offset));
        module_.declared_functions[number(function)] = true;
    }
    for (ConstExpr expression : segment.expressions)
        TRELLIS_TRY(constants_->check(expression, segment.type, all_globals()));
    if (segment.mode != SegmentMode::active)
        return {};
    TRELLIS_TRY(check_index("table", number(segment.table), module_.table_types.size(), offset));
    const TableType& table = module_.table_types[number(segment.table)];
    if (!is_subtype_of(segment.type, table.element))
        return invalid(format("type mismatch: element segment's type {} does not match table's element type {}",
                              to_string(segment.type), to_string(table.element)),
                       offset);
    return constants_->check(segment.offset, table.limits.address_type(), all_globals());
}

Result<> ModuleValidator::check_start()
{
    if (!module_.start)
        return {};
    const std::uint32_t offset = module_.offsets.start;
    TRELLIS_TRY(check_index("function", number(*module_.start), module_.function_types.size(), offset));
    const FuncType& type = module_.type_of(*module_.start);
    if (!type.params.empty() || !type.results.empty())
        return invalid("start function must not have parameters or results", offset);
    return {};
}

Result<> ModuleValidator::check_exports()
{
    struct Space {
        std::string_view what;
        std::size_t size;
    };
    const std::array<Space, 5> spaces = {{
        {"function", module_.function_types.size()},
        {"table", module_.table_types.size()},
        {"memory", module_.memory_types.size()},
        {"global", module_.global_types.size()},
        {"tag", module_.tag_types.size()},
    }};
    for (std::size_t i = 0; i < module_.exports.size(); ++i) {
        const Space& space = spaces[static_cast<std::size_t>(module_.exports[i].kind)];
        TRELLIS_TRY(check_index(space.what, module_.exports[i].index, space.size, module_.offsets.exports[i]));
    }
    return check_export_names();
}

/// By sorting, which no choice of names can slow down.
Result<> ModuleValidator::check_export_names()
{
    std::vector<std::uint32_t> order(module_.exports.size());
    std::iota(order.begin(), order.end(), 0u);
    const auto name = [&](std::uint32_t i) { return module_.exports[i].name; };
    std::ranges::sort(order, {}, [&](std::uint32_t i) { return std::pair(name(i), i); });
    const auto twin = std::ranges::adjacent_find(order, {}, name);
    if (twin == order.end())
        return {};
    return invalid(format("duplicate export name \"{}\"", name(*twin)), module_.offsets.exports[*(twin + 1)]);
}

} // namespace

Result<> validate_module(Module& module, TypeRegistry& registry, Bodies bodies)
{
    Result<> valid = ModuleValidator(module, registry, bodies).run();
    if (!valid.has_value())
        TRELLIS_TRY(scan_bodies(module)); // malformed before invalid
    return valid;
}

Result<std::shared_ptr<const Module>> load_module(SharedBytes binary, TypeRegistry& registry, Features features,
                                                  Bodies bodies)
{
    auto module = std::make_shared<Module>(TRELLIS_TRY(decode_module(std::move(binary), features)));
    TRELLIS_TRY(validate_module(*module, registry, bodies));
    return module;
}

} // namespace trellis::wasm
