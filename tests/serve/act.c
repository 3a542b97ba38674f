// One guest for all tests of `trellis serve`: the last part of the request's path says what it does, the decoded query
// string with what.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

extern char** environ;

static char argument[60000];

static void say(const char* text)
{
    (void)!write(1, text, strlen(text));
}

static void plain(void)
{
    say("content-type: text/plain\n\n");
}

static void number(const char* name, long value)
{
    char line[100];
    snprintf(line, sizeof line, "%s %ld\n", name, value);
    say(line);
}

static void copy(int from, int to)
{
    static char bytes[65536];
    for (ssize_t count; (count = read(from, bytes, sizeof bytes)) > 0;)
        (void)!write(to, bytes, (size_t)count);
}

static void env(int count, char** words)
{
    plain();
    for (int i = 0; i < count; ++i)
        printf("[%d] %s\n", i, words[i]);
    for (char** one = environ; *one; ++one)
        puts(*one);
}

static void cat(void)
{
    plain();
    copy(0, 1);
}

static void count(void)
{
    static char bytes[65536];
    long total = 0;
    for (ssize_t some; (some = read(0, bytes, sizeof bytes)) > 0;)
        total += some;
    plain();
    number("read", total);
}

static void pour(void)
{
    static char bytes[65536];
    memset(bytes, 'x', sizeof bytes);
    plain();
    for (long left = atol(argument); left > 0; left -= (long)sizeof bytes)
        (void)!write(1, bytes, left < (long)sizeof bytes ? (size_t)left : sizeof bytes);
    (void)!write(2, "poured\n", 7);
}

static void nap(void)
{
    const long milliseconds = atol(argument);
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, NULL);
    plain();
    say("slept\n");
}

static void spin(void)
{
    for (volatile int i = 0;; ++i) {
    }
}

/// MiB, one after the other, as far as they go.
static void grow(void)
{
    long got = 0;
    for (long wanted = atol(argument); got < wanted; ++got) {
        char* block = malloc(1 << 20);
        if (!block)
            break;
        memset(block, 1, 1 << 20);
        ((volatile char*)block)[0] = 2;
    }
    plain();
    number("MiB", got);
}

/// Begins a long answer and fails.
static void half(void)
{
    pour();
    __builtin_trap();
}

static void file(void)
{
    const int fd = open(argument, O_RDONLY);
    plain();
    if (fd < 0)
        number("error", errno);
    else
        copy(fd, 1);
}

/// Adds the body to a file.
static void add(void)
{
    const int fd = open(argument, O_WRONLY | O_CREAT | O_APPEND, 0644);
    plain();
    if (fd < 0)
        number("error", errno);
    else
        copy(0, fd);
}

static void make_link(void)
{
    char* space = strchr(argument, ' ');
    *space = 0;
    plain();
    number("error", symlink(argument, space + 1) == 0 ? 0 : errno);
}

static void list(void)
{
    DIR* folder = opendir(argument);
    plain();
    if (!folder)
        number("error", errno);
    for (struct dirent* one; folder && (one = readdir(folder));)
        puts(one->d_name);
}

/// Reads with an empty part in front.
static void scatter(void)
{
    static char bytes[100];
    const struct iovec parts[2] = {{bytes, 0}, {bytes, sizeof bytes}};
    plain();
    for (ssize_t some; (some = readv(0, parts, 2)) > 0;)
        (void)!write(1, bytes, (size_t)some);
}

static void speak_and_nap(void)
{
    plain();
    say("spoken");
    sleep(50);
}

/// To the log, so that the client has nothing yet.
static void tell_and_nap(void)
{
    (void)!write(2, "told\n", 5);
    sleep(50);
}

static void speak_and_spin(void)
{
    plain();
    say("spoken");
    spin();
}

/// A head without end.
static void chatter(void)
{
    for (;;)
        say("x-chatter: and so on\n");
}

static void complain(void)
{
    (void)!write(2, argument, strlen(argument));
    plain();
    say("complained\n");
}

static void print(void)
{
    // NULs too: the argument's own end is the query's.
    const char* query = getenv("QUERY_STRING");
    size_t length = 0;
    for (const char* at = query; *at; ++at, ++length)
        if (*at == '%')
            at += 2;
    (void)!write(1, argument, length);
}

static int hex(char c)
{
    return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

static void decode(const char* query)
{
    char* to = argument;
    for (; *query && to < argument + sizeof argument - 1; ++query)
        if (*query == '%') {
            *to++ = (char)(hex(query[1]) * 16 + hex(query[2]));
            query += 2;
        } else {
            *to++ = *query;
        }
}

static const struct {
    const char* name;
    void (*act)(void);
} actions[] = {
    {"cat", cat},
    {"count", count},
    {"pour", pour},
    {"nap", nap},
    {"spin", spin},
    {"grow", grow},
    {"half", half},
    {"file", file},
    {"add", add},
    {"link", make_link},
    {"list", list},
    {"scatter", scatter},
    {"print", print},
    {"complain", complain},
    {"speak_and_nap", speak_and_nap},
    {"tell_and_nap", tell_and_nap},
    {"speak_and_spin", speak_and_spin},
    {"chatter", chatter},
};

int main(int word_count, char** words)
{
    const char* slash = strrchr(words[0], '/');
    const char* action = slash ? slash + 1 : words[0];
    decode(getenv("QUERY_STRING"));
    if (strcmp(action, "env") == 0)
        env(word_count, words);
    if (strcmp(action, "trap") == 0)
        __builtin_trap();
    if (strcmp(action, "exit") == 0) {
        cat();
        return atoi(argument);
    }
    for (size_t i = 0; i < sizeof actions / sizeof *actions; ++i)
        if (strcmp(action, actions[i].name) == 0)
            actions[i].act();
    return 0;
}
