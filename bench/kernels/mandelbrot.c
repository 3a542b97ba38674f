// Points of the Mandelbrot set, one at a time.
#include "kernel.h"

enum { width = 200, height = 150, most = 120 };

static uint64_t kernel(void)
{
    uint64_t checksum = 0;
    for (int row = 0; row < height; ++row)
        for (int column = 0; column < width; ++column) {
            const double cx = column * 3.0 / width - 2.2;
            const double cy = row * 2.4 / height - 1.2;
            double x = 0, y = 0;
            int i = 0;
            for (; i < most && x * x + y * y < 4; ++i) {
                const double next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
            }
            checksum = checksum * 31 + (uint64_t)i;
        }
    return checksum;
}
