#include "services/gateway/module_log.hpp"

#include "base/digest.hpp"
#include "base/format.hpp"

#include <algorithm>
#include <cstring>
#include <sys/stat.h>
#include <utility>

namespace trellis::gateway {

namespace {

Result<> make_directory(const std::string& path)
{
    if (::mkdir(path.c_str(), 0755) == 0)
        return {};
    const int error = errno;
    struct stat status = {};
    if (error == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode))
        return {};
    return fail(error == EACCES || error == EPERM ? ErrorCode::denied : ErrorCode::io,
                format("can't make log directory {}: {}", path, std::strerror(error)));
}

} // namespace

Result<std::unique_ptr<ModuleLog>> ModuleLog::in_directory(LogThread& thread, std::string directory)
{
    for (auto slash = directory.find('/', 1); slash != std::string::npos; slash = directory.find('/', slash + 1))
        TRELLIS_TRY(make_directory(directory.substr(0, slash)));
    TRELLIS_TRY(make_directory(directory));
    return std::unique_ptr<ModuleLog>(new ModuleLog(thread, std::move(directory)));
}

Result<std::shared_ptr<LogFile>> ModuleLog::file_of(const std::string& route)
{
    const auto folder = directory_ + '/' + hex(sha256(route));
    const auto path = folder + "/module.stderr";
    const std::lock_guard lock(mutex_);
    auto& known = files_[path];
    if (auto file = known.lock())
        return file;
    TRELLIS_TRY(make_directory(folder));
    auto file = TRELLIS_TRY(thread_.open(path, waiting_bytes));
    known = file;
    return file;
}

Result<std::shared_ptr<ModuleLog::Channel>> ModuleLog::channel(const std::string& route, const std::string& module_name)
{
    std::string name;
    append_readable(name, module_name);
    if (directory_.empty())
        return std::make_shared<Channel>(thread_.standard_error(waiting_bytes), std::move(name), true);
    return std::make_shared<Channel>(TRELLIS_TRY(file_of(route)), std::move(name), false);
}

Result<> ModuleLog::reopen()
{
    Result<> first_failure;
    const std::lock_guard lock(mutex_);
    std::erase_if(files_, [](const auto& entry) { return entry.second.expired(); });
    for (const auto& [path, known] : files_) {
        const auto file = known.lock();
        auto result = file ? file->reopen() : Result<>();
        if (!result && first_failure)
            first_failure = std::move(result);
    }
    return first_failure;
}

void ModuleLog::Stream::write(std::span<const std::byte> bytes)
{
    std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    while (!rest.empty())
        take(rest);
    hand_on();
}

/// Takes one line, a piece of a long one, or the beginning of one.
void ModuleLog::Stream::take(std::string_view& rest)
{
    const auto room = line_bytes - begun_.size();
    const auto end = rest.substr(0, room + 1).find('\n');
    if (end == std::string_view::npos && rest.size() <= room) {
        begun_ += std::exchange(rest, {});
        return;
    }
    const auto piece = rest.substr(0, std::min(end, room));
    rest.remove_prefix(piece.size() + (end == std::string_view::npos ? 0 : 1));
    if (begun_.empty())
        return add_line(piece);
    add_line(begun_ += piece);
    begun_.clear();
}

void ModuleLog::Stream::add_line(std::string_view line)
{
    if (channel_->with_prefix_) {
        time_text_.append_rfc3339(lines_, std::chrono::system_clock::now());
        ((lines_ += ' ') += channel_->name_) += " #";
        append_number(lines_, request_);
        lines_ += ": ";
        append_readable(lines_, line);
    } else {
        lines_ += line;
    }
    lines_ += '\n';
    ++line_count_;
    if (lines_.size() > 4 * line_bytes)
        hand_on();
}

void ModuleLog::Stream::finish()
{
    if (!begun_.empty()) {
        add_line(begun_);
        begun_.clear();
    }
    hand_on();
}

void ModuleLog::Stream::hand_on()
{
    if (line_count_ == 0)
        return;
    channel_->file_->append(lines_, line_count_);
    lines_.clear();
    line_count_ = 0;
}

} // namespace trellis::gateway
