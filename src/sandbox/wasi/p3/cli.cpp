// wasi:cli: arguments, variables, the standard streams, the end of the program.
#include "sandbox/wasi/p3/state.hpp"

namespace trellis::sandbox::preview3 {

enum class StreamError : std::uint8_t { io, illegal_byte_sequence, pipe };

/// What a terminal is known by: nothing.
struct TerminalInput {};
struct TerminalOutput {};

} // namespace trellis::sandbox::preview3

namespace trellis::wasm::component {

template <>
inline constexpr std::array<std::string_view, 3> case_names<sandbox::preview3::StreamError> = {
    "io", "illegal-byte-sequence", "pipe"};

} // namespace trellis::wasm::component

namespace trellis::sandbox::preview3 {

namespace {

using namespace wasm::component;

StreamError stream_error(SystemError error)
{
    if (error == system_error(EPIPE))
        return StreamError::pipe;
    return error == system_error(EILSEQ) ? StreamError::illegal_byte_sequence : StreamError::io;
}

// environment

Trap get_environment(State& state, ComponentStore&, std::vector<std::tuple<std::string, std::string>>& result)
{
    for (const auto& [name, value] : state.config.basics.environment)
        result.emplace_back(name, value);
    return Trap::none;
}

Trap get_arguments(State& state, ComponentStore&, std::vector<std::string>& result)
{
    result = state.config.basics.arguments;
    return Trap::none;
}

Trap get_initial_cwd(State&, ComponentStore&, std::optional<std::string>&)
{
    return Trap::none; // programs begin nowhere in particular
}

// exit

Trap end_with(ComponentStore& store, std::int32_t code)
{
    store.core.exit_code = code;
    return Trap::exit;
}

Trap exit(State&, ComponentStore& store, std::expected<void, std::monostate> status)
{
    return end_with(store, status ? 0 : 1);
}

Trap exit_with_code(State&, ComponentStore& store, std::uint8_t code)
{
    return end_with(store, code);
}

// stdin, stdout, stderr

Trap read_stdin(State& state, ComponentStore& store, ReadableBytes<StreamError>& result)
{
    auto& stream = state.standard[0];
    if (!stream) {
        std::get<0>(result) = empty_stream<std::uint8_t>(store);
        return give_value<std::expected<void, StreamError>>(store, {}, std::get<1>(result));
    }
    return give_stream(state, store, source_of(*stream), stream_error, result);
}

template <std::size_t number>
Trap write_standard(State& state, ComponentStore& store, StreamOf<std::uint8_t> data, Finished<StreamError>& result)
{
    auto& stream = state.standard[number];
    if (!stream) {
        StreamReader<std::uint8_t>(std::move(data)).drop();
        return give_value<std::expected<void, StreamError>>(store, std::unexpected(StreamError::pipe), result);
    }
    return take_stream(state, store, std::move(data), sink_of(*stream), stream_error, result);
}

// terminals

template <std::size_t number, class Terminal>
Trap get_terminal(State& state, ComponentStore& store, std::optional<Own<Terminal>>& result)
{
    const auto& stream = state.standard[number];
    if (stream && stream->is_terminal())
        result = give_object(store, std::make_shared<Terminal>());
    return Trap::none;
}

constexpr std::array environment_functions = {
    host_function<get_environment>("get-environment"),
    host_function<get_arguments>("get-arguments"),
    host_function<get_initial_cwd>("get-initial-cwd"),
};
constexpr std::array exit_functions = {
    host_function<exit>("exit"),
    host_function<exit_with_code>("exit-with-code"),
};
constexpr std::array stdin_functions = {host_function<read_stdin>("read-via-stream")};
constexpr std::array stdout_functions = {host_function<write_standard<1>>("write-via-stream")};
constexpr std::array stderr_functions = {host_function<write_standard<2>>("write-via-stream")};
constexpr std::array input_resources = {host_resource<TerminalInput>("terminal-input")};
constexpr std::array output_resources = {host_resource<TerminalOutput>("terminal-output")};
constexpr std::array terminal_stdin_functions = {host_function<get_terminal<0, TerminalInput>>("get-terminal-stdin")};
constexpr std::array terminal_stdout_functions = {
    host_function<get_terminal<1, TerminalOutput>>("get-terminal-stdout")};
constexpr std::array terminal_stderr_functions = {
    host_function<get_terminal<2, TerminalOutput>>("get-terminal-stderr")};

constexpr std::array interfaces = {
    HostInterface{"wasi:cli/environment@0.3.0", environment_functions},
    HostInterface{"wasi:cli/exit@0.3.0", exit_functions},
    HostInterface{"wasi:cli/types@0.3.0", {}},
    HostInterface{"wasi:cli/stdin@0.3.0", stdin_functions},
    HostInterface{"wasi:cli/stdout@0.3.0", stdout_functions},
    HostInterface{"wasi:cli/stderr@0.3.0", stderr_functions},
    HostInterface{"wasi:cli/terminal-input@0.3.0", {}, input_resources},
    HostInterface{"wasi:cli/terminal-output@0.3.0", {}, output_resources},
    HostInterface{"wasi:cli/terminal-stdin@0.3.0", terminal_stdin_functions, input_resources},
    HostInterface{"wasi:cli/terminal-stdout@0.3.0", terminal_stdout_functions, output_resources},
    HostInterface{"wasi:cli/terminal-stderr@0.3.0", terminal_stderr_functions, output_resources},
};

} // namespace

std::span<const HostInterface> cli_interfaces()
{
    return interfaces;
}

} // namespace trellis::sandbox::preview3
