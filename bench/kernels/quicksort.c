// Quicksort of random integers, insertion sort for the short pieces.
#include "kernel.h"

enum { length = 150000 };
static uint32_t values[length];

static void sort(uint32_t* first, uint32_t* last)
{
    while (last - first > 16) {
        const uint32_t pivot = first[(last - first) / 2];
        uint32_t* left = first;
        uint32_t* right = last - 1;
        while (left <= right) {
            while (*left < pivot)
                ++left;
            while (*right > pivot)
                --right;
            if (left <= right) {
                const uint32_t swapped = *left;
                *left++ = *right;
                *right-- = swapped;
            }
        }
        if (right - first < last - left) {
            sort(first, right + 1);
            first = left;
        } else {
            sort(left, last);
            last = right + 1;
        }
    }
    for (uint32_t* next = first + 1; next < last; ++next) {
        const uint32_t value = *next;
        uint32_t* place = next;
        for (; place > first && place[-1] > value; --place)
            *place = place[-1];
        *place = value;
    }
}

static uint64_t kernel(void)
{
    uint64_t state = 42;
    for (int i = 0; i < length; ++i)
        values[i] = (uint32_t)(next_random(&state) >> 32);
    sort(values, values + length);
    uint64_t checksum = 0;
    for (int i = 0; i < length; i += 1000)
        checksum = combine(checksum, values[i]);
    return checksum;
}
