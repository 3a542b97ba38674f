// WASI 0.1 as programs see it: numbers, and layouts in their memory. Only what the adapter needs of it.
// https://github.com/WebAssembly/WASI/blob/wasi-0.1/preview1/docs.md
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t guest_address; ///< in the program's memory, which is not ours
typedef int32_t errno_t;        ///< what a function gives back
typedef uint64_t rights_t;

enum {
    ERRNO_SUCCESS = 0,
    ERRNO_ACCES = 2,
    ERRNO_AGAIN = 6,
    ERRNO_ALREADY = 7,
    ERRNO_BADF = 8,
    ERRNO_BUSY = 10,
    ERRNO_DEADLK = 16,
    ERRNO_DQUOT = 19,
    ERRNO_EXIST = 20,
    ERRNO_FAULT = 21,
    ERRNO_FBIG = 22,
    ERRNO_ILSEQ = 25,
    ERRNO_INPROGRESS = 26,
    ERRNO_INTR = 27,
    ERRNO_INVAL = 28,
    ERRNO_IO = 29,
    ERRNO_ISDIR = 31,
    ERRNO_LOOP = 32,
    ERRNO_MFILE = 33,
    ERRNO_MLINK = 34,
    ERRNO_MSGSIZE = 35,
    ERRNO_NAMETOOLONG = 37,
    ERRNO_NODEV = 43,
    ERRNO_NOENT = 44,
    ERRNO_NOLCK = 46,
    ERRNO_NOMEM = 48,
    ERRNO_NOSPC = 51,
    ERRNO_NOTDIR = 54,
    ERRNO_NOTEMPTY = 55,
    ERRNO_NOTRECOVERABLE = 56,
    ERRNO_NOTSOCK = 57,
    ERRNO_NOTSUP = 58,
    ERRNO_NOTTY = 59,
    ERRNO_NXIO = 60,
    ERRNO_OVERFLOW = 61,
    ERRNO_PERM = 63,
    ERRNO_PIPE = 64,
    ERRNO_ROFS = 69,
    ERRNO_SPIPE = 70,
    ERRNO_TXTBSY = 74,
    ERRNO_XDEV = 75,
    ERRNO_NOTCAPABLE = 76,
};

enum {
    FILETYPE_UNKNOWN,
    FILETYPE_BLOCK_DEVICE,
    FILETYPE_CHARACTER_DEVICE,
    FILETYPE_DIRECTORY,
    FILETYPE_REGULAR_FILE,
    FILETYPE_SOCKET_DGRAM,
    FILETYPE_SOCKET_STREAM,
    FILETYPE_SYMBOLIC_LINK,
};

#define RIGHT(number) ((rights_t)1 << (number))
#define RIGHT_FD_DATASYNC RIGHT(0)
#define RIGHT_FD_READ RIGHT(1)
#define RIGHT_FD_SEEK RIGHT(2)
#define RIGHT_FD_FDSTAT_SET_FLAGS RIGHT(3)
#define RIGHT_FD_SYNC RIGHT(4)
#define RIGHT_FD_TELL RIGHT(5)
#define RIGHT_FD_WRITE RIGHT(6)
#define RIGHT_FD_ADVISE RIGHT(7)
#define RIGHT_FD_ALLOCATE RIGHT(8)
#define RIGHT_PATH_CREATE_DIRECTORY RIGHT(9)
#define RIGHT_PATH_CREATE_FILE RIGHT(10)
#define RIGHT_PATH_LINK_SOURCE RIGHT(11)
#define RIGHT_PATH_LINK_TARGET RIGHT(12)
#define RIGHT_PATH_OPEN RIGHT(13)
#define RIGHT_FD_READDIR RIGHT(14)
#define RIGHT_PATH_READLINK RIGHT(15)
#define RIGHT_PATH_RENAME_SOURCE RIGHT(16)
#define RIGHT_PATH_RENAME_TARGET RIGHT(17)
#define RIGHT_PATH_FILESTAT_GET RIGHT(18)
#define RIGHT_PATH_FILESTAT_SET_SIZE RIGHT(19)
#define RIGHT_PATH_FILESTAT_SET_TIMES RIGHT(20)
#define RIGHT_FD_FILESTAT_GET RIGHT(21)
#define RIGHT_FD_FILESTAT_SET_SIZE RIGHT(22)
#define RIGHT_FD_FILESTAT_SET_TIMES RIGHT(23)
#define RIGHT_PATH_SYMLINK RIGHT(24)
#define RIGHT_PATH_REMOVE_DIRECTORY RIGHT(25)
#define RIGHT_PATH_UNLINK_FILE RIGHT(26)
#define RIGHT_POLL_FD_READWRITE RIGHT(27)

