// A walk along a linked list whose nodes are in random order.
#include "kernel.h"

enum { nodes = 1 << 14, walks = 200 };

typedef struct Node {
    struct Node* next;
    uint32_t value;
} Node;

static Node list[nodes];

static uint64_t kernel(void)
{
    static uint32_t order[nodes];
    uint64_t state = 3;
    for (uint32_t i = 0; i < nodes; ++i)
        order[i] = i;
    for (uint32_t i = nodes - 1; i > 0; --i) {
        const uint32_t other = (uint32_t)(next_random(&state) >> 33) % (i + 1);
        const uint32_t swapped = order[i];
        order[i] = order[other];
        order[other] = swapped;
    }
    for (uint32_t i = 0; i < nodes; ++i)
        list[order[i]] = (Node){&list[order[(i + 1) % nodes]], i};
    uint64_t sum = 0;
    const Node* node = list;
    for (int step = 0; step < nodes * walks; ++step) {
        sum = sum * 3 + node->value;
        node = node->next;
    }
    return sum;
}
