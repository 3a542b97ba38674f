#include "wasm/validation/body_check.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>

namespace trellis::wasm {

namespace {

struct NoSink {
    static constexpr bool reports = false;
};

bool check_body(FunctionRules& rules, const Module& module, const FunctionDefinition& function)
{
    NoSink sink;
    return rules.begin_function(module.function_type(function.type), function.body) && walk_instructions(rules, sink);
}

/// Threads take functions in small runs, in order, and stop at the lowest failure known.
class ParallelCheck {
public:
    explicit ParallelCheck(const Module& module) : module_(module), first_bad_(module.functions.size()) {}

    Result<> run(unsigned threads)
    {
        {
            std::vector<std::jthread> helpers;
            start_helpers(helpers, threads - 1);
            work();
        }
        if (error_)
            return std::unexpected(std::move(*error_));
        return {};
    }

private:
    static constexpr std::size_t run_length = 64;

    /// Where the system gives fewer threads, those there are do the work.
    void start_helpers(std::vector<std::jthread>& helpers, unsigned count)
    {
        helpers.reserve(count);
        try {
            while (helpers.size() < count)
                helpers.emplace_back([this] { work(); });
        } catch (const std::system_error&) {
            return;
        }
    }

    void work()
    {
        FunctionRules rules(module_);
        for (;;) {
            const std::size_t first = next_.fetch_add(run_length, std::memory_order_relaxed);
            const std::size_t last = std::min(first + run_length, module_.functions.size());
            for (std::size_t i = first; i < last; ++i) {
                if (i >= first_bad_.load(std::memory_order_relaxed))
                    return;
                if (!check_body(rules, module_, module_.functions[i])) {
                    record(i, rules.take_error());
                    return;
                }
            }
            if (first >= module_.functions.size())
                return;
        }
    }

    void record(std::size_t function, Error error)
    {
        const std::lock_guard lock(mutex_);
        if (function >= first_bad_.load(std::memory_order_relaxed))
            return;
        first_bad_.store(function, std::memory_order_relaxed);
        error_ = std::move(error);
    }

    const Module& module_;
    std::atomic<std::size_t> next_ = 0;
    std::atomic<std::size_t> first_bad_;
    std::mutex mutex_;
    std::optional<Error> error_;
};

} // namespace

Result<> check_bodies(const Module& module)
{
    constexpr std::size_t worth_a_thread = 1 << 19; // bytes of code; about a millisecond
    std::size_t bytes = 0;
    for (const FunctionDefinition& function : module.functions)
        bytes += function.body.size;
    const std::size_t useful = std::min<std::size_t>(1 + bytes / worth_a_thread, 16);
    const unsigned threads =
        useful == 1 ? 1 : std::min(static_cast<unsigned>(useful), std::thread::hardware_concurrency());
    return ParallelCheck(module).run(std::max(threads, 1u)); // the number of cores may be unknown: 0
}

Result<> ConstantChecker::check(ConstExpr expression, ValType type, std::uint32_t visible_globals)
{
    if (Result<> allowed = check_instructions(expression, visible_globals); !allowed.has_value())
        return allowed;
    NoSink sink;
    rules_.begin_constant(type, expression.bytes, visible_globals);
    if (!walk_instructions(rules_, sink))
        return std::unexpected(rules_.take_error());
    return {};
}

Result<> ConstantChecker::check_instructions(ConstExpr expression, std::uint32_t visible_globals)
{
    reader_.restart(expression.bytes);
    Instruction instruction;
    while (!reader_.at_end()) {
        TRELLIS_TRY(reader_.read(instruction));
        TRELLIS_TRY(check_instruction(instruction, visible_globals));
        if (instruction.op == Op::ref_func && instruction.index < module_.declared_functions.size())
            module_.declared_functions[instruction.index] = true;
    }
    return {};
}

Result<> ConstantChecker::check_instruction(const Instruction& instruction, std::uint32_t visible_globals)
{
    const auto not_constant = [&] {
        return fail(ErrorCode::invalid, "constant expression required", instruction.offset);
    };
    switch (instruction.op) {
    case Op::i32_const:
    case Op::i64_const:
    case Op::f32_const:
    case Op::f64_const:
    case Op::v128_const:
    case Op::ref_null:
    case Op::ref_func:
    case Op::ref_i31:
    case Op::struct_new:
    case Op::struct_new_default:
    case Op::array_new:
    case Op::array_new_default:
    case Op::array_new_fixed:
    case Op::any_convert_extern:
    case Op::extern_convert_any:
    case Op::end:
        return {};
    case Op::i32_add:
    case Op::i32_sub:
    case Op::i32_mul:
    case Op::i64_add:
    case Op::i64_sub:
    case Op::i64_mul:
        if (!module_.features.has(Feature::extended_const))
            return not_constant();
        return {};
    case Op::global_get:
        if (instruction.index >= visible_globals)
            return fail(ErrorCode::invalid, format("unknown global {}", instruction.index), instruction.offset);
        if (module_.global_types[instruction.index].is_mutable)
            return not_constant();
        if (instruction.index >= module_.imported_globals && !module_.features.has(Feature::gc))
            return not_constant();
        return {};
    default:
        return not_constant();
    }
}

} // namespace trellis::wasm
