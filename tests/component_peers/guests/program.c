// What a program sees and does, a verb each, commas between them, with the C library alone: a module of WASI 0.1.
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int arguments(char** words)
{
    for (; *words; ++words)
        printf("<%s>", *words);
    putchar('\n');
    return 0;
}

static int environment(char** words)
{
    const char* value = getenv(words[0]);
    puts(value ? value : "unset");
    return 0;
}

static int upper(char** words)
{
    (void)words;
    for (int c; (c = getchar()) != EOF;)
        putchar(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return 0;
}

static int count(char** words)
{
    (void)words;
    char buffer[4096];
    size_t total = 0, got;
    while ((got = fread(buffer, 1, sizeof buffer, stdin)) > 0)
        total += got;
    printf("%zu\n", total);
    return 0;
}

static int repeat(char** words)
{
    for (long times = atol(words[1]); times > 0; --times)
        fputs(words[0], stdout);
    return 0;
}

static int store(char** words, const char* how)
{
    FILE* file = fopen(words[0], how);
    if (!file || fputs(words[1], file) < 0 || fclose(file) != 0)
        return perror(words[0]), 1;
    struct stat status;
    stat(words[0], &status);
    printf("%lld %s\n", (long long)status.st_size, S_ISREG(status.st_mode) ? "file" : "other");
    return 0;
}

static int write_file(char** words)
{
    return store(words, "w");
}
static int append(char** words)
{
    return store(words, "a");
}

static int read_file(char** words)
{
    FILE* file = fopen(words[0], "r");
    if (!file)
        return perror(words[0]), 1;
    for (int c; (c = getc(file)) != EOF;)
        putchar(c);
    putchar('\n');
    return 0;
}

static int make(char** words)
{
    return mkdir(words[0], 0777) ? perror(words[0]), 1 : 0;
}
static int rename_file(char** words)
{
    return rename(words[0], words[1]) ? perror(words[0]), 1 : 0;
}
static int remove_file(char** words)
{
    return unlink(words[0]) ? perror(words[0]), 1 : 0;
}

static int list(char** words)
{
    DIR* folder = opendir(words[0]);
    if (!folder)
        return perror(words[0]), 1;
    int entries = 0;
    for (struct dirent* entry; (entry = readdir(folder));)
        entries += entry->d_name[0] != '.';
    printf("%d\n", entries);
    return closedir(folder);
}

static int leave(char** words)
{
    exit(atoi(words[0]));
}

static int both(char** words)
{
    (void)words;
    return puts("to the one") < 0 || fputs("to the other\n", stderr) < 0;
}

static int clocks(char** words)
{
    (void)words;
    struct timespec before, after, pause = {.tv_nsec = 5000000};
    clock_gettime(CLOCK_MONOTONIC, &before);
    nanosleep(&pause, NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    const long long passed = (after.tv_sec - before.tv_sec) * 1000000000ll + after.tv_nsec - before.tv_nsec;
    printf("%d %d\n", passed >= pause.tv_nsec, time(NULL) > 1700000000);
    return 0;
}

static int random_bytes(char** words)
{
    (void)words;
    unsigned char bytes[64] = {0}, all = 0;
    getentropy(bytes, sizeof bytes);
    for (size_t at = 0; at < sizeof bytes; ++at)
        all |= bytes[at];
    printf("%d\n", all);
    return 0;
}

static const struct {
    const char* name;
    int (*verb)(char** words);
} verbs[] = {
    {"arguments", arguments}, {"environment", environment},
    {"upper", upper},         {"count", count},
    {"repeat", repeat},       {"write", write_file},
    {"append", append},       {"read", read_file},
    {"make", make},           {"rename", rename_file},
    {"remove", remove_file},  {"list", list},
    {"exit", leave},          {"both", both},
    {"clocks", clocks},       {"random", random_bytes},
};

static int act(char** words)
{
    for (size_t at = 0; at < sizeof verbs / sizeof *verbs; ++at)
        if (strcmp(verbs[at].name, words[0]) == 0)
            return verbs[at].verb(words + 1);
    fputs("no such verb\n", stderr);
    return 1;
}

int main(int count_of_words, char** words)
{
    int failed = 0;
    char** begin = words + 1;
    for (char** word = begin; word <= words + count_of_words; ++word) {
        if (*word && strcmp(*word, ",") != 0)
            continue;
        *word = NULL;
        failed |= act(begin);
        begin = word + 1;
    }
    return failed;
}
