// A call between two guests that a fuzzer plays: both sides' values, memories and answers are a Plan, which is made
// once and carried out in one of several ways. For fuzzers only.
#pragma once

#include "wasm/component/execution/fuzz_guest.hpp"
#include "wasm/component/execution/fuzz_values.hpp"
#include "wasm/component/syntax/limits.hpp"

namespace trellis::wasm::component {

enum class Way : std::uint8_t { plain, general, async_lowered };

/// All that is decided about a call before it is made.
struct CallPlan {
    std::shared_ptr<TypeArena> arena = std::make_shared<TypeArena>(SharedBytes());
    FuzzResources resources = {};
    std::vector<TypeViews> parameters = {};
    TypeViews result = {};
    FuncTypeId function = {};
    std::vector<Value> arguments = {};
    Value outcome = {};
    GuestPlan caller = {}, callee = {};
    bool has_post_return = false;

    /// Chooses the types.
    explicit CallPlan(FuzzInput& input);
    /// Chooses the rest, as often as one likes.
    void decide(FuzzInput& input);
    [[nodiscard]] const FuncType& type() const { return (*arena)[function]; }
    [[nodiscard]] bool is_honest() const { return caller.is_honest() && callee.is_honest(); }
    [[nodiscard]] bool is_fair() const { return is_honest() && caller.mutations.empty() && callee.mutations.empty(); }
    /// Small enough for the memories.
    [[nodiscard]] bool is_possible() const;
};

class FuzzCall;

/// What lives longer than one call.
struct FuzzWorld {
    std::shared_ptr<TypeRegistry> registry = std::make_shared<TypeRegistry>();
    Store store;
    std::unique_ptr<FuzzGuest> caller, callee;
    FuzzCall* call = nullptr;
    Function* core = nullptr;
    Function* post_return = nullptr;
    std::array<std::shared_ptr<const CanonicalType>, FlatTypes::max + 1> signatures = {}; ///< by parameters

    FuzzWorld();
};

/// How a call went.
struct Record {
    Trap trap = Trap::none;
    std::string message = {};
    bool was_called = false;
    std::vector<Value> arguments = {}; ///< that the callee found, without streams and futures
    Value outcome = {};
    std::uint32_t post_returns = 0;
    std::vector<std::uint32_t> caller_log = {}, callee_log = {};
    std::vector<std::byte> caller_memory = {}, callee_memory = {};
};

class FuzzCall {
public:
    FuzzCall(FuzzWorld& world, const CallPlan& plan, Way way);
    /// Checks whatever has to hold.
    Record run();

private:
    friend struct FuzzWorld;
    /// What lift_value says of what is given.
    struct Verdict {
        bool is_made = false;
        std::optional<std::string> refusal = {};
    };

    Trap enter(Slot* frame);
    Trap after_return();
    ComponentInstance& add_instance(const FuzzGuest& guest);
    [[nodiscard]] CanonicalSide caller_side();
    Trap give_arguments(Slot* frame);
    Trap take_arguments(Slot* frame);
    Trap give_result(Slot* frame);
    Trap take_result(Slot* frame);
    void judge_arguments(Slot* frame);
    void judge_result(Slot* frame);
    void drop_borrowed();
    void check_end(Trap trap);
    void check_success();
    void finish(Trap trap);
    [[nodiscard]] bool ran_out() const { return world_.caller->ran_out() || world_.callee->ran_out(); }
    [[nodiscard]] std::size_t most_parameters() const
    {
        return way_ == Way::async_lowered ? limits::flat_async_params : limits::flat_params;
    }
    [[nodiscard]] std::size_t most_results() const { return way_ == Way::async_lowered ? 0 : limits::flat_results; }
    [[nodiscard]] std::vector<Kind> core_kinds() const;
    template <class Action>
    Trap each_parameter(Place place, Action&& action) const;

    FuzzWorld& world_;
    const CallPlan& plan_;
    Way way_;
    ComponentStore store_;
    RuntimeResourceType of_caller_, of_callee_, of_host_;
    ComponentInstance &caller_, &callee_;
    ComponentFunction function_{.type = nullptr, .types = nullptr};
    std::vector<Value> arguments_; ///< given, as far as the plan or a verdict says
    Value outcome_;
    Verdict of_arguments_, of_result_;
    std::uint32_t result_at_ = 0;
    Record record_;
};

} // namespace trellis::wasm::component
