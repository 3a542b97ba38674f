#include "base/format.hpp"
#include "wasm/binary/name_section.hpp"
#include "wasm/execution/store.hpp"

namespace trellis::wasm {
namespace {

std::string line_of(const BacktraceFrame& frame)
{
    const auto& instance = frame.instance->name;
    const auto name = function_name(*frame.instance->module, frame.function);
    return format("\n    at {}{}{} ({:#x})", instance, instance.empty() ? "" : ": ",
                  name.empty() ? format("function {}", number(frame.function)) : std::string(name), frame.offset);
}

/// What a trap's words leave open.
std::string detail_of(const Store& store, Trap trap)
{
    if (trap == Trap::host_error && !store.host_error.empty())
        return ": " + store.host_error;
    return "";
}

} // namespace

std::string describe(const Store& store, const TrapReport& report)
{
    constexpr std::size_t most_frames = 100;
    std::string text = std::string(message_of(report.trap)) + detail_of(store, report.trap);
    for (std::size_t i = 0; i < report.backtrace.size() && i < most_frames; ++i)
        text += line_of(report.backtrace[i]);
    if (report.backtrace.size() > most_frames)
        text += format("\n    and {} more", report.backtrace.size() - most_frames);
    return text;
}

} // namespace trellis::wasm
