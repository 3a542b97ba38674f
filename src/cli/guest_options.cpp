#include "cli/guest_options.hpp"

#include "base/format.hpp"
#include "base/quantity.hpp"
#include "cli/environment.hpp"
#include "cli/module_file.hpp"
#include "cli/values.hpp"

namespace trellis::cli {
namespace {

Result<sandbox::DirectoryGrant> directory_grant(std::string_view text)
{
    const auto [host, behind] = split(text, "::");
    const auto [guest, mode] = split(behind.value_or(host), "::");
    if (host.empty() || guest.empty() || (mode && *mode != "ro"))
        return fail(ErrorCode::usage, format("--dir {}: write HOST, HOST::GUEST or HOST::GUEST::ro", text));
    return sandbox::DirectoryGrant{std::string(host), std::string(guest), mode.has_value()};
}

} // namespace

Result<> read_grants(const Arguments& arguments, sandbox::WasiConfig& config)
{
    for (const auto entry : arguments.values("env"))
        config.environment.push_back(TRELLIS_TRY(environment_entry(entry)));
    for (const auto grant : arguments.values("dir"))
        config.directories.push_back(TRELLIS_TRY(directory_grant(grant)));
    return {};
}

Result<wasm::StoreLimits> limits_of(const Arguments& arguments)
{
    wasm::StoreLimits limits;
    TRELLIS_TRY(read_limit(arguments, "max-memory", parse_size, limits.memory_bytes));
    TRELLIS_TRY(read_limit(arguments, "max-table-elements", parse_count, limits.table_elements));
    TRELLIS_TRY(read_limit(arguments, "max-stack", parse_size, limits.stack_bytes));
    TRELLIS_TRY(read_limit(arguments, "max-gc-heap", parse_size, limits.gc_heap_bytes));
    TRELLIS_TRY(read_limit(arguments, "fuel", parse_count, limits.fuel));
    limits.deterministic = arguments.has("deterministic");
    return limits;
}

Result<std::string_view> link_module(wasm::Linker& linker, wasm::Store& store, wasm::Features features,
                                     const Instantiate& instantiate, std::string_view option,
                                     std::string_view name_and_file)
{
    const auto [name, file] = split(name_and_file, "=");
    if (name.empty() || !file || file->empty())
        return fail(ErrorCode::usage, format("--{} {}: write NAME=FILE", option, name_and_file));
    auto& instance = *TRELLIS_TRY(instantiate(TRELLIS_TRY(load_file(*file, store.registry(), features))));
    linker.define_instance(std::string(name), instance);
    store.last_trap = {};
    if (auto* initialize = exported_function(instance, "_initialize"))
        TRELLIS_TRY(wasm::invoke(store, *initialize, {}));
    return name;
}

wasm::Function* exported_function(wasm::Instance& instance, std::string_view name)
{
    const auto item = find_export(instance, name);
    const auto* function = item ? std::get_if<wasm::Function*>(&*item) : nullptr;
    return function ? *function : nullptr;
}

} // namespace trellis::cli
