// One line for every request, in the Common Log Format ("%h %l %u %t \"%r\" %>s %b") or as a JSON object. What comes
// from a client is escaped: it can neither end a line nor a field, nor reach a terminal as a control character, and
// lines are ASCII. An AccessLog is shared by threads; each thread has a Writer of its own.
// https://httpd.apache.org/docs/2.4/logs.html#common, https://www.rfc-editor.org/rfc/rfc8259
#pragma once

#include "services/gateway/log_text.hpp"
#include "services/gateway/log_thread.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace trellis::gateway {

enum class AccessFormat : std::uint8_t { common, json };

/// Views need to live for the call only. Texts longer than 8 KiB are cut.
struct AccessRecord {
    std::chrono::system_clock::time_point time; ///< when the request came
    std::uint64_t id = 0;                       ///< as in the module's own log; 0: none
    std::string_view peer = {};                 ///< address; empty: a Unix socket
    std::string_view method = {};               ///< empty: refused before it was known
    std::string_view target = {};
    unsigned minor_version = 1;
    unsigned status = 0;
    std::uint64_t bytes = 0; ///< of the response's body
    std::chrono::nanoseconds duration{0};
    std::string_view module = {}; ///< empty: none was asked
    std::string_view route = {};  ///< the pattern that matched
    std::string_view error = {};  ///< why the answer is not what was asked for, in words
};

class AccessLog {
public:
    AccessLog(std::shared_ptr<LogFile> file, AccessFormat format) : file_(std::move(file)), format_(format) {}

    /// For log rotation.
    Result<> reopen() { return file_->reopen(); }

    /// Belongs to one thread. Formats into a buffer that is handed on when it is large, and by flush(): call that every
    /// 100 ms or so. Does not allocate once warm, and never waits for the disk.
    class Writer {
    public:
        explicit Writer(AccessLog& log);
        ~Writer() { flush(); }
        Writer(const Writer&) = delete;
        Writer& operator=(const Writer&) = delete;

        void add(const AccessRecord& record);
        void flush();

    private:
        void add_common(const AccessRecord& record);
        void add_json(const AccessRecord& record);

        AccessLog& log_;
        TimeText time_text_;
        std::string buffer_;
        std::size_t lines_ = 0;
    };

private:
    std::shared_ptr<LogFile> file_;
    AccessFormat format_;
};

} // namespace trellis::gateway
