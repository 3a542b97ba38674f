// Writes Prometheus' text format 0.0.4: families, each with HELP and TYPE in front and its samples together, in the
// order in which they are added. https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace trellis::gateway {

class Exposition {
public:
    struct Label {
        std::string_view name;
        std::string_view value; ///< escaped when written
    };
    using Labels = std::initializer_list<Label>;

    /// `type`: counter, gauge or histogram. The samples that follow belong to it.
    void family(std::string_view name, std::string_view type, std::string_view help);
    void sample(Labels labels, std::uint64_t value);
    void sample(Labels labels, std::int64_t value);
    void seconds(Labels labels, std::chrono::nanoseconds value);
    /// `counts`: of each bucket alone; one more than `bounds_us`, for what is above the last one.
    void histogram(std::string_view label, std::string_view value, std::span<const std::uint64_t> bounds_us,
                   std::span<const std::uint64_t> counts, std::chrono::nanoseconds sum);

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    void begin(std::string_view suffix, Labels labels);

    std::string text_;
    std::string_view name_;
};

} // namespace trellis::gateway
