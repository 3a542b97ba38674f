// Counts lines and words of every .md file in a folder, and names the words that are used most.
// An ordinary C program: nothing in it knows that it is compiled to WebAssembly.
//
// usage: words FOLDER      environment: WORDS_TOP, how many words to name (10)
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
    char* text;
    unsigned long count;
};

struct table {
    struct word* slots; // open addressing; a free slot has no text
    size_t capacity;    // a power of two
    size_t used;
};

struct totals {
    unsigned long lines;
    unsigned long words;
};

static void* checked(void* memory)
{
    if (memory == NULL) {
        fputs("words: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

static size_t hash(const char* text)
{
    size_t value = 2166136261u;
    for (; *text != '\0'; ++text)
        value = (value ^ (unsigned char)*text) * 16777619u;
    return value;
}

static struct word* find(const struct table* table, const char* text)
{
    size_t slot = hash(text) & (table->capacity - 1);
    while (table->slots[slot].text != NULL && strcmp(table->slots[slot].text, text) != 0)
        slot = (slot + 1) & (table->capacity - 1);
    return &table->slots[slot];
}

static void grow(struct table* table)
{
    struct table larger = {NULL, table->capacity == 0 ? 1024 : table->capacity * 2, table->used};
    larger.slots = checked(calloc(larger.capacity, sizeof *larger.slots));
    for (size_t i = 0; i < table->capacity; ++i)
        if (table->slots[i].text != NULL)
            *find(&larger, table->slots[i].text) = table->slots[i];
    free(table->slots);
    *table = larger;
}

static void count_word(struct table* table, const char* text)
{
    if (table->used * 2 >= table->capacity)
        grow(table);
    struct word* word = find(table, text);
    if (word->text == NULL) {
        word->text = checked(strdup(text));
        ++table->used;
    }
    ++word->count;
}

static struct totals count_stream(FILE* stream, struct table* table)
{
    struct totals totals = {0, 0};
    char word[64];
    size_t length = 0;
    int c = 0;
    while (c != EOF) {
        c = getc(stream);
        if (c == '\n')
            ++totals.lines;
        if (c != EOF && isalpha(c)) {
            if (length + 1 < sizeof word)
                word[length++] = (char)tolower(c);
            continue;
        }
        if (length == 0)
            continue;
        word[length] = '\0';
        length = 0;
        ++totals.words;
        if (strlen(word) >= 5)
            count_word(table, word);
    }
    return totals;
}

static int by_name(const void* left, const void* right)
{
    return strcmp(*(char* const*)left, *(char* const*)right);
}

static int most_used_first(const void* left, const void* right)
{
    const struct word* a = left;
    const struct word* b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    if (a->text == NULL || b->text == NULL)
        return (a->text == NULL) - (b->text == NULL);
    return strcmp(a->text, b->text);
}

static int ends_with(const char* text, const char* end)
{
    const size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/// The names of the folder's .md files, sorted; -1 if it can't be read.
static int list(const char* folder, char*** names)
{
    DIR* directory = opendir(folder);
    if (directory == NULL)
        return -1;
    int count = 0;
    for (struct dirent* entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        if (!ends_with(entry->d_name, ".md"))
            continue;
        *names = checked(realloc(*names, ((size_t)count + 1) * sizeof **names));
        (*names)[count++] = checked(strdup(entry->d_name));
    }
    closedir(directory);
    if (count > 0)
        qsort(*names, (size_t)count, sizeof **names, by_name);
    return count;
}

static int count_file(const char* folder, const char* name, struct table* table, struct totals* sum)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE* stream = fopen(path, "r");
    if (stream == NULL) {
        fprintf(stderr, "words: %s: %s\n", path, strerror(errno));
        return 1;
    }
    const struct totals totals = count_stream(stream, table);
    fclose(stream);
    printf("%-20s %7lu lines %7lu words\n", name, totals.lines, totals.words);
    sum->lines += totals.lines;
    sum->words += totals.words;
    return 0;
}

static void print_most_used(struct table* table)
{
    const char* top = getenv("WORDS_TOP");
    const size_t wanted = top == NULL ? 10 : strtoul(top, NULL, 10);
    if (table->capacity > 0)
        qsort(table->slots, table->capacity, sizeof *table->slots, most_used_first);
    for (size_t i = 0; i < wanted && i < table->used; ++i)
        printf("%7lu %s\n", table->slots[i].count, table->slots[i].text);
}

static void release(char** names, int count, struct table* table)
{
    for (int i = 0; i < count; ++i)
        free(names[i]);
    free(names);
    for (size_t i = 0; i < table->capacity; ++i)
        free(table->slots[i].text);
    free(table->slots);
}

int main(int argc, char** argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argc > 0 ? argv[0] : "words");
        return 2;
    }
    char** names = NULL;
    const int count = list(argv[1], &names);
    if (count < 0) {
        fprintf(stderr, "words: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    struct table table = {NULL, 0, 0};
    struct totals sum = {0, 0};
    int failed = 0;
    for (int i = 0; i < count; ++i)
        failed |= count_file(argv[1], names[i], &table, &sum);
    printf("%-20s %7lu lines %7lu words, %zu different ones of five letters and more\n", "all", sum.lines, sum.words,
           table.used);
    print_most_used(&table);
    release(names, count, &table);
    return failed;
}
