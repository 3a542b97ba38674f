#include "wasm/jit/jit.hpp"

#include "base/format.hpp"
#include "base/thread_priority.hpp"
#include "wasm/execution/guest_stack.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/interpreter/sampling.hpp"
#include "wasm/jit/unit.hpp"
#include "wasm/native/append.hpp"
#include "wasm/native/native_tier.hpp"

#include <algorithm>
#include <condition_variable>
#include <map>
#include <thread>

namespace trellis::wasm {
namespace jit {
namespace {

using interpreter::ModuleCode;
using interpreter::OtherCode;
using interpreter::Sample;

std::uint32_t defined(const Module& module, FuncIndex function)
{
    return number(function) - module.imported_functions;
}

Trap run_compiled(Instance& instance, const OtherCode& code, Slot* frame)
{
    if (!instance.native)
        if (!native::prepare(instance))
            return Trap::limit_exceeded;
    const auto trap = native::enter(instance, code.code, code.entry, frame);
    if (const auto next = native::take_tail_call(*instance.store); next.function) [[unlikely]]
        return interpreter::tail_call(*next.function, next.arguments, frame);
    return trap;
}

OtherCode other_code(const Module& module, FuncIndex function, void* code, void* entry)
{
    const auto& type = module.type_of(function);
    return {run_compiled, code, entry, parameter_slots(type), result_slots(type)};
}

} // namespace

/// What is known of one module in one mode of the interpreter.
struct Program {
    struct Seen {
        unsigned times = 0;
        bool done = false;
    };
    std::shared_ptr<const Module> module;
    std::shared_ptr<void> code_owner;
    ModuleCode* code;
    std::vector<bool> done;                                        ///< by defined function: compiled, or being compiled
    std::vector<bool> refused;                                     ///< by defined function: stays interpreted
    std::map<std::uint32_t, unsigned> seen;                        ///< looks that found it, by defined function
    std::map<std::pair<std::uint32_t, std::uint32_t>, Seen> loops; ///< by defined function and offset
    bool has_types = false; ///< wrappers and adapters are compiled: with the first unit that could be
    std::optional<native::CompiledModule> so_far; ///< for Settings::keep
};

struct Jit::Impl {
    Impl(Compile how, Settings all) : compile(std::move(how)), settings(std::move(all)) {}

    void run();
    void note(const Sample& sample);
    bool can_compile(const Program& program) const;
    void count(Program& program, FuncIndex function);
    Program* hottest();
    void compile_unit(Program& program, std::unique_lock<std::mutex>& lock);
    Program& program_of(const Instance& instance);
    Result<> compile_these(Program& program, compiler::Selection what, std::unique_lock<std::mutex>& lock);
    void take_over(Program& program);
    void keep(Program& program, const native::CompiledModule& compiled) const;
    void publish(Program& program, const compiler::Selection& what, std::shared_ptr<const native::CodeImage> image);
    compiler::Selection choose(Program& program);
    void log(const std::string& line) const
    {
        if (settings.log)
            settings.log(line);
    }

