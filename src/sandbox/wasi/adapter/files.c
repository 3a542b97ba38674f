// Attributes of files, and what they take and list.
#include "files.h"

uint64_t nanoseconds_of(const struct datetime* time)
{
    return time->seconds * 1000000000 + time->nanoseconds;
}

static uint64_t optional_nanoseconds(const struct optional_datetime* time)
{
    return time->is_there ? nanoseconds_of(&time->time) : 0;
}

uint8_t filetype_of_type(uint8_t descriptor_type)
{
    static const uint8_t types[] = {FILETYPE_UNKNOWN,      FILETYPE_BLOCK_DEVICE, FILETYPE_CHARACTER_DEVICE,
                                    FILETYPE_DIRECTORY,    FILETYPE_UNKNOWN,      FILETYPE_SYMBOLIC_LINK,
                                    FILETYPE_REGULAR_FILE, FILETYPE_SOCKET_STREAM};
    return descriptor_type < sizeof types ? types[descriptor_type] : FILETYPE_UNKNOWN;
}

errno_t give_filestat(const struct file_stat_result* status, const struct file_hash_result* hash, guest_address result)
{
    if (status->is_error)
        return errno_of(status->error);
    const struct filestat given = {.device = 1, // of several the host tells nothing
                                   .inode = hash->is_error ? 0 : hash->value.lower,
                                   .filetype = filetype_of_type(status->value.type),
                                   .links = status->value.links,
                                   .size = status->value.size,
                                   .accessed = optional_nanoseconds(&status->value.accessed),
                                   .modified = optional_nanoseconds(&status->value.modified),
                                   .changed = optional_nanoseconds(&status->value.changed)};
    GUEST_WRITE(result, given);
    return ERRNO_SUCCESS;
}

static errno_t time_of(uint64_t nanoseconds, bool is_given, bool is_now, struct new_time* time)
{
    *time = (struct new_time){.kind = is_given ? TIME_GIVEN
                                      : is_now ? TIME_NOW
                                               : TIME_UNCHANGED,
                              .seconds = (int64_t)(nanoseconds / 1000000000),
                              .nanoseconds = (int32_t)(nanoseconds % 1000000000)};
    return is_given && is_now ? ERRNO_INVAL : ERRNO_SUCCESS;
}

errno_t times_of(uint64_t accessed, uint64_t modified, uint32_t flags, struct new_times* times)
{
    if (flags & ~(uint32_t)FSTFLAGS)
        return ERRNO_INVAL;
    TRY(time_of(accessed, flags & FSTFLAG_ATIM, flags & FSTFLAG_ATIM_NOW, &times->accessed));
    return time_of(modified, flags & FSTFLAG_MTIM, flags & FSTFLAG_MTIM_NOW, &times->modified);
}

/// A standard stream has nothing of a file but that it exists.
static errno_t give_stream_status(const struct descriptor* stream, guest_address result)
{
    const struct filestat given = {.filetype = filetype_of(stream), .links = 1};
    GUEST_WRITE(result, given);
    return ERRNO_SUCCESS;
}

EXPORT(fd_filestat_get) errno_t fd_filestat_get(uint32_t number, guest_address result)
{
    struct descriptor* descriptor;
    struct file_stat_result status;
    struct file_hash_result hash;
    begin_call();
    TRY(find(number, RIGHT_FD_FILESTAT_GET, &descriptor));
    if (descriptor->kind == KIND_STANDARD)
        return give_stream_status(descriptor, result);
    descriptor_stat(descriptor->handle, &status);
    descriptor_hash(descriptor->handle, &hash);
    return give_filestat(&status, &hash, result);
}

/// For what standard streams can't do. Error: INVAL.
static errno_t find_file(uint32_t number, rights_t needed, struct descriptor** found)
{
    TRY(find(number, needed, found));
    return (*found)->kind == KIND_STANDARD ? ERRNO_INVAL : ERRNO_SUCCESS;
}

