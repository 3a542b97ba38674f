// Bodies that attract each other, moved in small steps.
#include "kernel.h"

enum { bodies = 5, steps = 60000 };

typedef struct {
    double x, y, z, vx, vy, vz, mass;
} Body;

static Body system_of[bodies];

static void advance(double dt)
{
    for (int i = 0; i < bodies; ++i) {
        Body* a = &system_of[i];
        for (int j = i + 1; j < bodies; ++j) {
            Body* b = &system_of[j];
            const double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
            const double squared = dx * dx + dy * dy + dz * dz + 0.01;
            const double pull = dt / (squared * __builtin_sqrt(squared));
            a->vx -= dx * b->mass * pull;
            a->vy -= dy * b->mass * pull;
            a->vz -= dz * b->mass * pull;
            b->vx += dx * a->mass * pull;
            b->vy += dy * a->mass * pull;
            b->vz += dz * a->mass * pull;
        }
    }
    for (int i = 0; i < bodies; ++i) {
        Body* a = &system_of[i];
        a->x += dt * a->vx;
        a->y += dt * a->vy;
        a->z += dt * a->vz;
    }
}

static uint64_t kernel(void)
{
    for (int i = 0; i < bodies; ++i) {
        const double d = i;
        system_of[i] = (Body){d * 2, d * d - 3, 1 - d, 0.1 * d, 0.3 - 0.1 * d, 0.05 * d, 1.0 / (1 + d)};
    }
    for (int i = 0; i < steps; ++i)
        advance(0.001);
    uint64_t checksum = 0;
    for (int i = 0; i < bodies; ++i)
        checksum = combine(combine(checksum, bits_of(system_of[i].x)), bits_of(system_of[i].vy));
    return checksum;
}