    Compile compile;
    Settings settings;
    std::mutex mutex;
    std::condition_variable changed;
    bool stopping = false;
    std::map<Store*, InterruptHandle> stores;
    std::map<ModuleCode*, Program> programs;
    std::thread thread;
};

void Jit::Impl::count(Program& program, FuncIndex function)
{
    const auto index = defined(*program.module, function);
    if (program.done[index] || program.refused[index])
        return;
    if (program.module->functions[index].body.size > settings.most_function_bytes) {
        program.refused[index] = true;
        log(format("function {} stays interpreted: it has {} bytes", number(function),
                   program.module->functions[index].body.size));
        return;
    }
    ++program.seen[index];
}

/// Compiled code of a module is of one mode.
bool Jit::Impl::can_compile(const Program& program) const
{
    return native::native_module(*program.module).claim(static_cast<std::uint32_t>(program.code->mode().number()));
}

native::CodeMode mode_of(const Program& program)
{
    const auto mode = program.code->mode();
    return {.guarded_memory0 = mode.guarded_memory0, .counts_fuel = mode.metered, .deterministic = mode.deterministic};
}

/// What earlier runs have compiled.
void Jit::Impl::take_over(Program& program)
{
    auto image = settings.find ? settings.find(*program.module, mode_of(program)) : nullptr;
    if (!image)
        return;
    compiler::Selection what;
    for (std::uint32_t i = 0; i < program.done.size(); ++i)
        if (image->function(i))
            what.functions.push_back(i);
    for (const auto one : what.functions)
        program.done[one] = true;
    program.has_types = true;
    program.so_far = image->copy();
    publish(program, what, std::move(image));
    log(format("{} functions were compiled by an earlier run", what.functions.size()));
}

/// Compiled pieces are kept together. Without the lock: only the thread in the background does this.
void Jit::Impl::keep(Program& program, const native::CompiledModule& compiled) const
{
    if (!settings.keep)
        return;
    if (program.so_far)
        native::append(*program.so_far, compiled);
    else
        program.so_far = compiled;
    settings.keep(*program.module, *program.so_far);
}

Program& Jit::Impl::program_of(const Instance& instance)
{
    auto* const code = static_cast<ModuleCode*>(instance.code);
    auto& program = programs[code];
    if (!program.module) {
        program.module = instance.module;
        program.code_owner = instance.code_owner;
        program.code = code;
        program.done.resize(program.module->functions.size());
        const bool can = can_compile(program);
        program.refused.resize(program.done.size(), !can);
        if (can)
            take_over(program);
    }
    return program;
}

/// On a guest's thread, at a poll.
void Jit::Impl::note(const Sample& sample)
{
    const std::scoped_lock lock(mutex);
    auto& program = program_of(*sample.instance);
    count(program, sample.function);
    if (sample.caller)
        count(program, *sample.caller);
    const auto index = defined(*program.module, sample.function);
    if (sample.loop && !program.refused[index])
        ++program.loops[{index, *sample.loop}].times;
}

compiler::Selection Jit::Impl::choose(Program& program)
{
    compiler::Selection what;
    for (auto& [function, times] : program.seen)
        if (times >= settings.hot && !program.done[function])
            what.functions.push_back(function);
    what.functions = with_callees(*program.module, std::move(what.functions), program.done, settings.unit);
    for (auto& [place, loop] : program.loops)
        if (loop.times >= settings.hot && !std::exchange(loop.done, true))
            what.loops.push_back({place.first, place.second});
    for (const auto one : what.functions)
        program.done[one] = true;
    return what;
}

Program* Jit::Impl::hottest()
{
    for (auto& [code, program] : programs) {
        for (const auto& [function, times] : program.seen)
            if (times >= settings.hot && !program.done[function])
                return &program;
        for (const auto& [place, loop] : program.loops)
            if (loop.times >= settings.hot && !loop.done)
                return &program;
    }
    return nullptr;
}

void Jit::Impl::publish(Program& program, const compiler::Selection& what,
                        std::shared_ptr<const native::CodeImage> image)
{
    const auto& module = *program.module;
    auto& all = native::native_module(module);
    all.add(image);
    for (const auto one : what.functions) {
        const auto function = static_cast<FuncIndex>(module.imported_functions + one);
        void* const wrapper = all.wrapper(module.function_types[number(function)]);
        program.code->replace(function, other_code(module, function, wrapper, image->function(one)));
    }
    for (const auto& entry : image->loops()) {
        const auto function = static_cast<FuncIndex>(module.imported_functions + entry.function);
        program.code->replace_loop(function, entry.loop, other_code(module, function, image->loop(entry), nullptr));
    }
}

/// The lock is released while it compiles.
Result<> Jit::Impl::compile_these(Program& program, compiler::Selection what, std::unique_lock<std::mutex>& lock)
{
    what.with_types = !program.has_types;
    compiler::Options options;
    options.guarded_memory0 = program.code->mode().guarded_memory0;
    options.fuel = program.code->mode().metered;
    options.deterministic = program.code->mode().deterministic;
    options.threads = 1;
    options.only = std::move(what);
    lock.unlock();
    auto compiled = compile(*program.module, options);
    auto image = compiled ? native::CodeImage::map(*compiled) : std::unexpected(compiled.error());
    lock.lock();
    publish(program, *options.only, TRELLIS_TRY(std::move(image)));
    program.has_types = true;
    for (const auto& [store, handle] : stores)
        handle.sample(); // so that running loops go on in it
    lock.unlock();
    if (options.only->with_types || !options.only->functions.empty())
        keep(program, *compiled);
    lock.lock();
    return {};
}

void Jit::Impl::compile_unit(Program& program, std::unique_lock<std::mutex>& lock)
{
    const auto before = std::chrono::steady_clock::now();
    auto what = choose(program);
    const auto functions = what.functions.size(), loops = what.loops.size();
    const auto done = compile_these(program, std::move(what), lock);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - before;
    log(done ? format("compiled {} functions and {} loops in {:.1f} ms", functions, loops, took.count())
             : format("{} functions stay interpreted: {}", functions, done.error().describe()));
}

void Jit::Impl::run()
{
    lower_thread_priority(); // where processors are scarce, the guest comes first
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, settings.interval, [&] { return stopping; })) {
        for (const auto& [store, handle] : stores)
            handle.sample();
        if (auto* const program = hottest())
            compile_unit(*program, lock);
    }
}

