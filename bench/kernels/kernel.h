// What every kernel is: a function that does a fixed amount of work and returns a checksum of its result. The program
// runs it a number of times and prints the checksum and the processor time of the fastest run, start-up left out:
//   sha256 REPETITIONS  ->  "<checksum in hexadecimal> <nanoseconds>"
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t kernel(void);

/// Processor time, so that other programs of the machine disturb little; wall-clock time where a runtime has no other.
static uint64_t now_ns(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) != 0)
        clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/// The next of a sequence of numbers without pattern (xorshift64*).
static inline uint64_t next_random(uint64_t* state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1du;
}

/// Adds a value to a checksum, order included.
static inline uint64_t combine(uint64_t checksum, uint64_t value)
{
    checksum ^= value + 0x9e3779b97f4a7c15u + (checksum << 6) + (checksum >> 2);
    return checksum;
}

static inline uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

int main(int count, char** arguments)
{
    const int repetitions = count > 1 ? atoi(arguments[1]) : 1;
    uint64_t best = UINT64_MAX;
    uint64_t checksum = 0;
    for (int i = 0; i < repetitions; ++i) {
        const uint64_t start = now_ns();
        checksum = kernel();
        const uint64_t taken = now_ns() - start;
        if (taken < best)
            best = taken;
    }
    printf("%016llx %llu\n", (unsigned long long)checksum, (unsigned long long)best);
    return 0;
}
