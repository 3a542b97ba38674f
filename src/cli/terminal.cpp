#include "cli/terminal.hpp"

#include "base/format.hpp"
#include "cli/exit_code.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace trellis::cli {
namespace {

/// https://no-color.org
bool shows_colour(int descriptor)
{
    const char* no_colour = std::getenv("NO_COLOR");
    return (!no_colour || !*no_colour) && isatty(descriptor) == 1;
}

} // namespace

Result<> write_all(int descriptor, Bytes bytes)
{
    while (!bytes.empty()) {
        const auto written = write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return fail(ErrorCode::io, format("output: {}", std::strerror(errno)));
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

Result<> write_all(int descriptor, std::string_view text)
{
    return write_all(descriptor, Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

std::string printable(std::string_view text, bool keep_lines)
{
    std::string clean;
    for (const char c : text) {
        const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        if (is_control && !(keep_lines && c == '\n'))
            clean += format("\\{:02x}", static_cast<unsigned>(c));
        else
            clean += c;
    }
    return clean;
}

void print_error(std::string_view message)
{
    const bool colour = shows_colour(STDERR_FILENO);
    // A failure to write the failure has nowhere to go.
    (void)write_all(STDERR_FILENO, format("{}error:{} {}\n", colour ? "\033[1;31m" : "", colour ? "\033[0m" : "",
                                          printable(message, true)));
}

void print_note(std::string_view message)
{
    (void)write_all(STDERR_FILENO, format("note: {}\n", printable(message)));
}

int report(const Error& error)
{
    print_error(error.describe());
    return exit_code_of(error.code);
}

int print(std::string_view text)
{
    const auto written = write_all(STDOUT_FILENO, text);
    return written ? 0 : report(written.error());
}

} // namespace trellis::cli
