// Insertion, search and deletion in a table with open addressing.
#include "kernel.h"

enum { slots = 1 << 15, keys = 20000, rounds = 8 };
static uint64_t table[slots];

static uint32_t slot_of(uint64_t key)
{
    return (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 49);
}

static void insert(uint64_t key)
{
    uint32_t slot = slot_of(key);
    while (table[slot] != 0 && table[slot] != key)
        slot = (slot + 1) % slots;
    table[slot] = key;
}

static int find(uint64_t key)
{
    uint32_t slot = slot_of(key);
    int probes = 1;
    while (table[slot] != key) {
        if (table[slot] == 0)
            return -probes;
        slot = (slot + 1) % slots;
        ++probes;
    }
    return probes;
}

static uint64_t kernel(void)
{
    uint64_t checksum = 0;
    uint64_t state = 7;
    for (int round = 0; round < rounds; ++round) {
        memset(table, 0, sizeof table);
        uint64_t first = state;
        for (int i = 0; i < keys; ++i)
            insert(next_random(&state) | 1);
        for (int i = 0; i < keys; ++i)
            checksum += (uint64_t)find(next_random(&first) | 1);
        for (uint64_t i = 0; i < keys; ++i)
            checksum += (uint64_t)find(i << 20 | 1);
    }
    return checksum;
}
