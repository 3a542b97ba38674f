// Product of two matrices of floats, four columns at a time.
#include "kernel.h"

typedef float Floats __attribute__((vector_size(16)));

enum { size = 256 };
// From a cache line on, or what is measured is where two linkers put them: 36 % natively.
static _Alignas(64) Floats a[size][size / 4], b[size][size / 4], c[size][size / 4];

static uint64_t kernel(void)
{
    for (int i = 0; i < size; ++i)
        for (int j = 0; j < size; ++j) {
            a[i][j / 4][j % 4] = (float)((i * 7 + j * 3) % 11 - 5);
            b[i][j / 4][j % 4] = (float)((i * 5 + j * 2) % 13 - 6);
        }
    for (int i = 0; i < size; ++i)
        for (int j = 0; j < size / 4; j += 2) {
            Floats left = {0}, right = {0};
            for (int k = 0; k < size; ++k) {
                const float factor = ((const float*)a[i])[k];
                const Floats factors = {factor, factor, factor, factor};
                left += factors * b[k][j];
                right += factors * b[k][j + 1];
            }
            c[i][j] = left;
            c[i][j + 1] = right;
        }
    uint64_t checksum = 0;
    for (int i = 0; i < size; ++i)
        checksum = combine(checksum, (uint64_t)(int64_t)c[i][(i * 17) % (size / 4)][i % 4]);
    return checksum;
}
