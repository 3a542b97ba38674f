#include "wasm/compiler/polls.hpp"

#include "base/check.hpp"
#include "wasm/binary/instruction_reader.hpp"

#include <algorithm>

namespace trellis::wasm::compiler {
namespace {

/// Instructions that may run between two polls; some microseconds.
constexpr std::uint64_t most_work = 20'000;

struct Calls {
    std::uint64_t work = 0; ///< instructions, those of callees included once they are known
    std::vector<std::uint32_t> callees;
    bool leaves = false; ///< calls what is not known here
};

Calls read_calls(const Module& module, const FunctionDefinition& function)
{
    Calls calls;
    InstructionReader reader(module, function.body);
    TRELLIS_CHECK(reader.read_locals().has_value());
    Instruction in;
    while (!reader.at_end()) {
        TRELLIS_CHECK(reader.read(in).has_value());
        ++calls.work;
        const bool direct = in.op == Op::call || in.op == Op::return_call;
        if (direct && !module.is_imported(static_cast<FuncIndex>(in.index)))
            calls.callees.push_back(in.index - module.imported_functions);
        else if (direct || in.op == Op::call_indirect || in.op == Op::return_call_indirect || in.op == Op::call_ref ||
                 in.op == Op::return_call_ref)
            calls.leaves = true;
    }
    return calls;
}

/// Depth first, without recursion: a call back to a function that is being visited closes a cycle.
class Visit {
public:
    explicit Visit(const Module& module) : polls_(module.functions.size()), states_(module.functions.size())
    {
        for (const auto& function : module.functions)
            calls_.push_back(read_calls(module, function));
    }

    std::vector<bool> all()
    {
        for (std::uint32_t i = 0; i < calls_.size(); ++i)
            if (states_[i] == State::unseen)
                from(i);
        return std::move(polls_);
    }

private:
    enum class State : std::uint8_t { unseen, open, done };
    struct Step {
        std::uint32_t function;
        std::size_t next = 0; ///< callee to look at
    };

    void from(std::uint32_t first)
    {
        std::vector<Step> path = {{first}};
        states_[first] = State::open;
        while (!path.empty()) {
            auto& step = path.back();
            auto& calls = calls_[step.function];
            if (step.next == calls.callees.size()) {
                finish(step.function);
                path.pop_back();
                continue;
            }
            const auto callee = calls.callees[step.next++];
            if (states_[callee] == State::open)
                polls_[callee] = true;
            else if (states_[callee] == State::done)
                add_work(calls, callee);
            else {
                --step.next; // again, when it is done
                states_[callee] = State::open;
                path.push_back({callee});
            }
        }
    }

    void add_work(Calls& calls, std::uint32_t callee)
    {
        calls.work = std::min(calls.work + calls_[callee].work, most_work + 1);
    }

    void finish(std::uint32_t function)
    {
        auto& calls = calls_[function];
        if (calls.leaves || calls.work > most_work)
            polls_[function] = true;
        states_[function] = State::done;
    }

    std::vector<Calls> calls_;
    std::vector<bool> polls_;
    std::vector<State> states_;
};

} // namespace

std::vector<bool> functions_that_poll(const Module& module)
{
    return Visit(module).all();
}

std::vector<bool> functions_that_poll(const Module& module, std::span<const std::uint32_t> functions)
{
    std::vector<bool> polls(module.functions.size());
    for (const auto one : functions) {
        const auto calls = read_calls(module, module.functions[one]);
        polls[one] = calls.leaves || !calls.callees.empty();
    }
    return polls;
}

} // namespace trellis::wasm::compiler
