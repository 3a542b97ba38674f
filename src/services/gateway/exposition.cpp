#include "services/gateway/exposition.hpp"

#include "base/format.hpp"
#include "services/gateway/log_text.hpp"

namespace trellis::gateway {

namespace {

void append_escaped(std::string& to, std::string_view text)
{
    for (const char c : text) {
        if (c == '\n')
            to += "\\n";
        else if (c == '\\' || c == '"')
            (to += '\\') += c;
        else
            to += c;
    }
}

/// Shortest decimal form of a bound in seconds: "0.0001", "2.5", "10".
std::string seconds_of(std::uint64_t microseconds)
{
    auto text = format("{}.{:06}", microseconds / 1'000'000, microseconds % 1'000'000);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.')
        text.pop_back();
    return text;
}

} // namespace

void Exposition::family(std::string_view name, std::string_view type, std::string_view help)
{
    name_ = name;
    text_ += format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void Exposition::begin(std::string_view suffix, Labels labels)
{
    (text_ += name_) += suffix;
    char separator = '{';
    for (const auto& label : labels) {
        ((text_ += separator) += label.name) += "=\"";
        append_escaped(text_, label.value);
        text_ += '"';
        separator = ',';
    }
    text_ += labels.size() == 0 ? " " : "} ";
}

void Exposition::sample(Labels labels, std::uint64_t value)
{
    begin("", labels);
    append_number(text_, value);
    text_ += '\n';
}

void Exposition::sample(Labels labels, std::int64_t value)
{
    begin("", labels);
    text_ += format("{}\n", value);
}

void Exposition::seconds(Labels labels, std::chrono::nanoseconds value)
{
    begin("", labels);
    text_ += format("{}.{:09}\n", value.count() / 1'000'000'000, value.count() % 1'000'000'000);
}

void Exposition::histogram(std::string_view label, std::string_view value, std::span<const std::uint64_t> bounds_us,
                           std::span<const std::uint64_t> counts, std::chrono::nanoseconds sum)
{
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        so_far += counts[i];
        const auto bound = i < bounds_us.size() ? seconds_of(bounds_us[i]) : std::string("+Inf");
        begin("_bucket", {{label, value}, {"le", bound}});
        append_number(text_, so_far);
        text_ += '\n';
    }
    begin("_sum", {{label, value}});
    text_ += format("{}.{:09}\n", sum.count() / 1'000'000'000, sum.count() % 1'000'000'000);
    begin("_count", {{label, value}});
    append_number(text_, so_far);
    text_ += '\n';
}

} // namespace trellis::gateway
