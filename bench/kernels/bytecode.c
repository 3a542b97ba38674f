// An interpreter inside: a loop with a switch over a small stack machine that counts primes.
#include "kernel.h"

enum Operation { PUSH, LOAD, STORE, ADD, MULTIPLY, REMAINDER, LESS, EQUAL, JUMP, JUMP_IF_ZERO, STOP };

enum { limit, candidate, divisor, found, prime }; // variables

// clang-format off
static const int32_t program[] = {
    /*  0 */ PUSH, 2, STORE, candidate,
    /*  4 */ LOAD, candidate, LOAD, limit, LESS, JUMP_IF_ZERO, 68,
    /* 11 */ PUSH, 1, STORE, prime, PUSH, 2, STORE, divisor,
    /* 19 */ LOAD, divisor, LOAD, divisor, MULTIPLY, LOAD, candidate, PUSH, 1, ADD, LESS, JUMP_IF_ZERO, 54,
    /* 32 */ LOAD, candidate, LOAD, divisor, REMAINDER, JUMP_IF_ZERO, 48,
    /* 39 */ LOAD, divisor, PUSH, 1, ADD, STORE, divisor, JUMP, 19,
    /* 48 */ PUSH, 0, STORE, prime, JUMP, 54,
    /* 54 */ LOAD, found, LOAD, prime, ADD, STORE, found, LOAD, candidate, PUSH, 1, ADD, JUMP, 2,
    /* 68 */ STOP,
};
// clang-format on

static int32_t run(int32_t limit_value)
{
    int32_t variables[5] = {limit_value};
    int32_t stack[16];
    int32_t* top = stack;
    const int32_t* next = program;
    for (;;) {
        switch (*next++) {
        case PUSH:
            *top++ = *next++;
            break;
        case LOAD:
            *top++ = variables[*next++];
            break;
        case STORE:
            variables[*next++] = *--top;
            break;
        case ADD:
            --top;
            top[-1] += *top;
            break;
        case MULTIPLY:
            --top;
            top[-1] *= *top;
            break;
        case REMAINDER:
            --top;
            top[-1] %= *top;
            break;
        case LESS:
            --top;
            top[-1] = top[-1] < *top;
            break;
        case EQUAL:
            --top;
            top[-1] = top[-1] == *top;
            break;
        case JUMP:
            next = program + *next;
            break;
        case JUMP_IF_ZERO:
            next = *--top == 0 ? program + *next : next + 1;
            break;
        case STOP:
            return variables[found];
        }
    }
}

static uint64_t kernel(void)
{
    return (uint64_t)run(20000);
}
