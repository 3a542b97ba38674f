// Result<T>: either a value or an Error. An Error is a code that tells the caller what to do and a message that tells a
// person what happened, where, and what to try. TRELLIS_TRY returns the error to the caller's caller.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace trellis {

/// What the caller can do about an error. Each face maps codes to its protocol (exit code, errno, HTTP status) in
/// exactly one function.
enum class ErrorCode : std::uint8_t {
    malformed,   ///< bytes or text that do not follow the grammar
    invalid,     ///< follows the grammar, breaks a validation rule
    unlinkable,  ///< an import is missing or of another type
    trap,        ///< the guest failed
    limit,       ///< a limit the user set or the default one was reached
    not_found,   ///< a named thing does not exist
    denied,      ///< not granted, or the system refused
    usage,       ///< the request itself makes no sense
    unsupported, ///< understood, and not built in
    io,          ///< the operating system failed
};

struct Error {
    ErrorCode code;
    std::string message;                      ///< begins with the specification's words where it has any
    std::optional<std::uint64_t> offset = {}; ///< byte offset in the module, or in the text

    /// "message (at offset 0x1f)" where there is an offset.
    [[nodiscard]] std::string describe() const;
};

template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
public:
    using std::expected<T, Error>::expected;
};

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message,
                                                 std::optional<std::uint64_t> offset = {})
{
    return std::unexpected<Error>(Error{code, std::move(message), offset});
}

} // namespace trellis

#define TRELLIS_TRY_NAMED(name, expression)                                                                            \
    __extension__({                                                                                                    \
        auto name = (expression);                                                                                      \
        if (!name.has_value()) [[unlikely]]                                                                            \
            return std::unexpected(std::move(name).error());                                                           \
        std::move(name).value();                                                                                       \
    })
#define TRELLIS_TRY_JOIN(counter, expression) TRELLIS_TRY_NAMED(trellis_try_##counter, expression)
#define TRELLIS_TRY_COUNT(counter, expression) TRELLIS_TRY_JOIN(counter, expression)
/// The value of a Result, or return its error from the enclosing function.
#define TRELLIS_TRY(...) TRELLIS_TRY_COUNT(__COUNTER__, (__VA_ARGS__))
