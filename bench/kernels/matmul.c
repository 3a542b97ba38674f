// Product of two matrices of doubles, the plain three loops.
#include "kernel.h"

enum { size = 192 };
static double a[size][size], b[size][size], c[size][size];

static uint64_t kernel(void)
{
    for (int i = 0; i < size; ++i)
        for (int j = 0; j < size; ++j) {
            a[i][j] = (i * 7 + j * 3) % 11 - 5;
            b[i][j] = (i * 5 + j * 2) % 13 - 6;
        }
    for (int i = 0; i < size; ++i)
        for (int j = 0; j < size; ++j) {
            double sum = 0;
            for (int k = 0; k < size; ++k)
                sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    uint64_t checksum = 0;
    for (int i = 0; i < size; ++i)
        checksum = combine(checksum, bits_of(c[i][(i * 17) % size]));
    return checksum;
}
