// WASI 0.1 (snapshot preview 1, and its forerunner "unstable"): what a guest may see of the outside. Deny by default:
// a guest has the arguments, variables, streams, directories and sockets named here, and nothing else.
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md
#pragma once

#include "base/result.hpp"
#include "sandbox/channel.hpp"
#include "sandbox/files.hpp"
#include "wasm/execution/linked_module.hpp"
#include "wasm/execution/linker.hpp"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace trellis::sandbox {

/// A directory of the host that a guest sees under a name of its own.
struct DirectoryGrant {
    std::string host;
    std::string guest;
    bool read_only = false;
};

/// A descriptor of the host (-1: closed to the guest), or a channel. Borrowed.
using StandardStream = std::variant<int, Channel*>;

struct WasiConfig {
    std::vector<std::string> arguments = {}; ///< argv, program name first
    std::vector<std::pair<std::string, std::string>> environment = {};
    std::vector<DirectoryGrant> directories = {}; ///< descriptors 3, 4, ... in this order
    /// Directories that are open already, by the guest's name; behind the ones above.
    std::span<const std::pair<std::string, Directory>> open_directories = {};
    /// "host:port" or "[v6 address]:port": listening TCP sockets, opened at once; descriptors behind the directories.
    std::vector<std::string> listen_addresses = {};
    StandardStream stdin_stream = 0, stdout_stream = 1, stderr_stream = 2;
    std::uint32_t max_descriptors = 1024;      ///< that the guest may have open, the ones above included
    Waiter* waiter = nullptr;                  ///< how the guest waits; borrowed; null: by blocking the thread
    std::optional<Resolution> resolution = {}; ///< how paths are followed; absent: the best way the kernel has
};

/// The state behind one guest's WASI calls. Outlives the store it was added to. One thread at a time.
class Wasi {
public:
    /// Opens the granted directories and sockets. Errors: not_found, denied, io, with the name of the grant; usage for
    /// an argument or variable that holds a NUL; limit for more grants than descriptors.
    static Result<std::unique_ptr<Wasi>> make(WasiConfig config);
    ~Wasi();

    /// Answers imports from `wasi_snapshot_preview1` and `wasi_unstable`.
    wasm::ImportProvider provider();
    /// The same for a module that is linked once for many guests: every function, and this guest's context for them.
    static std::optional<wasm::HostDefinition> define(std::string_view module, std::string_view name);
    [[nodiscard]] void* context();

private:
    struct State;
    explicit Wasi(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace trellis::sandbox
