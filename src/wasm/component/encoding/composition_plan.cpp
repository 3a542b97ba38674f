#include "wasm/component/encoding/composition_plan.hpp"

#include "base/format.hpp"
#include "wasm/component/validation/validator.hpp"
#include "wasm/component/wit/version.hpp"

#include <algorithm>

namespace trellis::wasm::component::encoding {
namespace {

/// Fills in who provides what, and then goes from the root to all that it needs.
class Planning {
public:
    explicit Planning(CompositionPlan& plan) : plan_(plan), states_(plan.members.size()) {}

    Result<> run()
    {
        for (std::size_t i = 0; i < plan_.members.size(); ++i)
            for (const auto& import : plan_.members[i].imports())
                plan_.members[i].providers.push_back(TRELLIS_TRY(provider_of(i, import)));
        TRELLIS_TRY(visit(0));
        for (std::size_t i = 0; i < plan_.members.size(); ++i)
            if (states_[i] == State::unseen)
                return fail(ErrorCode::invalid, nobody_needs(i));
        return {};
    }

private:
    enum class State : std::uint8_t { unseen, open, done };

    Result<std::optional<Provider>> provider_of(std::size_t importer, const NamedExtern& import) const;
    [[nodiscard]] const NamedExtern* export_of(std::size_t member, const NamedExtern& import) const;
    Result<> visit(std::size_t member);
    [[nodiscard]] std::string cycle_from(std::size_t member) const;
    [[nodiscard]] std::string nobody_needs(std::size_t member) const;
    [[nodiscard]] const std::string& file(std::size_t member) const { return plan_.members[member].file->name; }

    CompositionPlan& plan_;
    std::vector<State> states_;
    std::vector<std::pair<std::size_t, std::string>> path_; ///< from the root: who imports what
};

/// The export that fits by name, best the very same.
const NamedExtern* Planning::export_of(std::size_t member, const NamedExtern& import) const
{
    const auto& exports = plan_.members[member].type().exports.list;
    const auto wanted = compatible_name(import.name);
    const NamedExtern* best = nullptr;
    for (const auto& one : exports) {
        if (one.type.index() != import.type.index() || compatible_name(one.name) != wanted)
            continue;
        if (best == nullptr || full_name(one.name) == full_name(import.name))
            best = &one;
    }
    return best;
}

Result<std::optional<Provider>> Planning::provider_of(std::size_t importer, const NamedExtern& import) const
{
    std::optional<Provider> found;
    for (std::size_t i = 0; i < plan_.members.size(); ++i) {
        const auto* item = i == importer ? nullptr : export_of(i, import);
        if (item != nullptr && found)
            return fail(ErrorCode::invalid,
                        format("{} is imported by {} and exported by both {} and {}; leave out one",
                               full_name(import.name), file(importer), file(found->member), file(i)));
        if (item != nullptr)
            found = Provider{i, item};
    }
    return found;
}

Result<> Planning::visit(std::size_t member)
{
    states_[member] = State::open;
    for (std::size_t i = 0; i < plan_.members[member].imports().size(); ++i) {
        const auto& provider = plan_.members[member].providers[i];
        if (!provider || states_[provider->member] == State::done)
            continue;
        path_.emplace_back(member, full_name(plan_.members[member].imports()[i].name));
        if (states_[provider->member] == State::open)
            return fail(ErrorCode::invalid, cycle_from(provider->member));
        TRELLIS_TRY(visit(provider->member));
        path_.pop_back();
    }
    states_[member] = State::done;
    plan_.order.push_back(member);
    return {};
}

std::string Planning::cycle_from(std::size_t member) const
{
    std::string steps;
    auto step = std::ranges::find(path_, member, [](const auto& one) { return one.first; });
    for (; step != path_.end(); ++step) {
        const auto giver = std::next(step) == path_.end() ? member : std::next(step)->first;
        steps.append(steps.empty() ? "" : ", ")
            .append(format("{} imports {} of {}", file(step->first), step->second, file(giver)));
    }
    return format("components can't need each other: {}", steps);
}

std::string Planning::nobody_needs(std::size_t member) const
{
    std::string names;
    for (const auto& item : plan_.members[member].type().exports.list)
        names.append(names.empty() ? "" : ", ").append(full_name(item.name));
    return format("nothing that {} needs comes from {}, which exports {}", file(0), file(member),
                  names.empty() ? "nothing" : names);
}

Result<CompositionMember> load(const ComposedFile& file, TypeRegistry& registry)
{
    auto component = load_component(file.binary, registry);
    if (component)
        return CompositionMember{.file = &file, .component = std::move(*component)};
    auto error = std::move(component).error();
    error.message = format("{}: {}", file.name, error.message);
    return std::unexpected(std::move(error));
}

} // namespace

std::string full_name(const ExternName& name)
{
    return std::string(name.name).append(name.version_suffix.value_or(""));
}

std::string compatible_name(const ExternName& name)
{
    auto full = full_name(name);
    const auto at = full.contains('/') ? full.find('@') : std::string::npos;
    const auto version = at == std::string::npos ? std::nullopt : wit::Version::parse(full.substr(at + 1));
    return version ? full.substr(0, at + 1) + version->compatibility() : full;
}

Result<CompositionPlan> plan_composition(const ComposedFile& root, std::span<const ComposedFile> dependencies)
{
    CompositionPlan plan;
    TypeRegistry registry;
    plan.members.push_back(TRELLIS_TRY(load(root, registry)));
    for (const auto& dependency : dependencies)
        plan.members.push_back(TRELLIS_TRY(load(dependency, registry)));
    TRELLIS_TRY(Planning(plan).run());
    return plan;
}

} // namespace trellis::wasm::component::encoding
