// The usual first program, as an answer to a request: 4 KB as Wasm.
#include <stdio.h>

int main(void)
{
    return puts("content-type: text/plain\n\nhello, world") < 0;
}
