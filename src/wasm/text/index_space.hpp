// The identifiers of one index space (functions, locals, the fields of a type), and of labels, which nest.
#pragma once

#include "wasm/text/name_section.hpp"

#include <unordered_map>

namespace trellis::wasm {

class IndexSpace {
public:
    /// `what` is how messages name a member of the space.
    explicit IndexSpace(std::string_view what) : what_(what) {}

    [[nodiscard]] std::string_view what() const { return what_; }
    [[nodiscard]] std::uint32_t count() const { return count_; }

    /// The next index, without an identifier.
    std::uint32_t add() { return count_++; }
    void add(std::uint32_t how_many) { count_ += how_many; }
    /// The next index; nothing when the identifier is taken.
    std::optional<std::uint32_t> add(std::string_view id)
    {
        return indices_.emplace(id, count_).second ? std::optional(count_++) : std::nullopt;
    }

    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view id) const
    {
        const auto found = indices_.find(id);
        return found == indices_.end() ? std::nullopt : std::optional(found->second);
    }

    void clear()
    {
        // A new map, since clearing one costs as much as it ever held: that would add up over functions.
        if (!indices_.empty())
            indices_ = {};
        count_ = 0;
    }

private:
    std::string_view what_;
    std::unordered_map<std::string_view, std::uint32_t> indices_;
    std::uint32_t count_ = 0;
};

/// The labels in scope. Entering, leaving and finding one takes constant time at any depth.
class LabelScope {
public:
    void enter(std::string_view id)
    {
        Entry entry{id, std::nullopt};
        if (!id.empty()) {
            auto& innermost = innermost_[id];
            entry.hidden = std::exchange(innermost, static_cast<std::uint32_t>(stack_.size()));
        }
        stack_.push_back(entry);
    }

    void leave()
    {
        const auto entry = stack_.back();
        stack_.pop_back();
        if (!entry.id.empty())
            innermost_[entry.id] = entry.hidden;
    }

    [[nodiscard]] std::string_view innermost() const { return stack_.back().id; }

    /// Relative depth of the innermost label of that name.
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view id) const
    {
        const auto found = innermost_.find(id);
        if (found == innermost_.end() || !found->second)
            return std::nullopt;
        return static_cast<std::uint32_t>(stack_.size()) - 1 - *found->second;
    }

    void clear()
    {
        stack_.clear();
        if (!innermost_.empty())
            innermost_ = {};
    }

private:
    struct Entry {
        std::string_view id;
        std::optional<std::uint32_t> hidden; ///< what the name meant outside
    };

    std::vector<Entry> stack_;
    std::unordered_map<std::string_view, std::optional<std::uint32_t>> innermost_;
};

} // namespace trellis::wasm
