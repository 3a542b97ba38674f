// trellis inspect: what is in a module. The facts are collected once and shown as text or as JSON.
#include "base/format.hpp"
#include "cli/arguments.hpp"
#include "cli/features_used.hpp"
#include "cli/json_writer.hpp"
#include "cli/module_file.hpp"
#include "cli/terminal.hpp"
#include "cli/value_text.hpp"
#include "wasm/binary/cursor.hpp"

#include <algorithm>
#include <array>

namespace trellis::cli {
namespace {

using namespace wasm;

constexpr std::array options = {
    Option{.name = "json", .value = {}, .help = "As JSON, for programs", .example = {}},
};
constexpr std::array examples = {
    Example{"trellis inspect app.wasm", "shows sections, imports, exports and the features that it uses"},
    Example{"trellis inspect app.wasm --json", "the same for programs"},
};

constexpr std::array<std::string_view, 14> section_names = {"custom", "type",   "import",     "function", "table",
                                                            "memory", "global", "export",     "start",    "element",
                                                            "code",   "data",   "data count", "tag"};
constexpr std::array<std::string_view, 5> kind_names = {"func", "table", "memory", "global", "tag"};

struct SectionFact {
    std::string name; ///< of a custom section: its own
    bool is_custom;
    std::uint64_t offset, size;
};

struct ExternFact {
    std::string module; ///< of imports
    std::string name;
    std::string_view kind;
    std::string type;
};

struct CountFact {
    std::string_view name;
    std::uint64_t imported, defined;
};

struct Facts {
    std::string file;
    std::string name; ///< what the module calls itself, if it does
    std::uint64_t size;
    std::vector<SectionFact> sections;
    std::vector<ExternFact> imports, exports;
    std::vector<CountFact> counts;
    std::vector<Feature> features;
    std::optional<std::uint64_t> start;
};

std::string show_limits(const Limits& limits)
{
    const auto max = limits.max ? format("{}", *limits.max) : std::string();
    return format("{}..{}{}", limits.min, max, limits.is_64 ? " i64" : "");
}

std::string show_memory(const MemoryType& memory)
{
    const auto page =
        memory.page_size_log2 == 16 ? std::string() : format(" of {} bytes", std::uint64_t(1) << memory.page_size_log2);
    return format("{} pages{}{}", show_limits(memory.limits), page, memory.shared ? " shared" : "");
}

std::string show_table(const TableType& table)
{
    return format("{} {}", show_limits(table.limits), to_string(table.element));
}

std::string show_global(const GlobalType& global)
{
    return (global.is_mutable ? "mut " : "") + to_string(global.value);
}

/// A function's type; the index where it names no function type (the module may be invalid).
std::string show_function(const Module& module, TypeIndex index)
{
    if (number(index) >= module.types.size())
        return format("type {}", number(index));
    const auto* function = std::get_if<FuncType>(&module.type(index).composite);
    return function ? show_type(*function) : format("type {}", number(index));
}

template <class Type>
const Type* at(const std::vector<Type>& types, std::uint32_t index)
{
    return index < types.size() ? &types[index] : nullptr;
}

std::string export_type(const Module& module, const Export& item)
{
    if (const auto* type = item.kind == ExternKind::func ? at(module.function_types, item.index) : nullptr)
        return show_function(module, *type);
    if (const auto* table = item.kind == ExternKind::table ? at(module.table_types, item.index) : nullptr)
        return show_table(*table);
    if (const auto* memory = item.kind == ExternKind::memory ? at(module.memory_types, item.index) : nullptr)
        return show_memory(*memory);
    if (const auto* global = item.kind == ExternKind::global ? at(module.global_types, item.index) : nullptr)
        return show_global(*global);
    if (const auto* tag = item.kind == ExternKind::tag ? at(module.tag_types, item.index) : nullptr)
        return show_function(module, tag->function);
    return format("index {}, which does not exist", item.index);
}

std::string import_type(const Module& module, const ExternType& type)
{
    if (const auto* function = std::get_if<TypeIndex>(&type))
        return show_function(module, *function);
    if (const auto* table = std::get_if<TableType>(&type))
        return show_table(*table);
    if (const auto* memory = std::get_if<MemoryType>(&type))
        return show_memory(*memory);
    if (const auto* global = std::get_if<GlobalType>(&type))
        return show_global(*global);
    return show_function(module, std::get<TagType>(type).function);
}

void collect_sections(const Module& module, Facts& facts)
{
    std::size_t custom = 0;
    for (const auto& section : module.sections) {
        const bool is_custom = section.id == 0;
        const auto name = is_custom ? module.custom_sections[custom++].name : section_names[section.id];
        facts.sections.push_back({std::string(name), is_custom, section.contents.offset, section.contents.size});
    }
}

void collect_counts(const Module& module, Facts& facts)
{
    facts.counts = {
        {"types", 0, module.types.size()},
        {"functions", module.imported_functions, module.functions.size()},
        {"tables", module.imported_tables, module.tables.size()},
        {"memories", module.imported_memories, module.memory_types.size() - module.imported_memories},
        {"globals", module.imported_globals, module.globals.size()},
        {"tags", module.imported_tags, module.tag_types.size() - module.imported_tags},
        {"element segments", 0, module.elements.size()},
        {"data segments", 0, module.data.size()},
    };
}

/// The module's own name: subsection 0 of the name section. Empty where it is missing or broken.
std::string own_name(const Module& module)
{
    const auto section = std::ranges::find(module.custom_sections, "name", &CustomSection::name);
    if (section == module.custom_sections.end())
        return {};
    Cursor cursor(module.binary.view(), section->contents);
    const bool is_module_name = cursor.byte() == 0;
    cursor.length();
    const auto name = cursor.name();
    return is_module_name && cursor.ok() ? std::string(name) : std::string();
}

Result<Facts> collect(std::string_view file, const Module& module)
{
    Facts facts;
    facts.file = file;
    facts.name = own_name(module);
    facts.size = module.binary.size();
    collect_sections(module, facts);
    collect_counts(module, facts);
    for (const auto& import : module.imports)
        facts.imports.push_back({std::string(import.module), std::string(import.name), kind_names[import.type.index()],
                                 import_type(module, import.type)});
    for (const auto& item : module.exports)
        facts.exports.push_back(
            {{}, std::string(item.name), kind_names[static_cast<std::size_t>(item.kind)], export_type(module, item)});
    facts.features = TRELLIS_TRY(features_used(module));
    if (module.start)
        facts.start = number(*module.start);
    return facts;
}

std::string as_text(const Facts& facts)
{
    std::string text = format("{}: core module, {} bytes\n", facts.file, facts.size);
    if (!facts.name.empty())
        text += format("name: {}\n", printable(facts.name));
    text += "\nsections\n";
    for (const auto& section : facts.sections)
        text += format("  {:#10x} {:>9}  {}{}\n", section.offset, section.size, section.is_custom ? "custom " : "",
                       printable(section.name));
    text += "\ncounts\n";
    for (const auto& count : facts.counts) {
        if (count.imported + count.defined > 0)
            text += format("  {:<17}{:>7}{}\n", count.name, count.imported + count.defined,
                           count.imported > 0 ? format(" ({} imported)", count.imported) : "");
    }
    if (facts.start)
        text += format("  start function: {}\n", *facts.start);
    text += "\nimports\n";
    for (const auto& item : facts.imports)
        text += format("  {:<7}{} {}  {}\n", item.kind, printable(item.module), printable(item.name), item.type);
    text += "\nexports\n";
    for (const auto& item : facts.exports)
        text += format("  {:<7}{}  {}\n", item.kind, printable(item.name), item.type);
    text += "\nfeatures used\n ";
    for (const auto feature : facts.features)
        text += format(" {}", name_of(feature));
    return text + "\n";
}

void write_externs(JsonWriter& json, std::string_view key, const std::vector<ExternFact>& externs)
{
    json.key(key);
    json.begin_array();
    for (const auto& item : externs) {
        json.begin_object();
        if (key == "imports")
            json.member("module", std::string_view(item.module));
        json.member("name", std::string_view(item.name));
        json.member("kind", item.kind);
        json.member("type", std::string_view(item.type));
        json.end_object();
    }
    json.end_array();
}

void write_sections(JsonWriter& json, const std::vector<SectionFact>& sections)
{
    json.key("sections");
    json.begin_array();
    for (const auto& section : sections) {
        json.begin_object();
        json.member("name", std::string_view(section.name));
        json.member("custom", section.is_custom);
        json.member("offset", section.offset);
        json.member("size", section.size);
        json.end_object();
    }
    json.end_array();
}

std::string as_json(const Facts& facts)
{
    JsonWriter json;
    json.begin_object();
    json.member("file", std::string_view(facts.file));
    if (!facts.name.empty())
        json.member("name", std::string_view(facts.name));
    json.member("size", facts.size);
    write_sections(json, facts.sections);
    json.key("counts");
    json.begin_object();
    for (const auto& count : facts.counts) {
        json.key(count.name);
        json.begin_object();
        json.member("imported", count.imported);
        json.member("defined", count.defined);
        json.end_object();
    }
    json.end_object();
    write_externs(json, "imports", facts.imports);
    write_externs(json, "exports", facts.exports);
    if (facts.start)
        json.member("start", *facts.start);
    json.key("features");
    json.begin_array();
    for (const auto feature : facts.features)
        json.value(name_of(feature));
    json.end_array();
    json.end_object();
    return json.take();
}

Result<std::string> inspect(const Arguments& arguments)
{
    const auto file = arguments.operands()[0];
    // Everything is let in: what is used is what we want to know.
    const auto module = TRELLIS_TRY(decode_file(file, Features::all()));
    const auto facts = TRELLIS_TRY(collect(file, module));
    return arguments.has("json") ? as_json(facts) : as_text(facts);
}

int run_inspect(const Arguments& arguments)
{
    const auto text = inspect(arguments);
    return text ? print(*text) : report(text.error());
}

} // namespace

const Command inspect_command = {
    .name = "inspect",
    .operands = "FILE",
    .summary = "Shows what is in a module",
    .details = "FILE may be binary or text; - is standard input. The module need not be valid.",
    .options = options,
    .examples = examples,
    .run = run_inspect,
};

} // namespace trellis::cli
