// Points of the Mandelbrot set, four at a time, in floats, with masks.
#include "kernel.h"

typedef float Floats __attribute__((vector_size(16)));
typedef int32_t Ints __attribute__((vector_size(16)));

enum { width = 400, height = 200, most = 100 };

static int any(Ints mask)
{
    return (mask[0] | mask[1] | mask[2] | mask[3]) != 0;
}

static uint64_t kernel(void)
{
    uint64_t checksum = 0;
    for (int row = 0; row < height; ++row)
        for (int column = 0; column < width; column += 4) {
            const Floats columns = {(float)column, (float)(column + 1), (float)(column + 2), (float)(column + 3)};
            const Floats cx = columns * (3.0f / width) - 2.2f;
            const float row_y = (float)row * (2.4f / height) - 1.2f;
            const Floats cy = {row_y, row_y, row_y, row_y};
            Floats x = {0}, y = {0};
            Ints counts = {0};
            for (int i = 0; i < most; ++i) {
                const Floats xx = x * x, yy = y * y;
                const Ints inside = xx + yy < 4.0f;
                if (!any(inside))
                    break;
                counts -= inside;
                y = 2.0f * x * y + cy;
                x = xx - yy + cx;
            }
            for (int lane = 0; lane < 4; ++lane)
                checksum = checksum * 31 + (uint64_t)counts[lane];
        }
    return checksum;
}
