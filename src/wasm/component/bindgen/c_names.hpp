// From names of WIT to names of C: words joined by underscores, in small or capital letters, and never a word that C or
// C++ keeps for itself.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

namespace trellis::wasm::component::bindgen {

/// "read_via_stream" of read-via-stream, "method_file_read" of [method]file.read.
std::string snake_case(std::string_view name);
/// "READ_VIA_STREAM".
std::string capital_case(std::string_view name);
/// A field's or parameter's name: snake_case, with an underscore behind it if the word is taken.
std::string c_identifier(std::string_view name);
/// The text as the inside of a C string.
std::string escaped(std::string_view text);

/// Names that are in use. Two names of WIT can become the same of C; the later one gets underscores.
class UniqueNames {
public:
    /// The name, or the first like it that is free.
    std::string take(std::string name);

private:
    std::set<std::string, std::less<>> taken_;
};

/// Names of local variables, counted where one is not enough: flat, flat2, flat3.
class LocalNames {
public:
    void reserve(std::string_view name) { taken_.emplace(name); }
    std::string make(std::string_view stem);

private:
    std::set<std::string, std::less<>> taken_;
    std::map<std::string, unsigned, std::less<>> counts_; ///< how many were made of a stem
};

} // namespace trellis::wasm::component::bindgen
