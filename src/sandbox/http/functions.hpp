// The functions of `wasi_experimental_http`, by their names there, and its error numbers.
// One thread at a time per guest.
// https://github.com/deislabs/wasi-experimental-http/blob/v0.10.0/witx/wasi_experimental_http.witx
#pragma once

#include "sandbox/host_call.hpp"
#include "sandbox/http/outbound.hpp"

#include <map>

namespace trellis::sandbox {

namespace experimental_http {

enum class HttpError : std::uint32_t {
    success,
    invalid_handle,
    memory_not_found,
    memory_access_error, ///< no room for a result
    buffer_too_small,    ///< also: an argument that is not in memory
    header_not_found,
    utf8_error,
    destination_not_allowed,
    invalid_method,
    invalid_encoding,
    invalid_url,
    request_error,
    runtime_error,
    too_many_sessions,
};

/// What an argument that could not be read means.
HttpError http_error_of(SystemError error);

/// What one of these functions gives; the guest sees a number.
template <class T = void>
class [[nodiscard]] Answer : public std::expected<T, HttpError> {
public:
    using std::expected<T, HttpError>::expected;
    Answer(std::unexpected<SystemError> error)
        : std::expected<T, HttpError>(std::unexpect, http_error_of(error.error()))
    {
    }
};

/// Bytes that the guest gives.
struct Input {
    std::span<const std::byte> bytes;
    [[nodiscard]] std::string_view text() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
};

struct Call {
    using Returned = Answer<>;

    Call(void* context, wasm::Caller caller);
    [[nodiscard]] Outcome<std::span<std::byte>> bytes(std::uint32_t address, std::uint64_t length) const;
    [[nodiscard]] wasm::Trap finish(const Answer<>& answer, wasm::Slot& result) const;

    OutboundHttp::State& state;
    wasm::Memory* memory; ///< what the guest exports as "memory"; null: nothing
};

using Handle = std::uint32_t;

Answer<> req(Call&, Input url, Input method, Input headers, Input body, Out<std::uint16_t> status, Out<Handle> handle);
Answer<> close(Call&, Handle);
Answer<> header_get(Call&, Handle, Input name, Buffer value, Out<std::uint32_t> written);
Answer<> headers_get_all(Call&, Handle, Buffer text, Out<std::uint32_t> written);
Answer<> body_read(Call&, Handle, Buffer to, Out<std::uint32_t> read);

/// Null: there is no such function.
const HostEntry* find_function(std::string_view name);

} // namespace experimental_http

struct OutboundHttp::State {
    struct Open {
        std::unique_ptr<net::http::ClientResponse> response;
        std::uint64_t bytes_left; ///< of what the policy allows
    };
    std::shared_ptr<const HttpPolicy> policy;
    HttpSurroundings surroundings;
    std::map<experimental_http::Handle, Open> open = {};
    experimental_http::Handle next = 0;
};

/// An argument that is not in memory is another error than a result that has no room.
template <>
struct Passing<experimental_http::Input> {
    static void add_types(std::vector<wasm::ValType>& types) { add_range_types(types); }
    static Outcome<> load(const auto& call, const wasm::Slot*& slot, experimental_http::Input& input)
    {
        const auto bytes = load_range(call, slot, 1);
        if (!bytes)
            return failure(bytes.error() == system_error(EFAULT) ? system_error(ENOBUFS) : bytes.error());
        input.bytes = *bytes;
        return {};
    }
};

} // namespace trellis::sandbox
