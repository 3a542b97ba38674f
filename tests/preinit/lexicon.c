// A program with a long start: it makes a list of words and an index of them, on the heap, with pointers and function
// pointers. It does so when it starts, unless the initialisation has done it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __wasm__
#define EXPORT(name) __attribute__((export_name(name)))
#else
#define EXPORT(name)
#endif

void make_words(void);
void resume(void);

enum { words = 20000, slots = 65536 };

struct word {
    char text[12];
    unsigned (*weigh)(const char*);
    struct word* next;
};

static struct word** table;
static unsigned made;

static unsigned by_length(const char* text)
{
    return (unsigned)strlen(text);
}

static unsigned by_first(const char* text)
{
    return (unsigned char)text[0];
}

static unsigned hash(const char* text)
{
    unsigned value = 2166136261u;
    for (; *text; ++text)
        value = (value ^ (unsigned char)*text) * 16777619u;
    return value % slots;
}

EXPORT("wizer-initialize") void make_words(void)
{
    unsigned state = 1;
    table = calloc(slots, sizeof *table);
    for (made = 0; made < words; ++made) {
        struct word* word = malloc(sizeof *word);
        state = state * 1664525u + 1013904223u;
        snprintf(word->text, sizeof word->text, "%c%u", 'a' + (int)(state >> 28), state % 100000);
        word->weigh = state & 0x10000 ? by_length : by_first;
        word->next = table[hash(word->text)];
        table[hash(word->text)] = word;
    }
}

EXPORT("resume") void resume(void)
{
    printf("resumed with %u words\n", made);
    fflush(stdout);
}

int main(int count, char** arguments)
{
    unsigned sum = 0, longest = 0;
    if (!made)
        make_words();
    for (unsigned i = 0; i < slots; ++i) {
        unsigned chain = 0;
        for (struct word* word = table[i]; word; word = word->next, ++chain)
            sum = sum * 31 + word->weigh(word->text);
        longest = chain > longest ? chain : longest;
    }
    printf("%u words, sum %u, longest chain %u, %d arguments, first %s\n", made, sum, longest, count,
           count > 1 ? arguments[1] : "none");
    return 7;
}
