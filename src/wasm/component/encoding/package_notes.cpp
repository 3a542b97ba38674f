#include "wasm/component/encoding/package_notes.hpp"

#include "wasm/component/encoding/json_tree.hpp"

namespace trellis::wasm::component::encoding {
namespace {

constexpr std::uint8_t oldest_version = 0, version = 1;

/// Copies notes from a model to a tree, or back. Both ways go along the same path.
template <class AnyModel, class Tree>
class NotesWalk {
    static constexpr bool is_reading = std::is_const_v<Tree>;

public:
    NotesWalk(AnyModel& model, wit::PackageId package) : model_(model), package_(package) {}

    void run(Tree& root)
    {
        auto& package = model_.packages[package_.index];
        text(&root, "docs", package.documentation);
        for (const auto id : package.interfaces)
            interface(child(&root, "interfaces", model_[id].name), id);
        for (const auto id : package.worlds)
            world(child(&root, "worlds", model_[id].name), id);
    }

private:
    /// Null where there is nothing to read.
    static Tree* child(Tree* parent, std::string_view name)
    {
        if (parent == nullptr)
            return nullptr;
        if constexpr (is_reading)
            return parent->find(name);
        else
            return &parent->members[std::string(name)];
    }
    static Tree* child(Tree* parent, std::string_view group, std::string_view name)
    {
        return child(child(parent, group), name);
    }

    template <class Text>
    static void text(Tree* parent, std::string_view name, Text& value)
    {
        auto* node = child(parent, name);
        if constexpr (is_reading) {
            if (node != nullptr && node->text)
                value = *node->text;
        } else {
            node->text = value;
        }
    }

    template <class Version>
    static void version_text(Tree* parent, std::string_view name, Version& value)
    {
        std::string written;
        if constexpr (!is_reading)
            written = value ? value->text() : std::string();
        text(parent, name, written);
        if constexpr (is_reading)
            value = wit::Version::parse(written);
    }

    /// `{"stable": {"since": "1.0.0"}}` or `{"unstable": {"feature": "x"}}`
    template <class Stability>
    static void stability(Tree* node, Stability& value)
    {
        bool is_unstable = !value.feature.empty();
        if constexpr (is_reading)
            is_unstable = child(node, "unstable") != nullptr;
        if (is_unstable) {
            text(child(node, "unstable"), "feature", value.feature);
            version_text(child(node, "unstable"), "deprecated", value.deprecated);
        } else {
            version_text(child(node, "stable"), "since", value.since);
            version_text(child(node, "stable"), "deprecated", value.deprecated);
        }
    }

    template <class Notes>
    static void notes(Tree* node, Notes& value)
    {
        text(node, "docs", value.documentation);
        stability(child(node, "stability"), value.stability);
    }

    void type(Tree* node, wit::TypeId id)
    {
        auto& definition = model_.types[id.index];
        notes(node, definition.notes);
        const auto items = [&](auto& list) {
            for (auto& item : list)
                text(child(node, "items"), item.name, item.documentation);
        };
        if (auto* record = std::get_if<wit::Record>(&definition.kind))
            items(record->fields);
        if (auto* variant = std::get_if<wit::Variant>(&definition.kind))
            items(variant->cases);
        if (auto* cases = std::get_if<wit::Enum>(&definition.kind))
            items(cases->cases);
        if (auto* flags = std::get_if<wit::Flags>(&definition.kind))
            items(flags->flags);
    }

    void interface(Tree* node, wit::InterfaceId id)
    {
        notes(node, model_.interfaces[id.index].notes);
        members(node, id);
    }

    void members(Tree* node, wit::InterfaceId id)
    {
        auto& interface = model_.interfaces[id.index];
        for (auto& function : interface.functions)
            notes(child(node, "funcs", function.name), function.notes);
        for (const auto id_of_type : interface.types)
            type(child(node, "types", model_[id_of_type].name), id_of_type);
    }

    void world(Tree* node, wit::WorldId id)
    {
        auto& world = model_.worlds[id.index];
        notes(node, world.notes);
        for (auto& item : world.imports)
            world_item(node, item, {"interfaces", "funcs", "interface_import_stability", "interface_import_docs"});
        for (auto& item : world.exports)
            world_item(node, item,
                       {"interface_exports", "func_exports", "interface_export_stability", "interface_export_docs"});
    }

    struct Groups {
        std::string_view interfaces, functions, stability, documentation;
    };

    template <class Item>
    void world_item(Tree* node, Item& item, const Groups& groups)
    {
        if (auto* function = std::get_if<wit::Function>(&item.item))
            return notes(child(node, groups.functions, item.name), function->notes);
        if (const auto* id = std::get_if<wit::TypeId>(&item.item))
            return type(child(node, "types", model_[*id].name), *id);
        const auto id = std::get<wit::InterfaceId>(item.item);
        if (model_[id].name.empty()) {
            notes(child(node, groups.interfaces, item.name), item.notes);
            return members(child(node, groups.interfaces, item.name), id);
        }
        const auto name = model_.name_of(item);
        stability(child(node, groups.stability, name), item.notes.stability);
        text(child(node, groups.documentation), name, item.notes.documentation);
    }

    AnyModel& model_;
    wit::PackageId package_;
};

} // namespace

std::vector<std::uint8_t> encode_notes(const wit::Model& model, wit::PackageId package)
{
    JsonTree tree;
    NotesWalk<const wit::Model, JsonTree>(model, package).run(tree);
    const auto text = write_json(tree);
    std::vector<std::uint8_t> section = {version};
    section.insert(section.end(), text.begin(), text.end());
    return section;
}

void decode_notes(Bytes section, wit::Model& model, wit::PackageId package)
{
    if (section.empty() || (section[0] != version && section[0] != oldest_version))
        return;
    const std::string_view text(reinterpret_cast<const char*>(section.data() + 1), section.size() - 1);
    if (const auto tree = read_json(text))
        NotesWalk<wit::Model, const JsonTree>(model, package).run(*tree);
}

} // namespace trellis::wasm::component::encoding
