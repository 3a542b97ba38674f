#include "wasm/component/execution/copies.hpp"

namespace trellis::wasm::component {

bool SharedCopy::has_plain_elements() const
{
    return elements.id == no_type || is_plain(elements.types->arena()[elements.id]);
}

void SharedCopy::notify(CopyResult result)
{
    std::exchange(pending_, nullptr)->on_copy_done(result);
}

void SharedCopy::drop()
{
    if (std::exchange(dropped, true))
        return;
    if (on_drop)
        std::exchange(on_drop, nullptr)();
    if (pending_)
        notify(CopyResult::dropped);
}

Trap SharedCopy::transfer(CopyBuffer& from, CopyBuffer& to, std::uint32_t count)
{
    Trap trap = Trap::none;
    if (from.is_host() && to.is_host())
        count = from.move_to(to, count);
    else if (from.is_host())
        trap = from.give(*this, to.side, to.at, count);
    else if (to.is_host())
        trap = to.take(*this, from.side, from.at, count);
    else if (elements.id != no_type) {
        const Lifting lifting{store, from.side};
        const Lowering lowering{store, to.side};
        trap = Transfer(lifting, lowering, *elements.types).elements(elements.id, from.at, to.at, count);
    }
    for (CopyBuffer* side : {&from, &to}) {
        side->progress += count;
        if (side->at)
            side->at += std::size_t(count) * layout.size;
    }
    return trap;
}

/// Either side may come first. A stream's buffer that is used in part stays for more until its event is taken; a
/// future's is done.
Trap SharedCopy::copy(CopyBuffer& buffer, bool reads)
{
    if (dropped) {
        buffer.on_copy_done(CopyResult::dropped);
        return Trap::none;
    }
    if (!pending_) {
        pending_ = &buffer;
        return Trap::none;
    }
    CopyBuffer& other = *pending_;
    if (!buffer.is_host() && buffer.side.instance == other.side.instance && !has_plain_elements())
        return store.trap(is_future
                              ? "cannot read from and write to intra-component future: cannot read from and write "
                                "to intra-component future/stream with non-numeric payload"
                              : "cannot read from and write to intra-component future/stream with non-numeric "
                                "payload");
    CopyBuffer &from = reads ? other : buffer, &to = reads ? buffer : other;
    if (other.remain() > 0) {
        if (buffer.remain() > 0) {
            const std::uint32_t count = std::min(from.remain(), to.remain());
            if (const Trap trap = transfer(from, to, count); failed(trap))
                return trap;
            if (is_future)
                notify(CopyResult::completed);
            else
                other.on_copy(*this);
        }
        buffer.on_copy_done(CopyResult::completed);
    } else if (!reads && buffer.length == 0 && other.length == 0) {
        buffer.on_copy_done(CopyResult::completed);
    } else {
        notify(CopyResult::completed);
        pending_ = &buffer;
    }
    return Trap::none;
}

CopyEnd::~CopyEnd()
{
    if (shared->pending() == this)
        shared->reset_pending();
}

EventCode CopyEnd::event_code() const
{
    switch (kind) {
    case Kind::stream_readable:
        return EventCode::stream_read;
    case Kind::stream_writable:
        return EventCode::stream_write;
    case Kind::future_readable:
        return EventCode::future_read;
    default:
        return EventCode::future_write;
    }
}

void CopyEnd::on_copy(SharedCopy&)
{
    result_ = CopyResult::completed;
    reclaims_ = true;
    set_event();
}

void CopyEnd::on_copy_done(CopyResult result)
{
    result_ = result;
    reclaims_ = false;
    set_event();
}

Event CopyEnd::deliver()
{
    if (std::exchange(reclaims_, false))
        shared->reset_pending();
    const bool is_done = result_ == CopyResult::dropped || (shared->is_future && result_ == CopyResult::completed);
    state = is_done ? State::done : State::idle;
    const auto result = static_cast<std::uint32_t>(result_);
    return {event_code(), index, shared->is_future ? result : result | progress << 4};
}

} // namespace trellis::wasm::component
