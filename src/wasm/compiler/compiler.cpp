#include "wasm/compiler/compiler.hpp"

#include "base/check.hpp"
#include "base/format.hpp"
#include "wasm/compiler/function_translator.hpp"
#include "wasm/compiler/keep_selects.hpp"
#include "wasm/compiler/object_code.hpp"
#include "wasm/compiler/polls.hpp"
#include "wasm/compiler/processor.hpp"

#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <numeric>
#include <thread>

namespace trellis::wasm::compiler {
namespace {

/// What is compiled together.
using Part = Selection;

std::vector<Part> parts_of(const Module& module)
{
    constexpr std::uint64_t bytes_each = 32 * 1024;
    std::vector<Part> parts = {{.functions = {}, .loops = {}, .with_types = true}};
    std::uint64_t bytes = 0;
    for (std::uint32_t i = 0; i < module.functions.size(); ++i) {
        if (bytes > bytes_each) {
            parts.emplace_back();
            bytes = 0;
        }
        parts.back().functions.push_back(i);
        bytes += module.functions[i].body.size;
    }
    return parts;
}

Result<> translate(const Module& module, FunctionTranslator& translator, std::uint32_t defined)
{
    TRELLIS_TRY(walk_function(module, static_cast<FuncIndex>(module.imported_functions + defined), translator));
    if (translator.error())
        return std::unexpected(*translator.error());
    return {};
}

/// Only a guarded memory has accesses without a check. What other threads write must be read where the program says so.
bool loops_pay(const Module& module, const Options& options)
{
    return options.guarded_memory0 && !options.fuel && !module.memory_types.empty() && !module.memory_types[0].shared;
}

Result<std::vector<char>> compile_part(const Module& module, const Options& options, const std::vector<bool>& polls,
                                       const Part& part)
{
    const auto target = TRELLIS_TRY(make_target(options));
    LlvmModule llvm(module, options, *target);
    FunctionTranslator translator(llvm, polls);
    for (const auto i : part.functions)
        TRELLIS_TRY(translate(module, translator, i));
    for (const auto& one : part.loops) {
        translator.enter_at(one.loop);
        TRELLIS_TRY(translate(module, translator, one.function));
    }
    if (part.with_types)
        for (std::uint32_t i = 0; i < module.types.size(); ++i)
            if (std::holds_alternative<FuncType>(module.types[i].composite)) {
                make_wrapper(llvm, i);
                make_adapter(llvm, i);
            }
    llvm.finish();
    if (options.dump_ir == "raw")
        llvm.llvm().print(llvm::errs(), nullptr);
    TRELLIS_ASSERT(!llvm::verifyModule(llvm.llvm(), &llvm::errs()));
    optimise(llvm.llvm(), *target, loops_pay(module, options));
    if (processor_of(options.cpu).quiets_in_minimum)
        keep_selects(llvm.llvm());
    if (options.dump_ir == "optimised")
        llvm.llvm().print(llvm::errs(), nullptr);
    return emit_object(llvm.llvm(), *target);
}

/// Threads that take parts, the largest ones first, so that all end at about the same time.
class Workers {
public:
    Workers(const Module& module, const Options& options, const std::vector<bool>& polls,
            const std::vector<Part>& parts)
        : module_(module), options_(options), polls_(polls), parts_(parts), sizes_(parts.size()), order_(parts.size()),
          objects_(parts.size())
    {
        for (std::size_t i = 0; i < parts.size(); ++i)
            for (const auto function : parts[i].functions)
                sizes_[i] += module.functions[function].body.size;
        std::iota(order_.begin(), order_.end(), 0u);
        std::ranges::sort(order_, std::greater(), [&](auto part) { return sizes_[part]; });
    }

    /// The object files, in the order of the parts.
    Result<std::vector<std::vector<char>>> run()
    {
        const auto wanted = options_.threads ? options_.threads : std::thread::hardware_concurrency();
        {
            std::vector<std::jthread> helpers;
            for (unsigned i = 1; i < std::min<std::size_t>(wanted, parts_.size()); ++i)
                helpers.emplace_back([this] { work(); });
            work();
        }
        if (error_)
            return std::unexpected(*error_);
        return std::move(objects_);
    }

private:
    void work()
    {
        for (;;) {
            const auto next = next_.fetch_add(1);
            if (next >= parts_.size())
                return;
            const auto part = order_[next];
            finish(part, compile_part(module_, options_, polls_, parts_[part]));
        }
    }

    void finish(std::uint32_t part, Result<std::vector<char>> made)
    {
        const std::scoped_lock lock(mutex_);
        if (made)
            objects_[part] = std::move(*made);
        else if (!error_ || part < failed_) { // the same one whoever is fastest
            error_ = made.error();
            failed_ = part;
        }
        done_ += sizes_[part];
        if (options_.progress)
            options_.progress(done_, std::reduce(sizes_.begin(), sizes_.end()));
    }

    const Module& module_;
    const Options& options_;
    const std::vector<bool>& polls_;
    const std::vector<Part>& parts_;
    std::vector<std::uint64_t> sizes_;
    std::vector<std::uint32_t> order_;
    std::atomic<std::size_t> next_ = 0;
    std::mutex mutex_; ///< of what follows
    std::vector<std::vector<char>> objects_;
    std::optional<Error> error_;
    std::uint32_t failed_ = 0;
    std::uint64_t done_ = 0;
};

} // namespace

Result<native::CompiledModule> compile(const Module& module, const Options& options)
{
    if (options.guarded_memory0 && !processor_of(options.cpu).guards_memory)
        return fail(ErrorCode::unsupported,
                    format("code for {} checks memory: a guarded one is not known there", options.cpu));
    const auto parts = options.only ? std::vector{*options.only} : parts_of(module);
    const auto polls =
        options.only ? functions_that_poll(module, options.only->functions) : functions_that_poll(module);
    const auto objects = TRELLIS_TRY(Workers(module, options, polls, parts).run());
    auto compiled = TRELLIS_TRY(link(module, options, objects));
    compiled.mode.counts_fuel = options.fuel;
    compiled.mode.deterministic = options.deterministic;
    compiled.mode.guarded_memory0 = options.guarded_memory0 && !module.memory_types.empty() &&
                                    !module.memory_types[0].limits.is_64 && module.memory_types[0].page_size_log2 == 16;
    return compiled;
}

} // namespace trellis::wasm::compiler
