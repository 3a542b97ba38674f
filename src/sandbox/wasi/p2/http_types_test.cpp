#include "sandbox/wasi/p2/http_types.hpp"

#include "wasm/interpreter/interpreter.hpp"

#include <gtest/gtest.h>

#include <set>

namespace trellis::sandbox::preview2 {
namespace {

using net::http::ClientFault;

/// Pieces that come one at a time, with a pause before each, and then the end or a failure.
class Pieces final : public InputStream {
public:
    explicit Pieces(int pieces, SystemError ending = stream_closed) : left_(pieces), ending_(ending) {}

private:
    Outcome<std::size_t> try_read(std::span<std::byte>, Wait&) override
    {
        if (std::exchange(pauses_, !pauses_))
            return failure(EAGAIN);
        if (left_-- > 0)
            return 1;
        return ending_ == stream_closed ? Outcome<std::size_t>(0) : failure(ending_);
    }
    [[nodiscard]] Need readable() const override { return Need::nothing(); }

    int left_;
    SystemError ending_;
    bool pauses_ = true;
};

class wasi_p2_http_types : public testing::Test {
protected:
    /// How often the future was not ready before it was.
    int advance(FutureTrailers& future)
    {
        int before = 0;
        for (auto there = future.advance(wait_); there && !*there; there = future.advance(wait_))
            ++before;
        return before;
    }
    static FutureTrailers future_of(std::shared_ptr<InputStream> stream)
    {
        return FutureTrailers({.stream = std::move(stream), .trailers = [] {
                                   net::http::Fields fields;
                                   fields.add("x-sum", "1");
                                   return fields;
                               }});
    }

    wasm::Store store_{std::make_shared<wasm::TypeRegistry>(), wasm::interpreter_tier};
    Wait wait_{.store = store_, .waiter = blocking_waiter()};
};

TEST_F(wasi_p2_http_types, trailers_come_behind_what_nobody_has_read)
{
    auto future = future_of(std::make_shared<Pieces>(3));
    EXPECT_EQ(advance(future), 4);
    ASSERT_TRUE(future.result && *future.result);
    EXPECT_EQ((*future.result)->find("X-Sum"), "1");
}

TEST_F(wasi_p2_http_types, a_body_without_anybody_to_ask_has_no_trailers)
{
    FutureTrailers future({.stream = std::make_shared<NoInput>()});
    EXPECT_EQ(advance(future), 0);
    ASSERT_TRUE(future.result && *future.result);
    EXPECT_TRUE((*future.result)->all().empty());
}

TEST_F(wasi_p2_http_types, a_body_that_fails_has_no_trailers_but_its_error)
{
    auto future = future_of(std::make_shared<Pieces>(1, http_failure(ClientFault::read_timeout).error()));
    advance(future);
    ASSERT_TRUE(future.result && !*future.result);
    EXPECT_EQ(HttpErrorNames::names[future.result->error().value.index()], "connection-read-timeout");
}

TEST_F(wasi_p2_http_types, every_fault_has_a_case_of_its_own)
{
    std::set<std::size_t> cases;
    for (int fault = 0; fault <= static_cast<int>(ClientFault::other); ++fault) {
        const auto code = http_error_code_of(static_cast<ClientFault>(fault));
        cases.insert(code.value.index());
        const auto again = http_error_code_of(http_failure(static_cast<ClientFault>(fault)).error());
        ASSERT_TRUE(again);
        EXPECT_EQ(again->value.index(), code.value.index());
    }
    EXPECT_EQ(cases.size(), static_cast<std::size_t>(ClientFault::other) + 1);
    EXPECT_FALSE(http_error_code_of(system_error(EIO)));
    EXPECT_FALSE(http_error_code_of(SystemError::guest_trapped));
    EXPECT_EQ(http_error_code_of(system_error(http_body_too_large))->value.index(), http_error::response_body_size);
}

} // namespace
} // namespace trellis::sandbox::preview2
