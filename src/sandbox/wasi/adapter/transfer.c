// Reading, writing and seeking. Bytes pass through a buffer here: WASI 0.2 takes and gives them in our memory.
#include "descriptors.h"

enum { buffer_bytes = 65536, most_vectors = 65536 };
static const uint64_t most_read = 256 * 1024;

static uint8_t buffer[buffer_bytes];

/// The program's list of places.
struct vectors {
    guest_address list;
    uint32_t count;
};

static errno_t vector_at(const struct vectors* vectors, uint32_t index, struct iovec* vector)
{
    guest_read(vector, vectors->list + index * (guest_address)sizeof *vector, sizeof *vector);
    return guest_has(vector->address, vector->length) ? ERRNO_SUCCESS : ERRNO_FAULT;
}

static errno_t total_length(const struct vectors* vectors, uint64_t* total)
{
    *total = 0;
    if (!guest_has(vectors->list, (uint64_t)vectors->count * sizeof(struct iovec)))
        return ERRNO_FAULT;
    for (uint32_t i = 0; i < vectors->count; ++i) {
        struct iovec vector;
        TRY(vector_at(vectors, i, &vector));
        *total += vector.length;
    }
    return ERRNO_SUCCESS;
}

// Errors of streams: one that is closed is at its end.

static errno_t errno_of_stream(const struct stream_error* error, errno_t when_closed)
{
    if (error->kind == STREAM_CLOSED)
        return when_closed;
    error_drop(error->error);
    return ERRNO_IO;
}

static void wait_for(handle_t pollable)
{
    pollable_block(pollable);
    pollable_drop(pollable);
}

/// How much a stream takes now. Error: AGAIN, if it takes nothing and may not be waited for.
static errno_t room_in(handle_t stream, bool may_wait, uint64_t* room)
{
    for (;;) {
        struct stream_size_result result;
        output_check_write(stream, &result);
        if (result.is_error)
            return errno_of_stream(&result.error, ERRNO_PIPE);
        *room = result.size;
        if (*room != 0)
            return ERRNO_SUCCESS;
        if (!may_wait)
            return ERRNO_AGAIN;
        wait_for(output_subscribe(stream));
    }
}

static errno_t write_to_stream(handle_t stream, size_t length, bool may_wait, size_t* written)
{
    struct stream_result result;
    for (*written = 0; *written < length;) {
        uint64_t room;
        TRY(room_in(stream, may_wait, &room));
        const size_t piece = room < length - *written ? (size_t)room : length - *written;
        output_write(stream, buffer + *written, piece, &result);
        if (result.is_error)
            return errno_of_stream(&result.error, ERRNO_PIPE);
        *written += piece;
    }
    output_blocking_flush(stream, &result);
    return result.is_error ? errno_of_stream(&result.error, ERRNO_PIPE) : ERRNO_SUCCESS;
}

static errno_t append_to_file(struct descriptor* file, size_t length, size_t* written)
{
    struct file_handle_result opened;
    descriptor_append(file->handle, &opened);
    *written = 0;
    if (opened.is_error)
        return errno_of(opened.error);
    const errno_t result = write_to_stream(opened.value, length, true, written);
    output_drop(opened.value);
    return result;
}

/// `offset` moves on with what is written.
static errno_t write_to_file(struct descriptor* file, size_t length, uint64_t* offset, size_t* written)
{
    for (*written = 0; *written < length;) {
        struct file_size_result result;
        descriptor_write(file->handle, buffer + *written, length - *written, *offset, &result);
        if (result.is_error)
            return errno_of(result.error);
        if (result.value == 0)
            return ERRNO_SUCCESS;
        *written += (size_t)result.value;
        *offset += result.value;
    }
    return ERRNO_SUCCESS;
}

static errno_t write_buffer(struct descriptor* descriptor, size_t length, uint64_t* offset, size_t* written)
{
    if (descriptor->kind == KIND_STANDARD)
        return write_to_stream(stream_of(descriptor), length, !(descriptor->flags & FDFLAG_NONBLOCK), written);
    if (descriptor->flags & FDFLAG_APPEND)
        return append_to_file(descriptor, length, written);
    return write_to_file(descriptor, length, offset, written);
}

/// The vectors' bytes, from one of them on, as far as the buffer goes.
struct gathering {
    struct vectors vectors;
    uint32_t index;
    uint32_t done; ///< of that vector
};

