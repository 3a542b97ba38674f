// The functions that take paths: each is a right, a directory and one function of WASI 0.2.
#include "files.h"

struct path {
    char* data;
    uint32_t length;
};

/// How many bytes a character of UTF-8 has that begins with this one; 0: none begins so.
static uint32_t character_length(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/// Second bytes whose character would have had a shorter form, would be half of a pair, or is beyond the last one.
static bool is_second(uint8_t first, uint8_t second)
{
    const uint8_t lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const uint8_t highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= lowest && second <= highest;
}

/// A string that is no UTF-8 would be the end of the program.
static bool is_utf8(const struct path* path)
{
    const uint8_t* const bytes = (const uint8_t*)path->data;
    for (uint32_t i = 0; i < path->length;) {
        const uint32_t length = character_length(bytes[i]);
        if (length == 0 || length > path->length - i || (length > 1 && !is_second(bytes[i], bytes[i + 1])))
            return false;
        for (uint32_t k = 2; k < length; ++k)
            if ((bytes[i + k] & 0xc0) != 0x80)
                return false;
        i += length;
    }
    return true;
}

static errno_t read_path(guest_address address, uint32_t length, struct path* path)
{
    if (!guest_has(address, length))
        return ERRNO_FAULT;
    *path = (struct path){allocate(length, 1), length};
    guest_read(path->data, address, length);
    return is_utf8(path) ? ERRNO_SUCCESS : ERRNO_ILSEQ;
}

/// The directory and the path that most of these functions begin with.
struct place {
    struct descriptor* directory;
    struct path path;
};

static errno_t find_place(uint32_t number, rights_t needed, guest_address address, uint32_t length, struct place* place)
{
    TRY(find_directory(number, needed, &place->directory));
    return read_path(address, length, &place->path);
}

#define AT(place) (place).directory->handle
#define NAME(path) (path).data, (path).length

EXPORT(path_create_directory)
errno_t path_create_directory(uint32_t number, guest_address path, uint32_t length)
{
    struct place place;
    struct file_result result;
    begin_call();
    TRY(find_place(number, RIGHT_PATH_CREATE_DIRECTORY, path, length, &place));
    descriptor_create_directory(AT(place), NAME(place.path), &result);
    return errno_of_result(&result);
}

EXPORT(path_remove_directory)
errno_t path_remove_directory(uint32_t number, guest_address path, uint32_t length)
{
    struct place place;
    struct file_result result;
    begin_call();
    TRY(find_place(number, RIGHT_PATH_REMOVE_DIRECTORY, path, length, &place));
    descriptor_remove_directory(AT(place), NAME(place.path), &result);
    return errno_of_result(&result);
}

EXPORT(path_unlink_file)
errno_t path_unlink_file(uint32_t number, guest_address path, uint32_t length)
{
    struct place place;
    struct file_result result;
    begin_call();
    TRY(find_place(number, RIGHT_PATH_UNLINK_FILE, path, length, &place));
    descriptor_unlink(AT(place), NAME(place.path), &result);
    return errno_of_result(&result);
}

EXPORT(path_filestat_get)
errno_t path_filestat_get(uint32_t number, uint32_t flags, guest_address path, uint32_t length, guest_address result)
{
    struct place place;
    struct file_stat_result status;
    struct file_hash_result hash;
    begin_call();
    TRY(find_place(number, RIGHT_PATH_FILESTAT_GET, path, length, &place));
    if (flags & ~(uint32_t)LOOKUPFLAGS)
        return ERRNO_INVAL;
    descriptor_stat_at(AT(place), (int32_t)flags, NAME(place.path), &status);
    descriptor_hash_at(AT(place), (int32_t)flags, NAME(place.path), &hash);
    return give_filestat(&status, &hash, result);
}

EXPORT(path_filestat_set_times)
errno_t path_filestat_set_times(uint32_t number, uint32_t flags, guest_address path, uint32_t length, uint64_t accessed,
                                uint64_t modified, uint32_t time_flags)
{
    struct place place;
    struct new_times times;
    struct file_result result;
    begin_call();
    TRY(find_place(number, RIGHT_PATH_FILESTAT_SET_TIMES, path, length, &place));
    if (flags & ~(uint32_t)LOOKUPFLAGS)
        return ERRNO_INVAL;
    TRY(times_of(accessed, modified, time_flags, &times));
    descriptor_set_times_at(AT(place), (int32_t)flags, NAME(place.path), times.accessed.kind, times.accessed.seconds,
                            times.accessed.nanoseconds, times.modified.kind, times.modified.seconds,
                            times.modified.nanoseconds, &result);
    return errno_of_result(&result);
}

EXPORT(path_link)
errno_t path_link(uint32_t number, uint32_t flags, guest_address path, uint32_t length, uint32_t target_number,
                  guest_address target_path, uint32_t target_length)
{
    struct place place, target;
    struct file_result result;
    begin_call();
    TRY(find_place(number, RIGHT_PATH_LINK_SOURCE, path, length, &place));
    TRY(find_place(target_number, RIGHT_PATH_LINK_TARGET, target_path, target_length, &target));
    if (flags & ~(uint32_t)LOOKUPFLAGS)
        return ERRNO_INVAL;
    descriptor_link(AT(place), (int32_t)flags, NAME(place.path), AT(target), NAME(target.path), &result);
    return errno_of_result(&result);
}

EXPORT(path_rename)
errno_t path_rename(uint32_t number, guest_address path, uint32_t length, uint32_t target_number,
                    guest_address target_path, uint32_t target_length)
{
    struct place place, target;
    struct file_result result;
    begin_call();
    TRY(find_place(number, RIGHT_PATH_RENAME_SOURCE, path, length, &place));
    TRY(find_place(target_number, RIGHT_PATH_RENAME_TARGET, target_path, target_length, &target));
    descriptor_rename(AT(place), NAME(place.path), AT(target), NAME(target.path), &result);
    return errno_of_result(&result);
}

EXPORT(path_symlink)
errno_t path_symlink(guest_address contents, uint32_t contents_length, uint32_t number, guest_address path,
                     uint32_t length)
{
    struct place place;
    struct path words;
    struct file_result result;
    begin_call();
    TRY(find_place(number, RIGHT_PATH_SYMLINK, path, length, &place));
    TRY(read_path(contents, contents_length, &words));
    descriptor_symlink(AT(place), NAME(words), NAME(place.path), &result);
    return errno_of_result(&result);
}

EXPORT(path_readlink)
errno_t path_readlink(uint32_t number, guest_address path, uint32_t length, guest_address buffer, uint32_t room,
                      guest_address used)
{
    struct place place;
    struct file_list_result result;
    begin_call();
    TRY(find_place(number, RIGHT_PATH_READLINK, path, length, &place));
    descriptor_read_link(AT(place), NAME(place.path), &result);
    if (result.is_error)
        return errno_of(result.error);
    const uint32_t fits = result.value.length < room ? result.value.length : room;
    if (!guest_has(buffer, fits))
        return ERRNO_FAULT;
    GUEST_WRITE(used, fits);
    guest_write(buffer, result.value.data, fits);
    return ERRNO_SUCCESS;
}

/// What is asked of a file that is opened.
struct opening {
    uint32_t open_flags, fd_flags;
    rights_t base, inheriting;
};

/// What it takes of the directory it is opened from.
static errno_t check_rights(const struct descriptor* directory, const struct opening* opening)
{
    rights_t needed = RIGHT_PATH_OPEN, inheriting = opening->base | opening->inheriting;
    if (opening->open_flags & OFLAG_CREAT)
        needed |= RIGHT_PATH_CREATE_FILE;
    if (opening->open_flags & OFLAG_TRUNC)
        needed |= RIGHT_PATH_FILESTAT_SET_SIZE;
    if (opening->fd_flags & FDFLAG_DSYNC)
        inheriting |= RIGHT_FD_DATASYNC;
    if (opening->fd_flags & (FDFLAG_RSYNC | FDFLAG_SYNC))
        inheriting |= RIGHT_FD_SYNC;
    const bool has_all = (directory->base & needed) == needed && (directory->inheriting & inheriting) == inheriting;
    return has_all ? ERRNO_SUCCESS : ERRNO_NOTCAPABLE;
}

static int32_t descriptor_flags_of(const struct descriptor* directory, const struct opening* opening)
{
    int32_t flags = 0;
    if (opening->base & RIGHT_FD_READ)
        flags |= FLAG_READ;
    if (opening->base & (RIGHT_FD_WRITE | RIGHT_FD_ALLOCATE | RIGHT_FD_FILESTAT_SET_SIZE))
        flags |= FLAG_WRITE;
    if (opening->fd_flags & (FDFLAG_RSYNC | FDFLAG_SYNC))
        flags |= FLAG_FILE_SYNC;
    if (opening->fd_flags & FDFLAG_DSYNC)
        flags |= FLAG_DATA_SYNC;
    if ((opening->open_flags & OFLAG_DIRECTORY) && directory->may_mutate)
        flags |= FLAG_MUTATE_DIRECTORY;
    return flags;
}

/// Rights that make sense for what was found.
static void describe(struct descriptor* opened, handle_t handle, const struct descriptor* directory,
                     const struct opening* opening)
{
    struct file_result type;
    descriptor_type(handle, &type);
    const bool is_directory = !type.is_error && type.value == TYPE_DIRECTORY;
    *opened = (struct descriptor){.kind = is_directory ? KIND_DIRECTORY : KIND_FILE,
                                  .filetype = type.is_error ? FILETYPE_UNKNOWN : filetype_of_type(type.value),
                                  .may_mutate = directory->may_mutate,
                                  .flags = opening->fd_flags,
                                  .handle = handle,
                                  .base = opening->base & (is_directory ? RIGHTS_DIRECTORY : RIGHTS_FILE),
                                  .inheriting = is_directory ? opening->inheriting : 0};
}

EXPORT(path_open)
errno_t path_open(uint32_t number, uint32_t flags, guest_address path, uint32_t length, uint32_t open_flags,
                  rights_t base, rights_t inheriting, uint32_t fd_flags, guest_address result)
{
    const struct opening opening = {open_flags, fd_flags, base, inheriting};
    struct place place;
    struct descriptor* opened;
    struct file_handle_result file;
    uint32_t opened_number;
    begin_call();
    TRY(find_place(number, 0, path, length, &place));
    if ((flags & ~(uint32_t)LOOKUPFLAGS) || (open_flags & ~(uint32_t)OFLAGS) || (fd_flags & ~(uint32_t)FDFLAGS))
        return ERRNO_INVAL;
    TRY(check_rights(place.directory, &opening));
    TRY(find_free(&opened_number, &opened));
    GUEST_WRITE(result, opened_number);
    descriptor_open(AT(place), (int32_t)flags, NAME(place.path), (int32_t)open_flags,
                    descriptor_flags_of(place.directory, &opening), &file);
    if (file.is_error)
        return errno_of(file.error);
    describe(opened, file.value, place.directory, &opening);
    return ERRNO_SUCCESS;
}
