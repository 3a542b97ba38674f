// A list that grows at its end in chunks, so that elements never move. Costs nothing while it is empty and one
// allocation for the first chunk, which is what makes it better for a store than a deque; each chunk is twice as large
// as the one before, up to a bound. One thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace trellis::wasm {

template <class T, std::size_t first_capacity>
class StableList {
    static constexpr std::size_t most_capacity = 64 * first_capacity;

    /// The elements stand behind it.
    struct alignas(T) alignas(void*) Chunk {
        Chunk* previous;
        std::size_t capacity;
        Chunk* next = nullptr;
        std::size_t size = 0;

        T* at(std::size_t index) { return std::launder(reinterpret_cast<T*>(this + 1) + index); }
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
        if constexpr (!std::is_trivially_destructible_v<T>)
            while (!empty())
                pop_back();
        while (last_)
            remove_chunk();
    }
    StableList(const StableList&) = delete;
    StableList& operator=(const StableList&) = delete;

    template <class... Arguments>
    T& emplace_back(Arguments&&... arguments)
    {
        if (!last_ || last_->size == last_->capacity)
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
    static constexpr std::align_val_t alignment{alignof(Chunk)};

    void add_chunk()
    {
        const auto capacity = last_ ? std::min(2 * last_->capacity, most_capacity) : first_capacity;
        void* const space = ::operator new(sizeof(Chunk) + capacity * sizeof(T), alignment);
        auto* made = new (space) Chunk{last_, capacity};
        (last_ ? last_->next : first_) = made;
        last_ = made;
    }
    void remove_chunk()
    {
        auto* gone = std::exchange(last_, last_->previous);
        (last_ ? last_->next : first_) = nullptr;
        ::operator delete(gone, alignment);
    }

    Chunk* first_ = nullptr;
    Chunk* last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace trellis::wasm
