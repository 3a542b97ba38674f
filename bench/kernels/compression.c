// Compression with back references (an LZ77 of one's own) and decompression, compared with the original.
#include "kernel.h"

enum { length = 300000, hash_bits = 13, least_match = 4, greatest_match = 131, window = 65535 };
static uint8_t original[length], packed[length * 2], unpacked[length];
static int32_t last_seen[1 << hash_bits];

static void make_original(void)
{
    uint64_t state = 5;
    int at = 0;
    while (at < length) {
        const uint64_t random = next_random(&state);
        int run = 4 + (int)(random % 40);
        if (random >> 62 != 0 && at > 1000) {
            int from = at - 1 - (int)((random >> 8) % 1000);
            for (; run > 0 && at < length; --run)
                original[at++] = original[from++];
        } else {
            for (; run > 0 && at < length; --run)
                original[at++] = (uint8_t)(next_random(&state) >> 58);
        }
    }
}

static uint32_t hash_at(int at)
{
    uint32_t four;
    memcpy(&four, original + at, 4);
    return four * 2654435761u >> (32 - hash_bits);
}

/// Literal runs: length - 1 (below 128), bytes. Matches: 128 + length - least_match, distance in two bytes.
static int pack(void)
{
    memset(last_seen, 0xff, sizeof last_seen);
    int out = 0;
    int literals = -1; // where the open run's length is
    for (int at = 0; at < length;) {
        int matched = 0;
        int from = -1;
        if (at + least_match <= length) {
            const uint32_t hash = hash_at(at);
            from = last_seen[hash];
            last_seen[hash] = at;
            if (from >= 0 && at - from <= window)
                while (matched < greatest_match && at + matched < length &&
                       original[from + matched] == original[at + matched])
                    ++matched;
        }
        if (matched >= least_match) {
            packed[out++] = (uint8_t)(128 + matched - least_match);
            packed[out++] = (uint8_t)(at - from);
            packed[out++] = (uint8_t)((at - from) >> 8);
            at += matched;
            literals = -1;
        } else {
            if (literals < 0 || packed[literals] == 127) {
                literals = out++;
                packed[literals] = 255;
            }
            ++packed[literals];
            packed[out++] = original[at++];
        }
    }
    return out;
}

static int unpack(int size)
{
    int out = 0;
    for (int in = 0; in < size;) {
        const int head = packed[in++];
        if (head < 128) {
            for (int i = 0; i <= head; ++i)
                unpacked[out++] = packed[in++];
        } else {
            const int from = out - (packed[in] | packed[in + 1] << 8);
            in += 2;
            for (int i = 0; i < head - 128 + least_match; ++i)
                unpacked[out++] = unpacked[from + i];
        }
    }
    return out;
}

static uint64_t kernel(void)
{
    make_original();
    const int size = pack();
    const int restored = unpack(size);
    const int same = restored == length && memcmp(original, unpacked, length) == 0;
    uint64_t checksum = combine((uint64_t)size, (uint64_t)same);
    for (int i = 0; i < size; i += 101)
        checksum = combine(checksum, packed[i]);
    return checksum;
}