#define RIGHTS_ANY (RIGHT_FD_FDSTAT_SET_FLAGS | RIGHT_FD_FILESTAT_GET | RIGHT_POLL_FD_READWRITE)
#define RIGHTS_STREAM (RIGHTS_ANY | RIGHT_FD_DATASYNC | RIGHT_FD_SYNC)
#define RIGHTS_FILE                                                                                                    \
    (RIGHTS_STREAM | RIGHT_FD_READ | RIGHT_FD_SEEK | RIGHT_FD_TELL | RIGHT_FD_WRITE | RIGHT_FD_ADVISE |                \
     RIGHT_FD_ALLOCATE | RIGHT_FD_FILESTAT_SET_SIZE | RIGHT_FD_FILESTAT_SET_TIMES)
#define RIGHTS_DIRECTORY                                                                                               \
    (RIGHTS_STREAM | RIGHT_FD_ADVISE | RIGHT_FD_READDIR | RIGHT_FD_FILESTAT_SET_TIMES | RIGHT_PATH_CREATE_DIRECTORY |  \
     RIGHT_PATH_CREATE_FILE | RIGHT_PATH_LINK_SOURCE | RIGHT_PATH_LINK_TARGET | RIGHT_PATH_OPEN |                      \
     RIGHT_PATH_READLINK | RIGHT_PATH_RENAME_SOURCE | RIGHT_PATH_RENAME_TARGET | RIGHT_PATH_FILESTAT_GET |             \
     RIGHT_PATH_FILESTAT_SET_SIZE | RIGHT_PATH_FILESTAT_SET_TIMES | RIGHT_PATH_SYMLINK | RIGHT_PATH_REMOVE_DIRECTORY | \
     RIGHT_PATH_UNLINK_FILE)
#define RIGHTS_BELOW_DIRECTORY (RIGHTS_DIRECTORY | RIGHTS_FILE)

enum { FDFLAG_APPEND = 1, FDFLAG_DSYNC = 2, FDFLAG_NONBLOCK = 4, FDFLAG_RSYNC = 8, FDFLAG_SYNC = 16, FDFLAGS = 31 };
enum { OFLAG_CREAT = 1, OFLAG_DIRECTORY = 2, OFLAG_EXCL = 4, OFLAG_TRUNC = 8, OFLAGS = 15 };
enum { FSTFLAG_ATIM = 1, FSTFLAG_ATIM_NOW = 2, FSTFLAG_MTIM = 4, FSTFLAG_MTIM_NOW = 8, FSTFLAGS = 15 };
enum { LOOKUPFLAG_SYMLINK_FOLLOW = 1, LOOKUPFLAGS = 1 };
enum { WHENCE_SET, WHENCE_CUR, WHENCE_END };
enum { CLOCK_REALTIME, CLOCK_MONOTONIC };
enum { EVENT_CLOCK, EVENT_FD_READ, EVENT_FD_WRITE };
enum { SUBSCRIPTION_CLOCK_ABSTIME = 1 };

struct iovec {
    guest_address address;
    uint32_t length;
};

struct fdstat {
    uint8_t filetype;
    uint16_t flags;
    rights_t base;
    rights_t inheriting;
};

struct filestat {
    uint64_t device;
    uint64_t inode;
    uint8_t filetype;
    uint64_t links;
    uint64_t size;
    uint64_t accessed, modified, changed;
};

struct prestat {
    uint32_t tag; ///< 0: a directory
    uint32_t name_length;
};

struct dirent {
    uint64_t next;
    uint64_t inode;
    uint32_t name_length;
    uint8_t filetype;
};

struct subscription {
    uint64_t userdata;
    uint8_t tag;
    _Alignas(8) uint32_t id; ///< of a clock, or the descriptor
    uint64_t timeout;
    uint64_t precision;
    uint16_t flags;
};

struct event {
    uint64_t userdata;
    uint16_t error;
    uint8_t type;
    uint64_t bytes;
    uint16_t flags;
};

_Static_assert(sizeof(struct fdstat) == 24 && sizeof(struct filestat) == 64 && sizeof(struct dirent) == 24 &&
                   sizeof(struct subscription) == 48 && sizeof(struct event) == 32,
               "layouts of WASI 0.1");

#define EXPORT(name) __attribute__((export_name(#name)))
