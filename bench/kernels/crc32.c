// CRC-32 of a buffer, a table look-up per byte.
#include "kernel.h"

enum { length = 1 << 20, rounds = 5 };
static uint32_t table[256];
static uint8_t buffer[length];

static uint64_t kernel(void)
{
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t remainder = i;
        for (int bit = 0; bit < 8; ++bit)
            remainder = remainder & 1 ? 0xedb88320u ^ remainder >> 1 : remainder >> 1;
        table[i] = remainder;
    }
    for (int i = 0; i < length; ++i)
        buffer[i] = (uint8_t)(i ^ i >> 7);
    uint32_t crc = 0xffffffffu;
    for (int round = 0; round < rounds; ++round)
        for (int i = 0; i < length; ++i)
            crc = table[(crc ^ buffer[i]) & 0xff] ^ crc >> 8;
    return ~crc;
}
