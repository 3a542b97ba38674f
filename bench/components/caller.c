// The component that calls, so many times, and the same loops around a function of its own.
#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(name) __attribute__((import_module("bench:calls/callee"), import_name(name)))

IMPORT("add") unsigned add(unsigned a, unsigned b);
IMPORT("length") unsigned length(const char* text, unsigned bytes);

static char text[1024];

/// Opaque to the optimizer, so that the loop stays.
static unsigned same(unsigned value)
{
    __asm__ volatile("" : "+r"(value));
    return value;
}

EXPORT("nothing") unsigned nothing(unsigned times)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < times; ++i)
        sum = same(sum + i);
    return sum;
}

EXPORT("scalars") unsigned scalars(unsigned times)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < times; ++i)
        sum = same(add(sum, i));
    return sum;
}

EXPORT("strings") unsigned strings(unsigned times)
{
    for (unsigned i = 0; i < sizeof text; ++i)
        text[i] = (char)same('a');
    unsigned sum = 0;
    for (unsigned i = 0; i < times; ++i)
        sum = same(sum + length(text, sizeof text));
    return sum;
}
