// A list that grows at its end in chunks, so that elements never move. Costs nothing while it is empty and one
// allocation for the first chunk, which is what makes it better for a store than a deque. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <iterator>
#include <memory>
#include <new>
#include <utility>

namespace trellis::wasm {

template <class T, std::size_t chunk_size>
class StableList {
    struct Chunk {
        explicit Chunk(Chunk* before) : previous(before) {}
        Chunk* previous;
        Chunk* next = nullptr;
        std::size_t size = 0;
        alignas(T) std::byte storage[sizeof(T) * chunk_size]; // NOLINT: elements are made one by one

        T* at(std::size_t index) { return std::launder(reinterpret_cast<T*>(storage) + index); }
    };

    template <class Element>
    class Iterator {
    public:
        using value_type = T;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        Iterator(Chunk* chunk, std::size_t index) : chunk_(chunk), index_(index) {}
        Element& operator*() const { return *chunk_->at(index_); }
        Element* operator->() const { return chunk_->at(index_); }
        Iterator& operator++()
        {
            if (++index_ == chunk_->size)
                *this = Iterator(chunk_->next, 0);
            return *this;
        }
        Iterator operator++(int)
        {
            auto before = *this;
            ++*this;
            return before;
        }
        bool operator==(const Iterator&) const = default;

    private:
        Chunk* chunk_ = nullptr;
        std::size_t index_ = 0;
    };

public:
    StableList() = default;
    ~StableList()
    {
        while (!empty())
            pop_back();
    }
    StableList(const StableList&) = delete;
    StableList& operator=(const StableList&) = delete;

    template <class... Arguments>
    T& emplace_back(Arguments&&... arguments)
    {
        if (!last_ || last_->size == chunk_size)
            add_chunk();
        auto* made = new (last_->at(last_->size)) T{std::forward<Arguments>(arguments)...};
        last_->size += 1;
        size_ += 1;
        return *made;
    }
    T& push_back(T value) { return emplace_back(std::move(value)); }
    void pop_back()
    {
        std::destroy_at(&back());
        size_ -= 1;
        if (--last_->size == 0)
            remove_chunk();
    }

    T& back() { return *last_->at(last_->size - 1); }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    auto begin() { return Iterator<T>(first_, 0); }
    auto end() { return Iterator<T>(); }
    auto begin() const { return Iterator<const T>(first_, 0); }
    auto end() const { return Iterator<const T>(); }

private:
    void add_chunk()
    {
        auto* made = new Chunk(last_);
        (last_ ? last_->next : first_) = made;
        last_ = made;
    }
    void remove_chunk()
    {
        auto* gone = std::exchange(last_, last_->previous);
        (last_ ? last_->next : first_) = nullptr;
        delete gone;
    }

    Chunk* first_ = nullptr;
    Chunk* last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace trellis::wasm
