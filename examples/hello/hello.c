// The smallest HTTP function: what a program writes to standard output is its answer, header fields first, as in CGI.
#include <stdio.h>

int main(void)
{
    return puts("content-type: text/plain\n\nhello, world") < 0;
}
