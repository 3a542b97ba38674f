#include "wasm/syntax/type_registry.hpp"

#include "base/check.hpp"
#include "wasm/syntax/module.hpp"

#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace trellis::wasm {

namespace {

using Canonical = std::shared_ptr<const CanonicalType>;

/// Serialises a recursion group so that equal groups give equal strings: references inside the group are written as
/// positions in it, references to earlier types as the address of their canonical type.
class GroupKey {
public:
    GroupKey(std::uint32_t first, std::uint32_t count, std::span<const Canonical> earlier)
        : first_(first), count_(count), earlier_(earlier)
    {
    }

    void add(const SubType& type)
    {
        put(type.is_final ? 1u : 0u);
        put(type.supertype ? 1u : 0u);
        if (type.supertype)
            add(*type.supertype);
        put(static_cast<std::uint32_t>(type.composite.index()));
        if (const auto* function = std::get_if<FuncType>(&type.composite)) {
            add(function->params);
            add(function->results);
        } else if (const auto* structure = std::get_if<StructType>(&type.composite)) {
            put(static_cast<std::uint32_t>(structure->fields.size()));
            for (const FieldType& field : structure->fields)
                add(field);
        } else {
            add(std::get<ArrayType>(type.composite).element);
        }
    }

    std::string take() { return std::move(key_); }

private:
    void put(std::uint64_t word) { key_.append(reinterpret_cast<const char*>(&word), sizeof word); }

    void add(TypeIndex index)
    {
        const std::uint32_t i = number(index);
        if (i >= first_) {
            TRELLIS_CHECK(i - first_ < count_);
            put(i - first_);
        } else {
            put(reinterpret_cast<std::uintptr_t>(earlier_[i].get())); // an address: no small number
        }
    }

    void add(ValType type)
    {
        put(static_cast<std::uint64_t>(type.kind()) << 1 | (type.is_ref() && type.nullable() ? 1u : 0u));
        if (!type.is_ref())
            return;
        put(type.heap().is_index() ? 1u : 0u);
        if (type.heap().is_index())
            add(type.heap().index());
        else
            put(static_cast<std::uint32_t>(type.heap().encoding()));
    }

    void add(const FieldType& field)
    {
        put(field.is_mutable ? 1u : 0u);
        add(field.storage);
    }

    void add(const std::vector<ValType>& types)
    {
        put(types.size());
        for (ValType type : types)
            add(type);
    }

    std::uint32_t first_;
    std::uint32_t count_;
    std::span<const Canonical> earlier_;
    std::string key_;
};

} // namespace

/// One interned recursion group. The pointers handed out alias its only reference count, so that cycles inside the
/// group cost nothing; groups it refers to are kept alive by `held`.
struct TypeRegistry::State : std::enable_shared_from_this<State> {
    struct Group {
        std::shared_ptr<State> state;
        std::string key;
        std::vector<CanonicalType> types;
        std::vector<Canonical> held;

        ~Group();
    };

    struct Entry {
        std::weak_ptr<Group> group;
        const Group* identity;
    };

    std::vector<Canonical> intern_group(std::span<const SubType> types, std::uint32_t first,
                                        std::span<const Canonical> earlier);
    std::shared_ptr<Group> make_group(std::string key, std::span<const SubType> types, std::uint32_t first,
                                      std::span<const Canonical> earlier);

    std::mutex mutex;
    std::unordered_map<std::string_view, Entry> groups; ///< keys point into the groups
};

namespace {

/// Copies a type with its references numbered into `references`; whatever is outside the group is held.
class Relocation {
public:
    Relocation(std::uint32_t first, std::vector<CanonicalType>& group, std::span<const Canonical> earlier,
               std::vector<Canonical>& held)
        : first_(first), group_(group), earlier_(earlier), held_(held)
    {
    }

    const CanonicalType* target(TypeIndex index)
    {
        const std::uint32_t i = number(index);
        if (i >= first_)
            return &group_[i - first_];
        if (held_.empty() || held_.back() != earlier_[i])
            held_.push_back(earlier_[i]);
        return earlier_[i].get();
    }

    void relocate(CanonicalType& to)
    {
        if (auto* function = std::get_if<FuncType>(&to.type.composite)) {
            for (ValType& type : function->params)
                relocate(to, type);
            for (ValType& type : function->results)
                relocate(to, type);
        } else if (auto* structure = std::get_if<StructType>(&to.type.composite)) {
            for (FieldType& field : structure->fields)
                relocate(to, field.storage);
        } else {
            relocate(to, std::get<ArrayType>(to.type.composite).element.storage);
        }
    }

private:
    void relocate(CanonicalType& to, ValType& type)
    {
        if (!type.is_ref() || !type.heap().is_index())
            return;
        const HeapType heap(static_cast<TypeIndex>(to.references.size()));
        to.references.push_back(target(type.heap().index()));
        type = type.nullable() ? ValType::ref_null(heap) : ValType::ref(heap);
    }

    std::uint32_t first_;
    std::vector<CanonicalType>& group_;
    std::span<const Canonical> earlier_;
    std::vector<Canonical>& held_;
};

} // namespace

