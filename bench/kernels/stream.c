// Copy, scale, add and triad over arrays that don't fit the first-level cache.
#include "kernel.h"

enum { length = 60000, rounds = 40 };
static double a[length], b[length], c[length];

static uint64_t kernel(void)
{
    for (int i = 0; i < length; ++i) {
        a[i] = i % 16;
        b[i] = 2;
        c[i] = 0;
    }
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < length; ++i)
            c[i] = a[i];
        for (int i = 0; i < length; ++i)
            b[i] = 0.5 * c[i];
        for (int i = 0; i < length; ++i)
            c[i] = a[i] + b[i];
        for (int i = 0; i < length; ++i)
            a[i] = b[i] + 0.25 * c[i];
    }
    uint64_t checksum = 0;
    for (int i = 0; i < length; i += 97)
        checksum = combine(checksum, bits_of(a[i]));
    return checksum;
}
