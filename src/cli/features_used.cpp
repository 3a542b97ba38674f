#include "cli/features_used.hpp"

#include "wasm/binary/instruction_reader.hpp"

#include <algorithm>
#include <array>
#include <bitset>

namespace trellis::cli {
namespace {

using namespace wasm;

constexpr std::array old_heap_types = {HeapType::func, HeapType::extern_};
constexpr std::array exception_heap_types = {HeapType::exn, HeapType::noexn};

template <class Values, class Value>
bool contains(const Values& values, const Value& value)
{
    return std::ranges::find(values, value) != values.end();
}

class Collector {
public:
    explicit Collector(const Module& module) : module_(module) {}

    Result<std::vector<Feature>> collect();

private:
    void add(Feature feature) { used_.set(static_cast<std::size_t>(feature)); }
    void add_if(bool condition, Feature feature)
    {
        if (condition)
            add(feature);
    }
    void type(ValType type);
    void heap_type(HeapType heap, bool nullable);
    void function_type(const FuncType& type);
    void sub_type(const SubType& type);
    void definitions();
    Result<> segments();
    Result<> constant(const ConstExpr& expression);
    Result<> body(const FunctionDefinition& function);
    void instruction(const Instruction& instruction);

    const Module& module_;
    std::bitset<static_cast<std::size_t>(Feature::count_)> used_;
};

void Collector::heap_type(HeapType heap, bool nullable)
{
    if (contains(exception_heap_types, heap))
        add(Feature::exceptions);
    else if (heap.is_index() || heap == HeapType::nofunc || heap == HeapType::noextern)
        add(Feature::function_references);
    else
        add(contains(old_heap_types, heap) ? Feature::reference_types : Feature::gc);
    add_if(!nullable, Feature::function_references);
}

void Collector::type(ValType type)
{
    add_if(type.kind() == Kind::v128, Feature::simd);
    if (type.is_ref())
        heap_type(type.heap(), type.nullable());
}

void Collector::function_type(const FuncType& function)
{
    add_if(function.results.size() > 1, Feature::multi_value);
    std::ranges::for_each(function.params, [&](ValType t) { type(t); });
    std::ranges::for_each(function.results, [&](ValType t) { type(t); });
}

void Collector::sub_type(const SubType& sub)
{
    add_if(!sub.is_final || sub.supertype, Feature::gc);
    if (const auto* function = std::get_if<FuncType>(&sub.composite))
        function_type(*function);
    else
        add(Feature::gc);
}

void Collector::definitions()
{
    for (const auto& sub : module_.types)
        sub_type(sub);
    for (const auto& group : module_.recursion_groups)
        add_if(group.count != 1, Feature::gc);
    for (const auto& table : module_.table_types) {
        add_if(table.limits.is_64, Feature::memory64);
        add_if(table.element != funcref, Feature::reference_types);
        if (table.element != funcref)
            type(table.element);
    }
    for (const auto& memory : module_.memory_types) {
        add_if(memory.limits.is_64, Feature::memory64);
        add_if(memory.shared, Feature::threads);
        add_if(memory.page_size_log2 != 16, Feature::custom_page_sizes);
    }
    for (const auto& global : module_.global_types)
        type(global.value);
    add_if(module_.table_types.size() > 1, Feature::reference_types);
    add_if(module_.memory_types.size() > 1, Feature::multi_memory);
    add_if(!module_.tag_types.empty(), Feature::exceptions);
    add_if(module_.data_count.has_value(), Feature::bulk_memory);
}

Result<> Collector::segments()
{
    for (const auto& table : module_.tables) {
        add_if(table.initial.has_value(), Feature::function_references);
        if (table.initial)
            TRELLIS_TRY(constant(*table.initial));
    }
    for (const auto& global : module_.globals)
        TRELLIS_TRY(constant(global.initial));
    for (const auto& segment : module_.elements) {
        add_if(segment.mode == SegmentMode::passive, Feature::bulk_memory);
        add_if(segment.mode == SegmentMode::declarative || !segment.expressions.empty(), Feature::reference_types);
        if (segment.mode == SegmentMode::active)
            TRELLIS_TRY(constant(segment.offset));
        for (const auto& expression : segment.expressions)
            TRELLIS_TRY(constant(expression));
    }
    for (const auto& segment : module_.data) {
        add_if(segment.mode == SegmentMode::passive, Feature::bulk_memory);
        if (segment.mode == SegmentMode::active)
            TRELLIS_TRY(constant(segment.offset));
    }
    return {};
}

Result<> Collector::constant(const ConstExpr& expression)
{
    constexpr std::array arithmetic = {Op::i32_add, Op::i32_sub, Op::i32_mul, Op::i64_add, Op::i64_sub, Op::i64_mul};
    InstructionReader reader(module_, expression.bytes);
    Instruction next;
    while (!reader.at_end()) {
        TRELLIS_TRY(reader.read(next));
        add_if(contains(arithmetic, next.op), Feature::extended_const);
        instruction(next);
    }
    return {};
}

void Collector::instruction(const Instruction& next)
{
    const auto& row = info(next.op);
    add(row.feature);
    add_if(row.immediate == Immediate::memory_access && next.index != 0, Feature::multi_memory);
    if (row.immediate == Immediate::block || row.immediate == Immediate::try_table) {
        if (next.block_type.form == BlockType::Form::value)
            type(next.block_type.value);
        add_if(next.block_type.form == BlockType::Form::type, Feature::multi_value);
    }
    std::ranges::for_each(next.types, [&](ValType t) { type(t); });
    if (row.immediate == Immediate::heap_type)
        heap_type(next.type.heap(), true);
}

Result<> Collector::body(const FunctionDefinition& function)
{
    InstructionReader reader(module_, function.body);
    for (const auto& run : TRELLIS_TRY(reader.read_locals()))
        type(run.type);
    Instruction next;
    while (!reader.at_end()) {
        TRELLIS_TRY(reader.read(next));
        instruction(next);
    }
    return {};
}

Result<std::vector<Feature>> Collector::collect()
{
    definitions();
    TRELLIS_TRY(segments());
    for (const auto& function : module_.functions)
        TRELLIS_TRY(body(function));
    add(Feature::mvp);
    std::vector<Feature> features;
    for (std::size_t i = 0; i < used_.size(); ++i) {
        if (used_[i])
            features.push_back(static_cast<Feature>(i));
    }
    return features;
}

} // namespace

Result<std::vector<Feature>> features_used(const Module& module)
{
    return Collector(module).collect();
}

} // namespace trellis::cli
