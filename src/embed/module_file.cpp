#include "embed/module_file.hpp"

#include "base/format.hpp"
#include "sandbox/system.hpp"
#include "wasm/binary/decoder.hpp"
#include "wasm/native/artifact.hpp"
#include "wasm/text/text.hpp"
#include "wasm/validation/validator.hpp"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>

namespace trellis::embed {

std::unexpected<Error> system_failure(std::string_view path, int error)
{
    const auto code = error == ENOENT || error == ENOTDIR ? ErrorCode::not_found
                      : error == EACCES || error == EPERM ? ErrorCode::denied
                                                          : ErrorCode::io;
    return fail(code, format("{}: {}", path, std::strerror(error)));
}

std::unexpected<Error> in_file(std::string_view path, Error error)
{
    error.message = format("{}: {}", path == "-" ? "standard input" : path, error.message);
    return std::unexpected(std::move(error));
}

namespace {

/// Up to `room` bytes; fewer only at the end. Negative: failed with errno.
std::int64_t read_fully(int descriptor, std::uint8_t* to, std::size_t room)
{
    std::size_t filled = 0;
    while (filled < room) {
        const auto count = read(descriptor, to + filled, room - filled);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return -1;
        if (count == 0)
            break;
        filled += static_cast<std::size_t>(count);
    }
    return static_cast<std::int64_t>(filled);
}

/// A file of known size, without a second copy. It may have shrunk since: then what is there.
Result<SharedBytes> read_sized(int descriptor, std::size_t size, std::string_view path)
{
    std::int64_t count = 0;
    auto bytes = SharedBytes::filled_by(
        size, [&](std::span<std::uint8_t> to) { count = read_fully(descriptor, to.data(), to.size()); });
    if (count < 0)
        return system_failure(path, errno);
    const auto filled = static_cast<std::size_t>(count);
    return filled == size ? bytes : SharedBytes::copy_of(bytes.view().first(filled));
}

/// A pipe or terminal: in growing steps.
Result<SharedBytes> read_stream(int descriptor, std::string_view path)
{
    std::vector<std::uint8_t> content;
    for (std::size_t filled = 0;;) {
        content.resize(filled + std::max<std::size_t>(filled, 65536));
        const auto count = read_fully(descriptor, content.data() + filled, content.size() - filled);
        if (count < 0)
            return system_failure(path, errno);
        filled += static_cast<std::size_t>(count);
        if (filled < content.size())
            return SharedBytes::copy_of(Bytes(content).first(filled));
    }
}

bool is_component(Bytes bytes)
{
    // The version field is split in version and layer; layer 1 is a component.
    return bytes.size() >= 8 && bytes[6] == 1 && bytes[7] == 0;
}

/// Text begins with white space, a parenthesis, an annotation or a comment.
bool looks_like_text(Bytes bytes)
{
    return !bytes.empty() && std::string_view(" \t\r\n(;").find(static_cast<char>(bytes[0])) != std::string_view::npos;
}

} // namespace

Result<SharedBytes> read_file(std::string_view path)
{
    const auto file = path == "-" ? sandbox::HostFd::borrowed(STDIN_FILENO)
                                  : sandbox::HostFd(open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC));
    if (file.number() < 0)
        return system_failure(path, errno);
    struct stat status{};
    if (fstat(file.number(), &status) != 0)
        return system_failure(path, errno);
    if (S_ISDIR(status.st_mode))
        return fail(ErrorCode::usage, format("{}: is a directory; name a .wasm or .wat file", path));
    if (S_ISREG(status.st_mode) && status.st_size > 0 && path != "-")
        return read_sized(file.number(), static_cast<std::size_t>(status.st_size), path);
    return read_stream(file.number(), path);
}

namespace {

/// The first bytes of a file; none where there are fewer, and none of standard input.
std::array<std::uint8_t, 8> first_bytes(std::string_view path)
{
    std::array<std::uint8_t, 8> first{};
    if (path == "-")
        return first;
    const sandbox::HostFd file(open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number() < 0 || pread(file.number(), first.data(), first.size(), 0) != std::ssize(first))
        first = {};
    return first;
}

} // namespace

bool is_artifact(std::string_view path)
{
    return wasm::native::looks_like_artifact(first_bytes(path));
}

bool is_component(std::string_view path)
{
    const auto first = first_bytes(path);
    return wasm::is_binary_module(first) && is_component(Bytes(first));
}

Result<SharedBytes> read_binary(std::string_view path, wasm::Features features)
{
    auto bytes = TRELLIS_TRY(read_file(path));
    const auto view = bytes.view();
    if (!wasm::is_binary_module(view) && looks_like_text(view)) {
        const std::string_view text(reinterpret_cast<const char*>(view.data()), view.size());
        auto binary = wasm::parse_text(text, {.features = features});
        if (!binary)
            return in_file(path, std::move(binary).error());
        return *std::move(binary);
    }
    if (wasm::is_binary_module(view) && is_component(view))
        return in_file(path, {ErrorCode::unsupported, "is a component, where a core module is wanted"});
    return bytes;
}

Result<wasm::Module> decode_file(std::string_view path, wasm::Features features)
{
    auto module = wasm::decode_module(TRELLIS_TRY(read_binary(path, features)), features);
    if (!module)
        return in_file(path, std::move(module).error());
    return module;
}

Result<std::shared_ptr<const wasm::Module>> load_file(std::string_view path, wasm::TypeRegistry& registry,
                                                      wasm::Features features)
{
    auto module = wasm::load_module(TRELLIS_TRY(read_binary(path, features)), registry, features);
    if (!module)
        return in_file(path, std::move(module).error());
    return module;
}

} // namespace trellis::embed
