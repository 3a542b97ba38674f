// Streams and futures of which the host has an end: writers whose other end a guest gets, readers of what a guest gave.
// Their functions run on a fiber of the host and wait in straight-line code; an end that goes tells the other one.
// One thread at a time.
#pragma once

#include "wasm/component/execution/host_types.hpp"

namespace trellis::wasm::component {

/// On a fiber of the host: until the condition holds. Trap::interrupted where the call was cancelled meanwhile.
inline Trap wait_for(ComponentStore& store, Thread::Condition condition)
{
    if (condition())
        return Trap::none;
    bool cancelled = false;
    const Trap trap = store.wait_until(std::move(condition), true, cancelled);
    return !failed(trap) && cancelled ? Trap::interrupted : trap;
}

/// Something of the host's that goes on by itself, on a fiber, soon.
inline Trap spawn(ComponentStore& store, std::function<Trap()> body)
{
    auto thread = store.make_thread(nullptr, std::move(body));
    if (!thread)
        return store.trap(std::move(thread).error().message);
    store.start_waiting(**thread, [] { return true; });
    return Trap::none;
}

/// Where elements of the host's arrive.
template <class T>
class ReadingEnd final : public CopyBuffer {
public:
    std::vector<T> elements;
    bool is_copying = false;

    void start(std::uint32_t most)
    {
        length = most;
        progress = 0;
        is_copying = true;
        elements.clear();
    }
    Trap take(SharedCopy& shared, const CanonicalSide& from, std::byte* place, std::uint32_t count) override
    {
        const std::size_t before = elements.size();
        elements.resize(before + count);
        if constexpr (std::is_same_v<T, std::uint8_t>) {
            std::memcpy(elements.data() + before, place, count);
        } else {
            const Lifting lifting{shared.store, from};
            for (std::size_t i = 0; i < count; ++i) {
                Place one = Place::of(place + i * HostType<T>::layout.size);
                if (const Trap trap = HostType<T>::lift(lifting, one, elements[before + i]); failed(trap))
                    return trap;
            }
        }
        return Trap::none;
    }
    void on_copy(SharedCopy& shared) override
    {
        shared.reset_pending();
        is_copying = false;
    }
    void on_copy_done(CopyResult) override { is_copying = false; }
};

/// Where elements of the host's stand that somebody is to read.
template <class T>
class WritingEnd final : public CopyBuffer {
public:
    bool is_copying = false;

    /// The elements stay where they are until it is done. `are_there`: a guest's memory has them already.
    void start(std::span<const T> elements, bool are_there = false)
    {
        elements_ = elements;
        are_there_ = are_there;
        length = static_cast<std::uint32_t>(elements.size());
        progress = 0;
        is_copying = true;
    }
    Trap give(SharedCopy& shared, const CanonicalSide& to, std::byte* place, std::uint32_t count) override
    {
        if (are_there_)
            return Trap::none;
        if constexpr (std::is_same_v<T, std::uint8_t>) {
            std::memcpy(place, elements_.data() + progress, count);
        } else {
            const Lowering lowering{shared.store, to};
            for (std::size_t i = 0; i < count; ++i) {
                Place one = Place::of(place + i * HostType<T>::layout.size);
                if (const Trap trap = HostType<T>::lower(lowering, elements_[progress + i], one); failed(trap))
                    return trap;
            }
        }
        return Trap::none;
    }
    /// Both ends of one stream are of one type.
    std::uint32_t move_to(CopyBuffer& other, std::uint32_t count) override
    {
        auto& to = static_cast<ReadingEnd<T>&>(other).elements;
        to.insert(to.end(), elements_.begin() + progress, elements_.begin() + progress + count);
        return count;
    }
    void on_copy(SharedCopy& shared) override
    {
        if (remain() != 0)
            return;
        shared.reset_pending();
        is_copying = false;
    }
    void on_copy_done(CopyResult) override { is_copying = false; }

private:
    std::span<const T> elements_;
    bool are_there_ = false;
};

/// One of the two ends, as whoever has it holds it.
class HeldEnd {
public:
    explicit HeldEnd(std::shared_ptr<SharedCopy> shared) : shared_(std::move(shared)) {}
    HeldEnd(HeldEnd&&) noexcept = default;
    HeldEnd& operator=(HeldEnd&& other) noexcept
    {
        std::swap(shared_, other.shared_);
        return *this;
    }
    ~HeldEnd() { drop(); }