Jit::Jit(Compile compile, Settings settings) : impl_(std::make_unique<Impl>(std::move(compile), std::move(settings))) {}

Jit::~Jit()
{
    stop();
    if (impl_->thread.joinable())
        impl_->thread.join();
}

void Jit::watch(Store& store)
{
    store.set_sample_handler([impl = impl_.get()] {
        if (const auto sample = interpreter::take_sample())
            impl->note(*sample);
    });
    const std::scoped_lock lock(impl_->mutex);
    impl_->stores.emplace(&store, store.interrupt_handle());
    if (!impl_->thread.joinable())
        impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void Jit::forget(Store& store)
{
    const std::scoped_lock lock(impl_->mutex);
    impl_->stores.erase(&store);
    store.set_sample_handler({});
}

Result<> Jit::compile_now(Instance& instance, compiler::Selection what)
{
    std::unique_lock lock(impl_->mutex);
    return impl_->compile_these(impl_->program_of(instance), std::move(what), lock);
}

void Jit::stop()
{
    const std::scoped_lock lock(impl_->mutex);
    impl_->stopping = true;
    impl_->changed.notify_all();
}

namespace {

Result<> prepare(Instance& instance)
{
    return interpreter_tier.prepare(instance);
}

Result<> prepare_if_possible(Instance& instance)
{
    TRELLIS_TRY(interpreter_tier.prepare(instance));
    auto ready = native::prepare(instance);
    if (!ready && ready.error().code == ErrorCode::limit)
        return {};
    return ready;
}

/// What compiled code has left its last frame to; its arguments are not in a frame yet.
Trap call_next(Store& store, native::TailCall next, Slot* results)
{
    auto& stack = *store.stack;
    const auto& type = next.function->type->function();
    const auto slots = std::max(parameter_slots(type), result_slots(type));
    if (!stack.take_room(slots))
        return Trap::call_stack_exhausted;
    auto* const frame = stack.top;
    std::ranges::copy(next.arguments, frame);
    stack.top += slots;
    const auto trap = wasm::call(store, *next.function, frame);
    stack.top = frame;
    std::copy_n(frame, failed(trap) ? 0 : result_slots(type), results);
    return trap;
}

Trap call(Store& store, Function& function, Slot* frame)
{
    const auto& instance = *function.instance;
    const bool is_compiled =
        instance.native && native::native_module(*instance.module).function(defined(*instance.module, function.index));
    if (!is_compiled)
        return interpreter_tier.call(store, function, frame);
    const auto trap = native::call(function, frame);
    const auto next = native::take_tail_call(store);
    return next.function ? call_next(store, next, frame) : trap;
}

} // namespace
} // namespace jit

const Tier jit_tier = {"jit", jit::prepare, jit::call};
const Tier compiled_if_possible_tier = {"native", jit::prepare_if_possible, jit::call};

} // namespace trellis::wasm
