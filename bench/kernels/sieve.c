// The sieve of Eratosthenes.
#include "kernel.h"

enum { limit = 1000000, rounds = 3 };
static uint8_t composite[limit + 1];

static uint64_t kernel(void)
{
    uint64_t count = 0;
    for (int round = 0; round < rounds; ++round) {
        memset(composite, 0, sizeof composite);
        for (uint32_t n = 2; n <= limit; ++n) {
            if (composite[n])
                continue;
            ++count;
            for (uint32_t multiple = 2 * n; multiple <= limit; multiple += n)
                composite[multiple] = 1;
        }
    }
    return count;
}
