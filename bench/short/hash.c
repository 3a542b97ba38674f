// SHA-256 of two MB: what sha256sum is used for.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { size = 2 << 20 };
static uint8_t content[size];
static uint32_t constants[64];

static uint32_t rotate(uint32_t value, int by)
{
    return value >> by | value << (32 - by);
}

/// The fractions of the roots of the first primes; FIPS 180-4, 4.2.2 and 5.3.3.
static uint32_t root_fraction(unsigned prime, int cubic)
{
    uint64_t low = 0, high = (uint64_t)1 << 36;
    while (high - low > 1) {
        const uint64_t middle = (low + high) / 2;
        unsigned __int128 power = (unsigned __int128)middle * middle;
        const int bits = cubic ? 96 : 64;
        if (cubic)
            power = (power >> 4) * middle >> 4;
        if (power >= (unsigned __int128)prime << (cubic ? bits - 8 : bits))
            high = middle;
        else
            low = middle;
    }
    return (uint32_t)low;
}

static void make_constants(uint32_t* state)
{
    int count = 0;
    for (unsigned number = 2; count < 64; ++number) {
        int is_prime = 1;
        for (unsigned divisor = 2; divisor * divisor <= number; ++divisor)
            is_prime &= number % divisor != 0;
        if (!is_prime)
            continue;
        if (count < 8)
            state[count] = root_fraction(number, 0);
        constants[count++] = root_fraction(number, 1);
    }
}

static void compress(uint32_t* state, const uint8_t* block)
{
    uint32_t w[64], s[8];
    for (int t = 0; t < 16; ++t)
        w[t] = (uint32_t)block[4 * t] << 24 | (uint32_t)block[4 * t + 1] << 16 | (uint32_t)block[4 * t + 2] << 8 |
               block[4 * t + 3];
    for (int t = 16; t < 64; ++t)
        w[t] = w[t - 16] + (rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ w[t - 15] >> 3) + w[t - 7] +
               (rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ w[t - 2] >> 10);
    memcpy(s, state, sizeof s);
    for (int t = 0; t < 64; ++t) {
        const uint32_t one = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
                             ((s[4] & s[5]) ^ (~s[4] & s[6])) + constants[t] + w[t];
        const uint32_t two =
            (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < 8; ++i)
        state[i] += s[i];
}

int main(void)
{
    uint32_t state[8];
    uint8_t last[64] = {0x80};
    make_constants(state);
    for (uint32_t i = 0; i < size; ++i)
        content[i] = (uint8_t)(i * 2654435761u >> 24);
    for (int at = 0; at < size; at += 64)
        compress(state, content + at);
    for (int i = 0; i < 8; ++i)
        last[63 - i] = (uint8_t)((uint64_t)size * 8 >> 8 * i);
    compress(state, last);
    for (int i = 0; i < 8; ++i)
        printf("%08x", (unsigned)state[i]);
    puts("");
    return 0;
}
