// What the official WASI suite says about each of its components: how it is started, and what happens then.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace trellis::test {

using TextPairs = std::vector<std::pair<std::string, std::string>>;

struct Operation {
    std::string type; ///< "run", "wait", "read", "write", "connect", "send", "recv", "request", "kill"
    std::vector<std::string> arguments = {};
    TextPairs environment = {};
    int exit_code = 0;
    std::string id = {}; ///< of a stream or a connection
    std::string payload = {};
    // Of a request:
    std::string method = "GET", path = "/", body = {};
    TextPairs headers = {};
    unsigned status = 200;
    TextPairs response_headers = {};
    std::string response_body = {};
};

/// What an HTTP server of the harness answers.
struct Endpoint {
    std::string method = "GET", path = "/";
    std::string mode = {}; ///< "echo-body", "echo-headers"; empty: the answer below
    unsigned status = 200;
    TextPairs headers = {};
    std::string body = {};
    std::vector<std::string> chunks = {};
    TextPairs trailers = {};
};
struct ServerDescription {
    std::string name;
    bool is_listening = true;
    std::vector<Endpoint> endpoints = {};
};

struct ComponentDescription {
    std::string path;      ///< of the component
    std::string name;      ///< a test's name
    std::string root = {}; ///< directory to copy and preopen as "/"; empty: none
    bool has_network = false;
    bool is_service = false;
    std::vector<Operation> operations = {};
    std::vector<ServerDescription> servers = {};
};

/// Every component below a folder of the suite ("wasi/wasip3"), in order of names. Empty where the suite is absent.
std::vector<ComponentDescription> load_component_descriptions(const std::string& folder);

} // namespace trellis::test
