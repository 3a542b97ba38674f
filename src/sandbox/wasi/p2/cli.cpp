// wasi:cli: arguments, variables, the standard streams, the end of the program.
#include "sandbox/wasi/p2/interfaces.hpp"

namespace trellis::sandbox::preview2 {
namespace {

/// There is nothing to ask a terminal.
struct TerminalInput {};
struct TerminalOutput {};

Trap get_environment(Guest& guest, ComponentStore&, std::vector<std::tuple<std::string, std::string>>& result)
{
    result = guest.environment;
    return Trap::none;
}

Trap get_arguments(Guest& guest, ComponentStore&, std::vector<std::string>& result)
{
    result = guest.arguments;
    return Trap::none;
}

/// Paths begin at granted directories, none of which is special.
Trap initial_cwd(Guest&, ComponentStore&, std::optional<std::string>& result)
{
    result.reset();
    return Trap::none;
}

Trap exit_with_code(Guest&, ComponentStore& store, std::uint8_t code)
{
    store.core.exit_code = code;
    return Trap::exit;
}

Trap exit(Guest& guest, ComponentStore& store, std::expected<void, std::monostate> status)
{
    return exit_with_code(guest, store, status ? 0 : 1);
}

Trap get_stdin(Guest& guest, ComponentStore& store, Own<InputStream>& result)
{
    result = give(store, guest.standard_input);
    return Trap::none;
}

template <std::shared_ptr<OutputStream> Guest::* stream>
Trap get_output(Guest& guest, ComponentStore& store, Own<OutputStream>& result)
{
    result = give(store, guest.*stream);
    return Trap::none;
}

template <class Terminal, bool Guest::* is_terminal>
Trap get_terminal(Guest& guest, ComponentStore& store, std::optional<Own<Terminal>>& result)
{
    if (guest.*is_terminal)
        result = give(store, std::make_shared<Terminal>());
    return Trap::none;
}

constexpr HostFunction environment_functions[] = {
    host_function<get_environment>("get-environment"),
    host_function<get_arguments>("get-arguments"),
    host_function<initial_cwd>("initial-cwd"),
};
constexpr HostFunction exit_functions[] = {
    host_function<exit>("exit"),
    host_function<exit_with_code>("exit-with-code"),
};

constexpr HostResource input_resources[] = {host_resource<InputStream>("input-stream")};
constexpr HostResource output_resources[] = {host_resource<OutputStream>("output-stream")};
constexpr HostFunction stdin_functions[] = {host_function<get_stdin>("get-stdin")};
constexpr HostFunction stdout_functions[] = {host_function<get_output<&Guest::standard_output>>("get-stdout")};
constexpr HostFunction stderr_functions[] = {host_function<get_output<&Guest::standard_error>>("get-stderr")};

constexpr HostResource terminal_input_resources[] = {host_resource<TerminalInput>("terminal-input")};
constexpr HostResource terminal_output_resources[] = {host_resource<TerminalOutput>("terminal-output")};
constexpr HostFunction terminal_stdin_functions[] = {
    host_function<get_terminal<TerminalInput, &Guest::input_is_terminal>>("get-terminal-stdin")};
constexpr HostFunction terminal_stdout_functions[] = {
    host_function<get_terminal<TerminalOutput, &Guest::output_is_terminal>>("get-terminal-stdout")};
constexpr HostFunction terminal_stderr_functions[] = {
    host_function<get_terminal<TerminalOutput, &Guest::error_is_terminal>>("get-terminal-stderr")};

} // namespace

const HostInterface cli_environment = {"wasi:cli/environment@0.2.12", environment_functions};
const HostInterface cli_exit = {"wasi:cli/exit@0.2.12", exit_functions};
const HostInterface cli_stdin = {"wasi:cli/stdin@0.2.12", stdin_functions, input_resources};
const HostInterface cli_stdout = {"wasi:cli/stdout@0.2.12", stdout_functions, output_resources};
const HostInterface cli_stderr = {"wasi:cli/stderr@0.2.12", stderr_functions, output_resources};
const HostInterface cli_terminal_input = {"wasi:cli/terminal-input@0.2.12", {}, terminal_input_resources};
const HostInterface cli_terminal_output = {"wasi:cli/terminal-output@0.2.12", {}, terminal_output_resources};
const HostInterface cli_terminal_stdin = {"wasi:cli/terminal-stdin@0.2.12", terminal_stdin_functions,
                                          terminal_input_resources};
const HostInterface cli_terminal_stdout = {"wasi:cli/terminal-stdout@0.2.12", terminal_stdout_functions,
                                           terminal_output_resources};
const HostInterface cli_terminal_stderr = {"wasi:cli/terminal-stderr@0.2.12", terminal_stderr_functions,
                                           terminal_output_resources};

} // namespace trellis::sandbox::preview2
