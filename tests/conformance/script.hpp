// A script of an official test suite as it stands in one JSON file: commands, modules and values. Only the form is
// read here; nothing is judged. Plain values. The format: README.md in the core folder of the test data, and in the
// component folder for what scripts of components add.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::conformance {

/// An argument, or a pattern that a result must match. Numbers stay text: bit patterns, "nan:canonical", "null".
struct ScriptValue {
    std::string type;
    std::optional<std::string> value;
    std::string lane_type;                 ///< v128 only
    std::vector<std::string> lanes;        ///< v128 only
    std::vector<ScriptValue> alternatives; ///< "either" only
};

/// A value of a component. What a type has no use for is empty.
struct ComponentValue {
    std::string type; ///< "u8", "record"
    std::string text; ///< a number, "nan:canonical", "true", a char, a string, the name of the case; "Ok" or "Err"
    std::vector<std::string> names;    ///< of a record's fields, in order; of the flags that are set
    std::vector<ComponentValue> parts; ///< fields, elements; of variant, option and result the payload, if there is one
};

struct Action {
    std::string type;                  ///< "invoke" or "get"
    std::optional<std::string> module; ///< absent: the current instance
    std::string field;
    std::vector<ScriptValue> arguments;
    std::vector<ComponentValue> component_arguments; ///< instead, in scripts of components
};

enum class ModuleForm : std::uint8_t { none, binary, text };

struct Command {
    std::string type;
    unsigned line = 0; ///< in the suite's source, a label
    std::optional<std::string> name;
    std::optional<std::string> module;
    std::optional<std::string> instance;
    std::string as;
    std::string text; ///< the reference interpreter's message
    ModuleForm form = ModuleForm::none;
    bool is_component = false;
    SharedBytes bytes; ///< of the module: binary or text
    std::optional<Action> action;
    std::vector<ScriptValue> expected;
    std::vector<ComponentValue> component_expected; ///< instead, in scripts of components
};

struct Script {
    std::string source;
    std::set<std::string> needed_features; ///< what the head of the source switches on: "cm-async", "gc"
    std::vector<Command> commands;
};

/// What the values of a script are.
enum class ScriptKind : std::uint8_t { core, component };

/// Errors: malformed, with what is missing.
Result<Script> parse_script(std::string_view json, ScriptKind kind = ScriptKind::core);

/// RFC 4648 with padding. Errors: malformed.
Result<SharedBytes> decode_base64(std::string_view text);

/// The whole file. Errors: not_found.
Result<std::string> read_text_file(const std::string& path);

} // namespace trellis::conformance
