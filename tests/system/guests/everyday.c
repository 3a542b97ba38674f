// What programs do every day with WASI 0.1, each printed: the same words come from a module and from the component that
// was made of it. Ends with 7.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void show_arguments(int count, char** arguments)
{
    for (int i = 1; i < count; ++i)
        printf("argument %s\n", arguments[i]);
    printf("variable %s\n", getenv("COLOUR") ? getenv("COLOUR") : "none");
}

static void show_lines(const char* what, FILE* file)
{
    char line[100];
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        printf("%s: %s", what, line);
}

static void write_files(void)
{
    FILE* file = fopen("/data/new.txt", "w");
    fprintf(file, "written %d\n", 42);
    fclose(file);
    file = fopen("/data/new.txt", "a");
    fprintf(file, "appended\n");
    printf("position %ld\n", ftell(file));
    fclose(file);
    file = fopen("/data/new.txt", "r+");
    fseek(file, 2, SEEK_SET);
    fputc('X', file);
    fseek(file, -3, SEEK_END);
    printf("third last %c\n", fgetc(file));
    rewind(file);
    show_lines("new.txt", file);
    fclose(file);
}

static void use_paths(void)
{
    struct stat status;
    char link[20];
    printf("made %d\n", mkdir("/data/folder", 0777));
    printf("moved %d\n", rename("/data/new.txt", "/data/folder/old.txt"));
    printf("linked %d\n", symlink("old.txt", "/data/folder/link"));
    const ssize_t length = readlink("/data/folder/link", link, sizeof link);
    printf("link %.*s\n", (int)length, link);
    printf("status %d %d\n", stat("/data/folder/link", &status), (int)status.st_size);
    printf("regular %d\n", S_ISREG(status.st_mode));
    printf("removed %d\n", unlink("/data/folder/link"));
    printf("not empty %d %s\n", rmdir("/data/folder"), strerror(errno));
    printf("nowhere %d %s\n", open("/data/nowhere", O_RDONLY), strerror(errno));
}

static int by_text(const void* one, const void* other)
{
    return strcmp(*(const char* const*)one, *(const char* const*)other);
}

static void list_folder(const char* path)
{
    char* names[2000];
    size_t count = 0;
    DIR* const folder = opendir(path);
    for (const struct dirent* entry = NULL; (entry = readdir(folder)) != NULL && count < 2000; ++count)
        names[count] = strdup(entry->d_name);
    closedir(folder);
    qsort(names, count, sizeof *names, by_text);
    printf("%zu entries, %s to %s\n", count, names[0], names[count - 1]);
}

static void use_clocks(void)
{
    const struct timespec nap = {.tv_sec = 0, .tv_nsec = 5000000};
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    nanosleep(&nap, NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    const long long passed = (after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec;
    printf("slept %d\n", passed >= 5000000);
    printf("this century %d\n", time(NULL) > 1000000000);
}

static void use_randomness(void)
{
    unsigned char bytes[64] = {0};
    int all = 0;
    printf("random %d\n", getentropy(bytes, sizeof bytes));
    for (size_t i = 0; i < sizeof bytes; ++i)
        all |= bytes[i];
    printf("not zero %d\n", all != 0);
}

int main(int count, char** arguments)
{
    struct pollfd input = {.fd = 0, .events = POLLIN};
    char* const early = malloc(1000);
    memset(early, 'e', 1000);
    show_arguments(count, arguments);
    FILE* const file = fopen("/data/in.txt", "r");
    show_lines("in.txt", file);
    fclose(file);
    write_files();
    use_paths();
    list_folder("/data");
    list_folder("/data/many");
    use_clocks();
    use_randomness();
    printf("terminal %d\n", isatty(0) || isatty(1));
    printf("input %d\n", poll(&input, 1, 1000));
    show_lines("input", stdin);
    fprintf(stderr, "an error, and %c\n", early[999]);
    return 7;
}
