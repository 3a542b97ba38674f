#include "conformance/verdict.hpp"

#include "base/format.hpp"

#include <algorithm>

namespace trellis::conformance {

bool same_words(std::string_view ours, std::string_view wanted)
{
    return ours.starts_with(wanted) || wanted.starts_with(ours);
}

void count(Counts& counts, const Command& command)
{
    counts.commands[command.type] += 1;
    counts.binary += command.form == ModuleForm::binary ? 1 : 0;
    counts.text += command.form == ModuleForm::text ? 1 : 0;
}

Verdict judge_rejection(ScriptResult& result, const Notes& notes, const Command& command, const Error& error,
                        std::initializer_list<ErrorCode> allowed)
{
    auto& share = command.form == ModuleForm::text ? result.text_messages : result.binary_messages;
    // Where components are concerned, the suites' words are a part of the message.
    const bool words =
        command.is_component ? error.describe().contains(command.text) : error.message.starts_with(command.text);
    share.add(words);
    if (!words)
        result.other_words.push_back({command.line, command.text, error.describe()});
    const bool either = notes.either_stage.contains(command.line) &&
                        (error.code == ErrorCode::malformed || error.code == ErrorCode::invalid);
    if (!either && std::ranges::find(allowed, error.code) == allowed.end())
        return format("rejected at another stage than asked for (\"{}\"): {}", command.text, error.describe());
    return std::nullopt;
}

} // namespace trellis::conformance