EXPORT(fd_filestat_set_size) errno_t fd_filestat_set_size(uint32_t number, uint64_t size)
{
    struct descriptor* descriptor;
    struct file_result result;
    begin_call();
    TRY(find_stream(number, RIGHT_FD_FILESTAT_SET_SIZE, &descriptor));
    descriptor_set_size(descriptor->handle, size, &result);
    return errno_of_result(&result);
}

EXPORT(fd_filestat_set_times)
errno_t fd_filestat_set_times(uint32_t number, uint64_t accessed, uint64_t modified, uint32_t flags)
{
    struct descriptor* descriptor;
    struct new_times times;
    struct file_result result;
    begin_call();
    TRY(find_file(number, RIGHT_FD_FILESTAT_SET_TIMES, &descriptor));
    TRY(times_of(accessed, modified, flags, &times));
    descriptor_set_times(descriptor->handle, times.accessed.kind, times.accessed.seconds, times.accessed.nanoseconds,
                         times.modified.kind, times.modified.seconds, times.modified.nanoseconds, &result);
    return errno_of_result(&result);
}

EXPORT(fd_advise) errno_t fd_advise(uint32_t number, uint64_t offset, uint64_t length, uint32_t advice)
{
    enum { advices = 6 };
    struct descriptor* descriptor;
    struct file_result result;
    begin_call();
    TRY(find_stream(number, RIGHT_FD_ADVISE, &descriptor));
    if (advice >= advices)
        return ERRNO_INVAL;
    descriptor_advise(descriptor->handle, offset, length, (int32_t)advice, &result);
    return errno_of_result(&result);
}

/// WASI 0.2 can't reserve room; a file is made as long as was asked for, at least.
EXPORT(fd_allocate) errno_t fd_allocate(uint32_t number, uint64_t offset, uint64_t length)
{
    struct descriptor* descriptor;
    struct file_stat_result status;
    struct file_result result;
    begin_call();
    TRY(find_stream(number, RIGHT_FD_ALLOCATE, &descriptor));
    if (length == 0)
        return ERRNO_INVAL;
    if (offset > INT64_MAX || length > INT64_MAX - offset)
        return ERRNO_FBIG;
    descriptor_stat(descriptor->handle, &status);
    if (status.is_error)
        return errno_of(status.error);
    if (status.value.size >= offset + length)
        return ERRNO_SUCCESS;
    descriptor_set_size(descriptor->handle, offset + length, &result);
    return errno_of_result(&result);
}

EXPORT(fd_datasync) errno_t fd_datasync(uint32_t number)
{
    struct descriptor* descriptor;
    struct file_result result;
    begin_call();
    TRY(find_file(number, RIGHT_FD_DATASYNC, &descriptor));
    descriptor_sync_data(descriptor->handle, &result);
    return errno_of_result(&result);
}

EXPORT(fd_sync) errno_t fd_sync(uint32_t number)
{
    struct descriptor* descriptor;
    struct file_result result;
    begin_call();
    TRY(find_file(number, RIGHT_FD_SYNC, &descriptor));
    descriptor_sync(descriptor->handle, &result);
    return errno_of_result(&result);
}

// Listing. WASI 0.2 lists a directory once, from its beginning; a program may ask for any place, mostly for the one it
// stopped at. So the listing that was used last is kept, with the entry that was read last.

enum { most_name_bytes = 4096 };
enum { cookie_self, cookie_parent, cookie_entries };

static struct {
    bool is_open;
    bool is_at_end;
    uint32_t number; ///< of the descriptor
    handle_t entries;
    uint64_t cookie; ///< of the entry below
    uint8_t type;
    uint32_t name_length;
    char name[most_name_bytes];
} listing;

void forget_listing(uint32_t number)
{
    if (!listing.is_open || listing.number != number)
        return;
    entries_drop(listing.entries);
    listing.is_open = false;
}