static errno_t gather(struct gathering* gathering, size_t* length)
{
    *length = 0;
    while (gathering->index < gathering->vectors.count && *length < buffer_bytes) {
        struct iovec vector;
        TRY(vector_at(&gathering->vectors, gathering->index, &vector));
        const size_t left = vector.length - gathering->done, room = buffer_bytes - *length;
        const size_t piece = left < room ? left : room;
        guest_read(buffer + *length, vector.address + gathering->done, piece);
        *length += piece;
        gathering->done += piece;
        if (piece == left) {
            ++gathering->index;
            gathering->done = 0;
        }
    }
    return ERRNO_SUCCESS;
}

/// An error behind bytes that were written is told next time.
static errno_t write_all(struct descriptor* descriptor, struct vectors vectors, uint64_t* offset,
                         guest_address written_address)
{
    struct gathering gathering = {vectors, 0, 0};
    uint64_t total;
    uint32_t written = 0;
    size_t length;
    TRY(total_length(&vectors, &total));
    if (!guest_has(written_address, sizeof written))
        return ERRNO_FAULT;
    do {
        size_t piece;
        TRY(gather(&gathering, &length));
        const errno_t result = write_buffer(descriptor, length, offset, &piece);
        written += piece;
        if (result != ERRNO_SUCCESS && written == 0)
            return result;
        if (piece < length)
            break;
    } while (length == buffer_bytes && written < UINT32_MAX - buffer_bytes);
    guest_write(written_address, &written, sizeof written);
    return ERRNO_SUCCESS;
}

EXPORT(fd_write) errno_t fd_write(uint32_t number, guest_address list, uint32_t count, guest_address written)
{
    struct descriptor* descriptor;
    struct file_stat_result status;
    begin_call();
    TRY(find_stream(number, RIGHT_FD_WRITE, &descriptor));
    TRY(write_all(descriptor, (struct vectors){list, count}, &descriptor->position, written));
    if (descriptor->kind == KIND_FILE && (descriptor->flags & FDFLAG_APPEND)) {
        descriptor_stat(descriptor->handle, &status);
        descriptor->position = status.is_error ? descriptor->position : status.value.size;
    }
    return ERRNO_SUCCESS;
}

EXPORT(fd_pwrite)
errno_t fd_pwrite(uint32_t number, guest_address list, uint32_t count, uint64_t offset, guest_address written)
{
    struct descriptor* descriptor;
    begin_call();
    TRY(find_stream(number, RIGHT_FD_WRITE | RIGHT_FD_SEEK, &descriptor));
    return write_all(descriptor, (struct vectors){list, count}, &offset, written);
}

/// No bytes: the stream is at its end. A host may wait and give none all the same.
static errno_t read_from_stream(struct descriptor* descriptor, uint64_t length, struct list* bytes)
{
    struct stream_list_result result;
    const bool may_wait = !(descriptor->flags & FDFLAG_NONBLOCK);
    bytes->length = 0;
    do {
        if (may_wait)
            input_blocking_read(stream_of(descriptor), length, &result);
        else
            input_read(stream_of(descriptor), length, &result);
        if (result.is_error)
            return errno_of_stream(&result.error, ERRNO_SUCCESS);
        *bytes = result.bytes;
    } while (may_wait && bytes->length == 0);
    return bytes->length == 0 && !may_wait ? ERRNO_AGAIN : ERRNO_SUCCESS;
}

static errno_t read_from_file(struct descriptor* descriptor, uint64_t length, uint64_t offset, struct list* bytes)
{
    struct file_read_result result;
    descriptor_read(descriptor->handle, length, offset, &result);
    if (result.is_error)
        return errno_of(result.error);
    *bytes = result.value.bytes;
    return ERRNO_SUCCESS;
}

static errno_t scatter(const struct vectors* vectors, const struct list* bytes)
{
    size_t done = 0;
    for (uint32_t i = 0; i < vectors->count && done < bytes->length; ++i) {
        struct iovec vector;
        TRY(vector_at(vectors, i, &vector));
        const size_t left = bytes->length - done, piece = left < vector.length ? left : vector.length;
        guest_write(vector.address, (const uint8_t*)bytes->data + done, piece);
        done += piece;
    }
    return ERRNO_SUCCESS;
}