    /// Whether the other end is gone.
    [[nodiscard]] bool is_dropped() const { return !shared_ || shared_->dropped; }
    /// Tells the other end.
    void drop()
    {
        if (const auto shared = std::exchange(shared_, nullptr)) {
            if (shared->pending() && shared->pending() == shared->host_end.get())
                shared->reset_pending();
            shared->drop();
        }
    }
    /// Leaves it as it is: what was written may still be read.
    void leave() { shared_ = nullptr; }
    [[nodiscard]] const std::shared_ptr<SharedCopy>& shared() const { return shared_; }

private:
    std::shared_ptr<SharedCopy> shared_;
};

/// Ends a copy that nobody waits for any more.
inline Trap finish_copy(ComponentStore& store, const std::shared_ptr<SharedCopy>& shared, const CopyBuffer& end,
                        const bool& is_copying)
{
    const Trap trap = wait_for(store, [&is_copying] { return !is_copying; });
    if (failed(trap) && shared->pending() == &end)
        shared->reset_pending();
    return trap;
}

/// What the host writes to, and a guest reads.
template <class T>
class StreamWriter {
public:
    static StreamWriter make(ComponentStore& store)
    {
        auto shared = std::make_shared<SharedCopy>(store, host_elements<T>(), false);
        shared->host_end = std::make_shared<WritingEnd<T>>();
        return StreamWriter(std::move(shared));
    }

    [[nodiscard]] StreamOf<T> readable() const { return {held_.shared()}; }
    [[nodiscard]] bool is_dropped() const { return held_.is_dropped(); }
    void drop() { held_.drop(); }
    /// Does this as soon as the other end goes, before anything else can happen.
    void on_drop(std::function<void()> action) { held_.shared()->on_drop = std::move(action); }
    /// Whether somebody waits for elements, or to hear that there are some: reads of none do.
    [[nodiscard]] bool has_reader() const { return held_.shared()->pending() != nullptr; }
    /// Until somebody wants elements, or nobody will any more.
    Trap wait_for_reader(ComponentStore& store)
    {
        return wait_for(store, [this] { return is_dropped() || has_reader(); });
    }

    /// Writes everything, unless the reader goes: `written` says how much.
    Trap write(ComponentStore& store, std::span<const T> elements, std::size_t* written = nullptr)
    {
        while (!elements.empty() && !is_dropped()) {
            const auto shared = held_.shared();
            WritingEnd<T>& end = this->end();
            end.start(elements);
            if (const Trap trap = shared->write(end); failed(trap))
                return trap;
            if (const Trap trap = finish_copy(store, shared, end, end.is_copying); failed(trap))
                return trap;
            elements = elements.subspan(end.progress);
            if (written)
                *written += end.progress;
        }
        return Trap::none;
    }

    /// Memory of a guest that waits for bytes; empty where nobody does, or the host does.
    [[nodiscard]] std::span<std::uint8_t> offered() const
        requires std::same_as<T, std::uint8_t>
    {
        const CopyBuffer* const pending = held_.shared()->pending();
        if (!pending || pending->is_host())
            return {};
        return {reinterpret_cast<std::uint8_t*>(pending->at), pending->remain()};
    }
    /// So many bytes were written to what was offered just now.
    Trap commit(std::size_t bytes)
        requires std::same_as<T, std::uint8_t>
    {
        end().start(offered().first(bytes), true);
        return held_.shared()->write(end());
    }

private:
    explicit StreamWriter(std::shared_ptr<SharedCopy> shared) : held_(std::move(shared)) {}
    WritingEnd<T>& end() { return static_cast<WritingEnd<T>&>(*held_.shared()->host_end); }

