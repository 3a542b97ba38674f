// Words: splitting a text, comparing, counting, turning round, changing case.
#include "kernel.h"

enum { length = 200000, words = 64 };
static char text[length + 1];
static char seen[words][16];
static uint32_t counts[words];

static void make_text(void)
{
    uint64_t state = 99;
    int at = 0;
    while (at < length) {
        uint64_t word = next_random(&state) >> 40;
        word = word * word % 50;
        for (int letters = 2 + (int)(word % 7); letters > 0 && at < length; --letters) {
            text[at++] = (char)('a' + word % 26);
            word = word * 5 + 1;
        }
        if (at < length)
            text[at++] = ' ';
    }
    text[length] = 0;
}

static void count_word(const char* word)
{
    for (int i = 0; i < words; ++i) {
        if (counts[i] == 0)
            strcpy(seen[i], word);
        if (strcmp(seen[i], word) == 0) {
            ++counts[i];
            return;
        }
    }
}

static uint64_t kernel(void)
{
    make_text();
    memset(counts, 0, sizeof counts);
    char word[16];
    uint64_t checksum = 0;
    for (const char* next = text; *next != 0;) {
        int size = 0;
        for (; *next != 0 && *next != ' '; ++next)
            word[size++] = *next;
        word[size] = 0;
        next += *next == ' ';
        count_word(word);
        for (int i = 0; i < size / 2; ++i) {
            const char swapped = word[i];
            word[i] = word[size - 1 - i];
            word[size - 1 - i] = swapped;
        }
        for (int i = 0; i < size; ++i)
            if (word[i] >= 'a' && word[i] <= 'z')
                word[i] = (char)(word[i] - 32);
        checksum = checksum * 31 + strlen(word) + (uint8_t)word[0];
    }
    for (int i = 0; i < words; ++i)
        checksum = combine(checksum, counts[i]);
    return checksum;
}