static errno_t read_some(struct descriptor* descriptor, struct vectors vectors, uint64_t offset, guest_address length,
                         uint32_t* count)
{
    struct list bytes = {NULL, 0};
    uint64_t total;
    TRY(total_length(&vectors, &total));
    if (!guest_has(length, sizeof *count))
        return ERRNO_FAULT;
    const uint64_t wanted = total < most_read ? total : most_read;
    if (descriptor->kind == KIND_FILE)
        TRY(read_from_file(descriptor, wanted, offset, &bytes));
    else if (wanted != 0)
        TRY(read_from_stream(descriptor, wanted, &bytes));
    TRY(scatter(&vectors, &bytes));
    *count = bytes.length;
    guest_write(length, count, sizeof *count);
    return ERRNO_SUCCESS;
}

EXPORT(fd_read) errno_t fd_read(uint32_t number, guest_address list, uint32_t count, guest_address length)
{
    struct descriptor* descriptor;
    uint32_t bytes;
    begin_call();
    TRY(find_stream(number, RIGHT_FD_READ, &descriptor));
    TRY(read_some(descriptor, (struct vectors){list, count}, descriptor->position, length, &bytes));
    descriptor->position += bytes;
    return ERRNO_SUCCESS;
}

EXPORT(fd_pread)
errno_t fd_pread(uint32_t number, guest_address list, uint32_t count, uint64_t offset, guest_address length)
{
    struct descriptor* descriptor;
    uint32_t bytes;
    begin_call();
    TRY(find_stream(number, RIGHT_FD_READ | RIGHT_FD_SEEK, &descriptor));
    return read_some(descriptor, (struct vectors){list, count}, offset, length, &bytes);
}

/// What a position is counted from.
static errno_t origin_of(const struct descriptor* file, uint32_t whence, uint64_t* origin)
{
    struct file_stat_result status;
    *origin = whence == WHENCE_CUR ? file->position : 0;
    if (whence > WHENCE_END)
        return ERRNO_INVAL;
    if (whence != WHENCE_END)
        return ERRNO_SUCCESS;
    descriptor_stat(file->handle, &status);
    if (status.is_error)
        return errno_of(status.error);
    *origin = status.value.size;
    return ERRNO_SUCCESS;
}

static errno_t seek(uint32_t number, int64_t offset, uint32_t whence, guest_address position)
{
    struct descriptor* descriptor;
    uint64_t origin;
    const bool only_tells = offset == 0 && whence == WHENCE_CUR;
    begin_call();
    TRY(find_stream(number, 0, &descriptor));
    if (!only_tells || !(descriptor->base & RIGHT_FD_TELL))
        TRY(find(number, RIGHT_FD_SEEK, &descriptor));
    TRY(origin_of(descriptor, whence, &origin));
    const int64_t moved = (int64_t)(origin + (uint64_t)offset);
    if (moved < 0)
        return ERRNO_INVAL;
    GUEST_WRITE(position, moved);
    descriptor->position = (uint64_t)moved;
    return ERRNO_SUCCESS;
}

EXPORT(fd_seek) errno_t fd_seek(uint32_t number, int64_t offset, uint32_t whence, guest_address position)
{
    return seek(number, offset, whence, position);
}

EXPORT(fd_tell) errno_t fd_tell(uint32_t number, guest_address position)
{
    return seek(number, 0, WHENCE_CUR, position);
}

// There is no socket among what a program is given here.

static errno_t no_socket(uint32_t number)
{
    struct descriptor* descriptor;
    begin_call();
    TRY(find(number, 0, &descriptor));
    return ERRNO_NOTSOCK;
}

EXPORT(sock_accept) errno_t sock_accept(uint32_t number, uint32_t flags, guest_address connection)
{
    (void)flags, (void)connection;
    return no_socket(number);
}

EXPORT(sock_recv)
errno_t sock_recv(uint32_t number, guest_address list, uint32_t count, uint32_t flags, guest_address length,
                  guest_address out_flags)
{
    (void)list, (void)count, (void)flags, (void)length, (void)out_flags;
    return no_socket(number);
}

EXPORT(sock_send)
errno_t sock_send(uint32_t number, guest_address list, uint32_t count, uint32_t flags, guest_address length)
{
    (void)list, (void)count, (void)flags, (void)length;
    return no_socket(number);
}

EXPORT(sock_shutdown) errno_t sock_shutdown(uint32_t number, uint32_t how)
{
    (void)how;
    return no_socket(number);
}
