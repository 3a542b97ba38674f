// All packages of a resolution as written: which interfaces and worlds there are, which are switched off by their
// gates, what a path means in a file, and in which order they can be resolved.
#pragma once

#include "wasm/component/wit/resolver.hpp"
#include "wasm/component/wit/syntax.hpp"

namespace trellis::wasm::component::wit {

/// Names that have to differ in more than the case of their letters.
class UniqueNames {
public:
    /// False if it is there already.
    bool add(std::string_view name);

private:
    std::set<std::string> lower_case_;
};

/// An interface or a world at the top of a file.
struct Node {
    std::uint32_t package; ///< index into Directory::packages
    std::uint32_t scope;   ///< index into Directory::scopes
    const InterfaceSyntax* interface = nullptr;
    const WorldSyntax* world = nullptr;
    bool is_active = true;

    [[nodiscard]] const Name& name() const { return interface != nullptr ? interface->name : world->name; }
    [[nodiscard]] const Preamble& preamble() const
    {
        return interface != nullptr ? interface->preamble : world->preamble;
    }
};

struct PackageDraft {
    PackageName name;
    Place place;
    std::string documentation;
    std::vector<std::uint32_t> nodes = {};
    std::map<std::string_view, std::uint32_t> by_name = {};
    UniqueNames unique = {};
};

/// The part of a package in one file: its own `use` names count before the package's.
struct FileScope {
    const PackageBody* body;
    std::uint32_t package;
    std::map<std::string_view, std::uint32_t> aliases = {};
};

class Directory {
public:
    static Result<Directory> read(Sources& sources, const Input& input, const ResolveOptions& options);

    [[nodiscard]] const std::vector<PackageDraft>& packages() const { return packages_; }
    [[nodiscard]] const std::vector<Node>& nodes() const { return nodes_; }
    /// Whether an item with this gate in this package is there.
    [[nodiscard]] Result<bool> is_active(const Preamble& preamble, std::uint32_t package) const;
    /// What a path means: an interface or world that is there.
    [[nodiscard]] Result<std::uint32_t> find(const Path& path, std::uint32_t scope) const;
    [[nodiscard]] Result<std::uint32_t> find_interface(const Path& path, std::uint32_t scope) const;
    [[nodiscard]] Result<std::uint32_t> find_world(const Path& path, std::uint32_t scope) const;
    /// All active nodes, each behind what it uses, imports, exports and includes.
    [[nodiscard]] Result<std::vector<std::uint32_t>> order() const;

    [[nodiscard]] std::unexpected<Error> invalid(Place place, std::string_view message) const
    {
        return sources_->error(ErrorCode::invalid, place, message);
    }

private:
    Directory(const Sources& sources, const ResolveOptions& options) : sources_(&sources), options_(&options) {}

    Result<> add_group(Sources& sources, const SourceGroup& group);
    Result<std::uint32_t> add_package(const PackageDeclaration& declaration);
    Result<> add_body(const PackageBody& body, std::uint32_t package);
    Result<> add_node(Node node);
    Result<> add_aliases(std::uint32_t scope);
    Result<> find_active();
    Result<> check_inside(const Node& node) const;
    [[nodiscard]] Result<std::uint32_t> find_written(const Path& path, std::uint32_t scope) const;
    [[nodiscard]] std::string known_packages() const;
    [[nodiscard]] Result<std::vector<std::uint32_t>> needs_of(const Node& node) const;

    const Sources* sources_;
    const ResolveOptions* options_;
    std::vector<FileSyntax> files_;
    std::vector<PackageDraft> packages_;
    std::map<std::string, std::uint32_t> package_by_name_;
    std::vector<FileScope> scopes_;
    std::vector<Node> nodes_;
};

} // namespace trellis::wasm::component::wit
