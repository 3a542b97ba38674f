#include "services/gateway/access_log.hpp"

namespace trellis::gateway {

namespace {

constexpr std::size_t text_bytes = 8 * 1024;
constexpr std::size_t buffer_bytes = 32 * 1024;

std::string_view cut(std::string_view text)
{
    return text.substr(0, text_bytes);
}

void append_or_dash(std::string& to, std::string_view text)
{
    if (text.empty())
        to += '-';
    else
        append_quotable(to, cut(text));
}

void append_protocol(std::string& to, unsigned minor_version)
{
    to += "HTTP/1.";
    append_number(to, minor_version);
}

void append_key(std::string& to, std::string_view name)
{
    ((to += ",\"") += name) += "\":";
}

void append_json_number(std::string& to, std::string_view name, std::uint64_t number)
{
    append_key(to, name);
    append_number(to, number);
}

/// Nothing where there is no text.
void append_json_text(std::string& to, std::string_view name, std::string_view text)
{
    if (text.empty())
        return;
    append_key(to, name);
    to += '"';
    append_json(to, cut(text));
    to += '"';
}

} // namespace

AccessLog::Writer::Writer(AccessLog& log) : log_(log)
{
    buffer_.reserve(2 * buffer_bytes);
}

void AccessLog::Writer::add(const AccessRecord& record)
{
    log_.format_ == AccessFormat::common ? add_common(record) : add_json(record);
    buffer_ += '\n';
    ++lines_;
    if (buffer_.size() >= buffer_bytes)
        flush();
}

void AccessLog::Writer::flush()
{
    if (lines_ == 0)
        return;
    log_.file_->append(buffer_, lines_);
    buffer_.clear();
    lines_ = 0;
}

void AccessLog::Writer::add_common(const AccessRecord& record)
{
    append_or_dash(buffer_, record.peer);
    buffer_ += " - - [";
    time_text_.append_common(buffer_, record.time);
    buffer_ += "] \"";
    if (record.method.empty()) {
        buffer_ += '-';
    } else {
        append_quotable(buffer_, cut(record.method));
        buffer_ += ' ';
        append_quotable(buffer_, cut(record.target));
        buffer_ += ' ';
        append_protocol(buffer_, record.minor_version);
    }
    buffer_ += "\" ";
    append_number(buffer_, record.status);
    buffer_ += ' ';
    if (record.bytes == 0)
        buffer_ += '-';
    else
        append_number(buffer_, record.bytes);
}

void AccessLog::Writer::add_json(const AccessRecord& record)
{
    buffer_ += "{\"time\":\"";
    time_text_.append_rfc3339(buffer_, record.time);
    buffer_ += '"';
    if (record.id != 0)
        append_json_number(buffer_, "id", record.id);
    append_json_text(buffer_, "peer", record.peer);
    if (!record.method.empty()) {
        append_json_text(buffer_, "method", record.method);
        append_json_text(buffer_, "target", record.target);
        append_key(buffer_, "protocol");
        buffer_ += '"';
        append_protocol(buffer_, record.minor_version);
        buffer_ += '"';
    }
    append_json_number(buffer_, "status", record.status);
    append_json_number(buffer_, "bytes", record.bytes);
    append_key(buffer_, "duration_ms");
    append_milliseconds(buffer_, record.duration);
    append_json_text(buffer_, "module", record.module);
    append_json_text(buffer_, "route", record.route);
    append_json_text(buffer_, "error", record.error);
    buffer_ += '}';
}

} // namespace trellis::gateway
