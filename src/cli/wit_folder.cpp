#include "cli/wit_folder.hpp"

#include "base/format.hpp"
#include "embed/module_file.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <sys/stat.h>

namespace trellis::cli {
namespace {

using wasm::component::wit::Input;
using wasm::component::wit::Model;
using wasm::component::wit::SourceFile;
using wasm::component::wit::SourceGroup;
using wasm::component::wit::WorldId;

bool is_wit_file(const std::string& path)
{
    return path.ends_with(".wit") && !is_folder(path);
}

/// Paths of what is in a folder, sorted; hidden files are not for us.
Result<std::vector<std::string>> entries_of(const std::string& folder)
{
    DIR* const opened = opendir(folder.c_str());
    if (opened == nullptr)
        return embed::system_failure(folder, errno);
    std::vector<std::string> paths;
    while (const auto* const entry = readdir(opened))
        if (entry->d_name[0] != '.')
            paths.push_back(format("{}/{}", folder, entry->d_name));
    closedir(opened);
    std::ranges::sort(paths);
    return paths;
}

Result<SourceFile> read_source(const std::string& path)
{
    const auto bytes = TRELLIS_TRY(embed::read_file(path));
    const auto view = bytes.view();
    return SourceFile{path, std::string(reinterpret_cast<const char*>(view.data()), view.size())};
}

Result<SourceGroup> read_group(const std::string& folder)
{
    SourceGroup group;
    for (const auto& path : TRELLIS_TRY(entries_of(folder)))
        if (is_wit_file(path))
            group.push_back(TRELLIS_TRY(read_source(path)));
    return group;
}

Result<std::vector<SourceGroup>> read_dependencies(const std::string& folder)
{
    std::vector<SourceGroup> groups;
    if (!is_folder(folder))
        return groups;
    for (const auto& path : TRELLIS_TRY(entries_of(folder))) {
        if (is_wit_file(path))
            groups.push_back({TRELLIS_TRY(read_source(path))});
        else if (is_folder(path))
            groups.push_back(TRELLIS_TRY(read_group(path)));
    }
    std::erase_if(groups, [](const SourceGroup& group) { return group.empty(); });
    return groups;
}

/// "a, b, c": the worlds of the package that was asked for.
std::string worlds_of(const Model& model)
{
    std::string list;
    for (const auto world : model[model.root].worlds)
        list.append(list.empty() ? "" : ", ").append(model[world].name);
    return list;
}

} // namespace

bool is_folder(std::string_view path)
{
    struct stat status{};
    return stat(std::string(path).c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

Result<Input> read_wit(std::string_view path)
{
    std::string name(path);
    while (name.size() > 1 && name.ends_with('/'))
        name.pop_back();
    if (!is_folder(name))
        return Input{.root = {TRELLIS_TRY(read_source(name))}, .dependencies = {}};
    Input input = {.root = TRELLIS_TRY(read_group(name)),
                   .dependencies = TRELLIS_TRY(read_dependencies(name + "/deps"))};
    if (input.root.empty())
        return fail(ErrorCode::not_found, format("{}: no .wit files in this folder", name));
    return input;
}

Result<WorldId> choose_world(const Model& model, std::string_view name)
{
    if (const auto world = model.find_world(name))
        return *world;
    const auto worlds = worlds_of(model);
    if (worlds.empty())
        return fail(ErrorCode::usage, format("package {} has no world", model[model.root].name.text()));
    return fail(ErrorCode::usage, name.empty() ? format("there are several worlds; choose one with --world: {}", worlds)
                                               : format("no world {}; there are: {}", name, worlds));
}

} // namespace trellis::cli
