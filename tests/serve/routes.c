// Declares routes of its own, one of them with an entrypoint of its own.
#include <string.h>
#include <unistd.h>

static void say(const char* text)
{
    (void)!write(1, text, strlen(text));
}

__attribute__((export_name("_routes"))) void routes(void)
{
    say("/hello hello\n/deep/... hello\n");
}

__attribute__((export_name("hello"))) void hello(void)
{
    say("content-type: text/plain\n\nhello by a route of its own\n");
}

int main(void)
{
    say("content-type: text/plain\n\nmain\n");
    return 0;
}