TypeRegistry::State::Group::~Group()
{
    {
        const std::lock_guard lock(state->mutex);
        // Another thread may have interned the same group anew since our count fell to zero.
        const auto entry = state->groups.find(key);
        if (entry != state->groups.end() && entry->second.identity == this)
            state->groups.erase(entry);
    }
    // A chain of groups that hold each other must not become a recursion: the outermost destructor drains them all.
    static thread_local std::vector<Canonical>* draining = nullptr;
    if (draining != nullptr) {
        draining->insert(draining->end(), std::make_move_iterator(held.begin()), std::make_move_iterator(held.end()));
        return;
    }
    std::vector<Canonical> pending = std::move(held);
    draining = &pending;
    while (!pending.empty()) {
        Canonical last = std::move(pending.back());
        pending.pop_back();
        last.reset();
    }
    draining = nullptr;
}

std::shared_ptr<TypeRegistry::State::Group> TypeRegistry::State::make_group(std::string key,
                                                                            std::span<const SubType> types,
                                                                            std::uint32_t first,
                                                                            std::span<const Canonical> earlier)
{
    auto group = std::make_shared<Group>();
    group->state = shared_from_this();
    group->key = std::move(key);
    group->types.resize(types.size());
    Relocation relocation(first, group->types, earlier, group->held);
    for (std::size_t i = 0; i < types.size(); ++i) {
        CanonicalType& to = group->types[i];
        to.type = types[i];
        relocation.relocate(to);
        if (types[i].supertype) {
            const CanonicalType* super = relocation.target(*types[i].supertype);
            to.supertypes = super->supertypes;
            to.type.supertype = static_cast<TypeIndex>(to.references.size());
            to.references.push_back(super);
        }
        to.supertypes.push_back(&to);
    }
    return group;
}

std::vector<Canonical> TypeRegistry::State::intern_group(std::span<const SubType> types, std::uint32_t first,
                                                         std::span<const Canonical> earlier)
{
    GroupKey builder(first, static_cast<std::uint32_t>(types.size()), earlier);
    for (const SubType& type : types)
        builder.add(type);
    std::string key = builder.take();

    std::shared_ptr<Group> group;
    const auto known = groups.find(key);
    if (known != groups.end())
        group = known->second.group.lock();
    if (group == nullptr) {
        if (known != groups.end())
            groups.erase(known);
        group = make_group(std::move(key), types, first, earlier);
        groups.emplace(group->key, Entry{group, group.get()});
    }
    std::vector<Canonical> result;
    result.reserve(types.size());
    for (const CanonicalType& type : group->types)
        result.emplace_back(group, &type);
    return result;
}

TypeRegistry::TypeRegistry() : state_(std::make_shared<State>()) {}
TypeRegistry::~TypeRegistry() = default;

std::vector<Canonical> TypeRegistry::intern(const Module& module)
{
    std::vector<Canonical> result;
    result.reserve(module.types.size());
    const std::lock_guard lock(state_->mutex);
    for (const RecursionGroup& group : module.recursion_groups) {
        if (group.count == 0)
            continue;
        const auto types = std::span(module.types).subspan(number(group.first), group.count);
        for (Canonical& type : state_->intern_group(types, number(group.first), result))
            result.push_back(std::move(type));
    }
    return result;
}

Canonical TypeRegistry::intern(const FuncType& type)
{
    const SubType sub_type{.is_final = true, .supertype = {}, .composite = type};
    const std::lock_guard lock(state_->mutex);
    return state_->intern_group({&sub_type, 1}, 0, {}).front();
}

namespace {

using Types = std::span<const Canonical>;

/// The abstract type directly above a defined one.
HeapType abstraction(const CanonicalType& type)
{
    return type.is_function() ? HeapType::func : type.is_struct() ? HeapType::struct_ : HeapType::array;
}

/// The top of an abstract type's hierarchy.
HeapType top_of(HeapType type)
{
    switch (type.encoding()) {
    case HeapType::func.encoding():
    case HeapType::nofunc.encoding():
        return HeapType::func;
    case HeapType::extern_.encoding():
    case HeapType::noextern.encoding():
        return HeapType::extern_;
    case HeapType::exn.encoding():
    case HeapType::noexn.encoding():
        return HeapType::exn;
    default:
        return HeapType::any;
    }
}

bool is_bottom_of_hierarchy(HeapType type)
{
    return type == HeapType::none || type == HeapType::nofunc || type == HeapType::noextern || type == HeapType::noexn;
}

bool abstract_matches(HeapType sub, HeapType super)
{
    if (sub == super)
        return true;
    if (super == top_of(sub))
        return true;
    if (is_bottom_of_hierarchy(sub))
        return top_of(super) == top_of(sub);
    return super == HeapType::eq && (sub == HeapType::i31 || sub == HeapType::struct_ || sub == HeapType::array);
}

bool heap_matches(HeapType sub, Types sub_types, HeapType super, Types super_types)
{
    if (sub == HeapType::bottom)
        return true;
    if (super == HeapType::bottom)
        return false;
    if (sub.is_index()) {
        const CanonicalType& type = *sub_types[number(sub.index())];
        if (super.is_index())
            return is_subtype(&type, super_types[number(super.index())].get());
        return abstract_matches(abstraction(type), super);
    }
    if (super.is_index())
        return is_bottom_of_hierarchy(sub) && top_of(abstraction(*super_types[number(super.index())])) == top_of(sub);
    return abstract_matches(sub, super);
}

} // namespace

bool matches(ValType sub, Types sub_types, ValType super, Types super_types)
{
    if (sub.is_bottom())
        return true;
    if (!sub.is_ref() || !super.is_ref())
        return sub == super;
    if (sub.nullable() && !super.nullable())
        return false;
    return heap_matches(sub.heap(), sub_types, super.heap(), super_types);
}

} // namespace trellis::wasm
