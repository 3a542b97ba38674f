// Compresses a made-up log file of 600 KB by back references, expands it again and compares: what gzip is used for.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { most = 600000, hash_bits = 14, least_match = 4, greatest_match = 130, window = 65535 };
static uint8_t text[most + 200], packed[most * 2], unpacked[most + 200];
static int32_t last_seen[1 << hash_bits];

static int make_text(void)
{
    static const char* const paths[] = {"/index.html", "/api/orders", "/api/users/17", "/favicon.ico", "/about"};
    uint32_t state = 7;
    int size = 0;
    while (size < most) {
        state = state * 1664525 + 1013904223;
        size += sprintf((char*)text + size, "10.0.%u.%u GET %s %u %u\n", state >> 30, state >> 24 & 255,
                        paths[(state >> 8) % 5], state & 64 ? 200u : 404u, state >> 12 & 4095);
    }
    return size;
}

static uint32_t hash_at(int at)
{
    uint32_t four;
    memcpy(&four, text + at, 4);
    return four * 2654435761u >> (32 - hash_bits);
}

static int match_length(int from, int at, int size)
{
    int length = 0;
    while (length < greatest_match && at + length < size && text[from + length] == text[at + length])
        ++length;
    return length;
}

static int pack(int size)
{
    int out = 0;
    memset(last_seen, 0xff, sizeof last_seen);
    for (int at = 0; at < size;) {
        int length = 0, from = -1;
        if (at + least_match <= size) {
            const uint32_t hash = hash_at(at);
            from = last_seen[hash];
            last_seen[hash] = at;
            if (from >= 0 && at - from <= window)
                length = match_length(from, at, size);
        }
        if (length < least_match) {
            packed[out++] = 0;
            packed[out++] = text[at++];
            continue;
        }
        packed[out++] = (uint8_t)(length - least_match + 1);
        packed[out++] = (uint8_t)(at - from);
        packed[out++] = (uint8_t)((at - from) >> 8);
        at += length;
    }
    return out;
}

static int unpack(int size)
{
    int out = 0;
    for (int at = 0; at < size;) {
        if (packed[at] == 0) {
            unpacked[out++] = packed[at + 1];
            at += 2;
            continue;
        }
        const int distance = packed[at + 1] | packed[at + 2] << 8;
        for (int length = packed[at] + least_match - 1; length > 0; --length, ++out)
            unpacked[out] = unpacked[out - distance];
        at += 3;
    }
    return out;
}

int main(void)
{
    const int size = make_text(), smaller = pack(size);
    const int same = unpack(smaller) == size && memcmp(text, unpacked, (size_t)size) == 0;
    printf("%d of %d bytes\n", smaller, size);
    return !same;
}
