// For tests: a fresh directory of the host that is removed with everything in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace trellis::sandbox {

class ScratchDirectory {
public:
    ScratchDirectory()
    {
        std::string path = (std::filesystem::temp_directory_path() / "trellis-XXXXXX").string();
        if (::mkdtemp(path.data()) == nullptr)
            std::abort();
        path_ = path;
    }
    ~ScratchDirectory()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;

    [[nodiscard]] std::filesystem::path path(const std::string& name = "") const { return path_ / name; }
    void write(const std::string& name, const std::string& contents) const { std::ofstream(path(name)) << contents; }
    [[nodiscard]] std::string read(const std::string& name) const
    {
        std::ifstream file(path(name));
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    std::filesystem::path path_;
};

} // namespace trellis::sandbox