/// Reads the next entry into the listing.
static errno_t next_entry(void)
{
    struct file_entry_result result;
    entries_next(listing.entries, &result);
    if (result.is_error)
        return errno_of(result.error);
    listing.is_at_end = !result.value.is_there;
    if (listing.is_at_end)
        return ERRNO_SUCCESS;
    const struct directory_entry* const entry = &result.value.entry;
    if (entry->name.length > most_name_bytes)
        return ERRNO_NAMETOOLONG;
    ++listing.cookie;
    listing.type = entry->type;
    listing.name_length = entry->name.length;
    __builtin_memcpy(listing.name, entry->name.data, entry->name.length);
    return ERRNO_SUCCESS;
}

static errno_t start_listing(uint32_t number, const struct descriptor* directory)
{
    struct file_handle_result opened;
    forget_listing(listing.number);
    descriptor_read_directory(directory->handle, &opened);
    if (opened.is_error)
        return errno_of(opened.error);
    listing.is_open = true;
    listing.number = number;
    listing.entries = opened.value;
    listing.cookie = cookie_entries - 1;
    return next_entry();
}

/// The entry with this cookie becomes the listing's, or there is none.
static errno_t find_entry(uint32_t number, const struct descriptor* directory, uint64_t cookie)
{
    if (!listing.is_open || listing.number != number || cookie < listing.cookie || cookie == cookie_entries)
        TRY(start_listing(number, directory));
    while (!listing.is_at_end && listing.cookie < cookie)
        TRY(next_entry());
    return ERRNO_SUCCESS;
}

struct target {
    guest_address address;
    uint32_t room;
};

/// As much as fits; whether it was all.
static bool put(struct target* target, const void* bytes, uint32_t length)
{
    const uint32_t fits = length < target->room ? length : target->room;
    guest_write(target->address, bytes, fits);
    target->address += fits;
    target->room -= fits;
    return fits == length;
}

static uint64_t inode_of_name(handle_t directory, const char* name, uint32_t length)
{
    struct file_hash_result hash;
    descriptor_hash_at(directory, 0, name, length, &hash);
    return hash.is_error ? 0 : hash.value.lower;
}

static bool put_entry(struct target* target, uint64_t cookie, uint64_t inode, uint8_t filetype, const char* name,
                      uint32_t length)
{
    const struct dirent entry = {.next = cookie + 1, .inode = inode, .name_length = length, .filetype = filetype};
    return put(target, &entry, sizeof entry) && put(target, name, length);
}

/// The directory itself and the one above it, which 0.2 does not list.
static bool put_self_or_parent(struct target* target, uint64_t cookie, handle_t directory)
{
    struct file_hash_result hash = {.is_error = true};
    if (cookie == cookie_self)
        descriptor_hash(directory, &hash);
    return put_entry(target, cookie, hash.is_error ? 0 : hash.value.lower, FILETYPE_DIRECTORY, "..",
                     cookie == cookie_self ? 1 : 2);
}

/// Fills the buffer to its end where there are entries enough: that tells the program that there are more.
EXPORT(fd_readdir)
errno_t fd_readdir(uint32_t number, guest_address buffer, uint32_t length, uint64_t cookie, guest_address used)
{
    struct descriptor* directory;
    struct target target = {buffer, length};
    bool has_room = true;
    begin_call();
    TRY(find_directory(number, RIGHT_FD_READDIR, &directory));
    if (!guest_has(buffer, length) || !guest_has(used, sizeof length))
        return ERRNO_FAULT;
    for (; has_room && cookie < cookie_entries; ++cookie)
        has_room = put_self_or_parent(&target, cookie, directory->handle);
    for (; has_room; ++cookie) {
        begin_call();
        TRY(find_entry(number, directory, cookie));
        if (listing.is_at_end)
            break;
        has_room = put_entry(&target, cookie, inode_of_name(directory->handle, listing.name, listing.name_length),
                             filetype_of_type(listing.type), listing.name, listing.name_length);
    }
    const uint32_t written = length - target.room;
    GUEST_WRITE(used, written);
    return ERRNO_SUCCESS;
}
