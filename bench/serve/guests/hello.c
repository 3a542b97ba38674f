// The least that answers a request.
#include <unistd.h>

int main(void)
{
    static const char answer[] = "content-type: text/plain\n\nhello, world\n";
    return write(1, answer, sizeof answer - 1) != sizeof answer - 1;
}
