// The smallest program that says something: what start-up costs.
#include <unistd.h>

int main(void)
{
    static const char text[] = "hello, world\n";
    return write(1, text, sizeof text - 1) == sizeof text - 1 ? 0 : 1;
}
