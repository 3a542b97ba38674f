#include "descriptors.h"

enum { most_descriptors = 1024, first_preopen = 3, descriptor_types = 8 };

static struct descriptor table[most_descriptors];
static bool is_ready;

static void add_standard(uint32_t number, rights_t direction)
{
    table[number] =
        (struct descriptor){.kind = KIND_STANDARD, .standard = (uint8_t)number, .base = RIGHTS_STREAM | direction};
}

/// Whether what is in it may be changed, as far as the host says.
static bool may_mutate(handle_t directory)
{
    struct file_result flags;
    descriptor_flags(directory, &flags);
    return !flags.is_error && (flags.value & FLAG_MUTATE_DIRECTORY) != 0;
}

static void add_preopen(uint32_t number, const struct preopen* preopen)
{
    table[number] = (struct descriptor){.kind = KIND_DIRECTORY,
                                        .filetype = FILETYPE_DIRECTORY,
                                        .is_preopen = true,
                                        .may_mutate = may_mutate(preopen->descriptor),
                                        .handle = preopen->descriptor,
                                        .base = RIGHTS_DIRECTORY,
                                        .inheriting = RIGHTS_BELOW_DIRECTORY,
                                        .name = preopen->name};
}

static void fill_table(void)
{
    struct list preopens;
    is_ready = true;
    add_standard(0, RIGHT_FD_READ);
    add_standard(1, RIGHT_FD_WRITE);
    add_standard(2, RIGHT_FD_WRITE);
    get_directories(&preopens);
    keep_allocated(); // their names
    const struct preopen* const list = preopens.data;
    for (uint32_t i = 0; i < preopens.length && first_preopen + i < most_descriptors; ++i)
        add_preopen(first_preopen + i, &list[i]);
}

errno_t find(uint32_t number, rights_t needed, struct descriptor** found)
{
    if (!is_ready)
        fill_table();
    if (number >= most_descriptors || table[number].kind == KIND_FREE)
        return ERRNO_BADF;
    *found = &table[number];
    return (table[number].base & needed) == needed ? ERRNO_SUCCESS : ERRNO_NOTCAPABLE;
}

errno_t find_directory(uint32_t number, rights_t needed, struct descriptor** found)
{
    TRY(find(number, 0, found));
    return (*found)->kind == KIND_DIRECTORY ? find(number, needed, found) : ERRNO_NOTDIR;
}

errno_t find_stream(uint32_t number, rights_t needed, struct descriptor** found)
{
    TRY(find(number, 0, found));
    return (*found)->kind != KIND_DIRECTORY ? find(number, needed, found) : ERRNO_ISDIR;
}

errno_t find_free(uint32_t* number, struct descriptor** found)
{
    for (uint32_t i = first_preopen; i < most_descriptors; ++i)
        if (table[i].kind == KIND_FREE) {
            *number = i;
            *found = &table[i];
            return ERRNO_SUCCESS;
        }
    return ERRNO_MFILE;
}

static bool is_terminal(uint8_t standard)
{
    struct optional_handle terminal;
    if (standard == 0)
        get_terminal_stdin(&terminal);
    else if (standard == 1)
        get_terminal_stdout(&terminal);
    else
        get_terminal_stderr(&terminal);
    if (!terminal.is_there)
        return false;
    if (standard == 0)
        terminal_input_drop(terminal.handle);
    else
        terminal_output_drop(terminal.handle);
    return true;
}

uint8_t filetype_of(const struct descriptor* descriptor)
{
    if (descriptor->kind != KIND_STANDARD)
        return descriptor->filetype;
    return is_terminal(descriptor->standard) ? FILETYPE_CHARACTER_DEVICE : FILETYPE_UNKNOWN;
}

handle_t stream_of(struct descriptor* descriptor)
{
    if (descriptor->handle == 0 && descriptor->standard == 0)
        descriptor->handle = get_stdin();
    else if (descriptor->handle == 0)
        descriptor->handle = descriptor->standard == 1 ? get_stdout() : get_stderr();
    return descriptor->handle;
}

/// In the order of the cases of error-code.
static const uint8_t errno_by_code[] = {
    ERRNO_ACCES,  ERRNO_AGAIN, ERRNO_ALREADY,  ERRNO_BADF,       ERRNO_BUSY,        ERRNO_DEADLK,         ERRNO_DQUOT,
    ERRNO_EXIST,  ERRNO_FBIG,  ERRNO_ILSEQ,    ERRNO_INPROGRESS, ERRNO_INTR,        ERRNO_INVAL,          ERRNO_IO,
    ERRNO_ISDIR,  ERRNO_LOOP,  ERRNO_MLINK,    ERRNO_MSGSIZE,    ERRNO_NAMETOOLONG, ERRNO_NODEV,          ERRNO_NOENT,
    ERRNO_NOLCK,  ERRNO_NOMEM, ERRNO_NOSPC,    ERRNO_NOTDIR,     ERRNO_NOTEMPTY,    ERRNO_NOTRECOVERABLE, ERRNO_NOTSUP,
    ERRNO_NOTTY,  ERRNO_NXIO,  ERRNO_OVERFLOW, ERRNO_PERM,       ERRNO_PIPE,        ERRNO_ROFS,           ERRNO_SPIPE,
    ERRNO_TXTBSY, ERRNO_XDEV,
};

