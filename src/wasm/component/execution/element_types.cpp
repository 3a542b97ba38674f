// Whether two sides of a stream or future mean the same by it: a handle says nothing of that, and each side has checked
// only what it has been told.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#canon-streamfuturereadwrite
#include "wasm/component/execution/host.hpp"

namespace trellis::wasm::component {
namespace {

/// Of types that two instances know.
class Comparison {
public:
    Comparison(const ComponentInstance& one, const ComponentInstance& other) : one_(one), other_(other) {}

    [[nodiscard]] bool is_same(ValueTypeId one, ValueTypeId other) const
    {
        if (one == no_type || other == no_type)
            return one == other;
        const ValueType &here = one_.arena()[one], &there = other_.arena()[other];
        if (&one_.arena() == &other_.arena() && (&one_ == &other_ || !here.facts.has_resource))
            return here.canonical == there.canonical;
        return here.kind == there.kind && here.length == there.length && is_same(here.element, there.element) &&
               is_same(here.other, there.other) && is_same_resource(here, there) &&
               std::ranges::equal(*here.members, *there.members, [&](const Member& a, const Member& b) {
                   return a.name == b.name && is_same(a.type, b.type);
               });
    }

private:
    [[nodiscard]] bool is_same_resource(const ValueType& here, const ValueType& there) const
    {
        const bool is_handle = here.kind == ValueKind::own || here.kind == ValueKind::borrow;
        return !is_handle || one_.resource(here.resource) == other_.resource(there.resource);
    }

    const ComponentInstance &one_, &other_;
};

} // namespace

Layout ElementType::layout() const
{
    if (host)
        return host->layout;
    return id == no_type ? Layout{0, 1} : types->arena()[id].layout;
}

bool is_same(const ElementType& one, const ElementType& other)
{
    if (one.types && other.types)
        return Comparison(*one.types, *other.types).is_same(one.id, other.id);
    if (one.host && other.host)
        return one.host == other.host;
    return one.host ? one.host->accepts({*other.types}, other.id) : is_same(other, one);
}

} // namespace trellis::wasm::component
