// Sleeps for longer than any request may take.
#include <unistd.h>

int main(void)
{
    return (int)sleep(3600);
}
