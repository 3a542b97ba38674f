// The descriptor of wasi:filesystem: a directory or an open file, and streams that read and write a file from an offset
// on. Streams outlive the descriptor they came from. One thread at a time, the store's.
#pragma once

#include "sandbox/directory_reader.hpp"
#include "sandbox/wasi/p2/streams.hpp"

#include <variant>

namespace trellis::sandbox::preview2 {

/// One of the descriptors that a guest may have open.
class DescriptorPlace {
public:
    explicit DescriptorPlace(std::shared_ptr<std::uint32_t> left) : left_(std::move(left)) { --*left_; }
    ~DescriptorPlace() { ++*left_; }
    DescriptorPlace(const DescriptorPlace&) = delete;
    DescriptorPlace& operator=(const DescriptorPlace&) = delete;

private:
    std::shared_ptr<std::uint32_t> left_;
};

/// An open file, shared by its descriptor and its streams.
struct OpenFile {
    Stream stream;
    bool read_only; ///< found in a directory that is
    std::shared_ptr<DescriptorPlace> place;
};

class Descriptor {
public:
    Descriptor(Directory directory, std::shared_ptr<DescriptorPlace> place)
        : object_(std::move(directory)), place_(std::move(place))
    {
    }
    explicit Descriptor(std::shared_ptr<OpenFile> file) : object_(std::move(file)) {}
    /// What was opened below a directory.
    static Descriptor of(OpenedFile opened, const Directory& found_in, std::shared_ptr<DescriptorPlace> place);

    [[nodiscard]] int fd() const;
    [[nodiscard]] bool read_only() const;
    /// Errors: ENOTDIR.
    [[nodiscard]] Outcome<const Directory*> directory() const;
    /// Errors: EISDIR.
    [[nodiscard]] Outcome<std::shared_ptr<OpenFile>> file() const;
    /// Errors: EISDIR, EBADF (not opened for that).
    [[nodiscard]] Outcome<std::shared_ptr<OpenFile>> file_to_read() const;
    [[nodiscard]] Outcome<std::shared_ptr<OpenFile>> file_to_write() const;

private:
    std::variant<Directory, std::shared_ptr<OpenFile>> object_;
    std::shared_ptr<DescriptorPlace> place_;
};

class FileInput final : public InputStream {
public:
    FileInput(std::shared_ptr<OpenFile> file, std::uint64_t offset) : file_(std::move(file)), offset_(offset) {}
    [[nodiscard]] ErrorOrigin origin() const override { return ErrorOrigin::file; }

private:
    Outcome<std::size_t> try_read(std::span<std::byte> to, Wait& wait) override;
    [[nodiscard]] Need readable() const override;

    std::shared_ptr<OpenFile> file_;
    std::uint64_t offset_;
};

class FileOutput final : public OutputStream {
public:
    /// Without an offset: always at the end.
    FileOutput(std::shared_ptr<OpenFile> file, std::optional<std::uint64_t> offset)
        : file_(std::move(file)), offset_(offset)
    {
    }
    [[nodiscard]] ErrorOrigin origin() const override { return ErrorOrigin::file; }

private:
    Outcome<std::size_t> try_write(std::span<const std::byte> bytes, Wait& wait) override;
    [[nodiscard]] Need writable() const override;

    std::shared_ptr<OpenFile> file_;
    std::optional<std::uint64_t> offset_;
};

/// The resource directory-entry-stream.
struct EntryReader {
    DirectoryReader reader;
    std::shared_ptr<DescriptorPlace> place;
};

} // namespace trellis::sandbox::preview2
