// The files a package is written in, and errors that point into them: "path:line:column: message", counted from 1, a
// column is a byte. Plain values; views into the texts live as long as the Sources.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace trellis::wasm::component::wit {

struct SourceFile {
    std::string path; ///< for messages only
    std::string text;
};

/// The files of one folder, or one file alone: a package, and the packages written inside it.
using SourceGroup = std::vector<SourceFile>;

struct Place {
    std::uint32_t file = 0;
    std::uint32_t offset = 0;
};

/// All files of a resolution, one after the other; their order is the first half of a Place.
class Sources {
public:
    /// The files must outlive this.
    std::uint32_t add(const SourceFile& file);
    [[nodiscard]] const SourceFile& file(std::uint32_t index) const { return *files_[index]; }
    [[nodiscard]] std::unexpected<Error> error(ErrorCode code, Place place, std::string_view message) const;

private:
    std::vector<const SourceFile*> files_;
};

} // namespace trellis::wasm::component::wit
