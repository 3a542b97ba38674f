// Measured values by row and engine, and their forms for people: a Markdown table of medians and ratios, an SVG plot.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace trellis::bench {

double median(std::vector<double> values);
double geometric_mean(const std::vector<double>& values);

struct Row {
    std::string name;
    std::map<std::string, std::vector<double>> samples; ///< by engine; none: it can't run this

    /// 0 where there is no sample.
    [[nodiscard]] double median_of(const std::string& engine) const;
    /// How many times as long as the other; 0 where one has no sample.
    [[nodiscard]] double ratio(const std::string& engine, const std::string& other) const;
};

/// Columns: the row's name, the base's median in `unit`, then every other engine's ratio to the base; a last line with
/// geometric means.
std::string markdown_table(const std::vector<Row>& rows, const std::vector<std::string>& engines,
                           const std::string& base, const std::string& unit);

/// Geometric mean, over the rows both can run, of how many times as fast `engine` is as `other`; 0 without such rows.
double mean_speed_up(const std::vector<Row>& rows, const std::string& engine, const std::string& other);
/// The least of them.
double least_speed_up(const std::vector<Row>& rows, const std::string& engine, const std::string& other);

/// Bars: per row, each engine's ratio to the base, on a logarithmic scale.
std::string svg_plot(const std::vector<Row>& rows, const std::vector<std::string>& engines, const std::string& base,
                     const std::string& title);

} // namespace trellis::bench
