#include "rules.hpp"

#include "base/format.hpp"
#include "code.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace trellis::tidy {

namespace {

constexpr std::string_view layers_path = "tools/layers.txt";
constexpr std::string_view walls_path = "tools/walls.txt";
constexpr std::string_view map_path = "docs/ARCHITECTURE.md";

/// Folders of src/ (without "src/"), each with the folders it may include beside itself.
using Layers = std::map<std::string, std::set<std::string>, std::less<>>;

Layers read_layers(const File& file, Findings& findings)
{
    Layers layers;
    std::size_t number = 0;
    for (std::string_view line : lines_of(file.text)) {
        ++number;
        line = without_hash_comment(line);
        if (line.empty())
            continue;
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) {
            findings.push_back({file.path, number, "expected \"folder: folders below it\""});
            continue;
        }
        std::set<std::string> below;
        for (std::string_view name : words_of(line.substr(colon + 1))) {
            below.emplace(name);
            if (!layers.contains(name))
                findings.push_back({file.path, number, format("{} is not listed above, so it is not below", name)});
        }
        layers.emplace(line.substr(0, colon), std::move(below));
    }
    return layers;
}

/// The layer of a path within src/: the longest listed folder it lies in; empty for none.
std::string layer_of(const Layers& layers, std::string_view path)
{
    for (std::string_view folder = folder_of(path); !folder.empty(); folder = folder_of(folder))
        if (layers.contains(folder))
            return std::string(folder);
    return {};
}

/// The path within src/ that an #include means: beside the file, or from src/.
std::string target_of(const Tree& tree, const File& file, const Include& include)
{
    const std::string beside = format("{}/{}", folder_of(file.path), include.path);
    if (tree.find(beside) != nullptr)
        return beside.substr(4);
    return include.path;
}

void check_includes(const Tree& tree, const Layers& layers, const File& file, Findings& findings)
{
    const std::string from = layer_of(layers, std::string_view(file.path).substr(4));
    if (from.empty()) {
        findings.push_back({file.path, 0, format("its folder is in no layer of {}", layers_path)});
        return;
    }
    // A test may look at what is above it: it needs modules as text, and things to run them.
    if (is_test(file.path))
        return;
    for (const Include& include : includes_of(file.text)) {
        if (include.angled)
            continue;
        const std::string to = layer_of(layers, target_of(tree, file, include));
        if (to.empty())
            findings.push_back({file.path, include.line, format("{} is in no layer", include.path)});
        else if (to != from && !layers.at(from).contains(to))
            findings.push_back({file.path, include.line, format("{} must not know {}", from, to)});
    }
}

struct Wall {
    std::string header;              ///< as tools/walls.txt spells it: "fstream", "fmt/", "boost/json"
    std::vector<std::string> places; ///< beginnings of paths
    bool used = false;
};

std::vector<Wall> read_walls(const File& file, Findings& findings)
{
    std::vector<Wall> walls;
    std::size_t number = 0;
    for (std::string_view line : lines_of(file.text)) {
        ++number;
        line = without_hash_comment(line);
        if (line.empty())
            continue;
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) {
            findings.push_back({file.path, number, "expected \"header: places that may include it\""});
            continue;
        }
        Wall wall{std::string(line.substr(0, colon)), {}};
        for (std::string_view place : words_of(line.substr(colon + 1)))
            wall.places.emplace_back(place);
        walls.push_back(std::move(wall));
    }
    return walls;
}

bool covers(const Wall& wall, std::string_view header)
{
    if (!header.starts_with(wall.header))
        return false;
    const std::string_view rest = header.substr(wall.header.size());
    return rest.empty() || wall.header.ends_with('/') || rest.starts_with('/') || rest.starts_with('.');
}

/// "*_test.cpp" means any test; everything else is the beginning of a path.
bool is_in_place(const std::string& place, std::string_view path)
{
    return place == "*_test.cpp" ? is_test(path) : path.starts_with(place);
}

/// Headers of the language and the system come without a folder; those few with one belong to Linux.
bool is_of_the_system(std::string_view header)
{
    const std::string_view folder = folder_of(header);
    return folder.empty() || folder == "sys" || folder == "linux" || folder == "netinet" || folder == "arpa" ||
           folder == "asm" || folder == "sanitizer";
}

void check_wall(const File& file, const Include& include, std::vector<Wall>& walls, Findings& findings)
{
    const auto wall = std::ranges::find_if(walls, [&](const Wall& one) { return covers(one, include.path); });
    if (wall == walls.end()) {
        if (!is_of_the_system(include.path))
            findings.push_back({file.path, include.line, format("<{}> is not in {}", include.path, walls_path)});
        return;
    }
    wall->used = true;
    if (std::ranges::none_of(wall->places, [&](const std::string& place) { return is_in_place(place, file.path); }))
        findings.push_back(
            {file.path, include.line, format("<{}> stays behind its wall ({})", include.path, walls_path)});
}

} // namespace

void check_layers(const Tree& tree, Findings& findings)
{
    const File* list = tree.find(layers_path);
    if (list == nullptr)
        return findings.push_back({std::string(layers_path), 0, "missing"});
    const Layers layers = read_layers(*list, findings);
    for (const auto& [folder, below] : layers) {
        const std::string prefix = format("src/{}/", folder);
        if (std::ranges::none_of(tree.files, [&](const File& file) { return file.path.starts_with(prefix); }))
            findings.push_back({list->path, 0, format("{} does not exist", prefix)});
    }
    for (const File& file : tree.files)
        if (file.path.starts_with("src/") && is_code(file.path))
            check_includes(tree, layers, file, findings);
}

void check_walls(const Tree& tree, Findings& findings)
{
    const File* list = tree.find(walls_path);
    if (list == nullptr)
        return findings.push_back({std::string(walls_path), 0, "missing"});
    std::vector<Wall> walls = read_walls(*list, findings);
    for (const File& file : tree.files)
        if (file.path.ends_with(".cpp") || file.path.ends_with(".hpp"))
            for (const Include& include : includes_of(file.text))
                if (include.angled)
                    check_wall(file, include, walls, findings);
    for (const Wall& wall : walls)
        if (!wall.used)
            findings.push_back({list->path, 0, format("nothing includes {}", wall.header)});
}

void check_architecture(const Tree& tree, Findings& findings)
{
    const File* map = tree.find(map_path);
    if (map == nullptr)
        return findings.push_back({std::string(map_path), 0, "missing"});
    std::set<std::string_view> folders;
    for (const File& file : tree.files)
        if (file.path.starts_with("src/") && folder_of(file.path) != "src")
            folders.insert(folder_of(file.path).substr(4));
    for (std::string_view folder : folders)
        if (map->text.find(format("`{}/`", folder)) == std::string::npos)
            findings.push_back({map->path, 0, format("the map does not name `{}/`", folder)});
}

} // namespace trellis::tidy
