#include "table.hpp"

#include "base/format.hpp"

#include <algorithm>
#include <cmath>

namespace trellis::bench {

double median(std::vector<double> values)
{
    if (values.empty())
        return 0;
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double geometric_mean(const std::vector<double>& values)
{
    double sum = 0;
    for (const double value : values)
        sum += std::log(value);
    return values.empty() ? 0 : std::exp(sum / static_cast<double>(values.size()));
}

double Row::median_of(const std::string& engine) const
{
    const auto found = samples.find(engine);
    return found == samples.end() ? 0 : median(found->second);
}

double Row::ratio(const std::string& engine, const std::string& other) const
{
    const double divisor = median_of(other);
    return divisor == 0 ? 0 : median_of(engine) / divisor;
}

namespace {

std::vector<double> ratios(const std::vector<Row>& rows, const std::string& engine, const std::string& other)
{
    std::vector<double> all;
    for (const Row& row : rows)
        if (const double ratio = row.ratio(engine, other); ratio != 0)
            all.push_back(ratio);
    return all;
}

std::string cell(double value, int digits)
{
    return value == 0 ? " - |" : format(" {:.{}f} |", value, digits);
}

} // namespace

std::string markdown_table(const std::vector<Row>& rows, const std::vector<std::string>& engines,
                           const std::string& base, const std::string& unit)
{
    std::string text = format("| | {}, {} |", base, unit);
    std::string line = "|---|---:|";
    for (const std::string& engine : engines) {
        if (engine == base)
            continue;
        text += " " + engine + " |";
        line += "---:|";
    }
    text += "\n" + line + "\n";
    for (const Row& row : rows) {
        text += "| " + row.name + " |" + cell(row.median_of(base), 2);
        for (const std::string& engine : engines)
            if (engine != base)
                text += cell(row.ratio(engine, base), 2);
        text += "\n";
    }
    text += "| **geometric mean** | |";
    for (const std::string& engine : engines)
        if (engine != base)
            text += cell(geometric_mean(ratios(rows, engine, base)), 2);
    return text + "\n";
}

double mean_speed_up(const std::vector<Row>& rows, const std::string& engine, const std::string& other)
{
    return geometric_mean(ratios(rows, other, engine));
}

double least_speed_up(const std::vector<Row>& rows, const std::string& engine, const std::string& other)
{
    const std::vector<double> all = ratios(rows, other, engine);
    return all.empty() ? 0 : std::ranges::min(all);
}

namespace {

constexpr const char* colours[] = {"#555555", "#1b7f5c", "#d95f02", "#7570b3", "#e7298a", "#66a61e", "#a6761d"};
constexpr double left = 140, top = 60, width = 720, bar_height = 7, row_gap = 8, greatest_ratio = 200;

double x_of(double ratio)
{
    return left + width * std::log(std::clamp(ratio, 0.5, greatest_ratio) / 0.5) / std::log(greatest_ratio / 0.5);
}

std::string text_at(double x, double y, const std::string& anchor, const std::string& text)
{
    return format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, text);
}

} // namespace

std::string svg_plot(const std::vector<Row>& rows, const std::vector<std::string>& engines, const std::string& base,
                     const std::string& title)
{
    const double row_height = bar_height * static_cast<double>(engines.size() - 1) + row_gap;
    const double bottom = top + row_height * static_cast<double>(rows.size());
    std::string svg = format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0f}\" height=\"{:.0f}\" "
                             "font-family=\"sans-serif\" font-size=\"12\">\n"
                             "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
                             left + width + 40, bottom + 40);
    svg += text_at(left, 20, "start", title);
    for (const double tick : {0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0}) {
        svg += format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.0f}\" y2=\"{2:.0f}\" stroke=\"#dddddd\"/>\n",
                      x_of(tick), top - 6, bottom);
        svg += text_at(x_of(tick), bottom + 16, "middle", format("{}", tick));
    }
    double y = top;
    for (const Row& row : rows) {
        svg += text_at(left - 8, y + row_height / 2, "end", row.name);
        for (std::size_t i = 0; i < engines.size(); ++i) {
            if (engines[i] == base)
                continue;
            if (const double ratio = row.ratio(engines[i], base); ratio != 0)
                svg += format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\"/>\n", left, y,
                              x_of(ratio) - left, bar_height - 1, colours[i % std::size(colours)]);
            y += bar_height;
        }
        y += row_gap;
    }
    double x = left;
    for (std::size_t i = 0; i < engines.size(); ++i) {
        if (engines[i] == base)
            continue;
        svg += format("<rect x=\"{:.0f}\" y=\"30\" width=\"10\" height=\"10\" fill=\"{}\"/>\n", x,
                      colours[i % std::size(colours)]);
        svg += text_at(x + 14, 40, "start", engines[i]);
        x += 100;
    }
    return svg + "</svg>\n";
}

} // namespace trellis::bench
