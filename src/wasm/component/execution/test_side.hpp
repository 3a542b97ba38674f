// For tests: an instance without code, its memory and a realloc that a test may replace; built-ins called as its guest
// would call them.
#pragma once

#include "wasm/component/execution/builtins.hpp"
#include "wasm/component/execution/canonical_abi.hpp"

#include <gtest/gtest.h>

namespace trellis::wasm::component {

inline constexpr Tier no_tier = {
    .name = "none",
    .prepare = [](Instance&) -> Result<> { return {}; },
    .call = [](Store&, Function&, Slot*) { return Trap::unreachable; },
};

/// Two of them can pass values to each other.
class TestSide {
public:
    TestSide(ComponentStore& store, std::shared_ptr<TypeArena> arena, StringEncoding encoding = StringEncoding::utf8)
        : store_(store), memory_(store.core.make_memory({.limits = {.min = 1, .max = 1}}).value()),
          instance_(*store.add(std::make_unique<ComponentInstance>(ComponentInstance{
              .store = store, .parent = nullptr, .component = component_of(std::move(arena)), .around = nullptr})))
    {
        const auto call = [](void* self, Caller, Slot* frame) { return static_cast<TestSide*>(self)->allocate(frame); };
        realloc_ = store.core.make_host_function({{i32, i32, i32, i32}, {i32}}, call, this);
        instance_.core_memories = {memory_};
        instance_.core_functions = {realloc_};
        side_ = {&instance_, memory_, realloc_, encoding};
    }
    TestSide(const TestSide&) = delete;
    TestSide& operator=(const TestSide&) = delete;

    [[nodiscard]] ComponentInstance& instance() { return instance_; }
    [[nodiscard]] const CanonicalSide& side() const { return side_; }
    [[nodiscard]] std::byte* at(std::uint32_t address) const { return memory_->base() + address; }
    [[nodiscard]] std::string text(std::uint32_t address, std::size_t bytes) const
    {
        return {reinterpret_cast<const char*>(at(address)), bytes};
    }
    void put(std::uint32_t address, std::string_view bytes) const
    {
        std::memcpy(at(address), bytes.data(), bytes.size());
    }

    std::function<Trap(Slot*)> realloc = nullptr; ///< instead of the next free bytes
    std::uint32_t next = 1024;                    ///< free byte
    std::vector<std::uint64_t> sizes = {};        ///< that were asked for

private:
    static std::shared_ptr<const Component> component_of(std::shared_ptr<TypeArena> arena)
    {
        auto component = std::make_shared<Component>();
        component->types = std::move(arena);
        return component;
    }
    Trap allocate(Slot* frame)
    {
        sizes.push_back(frame[3].u32);
        if (realloc)
            return realloc(frame);
        const std::uint32_t at = (next + frame[2].u32 - 1) / frame[2].u32 * frame[2].u32;
        const std::uint32_t kept = std::min(frame[1].u32, frame[3].u32);
        std::memmove(memory_->base() + at, memory_->base() + frame[0].u32, kept);
        next = at + frame[3].u32;
        frame[0].u64 = at;
        return Trap::none;
    }

    ComponentStore& store_;
    Memory* memory_;
    ComponentInstance& instance_;
    Function* realloc_ = nullptr;
    CanonicalSide side_;
};

/// A store in which a task of no function's runs.
class SideTest : public testing::Test {
protected:
    /// A task in `instance` is the running one.
    void run_in(ComponentInstance& instance)
    {
        callers_.push_back({.type = &type_, .types = &instance, .side = {.instance = &instance}});
        threads_.push_back(std::make_unique<Thread>(std::make_shared<Task>(callers_.back())));
        threads_.back()->state = Thread::State::running;
        running_.emplace(store, reinterpret_cast<std::uintptr_t>(threads_.back().get()));
    }
    /// The built-in's answer, or its trap's message.
    struct Answer {
        std::uint64_t value = 0;
        std::string message = {};
        friend bool operator==(const Answer&, const Answer&) = default;
        friend void PrintTo(const Answer& answer, std::ostream* out) { *out << answer.value << " " << answer.message; }
    };
    static CanonBuiltin builtin_of(Builtin which)
    {
        CanonBuiltin definition;
        definition.builtin = which;
        return definition;
    }
    Answer call(TestSide& side, Builtin which, std::initializer_list<std::uint32_t> arguments = {})
    {
        return call(side, builtin_of(which), arguments);
    }
    Answer call(TestSide& side, CanonBuiltin definition, std::initializer_list<std::uint32_t> arguments = {})
    {
        definition.signature = signature_;
        definition.options.memory = CoreMemoryIndex(0);
        definition.options.realloc = CoreFuncIndex(0);
        Function* const function =
            make_builtin(side.instance(), *kept_.emplace_back(std::make_unique<CanonBuiltin>(std::move(definition))));
        Slot frame[8] = {};
        std::ranges::transform(arguments, frame, [](std::uint32_t one) { return Slot{.u64 = one}; });
        run_in(side.instance());
        const Trap trap = call_core(store, *function, frame);
        running_.reset();
        if (trap == Trap::host_error)
            return {0, store.core.host_error};
        EXPECT_FALSE(failed(trap));
        return {frame[0].u64, {}};
    }

    std::shared_ptr<TypeRegistry> registry = std::make_shared<TypeRegistry>();
    Store core{registry, no_tier};
    ComponentStore store{core};
    std::shared_ptr<TypeArena> arena = std::make_shared<TypeArena>(SharedBytes());

private:
    component::FuncType type_;
    std::shared_ptr<const CanonicalType> signature_ = registry->intern(wasm::FuncType());
    std::deque<ComponentFunction> callers_;
    std::vector<std::unique_ptr<Thread>> threads_;
    std::vector<std::unique_ptr<CanonBuiltin>> kept_;
    std::optional<ComponentStore::Running> running_;
};

} // namespace trellis::wasm::component
