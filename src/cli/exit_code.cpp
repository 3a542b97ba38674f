#include "cli/exit_code.hpp"

#include <array>

namespace trellis::cli {
namespace {

using wasm::Trap;

// Conventions: 124 as timeout(1); 126 and 127 as the shell; 128 + n as the shell shows a program that signal n ended.
enum Code : int {
    failed = 1,
    usage = 2,
    limit = 122,
    deadline = 124,
    cannot_run = 126,
    not_found = 127,
    interrupted = 130,
    trapped = 134,
    heap_full = 137,
    stack_full = 139,
    out_of_fuel = 152,
};

constexpr std::array rows = {
    ExitCodeRow{0, "success; under `run`, 0 to 255 is the guest's own exit code"},
    ExitCodeRow{failed, "the operating system failed (a file can't be read or written)"},
    ExitCodeRow{usage, "the command line makes no sense"},
    ExitCodeRow{limit, "a limit on memory, tables or instances refused the start"},
    ExitCodeRow{deadline, "the guest ran longer than `--timeout`"},
    ExitCodeRow{cannot_run, "the module can't be run: malformed, invalid, an import is missing, access was denied"},
    ExitCodeRow{not_found, "a file, directory or export does not exist"},
    ExitCodeRow{interrupted, "interrupted by Ctrl-C"},
    ExitCodeRow{trapped, "the guest trapped, or an exception was not caught"},
    ExitCodeRow{heap_full, "the guest used up its garbage-collected heap (`--max-gc-heap`)"},
    ExitCodeRow{stack_full, "the guest's calls went too deep (`--max-stack`)"},
    ExitCodeRow{out_of_fuel, "the guest used up its fuel (`--fuel`)"},
};

int code_of_trap(Trap trap)
{
    switch (trap) {
    case Trap::deadline_exceeded:
        return deadline;
    case Trap::interrupted:
        return interrupted;
    case Trap::out_of_fuel:
        return out_of_fuel;
    case Trap::call_stack_exhausted:
        return stack_full;
    case Trap::gc_heap_exhausted:
        return heap_full;
    case Trap::limit_exceeded:
        return limit;
    default:
        return trapped;
    }
}

} // namespace

std::span<const ExitCodeRow> exit_code_rows()
{
    return rows;
}

int exit_code_of(ErrorCode code, Trap trap)
{
    switch (code) {
    case ErrorCode::malformed:
    case ErrorCode::invalid:
    case ErrorCode::unlinkable:
    case ErrorCode::unsupported:
    case ErrorCode::denied:
        return cannot_run;
    case ErrorCode::trap:
        return code_of_trap(trap);
    case ErrorCode::limit:
        return limit;
    case ErrorCode::not_found:
        return not_found;
    case ErrorCode::usage:
        return usage;
    case ErrorCode::io:
        return failed;
    }
    return failed;
}

} // namespace trellis::cli
