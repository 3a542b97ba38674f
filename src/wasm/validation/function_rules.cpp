#include "wasm/validation/function_rules.hpp"

#include "base/format.hpp"
#include "wasm/syntax/implementation_limits.hpp"

namespace trellis::wasm {

namespace {

constexpr std::uint32_t flat_local_limit = 256;

} // namespace

std::string FunctionRules::list(Types types)
{
    std::string text = "[";
    for (ValType type : types) {
        if (text.size() > 1)
            text += ' ';
        text += to_string(type);
    }
    return text + "]";
}

FunctionRules::FunctionRules(const Module& module)
    : module_(&module), types_(module.canonical_types), single_byte_ops_(module.features), reader_(module, {})
{
}

void FunctionRules::reset(ByteRange bytes)
{
    reader_.restart(bytes);
    instruction_.offset = bytes.offset;
    stack_.clear();
    frames_.clear();
    flat_locals_.clear();
    local_runs_ = {};
    run_ends_.clear();
    set_flags_.clear();
    set_locals_.clear();
}

bool FunctionRules::begin_function(const FuncType& type, ByteRange body)
{
    reset(body);
    in_constant_ = false;
    visible_globals_ = static_cast<std::uint32_t>(module_->global_types.size());
    function_results_ = type.results;
    auto runs = reader_.read_locals();
    if (!runs.has_value()) {
        error_ = runs.error();
        return false;
    }
    local_runs_ = runs.value();
    if (!lay_out_locals(type.params))
        return false;
    push_frame({.op = Op::block, .form = BlockType::Form::type, .single = {}, .type = &type});
    return true;
}

bool FunctionRules::lay_out_locals(const std::vector<ValType>& parameters)
{
    flat_locals_.assign(parameters.begin(), parameters.end());
    auto count = static_cast<std::uint32_t>(parameters.size());
    bool all_defaultable = true;
    for (const InstructionReader::LocalRun& run : local_runs_) {
        if (!known_type(run.type))
            return false;
        all_defaultable &= run.type.defaultable();
        const auto flat = static_cast<std::uint32_t>(flat_locals_.size());
        if (flat < flat_local_limit)
            flat_locals_.resize(flat + std::min(run.count, flat_local_limit - flat), run.type);
        count += run.count;
        run_ends_.push_back(count);
    }
    if (count > implementation_limits::locals)
        return over_limit(format("too many locals: {} where {} are supported", count, implementation_limits::locals));
    // Parameters are set from the start.
    const bool parameter_without_default = !std::ranges::all_of(parameters, &ValType::defaultable);
    if (!all_defaultable || parameter_without_default)
        set_flags_.assign(parameters.size(), true);
    if (!all_defaultable)
        set_flags_.resize(count, false);
    return true;
}

void FunctionRules::begin_constant(ValType type, ByteRange bytes, std::uint32_t visible_globals)
{
    reset(bytes);
    in_constant_ = true;
    visible_globals_ = visible_globals;
    constant_type_.results.assign(1, type);
    function_results_ = constant_type_.results;
    push_frame({.op = Op::block, .form = BlockType::Form::type, .single = {}, .type = &constant_type_});
}

bool FunctionRules::finish()
{
    if (stack_.overflowed())
        return false;
    if (reader_.at_end())
        return true;
    error_ = Error{ErrorCode::malformed, "section size mismatch", reader_.offset()};
    return false;
}

Error FunctionRules::take_error()
{
    if (stack_.overflowed())
        over_limit(format("too many operands: {} are supported", implementation_limits::operands));
    Error error = error_ ? std::move(*error_) : reader_.error();
    error_.reset();
    return error;
}

bool FunctionRules::invalid(std::string message)
{
    error_ = Error{ErrorCode::invalid, std::move(message), instruction_.offset};
    return false;
}

bool FunctionRules::malformed(std::string message)
{
    error_ = Error{ErrorCode::malformed, std::move(message), instruction_.offset};
    return false;
}

bool FunctionRules::over_limit(std::string message)
{
    error_ = Error{ErrorCode::limit, std::move(message), instruction_.offset};
    return false;
}

bool FunctionRules::unknown(std::string_view what, std::uint32_t index)
{
    return invalid(format("unknown {} {}", what, index));
}

/// The operands on the stack, as many as are asked for, are not `required`.
bool FunctionRules::mismatch(std::string_view who, Types required)
{
    const Types operands = stack_.operands();
    return invalid(format("type mismatch: {} requires {} but stack has {}", who, list(required),
                          list(operands.last(std::min(operands.size(), required.size())))));
}

// Operands

bool FunctionRules::pop_all(Types required, std::string_view who)
{
    if (!top_matches(required))
        return mismatch(who, required);
    stack_.drop(std::min(required.size(), stack_.above_floor()));
    return true;
}

/// Whatever is on top; bottom where the stack of unreachable code is empty.
ValType FunctionRules::pop_any(bool& ok)
{
    if (stack_.above_floor() != 0) {
        const ValType type = stack_.from_top(1);
        stack_.drop(1);
        return type;
    }
    if (!frames_.back().unreachable) {
        const ValType something;
        ok = mismatch({&something, 1});
    }
    return {};
}

bool FunctionRules::pop_reference(ValType& type)
{
    bool ok = true;
    type = pop_any(ok);
    if (!ok)
        return false;
    if (type.is_bottom())
        type = ValType::ref(HeapType::bottom);
    if (!type.is_ref())
        return invalid(format("type mismatch: instruction requires reference type but stack has {}", to_string(type)));
    return true;
}

void FunctionRules::push_all(Types types)
{
    for (ValType type : types)
        stack_.push(type);
}

bool FunctionRules::set_unreachable()
{
    stack_.drop_to_floor();
    frames_.back().unreachable = true;
    return true;
}

// Parametric instructions and variables

bool FunctionRules::on(Rule<Op::select>)
{
    bool ok = pop(i32);
    const ValType second = ok ? pop_any(ok) : ValType();
    const ValType first = ok ? pop_any(ok) : ValType();
    if (!ok)
        return false;
    for (ValType type : {first, second}) {
        if (type.is_ref())
            return invalid(
                format("type mismatch: instruction requires numeric or vector type but stack has {}", to_string(type)));
    }
    if (first != second && !first.is_bottom() && !second.is_bottom())
        return invalid(format("type mismatch: instruction requires {} but stack has {}", list({{first, first}}),
                              list({{first, second}})));
    push(first.is_bottom() ? second : first);
    return true;
}

bool FunctionRules::on(Rule<Op::select_t>)
{
    if (instruction_.types.size() != 1)
        return invalid("invalid result arity other than 1 is not allowed");
    const ValType type = instruction_.types.front();
    if (!known_type(type) || !pop({type, type, i32}))
        return false;
    push(type);
    return true;
}

bool FunctionRules::far_local(std::uint32_t index, ValType& type)
{
    const auto run = std::ranges::upper_bound(run_ends_, index);
    if (run == run_ends_.end())
        return unknown("local", index);
    type = local_runs_[static_cast<std::size_t>(run - run_ends_.begin())].type;
    return true;
}

void FunctionRules::mark_set(std::uint32_t index)
{
    if (set_flags_[index])
        return;
    set_flags_[index] = true;
    set_locals_.push_back(index);
}

/// What a block set is unset behind it. Each local set is undone at most once, so this is linear overall.
void FunctionRules::forget_locals_set_since(std::uint32_t count)
{
    while (set_locals_.size() > count) {
        set_flags_[set_locals_.back()] = false;
        set_locals_.pop_back();
    }
}

bool FunctionRules::on(Rule<Op::global_get>)
{
    if (instruction_.index >= visible_globals_)
        return unknown("global", instruction_.index);
    push(module_->global_types[instruction_.index].value);
    return true;
}

bool FunctionRules::on(Rule<Op::global_set>)
{
    if (instruction_.index >= visible_globals_)
        return unknown("global", instruction_.index);
    const GlobalType& global = module_->global_types[instruction_.index];
    if (!global.is_mutable)
        return invalid("immutable global");
    return pop(global.value);
}

// What indices name

bool FunctionRules::known_heap(HeapType type)
{
    if (type.is_index() && number(type.index()) >= module_->types.size())
        return unknown("type", number(type.index()));
    return true;
}

bool FunctionRules::known_type(ValType type)
{
    return !type.is_ref() || known_heap(type.heap());
}

bool FunctionRules::function_type(std::uint32_t index, const FuncType*& type)
{
    if (index >= module_->types.size())
        return unknown("type", index);
    type = std::get_if<FuncType>(&module_->types[index].composite);
    return type != nullptr || invalid(format("non-function type {}", index));
}

} // namespace trellis::wasm
