// A program that says something, 4 KB as Wasm: what start-up costs.
#include <stdio.h>

int main(void)
{
    return puts("hello, world") < 0;
}
