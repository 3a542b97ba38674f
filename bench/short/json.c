// Reads 700 KB of JSON into a tree, adds up the numbers in it and writes the tree again: what jq is used for.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most = 700000 };
struct Node {
    char kind; // { [ " number t f n
    double number;
    const char *name, *text;
    int name_length, text_length;
    struct Node *first, *next;
};
static char source[most + 400], result[most * 2];
static struct Node nodes[120000];
static int node_count;
static const char* at;
static char* out = result;

static void make_source(void)
{
    unsigned state = 3;
    int size = sprintf(source, "[");
    for (int i = 0; size < most; ++i) {
        state = state * 1664525 + 1013904223;
        size += sprintf(
            source + size,
            "%s\n  {\"id\": %d, \"name\": \"user \\\"%u\\\"\", \"score\": %u.%u, \"tags\": [\"a\", \"b%u\", null],"
            " \"active\": %s, \"address\": {\"city\": \"Ort %u\", \"zip\": %u}}",
            i ? "," : "", i, state >> 20, state >> 24, state >> 8 & 15, state & 7, state & 256 ? "true" : "false",
            state >> 28, state >> 12 & 65535);
    }
    strcpy(source + size, "\n]");
}

static void skip_space(void)
{
    while (*at == ' ' || *at == '\n')
        ++at;
}

static const char* string_at(int* length)
{
    const char* const begin = ++at;
    while (*at != '"')
        at += *at == '\\' ? 2 : 1;
    *length = (int)(at++ - begin);
    return begin;
}

static struct Node* read_value(void);

static void read_members(struct Node* parent, char end)
{
    struct Node** place = &parent->first;
    ++at;
    for (skip_space(); *at != end; skip_space()) {
        const char* name = 0;
        int length = 0;
        if (end == '}') {
            name = string_at(&length);
            skip_space();
            ++at; // the colon
        }
        *place = read_value();
        (*place)->name = name;
        (*place)->name_length = length;
        place = &(*place)->next;
        skip_space();
        at += *at == ',';
    }
    ++at;
}

static struct Node* read_value(void)
{
    struct Node* const node = &nodes[node_count++];
    skip_space();
    node->kind = *at;
    if (*at == '{' || *at == '[') {
        read_members(node, *at == '{' ? '}' : ']');
    } else if (*at == '"') {
        node->text = string_at(&node->text_length);
    } else if (*at == 't' || *at == 'n') {
        at += 4;
    } else if (*at == 'f') {
        at += 5;
    } else {
        char* end;
        node->kind = '0';
        node->number = strtod(at, &end);
        at = end;
    }
    return node;
}

static void put(const char* text, int length)
{
    memcpy(out, text, (size_t)length);
    out += length;
}

static void write_value(const struct Node* node)
{
    if (node->name)
        out += sprintf(out, "\"%.*s\":", node->name_length, node->name);
    if (node->kind == '{' || node->kind == '[') {
        *out++ = node->kind;
        for (const struct Node* one = node->first; one; one = one->next) {
            write_value(one);
            if (one->next)
                *out++ = ',';
        }
        *out++ = node->kind == '{' ? '}' : ']';
    } else if (node->kind == '"') {
        *out++ = '"';
        put(node->text, node->text_length);
        *out++ = '"';
    } else if (node->kind == '0') {
        out += sprintf(out, "%.10g", node->number);
    } else {
        put(node->kind == 't' ? "true" : node->kind == 'f' ? "false" : "null", node->kind == 'f' ? 5 : 4);
    }
}

int main(void)
{
    double sum = 0;
    make_source();
    at = source;
    write_value(read_value());
    for (int i = 0; i < node_count; ++i)
        sum += nodes[i].number;
    printf("%d values, sum %.1f, %ld bytes\n", node_count, sum, (long)(out - result));
    return 0;
}
