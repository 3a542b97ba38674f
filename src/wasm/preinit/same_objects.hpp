// Whether what an instance holds is still what the module's own expressions make: values are compared with those of a
// twin, an instance that was just made and ran nothing. Functions are the same by index; objects of the heap are the
// same if the graphs that they reach are, with every object of one side standing for exactly one of the other.
// Nothing may be allocated in the store while one is in use.
#pragma once

#include "wasm/execution/object_layout.hpp"
#include "wasm/execution/store.hpp"

#include <unordered_map>

namespace trellis::wasm {

class SameObjects {
public:
    SameObjects(const Instance& instance, const Instance& twin) : instance_(instance), twin_(twin) {}

    /// Of a type of the module.
    bool same(ValType type, const Slot* value, const Slot* of_twin);

private:
    using Pair = std::pair<Ref, Ref>; ///< of the instance, of the twin

    bool same_function(Ref value, Ref of_twin) const;
    bool same_heap_reference(Ref value, Ref of_twin);
    bool pair_up(Pair pair);
    bool same_contents(Pair pair);
    bool same_structure(const ObjectLayout& layout, const StructType& type, Pair pair);
    bool same_array(const ObjectLayout& layout, const ArrayType& type, Pair pair);
    bool same_field(ValType storage, FieldForm form, std::uint32_t offset, Pair pair);

    const Instance& instance_;
    const Instance& twin_;
    std::unordered_map<Ref, Ref> twin_of_, original_of_;
    std::vector<Pair> unread_; ///< paired, contents not compared yet
};

} // namespace trellis::wasm
