// Permutations of a few numbers, each flipped until its first is 1; the most flips and a checksum.
#include "kernel.h"

enum { size = 9 };

static int flips_of(const uint8_t* permutation)
{
    uint8_t p[size];
    memcpy(p, permutation, size);
    int flips = 0;
    for (int first = p[0]; first != 0; first = p[0]) {
        for (int low = 0, high = first; low < high; ++low, --high) {
            const uint8_t swapped = p[low];
            p[low] = p[high];
            p[high] = swapped;
        }
        ++flips;
    }
    return flips;
}

static uint64_t kernel(void)
{
    uint8_t permutation[size];
    uint8_t turns[size] = {0};
    for (int i = 0; i < size; ++i)
        permutation[i] = (uint8_t)i;
    int most = 0;
    int64_t sum = 0;
    for (int64_t number = 0;; ++number) {
        const int flips = flips_of(permutation);
        if (flips > most)
            most = flips;
        sum += number % 2 == 0 ? flips : -flips;
        int level = 1;
        for (; level < size; ++level) { // the next permutation: turn the first level + 1 by one place
            const uint8_t first = permutation[0];
            for (int i = 0; i < level; ++i)
                permutation[i] = permutation[i + 1];
            permutation[level] = first;
            if (++turns[level] <= level)
                break;
            turns[level] = 0;
        }
        if (level == size)
            return combine((uint64_t)most, (uint64_t)sum);
    }
}
