// A reactor: _initialize runs its constructors, then functions are called. The constructor must have run exactly once.
#include <stdlib.h>
#include <string.h>

static int constructed = 40;
static char* text;

__attribute__((constructor)) static void construct(void)
{
    ++constructed;
}

__attribute__((export_name("warm_up"))) void warm_up(void)
{
    text = malloc(100000);
    memset(text, 1, 100000);
    ++constructed;
}

__attribute__((export_name("constructed"))) int get_constructed(void)
{
    return constructed;
}

__attribute__((export_name("sum"))) int sum(void)
{
    int all = 0;
    for (int i = 0; text && i < 100000; ++i)
        all += text[i];
    return all;
}
