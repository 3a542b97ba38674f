// The deterministic profile: an operation of its own behind each instruction that may have generated a NaN.
#include "wasm/interpreter/operations_table.hpp"

#include <cmath>

namespace trellis::wasm::interpreter {
namespace {

template <class Float, auto canonical, std::size_t lanes>
Trap in_lanes(Instance&, Slot* operands, const OperationImmediates&)
{
    std::array<Float, lanes> values;
    std::memcpy(values.data(), operands, sizeof values);
    for (auto& value : values)
        value = std::isnan(value) ? std::bit_cast<Float>(canonical) : value;
    std::memcpy(operands, values.data(), sizeof values);
    return Trap::none;
}

} // namespace

Operation canonical_nan_operation(NanLanes lanes)
{
    switch (lanes) {
    case NanLanes::none:
        return nullptr;
    case NanLanes::f32:
        return in_lanes<float, canonical_nan_f32, 1>;
    case NanLanes::f64:
        return in_lanes<double, canonical_nan_f64, 1>;
    case NanLanes::f32x4:
        return in_lanes<float, canonical_nan_f32, 4>;
    case NanLanes::f64x2:
        return in_lanes<double, canonical_nan_f64, 2>;
    }
    return nullptr;
}

} // namespace trellis::wasm::interpreter
