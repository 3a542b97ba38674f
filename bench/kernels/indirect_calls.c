// Calls through a table of functions, the next one decided by the last result.
#include "kernel.h"

typedef uint32_t (*Step)(uint32_t);

static uint32_t add(uint32_t x)
{
    return x + 0x9e3779b9u;
}
static uint32_t xor_shift(uint32_t x)
{
    return x ^ x >> 15;
}
static uint32_t multiply(uint32_t x)
{
    return x * 0x85ebca6bu;
}
static uint32_t rotate(uint32_t x)
{
    return x << 13 | x >> 19;
}
static uint32_t invert(uint32_t x)
{
    return ~x;
}
static uint32_t subtract(uint32_t x)
{
    return x - 0x7f4a7c15u;
}
static uint32_t square(uint32_t x)
{
    return x * x | 1;
}
static uint32_t swap_halves(uint32_t x)
{
    return x << 16 | x >> 16;
}

static const Step steps[8] = {add, xor_shift, multiply, rotate, invert, subtract, square, swap_halves};

static uint64_t kernel(void)
{
    uint32_t x = 1;
    for (int i = 0; i < 3000000; ++i)
        x = steps[(x ^ (uint32_t)i) & 7](x);
    return x;
}
