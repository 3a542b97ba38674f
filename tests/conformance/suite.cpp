#include "conformance/suite.hpp"

#include "base/format.hpp"
#include "conformance/script.hpp"

#include <array>
#include <boost/json.hpp>

namespace trellis::conformance {
namespace {

namespace json = boost::json;
using wasm::Feature;
using wasm::Features;

constexpr std::array suites = {
    Suite{"core", "core", Features::standard()},
    Suite{"custom", "core/custom", Features::standard(), true},
    Suite{"legacy-exceptions", "core/legacy-exceptions", Features::standard().with(Feature::legacy_exceptions)},
    // Written when sizes were 32-bit numbers.
    Suite{"threads", "core/proposals/threads", Features::standard().without(Feature::memory64)},
    Suite{"custom-page-sizes", "core/proposals/custom-page-sizes", Features::standard()},
    Suite{"wide-arithmetic", "core/proposals/wide-arithmetic", Features::standard()},
    Suite{"component-model", "component/component-model", Features::standard(), false, ScriptKind::component},
    Suite{"wasmtime", "component/wasmtime", Features::standard(), false, ScriptKind::component},
    Suite{"wasm-tools", "component/wasm-tools", Features::standard(), false, ScriptKind::component},
};

Counts counts_of(const json::object& entry)
{
    Counts counts;
    for (const auto& [type, number] : entry.at("commands").as_object())
        counts.commands[std::string(type)] = number.to_number<unsigned>();
    counts.binary = entry.at("binary").to_number<unsigned>();
    counts.text = entry.at("text").to_number<unsigned>();
    return counts;
}

void add_note(const json::object& note, std::map<std::string, Notes>& notes)
{
    auto& of_file = notes[std::string(note.at("file").as_string())];
    const auto line = note.at("line").to_number<unsigned>();
    const auto& kind = note.at("kind").as_string();
    if (kind == "feature-gated" || kind == "engine-specific")
        of_file.skipped.insert(line);
    if (kind == "either-stage")
        of_file.either_stage.insert(line);
}

} // namespace

std::span<const Suite> all_suites()
{
    return suites;
}

std::vector<std::string> Catalogue::files_of(const Suite& suite) const
{
    std::vector<std::string> files;
    for (const auto& [file, counts] : index) {
        const auto folder = std::string_view(file).substr(0, file.rfind('/'));
        const bool is_inside = suite.kind == ScriptKind::component && folder.starts_with(suite.folder);
        if (folder == suite.folder || is_inside)
            files.push_back(file);
    }
    return files;
}

Result<Catalogue> read_catalogue(const std::string& data_directory)
{
    const auto index_text = TRELLIS_TRY(read_text_file(data_directory + "/index.json"));
    const auto notes_text = TRELLIS_TRY(read_text_file(data_directory + "/notes.json"));
    try {
        Catalogue catalogue;
        const auto index = json::parse(index_text);
        for (const auto& [file, entry] : index.as_object())
            catalogue.index[std::string(file)] = counts_of(entry.as_object());
        const auto notes = json::parse(notes_text);
        for (const auto& note : notes.as_array())
            add_note(note.as_object(), catalogue.notes);
        return catalogue;
    } catch (const std::exception& error) {
        return fail(ErrorCode::malformed, format("index.json or notes.json: {}", error.what()));
    }
}

Result<ExpectedFailures> parse_expected_failures(std::string_view text)
{
    ExpectedFailures failures;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (line.empty() || line.starts_with('#'))
            continue;
        const auto space = line.find(' ');
        if (space == std::string_view::npos || space + 1 == line.size())
            return fail(ErrorCode::malformed, format("expected failure without a reason: {}", line));
        failures.emplace(line.substr(0, space), line.substr(space + 1));
    }
    return failures;
}

} // namespace trellis::conformance
