// The interfaces of WASI 0.2, by package. Constant; their context is a Guest.
#pragma once

#include "sandbox/wasi/p2/guest.hpp"

namespace trellis::sandbox::preview2 {

extern const HostInterface io_error, io_poll, io_streams;
extern const HostInterface clocks_monotonic, clocks_wall;
extern const HostInterface random_random, random_insecure, random_insecure_seed;
extern const HostInterface cli_environment, cli_exit, cli_stdin, cli_stdout, cli_stderr;
extern const HostInterface cli_terminal_input, cli_terminal_output;
extern const HostInterface cli_terminal_stdin, cli_terminal_stdout, cli_terminal_stderr;
extern const HostInterface filesystem_types, filesystem_preopens;
extern const HostInterface sockets_network, sockets_instance_network, sockets_lookup;
extern const HostInterface sockets_tcp, sockets_tcp_create, sockets_udp, sockets_udp_create;
extern const HostInterface http_outgoing_handler;
const HostInterface& http_types();

} // namespace trellis::sandbox::preview2
