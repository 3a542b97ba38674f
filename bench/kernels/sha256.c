// SHA-256 of a buffer. FIPS 180-4; the constants are the first bits of roots of primes, calculated here.
#include "kernel.h"

enum { length = 1 << 20 };
static uint8_t message[length];
static uint32_t round_constants[64];

static uint32_t rotated(uint32_t x, int bits)
{
    return x >> bits | x << (32 - bits);
}

/// The first 32 bits behind the point of the root of n (degree 2 or 3), by bisection.
static uint32_t root_bits(uint32_t n, int degree)
{
    double low = 0;
    double high = n;
    for (int i = 0; i < 100; ++i) {
        const double middle = (low + high) / 2;
        const double power = degree == 2 ? middle * middle : middle * middle * middle;
        if (power <= n)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)((low - (uint32_t)low) * 4294967296.0);
}

static void prepare(uint32_t state[8])
{
    int count = 0;
    for (uint32_t n = 2; count < 64; ++n) {
        int prime = 1;
        for (uint32_t divisor = 2; divisor * divisor <= n; ++divisor)
            prime &= n % divisor != 0;
        if (!prime)
            continue;
        if (count < 8)
            state[count] = root_bits(n, 2);
        round_constants[count++] = root_bits(n, 3);
    }
}

static void add_block(uint32_t state[8], const uint8_t* block)
{
    uint32_t w[64];
    for (int i = 0; i < 16; ++i)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
               block[4 * i + 3];
    for (int i = 16; i < 64; ++i) {
        const uint32_t s0 = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
        const uint32_t s1 = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; ++i) {
        const uint32_t s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
        const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
        const uint32_t s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
        const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    const uint32_t added[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; ++i)
        state[i] += added[i];
}

static uint64_t kernel(void)
{
    uint32_t state[8];
    prepare(state);
    for (int i = 0; i < length; ++i)
        message[i] = (uint8_t)(i * 31 + (i >> 8));
    for (int i = 0; i < length; i += 64)
        add_block(state, message + i);
    uint8_t last[64] = {0x80};
    last[60] = (uint8_t)(length >> 21);
    last[61] = (uint8_t)(length >> 13);
    last[62] = (uint8_t)(length >> 5);
    add_block(state, last);
    uint64_t checksum = 0;
    for (int i = 0; i < 8; ++i)
        checksum = combine(checksum, state[i]);
    return checksum;
}
