#include "services/gateway/code_supply.hpp"

#include "base/format.hpp"
#include "base/thread_priority.hpp"
#include "embed/component_file.hpp"
#include "embed/module_file.hpp"
#include "services/gateway/component_program.hpp"
#include "wasm/interpreter/interpreter.hpp"
#include "wasm/jit/jit.hpp"
#include "wasm/native/native_tier.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace trellis::gateway {

/// Lives as long as its thread, which may be in the middle of compiling when the server is gone.
struct CodeSupply::Background {
    void add(std::weak_ptr<ModuleFile> file)
    {
        const std::scoped_lock lock(mutex);
        waiting.push_back(std::move(file));
        changed.notify_one();
    }
    void run();
    void compile(const std::shared_ptr<ModuleFile>& file) const;

    std::optional<embed::CodeCache> cache;
    std::function<void(std::string_view)> note;
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::deque<std::weak_ptr<ModuleFile>> waiting;
    bool stopping = false;
};

void CodeSupply::Background::run()
{
    lower_thread_priority();
    std::unique_lock lock(mutex);
    for (;;) {
        changed.wait(lock, [&] { return stopping || !waiting.empty(); });
        if (stopping)
            return;
        const auto file = waiting.front().lock(); // null: nobody wants it any more
        waiting.pop_front();
        lock.unlock();
        if (file)
            compile(file);
        lock.lock();
    }
}

void CodeSupply::Background::compile(const std::shared_ptr<ModuleFile>& file) const
{
    const auto done = file->program->give_code(file->wishes, cache ? &*cache : nullptr, 1);
    const std::scoped_lock lock(mutex);
    if (stopping)
        return;
    if (done)
        file->tier = &wasm::compiled_if_possible_tier;
    else if (note)
        note(format("{} stays interpreted: {}", file->path, done.error().describe()));
}

CodeSupply::CodeSupply(CodeChoice choice, std::optional<embed::CodeCache> cache,
                       std::function<void(std::string_view)> note)
    : choice_(choice), cache_(std::move(cache))
{
    if (choice != CodeChoice::jit)
        return;
    background_ = std::make_shared<Background>();
    background_->cache = cache_;
    background_->note = std::move(note);
}

CodeSupply::~CodeSupply()
{
    if (!background_)
        return;
    const std::scoped_lock lock(background_->mutex);
    background_->stopping = true;
    background_->changed.notify_one();
}

namespace {

/// An artifact's code does what it was compiled for.
Result<> check_mode(const std::string& path, const wasm::Module& module, embed::CodeWishes wishes)
{
    const auto mode = wasm::native::native_module(module).mode();
    if (wishes.fuel && !mode.counts_fuel)
        return fail(ErrorCode::usage,
                    format("{}: its code does not count fuel, which is limited here; compile it with --fuel", path));
    if (wishes.deterministic && !mode.deterministic)
        return fail(ErrorCode::usage,
                    format("{}: its code is not of the deterministic profile; compile it with --deterministic", path));
    return {};
}

} // namespace

Result<std::shared_ptr<const wasm::Module>> CodeSupply::load_module(const std::string& path, embed::CodeWishes wishes,
                                                                    wasm::TypeRegistry& registry) const
{
    const auto features = wasm::Features::standard();
    if (embed::is_artifact(path)) {
        auto module = TRELLIS_TRY(embed::load_artifact(path, registry, features));
        if (choice_ != CodeChoice::interpreter && wasm::native::has_code(*module))
            TRELLIS_TRY(check_mode(path, *module, wishes));
        return module;
    }
    if (choice_ == CodeChoice::interpreter)
        return embed::load_file(path, registry, features);
    return embed::load_with_code(path, registry, features, wishes, cache(),
                                 choice_ == CodeChoice::aot ? embed::IfMissing::compile : embed::IfMissing::leave);
}

Result<std::shared_ptr<const GuestProgram>>
CodeSupply::load_program(const std::string& path, embed::CodeWishes wishes,
                         const std::shared_ptr<wasm::TypeRegistry>& registry) const
{
    if (!embed::is_component(path))
        return link_module(TRELLIS_TRY(load_module(path, wishes, *registry)), *registry);
    auto component = TRELLIS_TRY(embed::load_component_file(path, *registry));
    auto program = link_component(component, registry);
    if (!program)
        return embed::in_file(path, std::move(program).error());
    // What is in the cache is used at once, and what is not is compiled later.
    if (choice_ == CodeChoice::jit && embed::give_cached_code(*component, wishes, cache()))
        TRELLIS_TRY((*program)->give_code(wishes, cache(), 1));
    return program;
}

Result<std::shared_ptr<ModuleFile>> CodeSupply::load(const std::string& path, embed::CodeWishes wishes,
                                                     FileStatus status,
                                                     const std::shared_ptr<wasm::TypeRegistry>& registry)
{
    auto program = TRELLIS_TRY(load_program(path, wishes, registry));
    if (choice_ == CodeChoice::aot && !program->has_code()) // an artifact's, that can't be used here, or a component's
        TRELLIS_TRY(program->give_code(wishes, cache(), 0));
    const bool compiled = choice_ != CodeChoice::interpreter && program->has_code();
    auto file = std::make_shared<ModuleFile>(path, wishes, std::move(program), status);
    file->tier = compiled ? &wasm::compiled_if_possible_tier : &wasm::interpreter_tier;
    if (background_ && !compiled)
        compile_later(file);
    return file;
}

void CodeSupply::compile_later(const std::shared_ptr<ModuleFile>& file)
{
    background_->add(file);
    if (!std::exchange(has_thread_, true))
        std::thread([shared = background_] { shared->run(); }).detach();
}

} // namespace trellis::gateway
