#include "wasm/execution/const_expr.hpp"

#include "base/check.hpp"
#include "wasm/binary/instruction_reader.hpp"
#include "wasm/execution/guest_stack.hpp"
#include "wasm/execution/operations.hpp"

#include <cstring>

namespace trellis::wasm {
namespace {

/// An operand stack on top of the guest stack, and the few instructions that may work on it. A value takes two slots
/// there only if it is a v128, like everywhere else.
class Evaluator {
public:
    explicit Evaluator(Instance& instance) : instance_(instance), stack_(*instance.store->stack), base_(stack_.top) {}
    ~Evaluator() { stack_.top = base_; }
    Evaluator(const Evaluator&) = delete;
    Evaluator& operator=(const Evaluator&) = delete;

    Trap run(const ConstExpr& expression, std::array<Slot, 2>& result)
    {
        InstructionReader reader(*instance_.module, expression.bytes);
        while (!reader.at_end()) {
            Instruction instruction;
            TRELLIS_CHECK(reader.read(instruction).has_value()); // it was validated
            if (instruction.op == Op::end)
                break;
            if (!stack_.take_room(2))
                return Trap::call_stack_exhausted;
            if (const auto trap = step(instruction); failed(trap))
                return trap;
        }
        const auto slots = static_cast<std::size_t>(stack_.top - base_);
        TRELLIS_CHECK(slots == 1 || slots == 2);
        std::copy_n(base_, slots, result.begin());
        return Trap::none;
    }

private:
    void push(Slot value) { *stack_.top++ = value; }
    Slot pop() { return *--stack_.top; }

    template <class Operation>
    Trap binary(Operation operation)
    {
        const auto right = pop().u64;
        stack_.top[-1].u64 = operation(stack_.top[-1].u64, right);
        return Trap::none;
    }

    /// Takes `operands` slots away and pushes the object that `make(first operand, result)` makes of them.
    template <class Make>
    Trap make_object(std::size_t operands, Make make)
    {
        Ref made = null_ref;
        const auto trap = make(stack_.top - operands, made);
        stack_.top -= operands;
        push({.ref = made});
        return trap;
    }

    Trap push_constant(const Instruction& i)
    {
        push({.u64 = i.value});
        return Trap::none;
    }

    Trap push_vector(const Instruction& i)
    {
        std::memcpy(stack_.top, i.bytes.data(), 16);
        stack_.top += 2;
        return Trap::none;
    }

    Trap push_global(std::uint32_t index)
    {
        const auto& global = *instance_.global_objects[index];
        for (std::uint32_t slot = 0; slot < global.type.value.slots(); ++slot)
            push(global.value[slot]);
        return Trap::none;
    }

    Trap make_i31()
    {
        stack_.top[-1].ref = i31_ref(stack_.top[-1].u32);
        return Trap::none;
    }

    std::size_t slots_of_fields(TypeIndex type) const
    {
        std::size_t slots = 0;
        for (const auto& field : std::get<StructType>(instance_.module->type(type).composite).fields)
            slots += field.storage.unpacked().slots();
        return slots;
    }

    std::size_t slots_of_element(TypeIndex type) const
    {
        return std::get<ArrayType>(instance_.module->type(type).composite).element.storage.unpacked().slots();
    }

    Trap make_array(TypeIndex type)
    {
        const auto slots = slots_of_element(type);
        return make_object(slots + 1, [&](Slot* operands, Ref& made) {
            return array_new(instance_, type, operands, operands[slots].u32, made);
        });
    }

    Trap step(const Instruction& i);

    Instance& instance_;
    Store::Stack& stack_;
    Slot* base_;
};

Trap Evaluator::step(const Instruction& i)
{
    const TypeIndex type{i.index};
    switch (i.op) {
    case Op::i32_const:
    case Op::i64_const:
    case Op::f32_const:
    case Op::f64_const:
        return push_constant(i);
    case Op::v128_const:
        return push_vector(i);
    case Op::global_get:
        return push_global(i.index);
    case Op::ref_null:
        push({.ref = null_ref});
        return Trap::none;
    case Op::ref_func:
        push({.ref = ref_func(instance_, FuncIndex{i.index})});
        return Trap::none;
    case Op::ref_i31:
        return make_i31();
    // 32-bit values leave their upper half unspecified, so both widths are one operation.
    case Op::i32_add:
    case Op::i64_add:
        return binary([](auto a, auto b) { return a + b; });
    case Op::i32_sub:
    case Op::i64_sub:
        return binary([](auto a, auto b) { return a - b; });
    case Op::i32_mul:
    case Op::i64_mul:
        return binary([](auto a, auto b) { return a * b; });
    case Op::any_convert_extern:
    case Op::extern_convert_any:
        return Trap::none;
    case Op::struct_new:
        return make_object(slots_of_fields(type),
                           [&](Slot* operands, Ref& made) { return struct_new(instance_, type, operands, made); });
    case Op::struct_new_default:
        return make_object(0, [&](Slot*, Ref& made) { return struct_new_default(instance_, type, made); });
    case Op::array_new:
        return make_array(type);
    case Op::array_new_default:
        return make_object(
            1, [&](Slot* operands, Ref& made) { return array_new_default(instance_, type, operands[0].u32, made); });
    case Op::array_new_fixed:
        return make_object(slots_of_element(type) * i.index2, [&](Slot* operands, Ref& made) {
            return array_new_fixed(instance_, type, operands, i.index2, made);
        });
    default:
        TRELLIS_CHECK(false); // validation allows no other
        __builtin_unreachable();
    }
}

} // namespace

Trap evaluate(Instance& instance, const ConstExpr& expression, std::array<Slot, 2>& result)
{
    return Evaluator(instance).run(expression, result);
}

} // namespace trellis::wasm