errno_t errno_of(uint8_t error_code)
{
    return error_code < sizeof errno_by_code ? errno_by_code[error_code] : ERRNO_IO;
}

errno_t errno_of_result(const struct file_result* result)
{
    return result->is_error ? errno_of(result->error) : ERRNO_SUCCESS;
}

static void release(struct descriptor* descriptor)
{
    if (descriptor->kind != KIND_STANDARD)
        descriptor_drop(descriptor->handle);
    else if (descriptor->handle != 0 && descriptor->standard == 0)
        input_drop(descriptor->handle);
    else if (descriptor->handle != 0)
        output_drop(descriptor->handle);
    descriptor->kind = KIND_FREE;
}

EXPORT(fd_close) errno_t fd_close(uint32_t number)
{
    struct descriptor* descriptor;
    begin_call();
    TRY(find(number, 0, &descriptor));
    forget_listing(number);
    release(descriptor);
    return ERRNO_SUCCESS;
}

EXPORT(fd_renumber) errno_t fd_renumber(uint32_t from, uint32_t to)
{
    struct descriptor *source, *target;
    begin_call();
    TRY(find(from, 0, &source));
    TRY(find(to, 0, &target));
    if (from == to)
        return ERRNO_SUCCESS;
    forget_listing(from);
    forget_listing(to);
    release(target);
    *target = *source;
    source->kind = KIND_FREE;
    return ERRNO_SUCCESS;
}

EXPORT(fd_fdstat_get) errno_t fd_fdstat_get(uint32_t number, guest_address result)
{
    struct descriptor* descriptor;
    begin_call();
    TRY(find(number, 0, &descriptor));
    const struct fdstat status = {.filetype = filetype_of(descriptor),
                                  .flags = (uint16_t)descriptor->flags,
                                  .base = descriptor->base,
                                  .inheriting = descriptor->inheriting};
    GUEST_WRITE(result, status);
    return ERRNO_SUCCESS;
}

/// What opening a file decides can't be changed later; appending and not waiting are our own.
EXPORT(fd_fdstat_set_flags) errno_t fd_fdstat_set_flags(uint32_t number, uint32_t flags)
{
    struct descriptor* descriptor;
    begin_call();
    TRY(find(number, RIGHT_FD_FDSTAT_SET_FLAGS, &descriptor));
    const uint32_t changed = flags ^ descriptor->flags;
    if (flags & ~(uint32_t)FDFLAGS)
        return ERRNO_INVAL;
    if (changed & (FDFLAG_DSYNC | FDFLAG_RSYNC | FDFLAG_SYNC))
        return ERRNO_NOTSUP;
    if ((changed & FDFLAG_APPEND) && descriptor->kind != KIND_FILE)
        return ERRNO_NOTSUP;
    descriptor->flags = flags;
    return ERRNO_SUCCESS;
}

EXPORT(fd_fdstat_set_rights) errno_t fd_fdstat_set_rights(uint32_t number, rights_t base, rights_t inheriting)
{
    struct descriptor* descriptor;
    begin_call();
    TRY(find(number, 0, &descriptor));
    if ((base & ~descriptor->base) != 0 || (inheriting & ~descriptor->inheriting) != 0)
        return ERRNO_NOTCAPABLE;
    descriptor->base = base;
    descriptor->inheriting = inheriting;
    return ERRNO_SUCCESS;
}

static errno_t find_preopen(uint32_t number, const struct list** name)
{
    struct descriptor* descriptor;
    TRY(find(number, 0, &descriptor));
    *name = &descriptor->name;
    return descriptor->is_preopen ? ERRNO_SUCCESS : ERRNO_BADF;
}

EXPORT(fd_prestat_get) errno_t fd_prestat_get(uint32_t number, guest_address result)
{
    const struct list* name;
    begin_call();
    TRY(find_preopen(number, &name));
    const struct prestat status = {.tag = 0, .name_length = name->length};
    GUEST_WRITE(result, status);
    return ERRNO_SUCCESS;
}

EXPORT(fd_prestat_dir_name) errno_t fd_prestat_dir_name(uint32_t number, guest_address buffer, uint32_t length)
{
    const struct list* name;
    begin_call();
    TRY(find_preopen(number, &name));
    if (length < name->length)
        return ERRNO_NAMETOOLONG;
    if (!guest_has(buffer, name->length))
        return ERRNO_FAULT;
    guest_write(buffer, name->data, name->length);
    return ERRNO_SUCCESS;
}