    HeldEnd held_;
};

/// What a guest, or the host, writes to, and the host reads.
template <class T>
class StreamReader {
public:
    explicit StreamReader(StreamOf<T> stream) : end_(std::make_unique<ReadingEnd<T>>()), held_(std::move(stream.shared))
    {
    }
    StreamReader(StreamReader&&) noexcept = default;
    StreamReader& operator=(StreamReader&&) noexcept = default;
    ~StreamReader() { forget_copy(); }

    [[nodiscard]] bool is_dropped() const { return held_.is_dropped(); }
    void drop()
    {
        forget_copy();
        held_.drop();
    }
    /// At least one element and at most so many; none: that was the end.
    Trap read(ComponentStore& store, std::uint32_t most, std::vector<T>& elements)
    {
        elements.clear();
        while (elements.empty() && !is_dropped()) {
            const auto shared = held_.shared();
            end_->start(most);
            if (const Trap trap = shared->read(*end_); failed(trap))
                return trap;
            if (const Trap trap = finish_copy(store, shared, *end_, end_->is_copying); failed(trap))
                return trap;
            std::swap(elements, end_->elements);
        }
        return Trap::none;
    }

private:
    void forget_copy()
    {
        if (end_ && held_.shared() && held_.shared()->pending() == end_.get())
            held_.shared()->reset_pending();
    }

    std::unique_ptr<ReadingEnd<T>> end_;
    HeldEnd held_;
};

/// A value that the host gives later. One that is never given ends the wait of whoever reads without a value.
template <class T>
class FutureWriter {
public:
    static FutureWriter make(ComponentStore& store)
    {
        auto shared = std::make_shared<SharedCopy>(store, host_elements<T>(), true);
        auto end = std::make_shared<Value>();
        FutureWriter writer(shared, *end);
        shared->host_end = std::move(end);
        return writer;
    }

    [[nodiscard]] FutureOf<T> readable() const { return {held_.shared()}; }
    [[nodiscard]] bool is_dropped() const { return held_.is_dropped(); }
    /// Once. Waits for nobody.
    Trap set(T value)
    {
        if (is_dropped())
            return Trap::none;
        value_->value = std::move(value);
        value_->length = 1;
        const Trap trap = held_.shared()->write(*value_);
        held_.leave();
        return trap;
    }

private:
    class Value final : public CopyBuffer {
    public:
        T value{};
        Trap give(SharedCopy& shared, const CanonicalSide& to, std::byte* place, std::uint32_t) override
        {
            Place at = Place::of(place);
            return HostType<T>::lower({shared.store, to}, value, at);
        }
        std::uint32_t move_to(CopyBuffer& other, std::uint32_t) override
        {
            static_cast<ReadingEnd<T>&>(other).elements.push_back(value);
            return 1;
        }
        void on_copy(SharedCopy&) override {}
        void on_copy_done(CopyResult) override {}
    };
    FutureWriter(std::shared_ptr<SharedCopy> shared, Value& value) : held_(std::move(shared)), value_(&value) {}

    HeldEnd held_;
    Value* value_; ///< of the shared part
};

/// A value that a guest, or the host, gives later.
template <class T>
class FutureReader {
public:
    explicit FutureReader(FutureOf<T> future) : stream_(StreamOf<T>{std::move(future.shared)}) {}
    [[nodiscard]] bool is_dropped() const { return stream_.is_dropped(); }
    void drop() { stream_.drop(); }
    /// Absent: it is never given.
    Trap read(ComponentStore& store, std::optional<T>& value)
    {
        std::vector<T> values;
        const Trap trap = stream_.read(store, 1, values);
        if (!values.empty())
            value = std::move(values.front());
        return trap;
    }

private:
    StreamReader<T> stream_;
};

} // namespace trellis::wasm::component
