#include "sandbox/wasi/errno.hpp"

#include <algorithm>
#include <array>

namespace trellis::sandbox::preview1 {

namespace {

struct Pair {
    SystemError system;
    Errno wasi;
};

constexpr Pair pair(int number, Errno wasi)
{
    return {system_error(number), wasi};
}

constexpr auto sorted_pairs()
{
    std::array pairs = {
        pair(E2BIG, Errno::toobig),
        pair(EACCES, Errno::acces),
        pair(EADDRINUSE, Errno::addrinuse),
        pair(EADDRNOTAVAIL, Errno::addrnotavail),
        pair(EAFNOSUPPORT, Errno::afnosupport),
        pair(EAGAIN, Errno::again),
        pair(EALREADY, Errno::already),
        pair(EBADF, Errno::badf),
        pair(EBADMSG, Errno::badmsg),
        pair(EBUSY, Errno::busy),
        pair(ECANCELED, Errno::canceled),
        pair(ECHILD, Errno::child),
        pair(ECONNABORTED, Errno::connaborted),
        pair(ECONNREFUSED, Errno::connrefused),
        pair(ECONNRESET, Errno::connreset),
        pair(EDEADLK, Errno::deadlk),
        pair(EDESTADDRREQ, Errno::destaddrreq),
        pair(EDOM, Errno::dom),
        pair(EDQUOT, Errno::dquot),
        pair(EEXIST, Errno::exist),
        pair(EFAULT, Errno::fault),
        pair(EFBIG, Errno::fbig),
        pair(EHOSTUNREACH, Errno::hostunreach),
        pair(EIDRM, Errno::idrm),
        pair(EILSEQ, Errno::ilseq),
        pair(EINPROGRESS, Errno::inprogress),
        pair(EINTR, Errno::intr),
        pair(EINVAL, Errno::inval),
        pair(EIO, Errno::io),
        pair(EISCONN, Errno::isconn),
        pair(EISDIR, Errno::isdir),
        pair(ELOOP, Errno::loop),
        pair(EMFILE, Errno::mfile),
        pair(EMLINK, Errno::mlink),
        pair(EMSGSIZE, Errno::msgsize),
        pair(EMULTIHOP, Errno::multihop),
        pair(ENAMETOOLONG, Errno::nametoolong),
        pair(ENETDOWN, Errno::netdown),
        pair(ENETRESET, Errno::netreset),
        pair(ENETUNREACH, Errno::netunreach),
        pair(ENFILE, Errno::nfile),
        pair(ENOBUFS, Errno::nobufs),
        pair(ENODEV, Errno::nodev),
        pair(ENOENT, Errno::noent),
        pair(ENOEXEC, Errno::noexec),
        pair(ENOLCK, Errno::nolck),
        pair(ENOLINK, Errno::nolink),
        pair(ENOMEM, Errno::nomem),
        pair(ENOMSG, Errno::nomsg),
        pair(ENOPROTOOPT, Errno::noprotoopt),
        pair(ENOSPC, Errno::nospc),
        pair(ENOSYS, Errno::nosys),
        pair(ENOTCONN, Errno::notconn),
        pair(ENOTDIR, Errno::notdir),
        pair(ENOTEMPTY, Errno::notempty),
        pair(ENOTRECOVERABLE, Errno::notrecoverable),
        pair(ENOTSOCK, Errno::notsock),
        pair(ENOTSUP, Errno::notsup),
        pair(ENOTTY, Errno::notty),
        pair(ENXIO, Errno::nxio),
        pair(EOVERFLOW, Errno::overflow),
        pair(EOWNERDEAD, Errno::ownerdead),
        pair(EPERM, Errno::perm),
        pair(EPIPE, Errno::pipe),
        pair(EPROTO, Errno::proto),
        pair(EPROTONOSUPPORT, Errno::protonosupport),
        pair(EPROTOTYPE, Errno::prototype),
        pair(ERANGE, Errno::range),
        pair(EROFS, Errno::rofs),
        pair(ESPIPE, Errno::spipe),
        pair(ESRCH, Errno::srch),
        pair(ESTALE, Errno::stale),
        pair(ETIMEDOUT, Errno::timedout),
        pair(ETXTBSY, Errno::txtbsy),
        pair(EXDEV, Errno::xdev),
        Pair{SystemError::outside_grant, Errno::notcapable},
        Pair{SystemError::missing_right, Errno::notcapable},
    };
    std::ranges::sort(pairs, {}, &Pair::system);
    return pairs;
}

constexpr auto pairs = sorted_pairs();

} // namespace

Errno errno_of(SystemError error)
{
    const auto found = std::ranges::lower_bound(pairs, error, {}, &Pair::system);
    return found != pairs.end() && found->system == error ? found->wasi : Errno::io;
}

} // namespace trellis::sandbox::preview1
