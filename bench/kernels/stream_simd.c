// Pixels: brightening with saturation, blending and a sum, sixteen bytes at a time.
#include "kernel.h"

typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef uint16_t Shorts __attribute__((vector_size(16)));
typedef uint32_t Ints __attribute__((vector_size(16)));

enum { blocks = 8192, rounds = 60 };
static Bytes first[blocks], second[blocks], result[blocks];

static uint64_t kernel(void)
{
    for (int i = 0; i < blocks; ++i)
        for (int lane = 0; lane < 16; ++lane) {
            first[i][lane] = (uint8_t)(i * 3 + lane * 5);
            second[i][lane] = (uint8_t)(i * 7 + lane);
        }
    Ints sum = {0};
    for (int round = 0; round < rounds; ++round)
        for (int i = 0; i < blocks; ++i) {
            const Bytes a = first[i], b = second[i];
            const Bytes brighter = a + (uint8_t)(round * 3);
            const Bytes clipped = (Bytes)(brighter < a) | brighter;
            const Bytes blended = (clipped & b) + ((clipped ^ b) >> 1);
            const Shorts pairs = ((Shorts)blended & 0xff) + ((Shorts)blended >> 8);
            sum += ((Ints)pairs & 0xffff) + ((Ints)pairs >> 16);
            result[i] = blended;
        }
    uint64_t checksum = 0;
    for (int lane = 0; lane < 4; ++lane)
        checksum = combine(checksum, sum[lane]);
    for (int i = 0; i < blocks; i += 127)
        checksum = combine(checksum, result[i][i % 16]);
    return checksum;
}
