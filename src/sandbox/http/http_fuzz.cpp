// Calls of the functions of wasi_experimental_http with arguments and memory of the fuzzer's choice, in sequence, by a
// guest without code, and answers of the fuzzer's choice. Nothing may crash; whatever is asked is allowed, and what
// goes on the wire is one request.
//
// Input: calls: a byte for the function, and for each argument a byte below 128 (that number) or another one and four
// bytes. Guest memory begins with the whole input, and so do answers.
#include "base/check.hpp"
#include "sandbox/http/functions.hpp"

#include <algorithm>

using namespace trellis;
using namespace trellis::sandbox;
using namespace trellis::net::http;

namespace {

constexpr std::size_t max_input = 65'536; // the size of guest memory
constexpr std::string_view allowed_url = "http://example.com";

constexpr wasm::Tier no_tier = {
    .name = "none",
    .prepare = [](wasm::Instance&) -> Result<> { return {}; },
    .call = [](wasm::Store&, wasm::Function&, wasm::Slot*) { return wasm::Trap::unreachable; },
};

class Answer final : public ClientResponse {
public:
    explicit Answer(std::string_view bytes) : bytes_(bytes)
    {
        head_.fields.add("a", std::string(bytes.substr(0, 100)));
    }
    [[nodiscard]] const ResponseHead& head() const override { return head_; }
    [[nodiscard]] const Fields& trailers() const override { return trailers_; }
    ClientResult<std::size_t> read(std::span<std::byte> to) override
    {
        const auto count = std::min(to.size(), bytes_.size());
        std::memcpy(to.data(), bytes_.data(), count);
        bytes_.remove_prefix(count);
        return count;
    }

private:
    ResponseHead head_;
    Fields trailers_;
    std::string_view bytes_;
};

class CheckingClient final : public Client {
public:
    explicit CheckingClient(std::string_view bytes) : bytes_(bytes) {}
    [[nodiscard]] net::EventLoop& loop() override { return loop_; }
    ClientResult<std::unique_ptr<ClientResponse>> send(const ClientRequest& request) override
    {
        TRELLIS_CHECK(!request.secure && request.host == "example.com" && request.port == 80);
        TRELLIS_CHECK(is_field_name(request.method) && request.target.starts_with('/'));
        TRELLIS_CHECK(std::ranges::all_of(request.target, [](char c) { return c > ' ' && c < 0x7f; }));
        for (const auto& [name, value] : request.fields.all()) {
            TRELLIS_CHECK(is_field_name(name) && is_field_value(value));
            TRELLIS_CHECK(!same_name(name, "host") && !same_name(name, "content-length"));
            TRELLIS_CHECK(!same_name(name, "transfer-encoding") && !same_name(name, "connection"));
        }
        return std::make_unique<Answer>(bytes_);
    }

private:
    net::EventLoop loop_;
    std::string_view bytes_;
};

class Input {
public:
    explicit Input(std::string_view bytes) : bytes_(bytes) {}
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    std::uint8_t byte()
    {
        if (bytes_.empty())
            return 0;
        const auto one = static_cast<std::uint8_t>(bytes_.front());
        bytes_.remove_prefix(1);
        return one;
    }
    std::uint32_t argument()
    {
        const std::uint32_t first = byte();
        if (first < 128)
            return first;
        std::uint32_t value = 0;
        for (int i = 0; i < 4; ++i)
            value = value << 8 | byte();
        return value;
    }

private:
    std::string_view bytes_;
};

/// The instance that a call comes from: it has a memory under that name and nothing else.
wasm::Instance make_instance(wasm::Store& store, std::string_view content)
{
    wasm::Instance instance;
    auto module = std::make_shared<wasm::Module>();
    module->exports.push_back({.name = "memory", .kind = wasm::ExternKind::memory, .index = 0});
    instance.module = std::move(module);
    instance.memory_list.push_back(store.make_memory({.limits = {.min = 1, .max = 1}}).value());
    instance.memories = instance.memory_list.data();
    instance.store = &store;
    std::memcpy(instance.memories[0]->base(), content.data(), content.size());
    return instance;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view bytes(reinterpret_cast<const char*>(data), std::min(size, max_input));
    static const auto registry = std::make_shared<wasm::TypeRegistry>();
    static const auto policy = [] {
        auto made = std::make_shared<HttpPolicy>();
        made->allowed = AllowList::parse({std::string(allowed_url)}).value();
        return made;
    }();
    constexpr std::array names = {"req", "close", "header_get", "headers_get_all", "body_read"};
    wasm::Store store(registry, no_tier);
    auto instance = make_instance(store, bytes);
    CheckingClient client(bytes);
    OutboundHttp http(policy, {.client = client});
    Input input(bytes);
    while (!input.empty()) {
        const auto entry = *experimental_http::find_function(names[input.byte() % names.size()]);
        std::array<wasm::Slot, 10> frame = {};
        for (std::size_t i = 0; i < entry.type().params.size(); ++i)
            frame[i].u64 = input.argument();
        entry.function(http.context(), {store, &instance}, frame.data());
        TRELLIS_CHECK(frame[0].u32 <= static_cast<std::uint32_t>(experimental_http::HttpError::too_many_sessions));
    }
    return 0;
}
