#include "wasm/interpreter/emitter.hpp"
#include "wasm/interpreter/handlers_control.hpp"

#include <algorithm>

namespace trellis::wasm::interpreter {
namespace {

Code stub_address()
{
    static const Handler stub = handlers::compile_on_call;
    return reinterpret_cast<Code>(&stub);
}

FunctionCode emit(ModuleCode& module_code, FuncIndex function, std::vector<CodeOffset>* offsets)
{
    FunctionCode made;
    Emitter emitter(module_code, made, offsets);
    const auto walked = walk_function(module_code.module(), function, emitter);
    TRELLIS_CHECK(walked.has_value()); // the module was validated
    return made;
}

} // namespace

struct ModuleCode::Replacement {
    Handler handler;
    const OtherCode* operand;
    OtherCode other;
};

ModuleCode::~ModuleCode() = default;

ModuleCode::ModuleCode(const Module& module, CodeMode mode)
    : module_(&module), mode_(mode), entries_(std::make_unique<FunctionEntry[]>(module.functions.size()))
{
    for (std::uint32_t i = 0; i < module.functions.size(); ++i) {
        entries_[i].code.store(stub_address(), std::memory_order_relaxed);
        entries_[i].function = static_cast<FuncIndex>(module.imported_functions + i);
        entries_[i].module = this;
    }
}

Code ModuleCode::compile(FunctionEntry& entry)
{
    const std::scoped_lock lock(mutex_);
    if (const auto code = entry.code.load(std::memory_order_relaxed); code != stub_address())
        return code;
    const Code code = code_of(entry.function).code.data();
    entry.code.store(code, std::memory_order_release);
    return code;
}

const FunctionCode& ModuleCode::code_of(FuncIndex function)
{
    auto& known = own_code_[function];
    if (!known) {
        auto made = emit(*this, function, nullptr);
        made.code.shrink_to_fit();
        const Code code = made.code.data();
        known = &functions_.emplace(code, std::move(made)).first->second;
    }
    return *known;
}

Code ModuleCode::add_replacement(OtherCode other)
{
    auto made = std::make_unique<Replacement>(Replacement{handlers::run_other_code, nullptr, other});
    made->operand = &made->other;
    replacements_.push_back(std::move(made));
    return reinterpret_cast<Code>(replacements_.back().get());
}

void ModuleCode::replace(FuncIndex function, OtherCode other)
{
    const std::scoped_lock lock(mutex_);
    entry(function).code.store(add_replacement(other), std::memory_order_release);
}

bool ModuleCode::replace_loop(FuncIndex function, std::uint32_t loop, OtherCode other)
{
    const std::scoped_lock lock(mutex_);
    const auto& code = code_of(function);
    const auto found = std::ranges::find(code.loops, loop, &FunctionCode::Loop::binary);
    if (found == code.loops.end())
        return false;
    loops_[code.code.data() + found->code] = add_replacement(other);
    return true;
}

Code ModuleCode::replacement_at(Code loop)
{
    const std::scoped_lock lock(mutex_);
    const auto found = loops_.find(loop);
    return found == loops_.end() ? nullptr : found->second;
}

const FunctionCode* ModuleCode::find(Code address)
{
    const std::scoped_lock lock(mutex_);
    const auto found = functions_.lower_bound(address); // the first that begins at or before the address
    if (found == functions_.end() || address >= found->first + found->second.code.size())
        return nullptr;
    return &found->second;
}

std::uint32_t ModuleCode::binary_offset(const FunctionCode& function, std::uint32_t code_offset)
{
    // Emission is deterministic: doing it again, with a list of offsets, costs nothing until somebody asks.
    std::vector<CodeOffset> offsets;
    emit(*this, function.function, &offsets);
    const auto after = std::ranges::upper_bound(offsets, code_offset, {}, &CodeOffset::code);
    return after == offsets.begin() ? offsets.front().binary : std::prev(after)->binary;
}

} // namespace trellis::wasm::interpreter
