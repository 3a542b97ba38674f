// Streams and futures: what both ends share, the ends that guests have in their tables, and ends that the host has.
// A copy takes place when both sides have said where from and where to. One thread at a time.
// https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#stream-state
#pragma once

#include "wasm/component/execution/canonical_abi.hpp"

namespace trellis::wasm::component {

enum class CopyResult : std::uint32_t { completed, dropped, cancelled };

class CopyEnd;

/// Where a side's elements are, and whom to tell.
class CopyBuffer {
public:
    virtual ~CopyBuffer() = default;
    std::uint32_t length = 0;
    std::uint32_t progress = 0;
    [[nodiscard]] std::uint32_t remain() const { return length - progress; }

    // Of guests:
    CanonicalSide side = {};
    std::byte* at = nullptr; ///< the next element
    [[nodiscard]] bool is_host() const { return side.instance == nullptr; }

    // Of the host, which has one direction: it takes elements that a guest gives, or gives.
    virtual Trap take(class SharedCopy&, const CanonicalSide&, std::byte*, std::uint32_t) { return Trap::none; }
    virtual Trap give(class SharedCopy&, const CanonicalSide&, std::byte*, std::uint32_t) { return Trap::none; }
    /// Host to host.
    virtual std::uint32_t move_to(CopyBuffer&, std::uint32_t) { return 0; }

    /// Some elements were copied, and more may be.
    virtual void on_copy(SharedCopy& shared) = 0;
    virtual void on_copy_done(CopyResult result) = 0;
};

/// What the two ends of a stream or future share.
class SharedCopy : public std::enable_shared_from_this<SharedCopy> {
public:
    /// Of the host's elements: made by the host, which has one of the ends for ever.
    SharedCopy(ComponentStore& store, const ElementType& elements, bool is_future)
        : store(store), elements(elements), layout(elements.layout()), is_future(is_future)
    {
    }

    ComponentStore& store;
    const ElementType elements;
    const Layout layout; ///< of an element; of no bytes: there is no payload
    const bool is_future;
    bool dropped = false;
    std::shared_ptr<CopyBuffer> host_end = {}; ///< lives as long as this
    std::function<void()> on_drop = {};        ///< told at once when one end goes

    Trap read(CopyBuffer& destination) { return copy(destination, true); }
    Trap write(CopyBuffer& source) { return copy(source, false); }
    void cancel() { notify(CopyResult::cancelled); }
    void drop();
    [[nodiscard]] CopyBuffer* pending() const { return pending_; }
    void reset_pending() { pending_ = nullptr; }

private:
    Trap copy(CopyBuffer& buffer, bool reads);
    Trap transfer(CopyBuffer& from, CopyBuffer& to, std::uint32_t count);
    void notify(CopyResult result);
    [[nodiscard]] bool has_plain_elements() const;

    CopyBuffer* pending_ = nullptr;
};

/// A guest's end.
class CopyEnd final : public Waitable, public CopyBuffer {
public:
    enum class State : std::uint8_t { idle, copying, cancelling, done };

    CopyEnd(Kind kind, std::shared_ptr<SharedCopy> shared) : Waitable(kind), shared(std::move(shared)) {}
    /// Leaves the other end alone: drop() tells it.
    ~CopyEnd() override;

    std::shared_ptr<SharedCopy> shared;
    State state = State::idle;
    ValueTypeId checked = no_type; ///< the stream's or future's type that the guest has used it as

    [[nodiscard]] bool is_copying() const { return state == State::copying || state == State::cancelling; }
    [[nodiscard]] bool is_readable() const { return kind == Kind::stream_readable || kind == Kind::future_readable; }
    [[nodiscard]] EventCode event_code() const;

    void on_copy(SharedCopy& shared) override;
    void on_copy_done(CopyResult result) override;

private:
    Event deliver() override;

    CopyResult result_ = CopyResult::completed;
    bool reclaims_ = false; ///< taking the event ends the copy that others may still add to
};

} // namespace trellis::wasm::component
