#include "services/gateway/metrics.hpp"

#include "services/gateway/exposition.hpp"
#include "services/gateway/process_status.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <sstream>
#include <thread>

namespace trellis::gateway {
namespace {

using namespace std::chrono_literals;

bool has_line(const std::string& text, const std::string& line)
{
    return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

TEST(gateway_metrics, exposition_writes_families_and_escapes_labels)
{
    Exposition to;
    to.family("a_total", "counter", "Help.");
    to.sample({}, std::uint64_t(18'446'744'073'709'551'615u));
    to.sample({{"x", "C:\\a\"b\nc"}, {"y", ""}}, std::int64_t(-1));
    to.seconds({}, 1'500'000'001ns);
    EXPECT_EQ(to.take(), "# HELP a_total Help.\n# TYPE a_total counter\na_total 18446744073709551615\n"
                         "a_total{x=\"C:\\\\a\\\"b\\nc\",y=\"\"} -1\na_total 1.500000001\n");
}

TEST(gateway_metrics, histograms_are_cumulative_and_end_with_inf)
{
    Exposition to;
    const std::array<std::uint64_t, 2> bounds = {100, 2'500'000};
    const std::array<std::uint64_t, 3> counts = {1, 2, 3};
    to.family("t", "histogram", "h");
    to.histogram("m", "x", bounds, counts, 2ms);
    EXPECT_EQ(to.take(), "# HELP t h\n# TYPE t histogram\nt_bucket{m=\"x\",le=\"0.0001\"} 1\n"
                         "t_bucket{m=\"x\",le=\"2.5\"} 3\nt_bucket{m=\"x\",le=\"+Inf\"} 6\n"
                         "t_sum{m=\"x\"} 0.002000000\nt_count{m=\"x\"} 6\n");
}

TEST(gateway_metrics, threads_are_summed)
{
    Metrics metrics(2);
    const auto module = metrics.module("hello");
    module->of_thread(0).answered(200, 50us, 1, 10);
    module->of_thread(1).answered(200, 100us, 2, 20);
    module->of_thread(1).answered(299, 101us, 0, 0);
    module->of_thread(0).in_flight.add();
    module->of_thread(0).trapped(wasm::Trap::integer_divide_by_zero);
    module->of_thread(0).trapped(wasm::Trap::exit);
    metrics.no_module().of_thread(0).answered(404, 1s, 0, 0);
    metrics.server_of_thread(0).connections_open.add(3);
    metrics.server_of_thread(1).connections_open.subtract(1);
    metrics.reloaded(true);
    metrics.reloaded(false);
    metrics.reloaded(false);
    const auto text = metrics.render();
    EXPECT_TRUE(has_line(text, R"(trellis_http_requests_total{module="hello",code="200"} 2)"));
    EXPECT_TRUE(has_line(text, R"(trellis_http_requests_total{module="hello",code="2xx"} 1)"));
    EXPECT_TRUE(has_line(text, R"(trellis_http_requests_total{module="",code="404"} 1)"));
    EXPECT_TRUE(has_line(text, R"(trellis_http_request_duration_seconds_bucket{module="hello",le="0.0001"} 2)"));
    EXPECT_TRUE(has_line(text, R"(trellis_http_request_duration_seconds_bucket{module="hello",le="0.00025"} 3)"));
    EXPECT_TRUE(has_line(text, R"(trellis_http_request_duration_seconds_sum{module="hello"} 0.000251000)"));
    EXPECT_TRUE(has_line(text, R"(trellis_http_request_duration_seconds_count{module="hello"} 3)"));
    EXPECT_TRUE(has_line(text, R"(trellis_http_requests_in_flight{module="hello"} 1)"));
    EXPECT_TRUE(has_line(text, R"(trellis_http_request_bytes_total{module="hello"} 3)"));
    EXPECT_TRUE(has_line(text, R"(trellis_http_response_bytes_total{module="hello"} 30)"));
    EXPECT_TRUE(has_line(text, R"(trellis_traps_total{module="hello",kind="integer_divide_by_zero"} 1)"));
    EXPECT_EQ(text.find("kind=\"exit"), std::string::npos);
    EXPECT_TRUE(has_line(text, "trellis_http_connections 2"));
    EXPECT_TRUE(has_line(text, R"(trellis_reloads_total{result="ok"} 1)"));
    EXPECT_TRUE(has_line(text, R"(trellis_reloads_total{result="failed"} 2)"));
}

TEST(gateway_metrics, a_module_counts_on_while_somebody_holds_it_and_is_forgotten_then)
{
    Metrics metrics(1);
    auto old = metrics.module("hello");
    old->of_thread(0).answered(200, 1ms, 0, 0);
    auto reloaded = metrics.module("hello");
    EXPECT_EQ(old, reloaded);
    old.reset();
    EXPECT_NE(metrics.render().find("module=\"hello\""), std::string::npos);
    reloaded.reset();
    EXPECT_EQ(metrics.render().find("module=\"hello\""), std::string::npos);
    EXPECT_EQ(metrics.module("hello")->of_thread(0).duration.in_bucket(3), 0);
}

TEST(gateway_metrics, statuses_from_guests_add_a_bounded_number_of_series)
{
    Metrics metrics(1);
    const auto module = metrics.module("hello");
    for (unsigned status = 0; status < 1000; ++status)
        module->of_thread(0).answered(status, 1ms, 0, 0);
    const auto text = metrics.render();
    std::size_t series = 0;
    for (std::size_t at = 0; (at = text.find("code=", at)) != std::string::npos; ++at)
        ++series;
    EXPECT_EQ(series, status_series);
}

TEST(gateway_metrics, the_text_follows_the_format)
{
    Metrics metrics(1);
    const auto module = metrics.module("a \"quoted\" name\nand more");
    module->of_thread(0).answered(200, 1ms, 0, 0);
    module->of_thread(0).trapped(wasm::Trap::unreachable);
    std::istringstream text(metrics.render());
    std::set<std::string> families, samples;
    std::string family;
    for (std::string line; std::getline(text, line);) {
        if (line.starts_with("# HELP ")) {
            family = line.substr(7, line.find(' ', 7) - 7);
            EXPECT_TRUE(families.insert(family).second) << family;
        } else if (line.starts_with("# TYPE ")) {
            EXPECT_EQ(line.substr(7, family.size() + 1), family + ' ');
        } else {
            EXPECT_TRUE(line.starts_with(family)) << line;
            EXPECT_TRUE(samples.insert(line.substr(0, line.rfind(' '))).second) << line;
            EXPECT_EQ(line.find_first_not_of("0123456789.-", line.rfind(' ') + 1), std::string::npos) << line;
        }
    }
    EXPECT_GT(families.size(), 15);
}

TEST(gateway_metrics, the_reference_page_names_every_metric)
{
    std::ifstream page(TRELLIS_SOURCE_DIR "/docs/reference/operations.md");
    const std::string text((std::istreambuf_iterator<char>(page)), {});
    std::istringstream lines(Metrics(1).render());
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("# TYPE ")) {
            const auto name = line.substr(7, line.rfind(' ') - 7);
            EXPECT_NE(text.find("| `" + name + "` | " + line.substr(line.rfind(' ') + 1)), std::string::npos) << name;
        }
}

TEST(gateway_metrics, may_be_rendered_while_others_count)
{
    Metrics metrics(2);
    const auto module = metrics.module("hello");
    {
        const std::jthread counter([&] {
            for (int i = 0; i < 10'000; ++i)
                module->of_thread(1).answered(200, 1ms, 0, 0);
        });
        for (int i = 0; i < 3; ++i)
            EXPECT_FALSE(metrics.render().empty());
    }
    EXPECT_TRUE(has_line(metrics.render(), R"(trellis_http_requests_total{module="hello",code="200"} 10000)"));
}

TEST(gateway_metrics, process_status_is_known)
{
    const auto status = process_status();
    EXPECT_GT(status.resident_bytes.value(), 100'000);
    EXPECT_GT(status.virtual_bytes.value(), status.resident_bytes.value());
    EXPECT_GE(status.open_descriptors.value(), 1);
    EXPECT_LE(status.open_descriptors.value(), status.most_descriptors.value_or(1 << 30));
    EXPECT_GT(status.started_unix_seconds.value(), 1'600'000'000);
    EXPECT_GT(status.processor_time.count(), 0);
}

} // namespace
} // namespace trellis::gateway
