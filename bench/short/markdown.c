// Turns 900 KB of Markdown into HTML: headings, lists, code, quotes, emphasis, links. What a static site is made with.
#include <stdio.h>
#include <string.h>

enum { most = 900000 };
static char source[most + 600], result[most * 3];
static char* out = result;

static void make_source(void)
{
    static const char* const parts[] = {
        "# Heading with *emphasis*\n\n",
        ("A paragraph with **strong words**, `code < here` and a [link](https://example.org/a?b=c&d=e) in it.\n"
         "It goes on in a second line, with 5 > 3 & more.\n\n"),
        "* one item\n* another with *emphasis*\n* a third, `quoted`\n\n",
        "    int main(void)\n    {\n        return 1 < 2 && 3 > 2;\n    }\n\n",
        "> Somebody said this, **and** meant it.\n\n",
        "## Second heading\n\n",
    };
    unsigned state = 11;
    for (int size = 0; size < most;) {
        state = state * 1664525 + 1013904223;
        size += sprintf(source + size, "%s", parts[(state >> 16) % 6]);
    }
}

static void put(const char* text)
{
    const size_t length = strlen(text);
    memcpy(out, text, length);
    out += length;
}

static void put_escaped(char letter)
{
    if (letter == '<')
        put("&lt;");
    else if (letter == '>')
        put("&gt;");
    else if (letter == '&')
        put("&amp;");
    else
        *out++ = letter;
}

/// From `at` to `end`, where `mark` stands next; or null.
static const char* find(const char* at, const char* end, const char* mark)
{
    const size_t length = strlen(mark);
    for (; at + length <= end; ++at)
        if (memcmp(at, mark, length) == 0)
            return at;
    return 0;
}

static const char* put_span(const char* at, const char* end, const char* mark, const char* tag);

static void put_inline(const char* at, const char* end)
{
    while (at < end) {
        const char* behind = 0;
        if (at[0] == '`')
            behind = put_span(at, end, "`", "code");
        else if (at[0] == '*' && at[1] == '*')
            behind = put_span(at, end, "**", "strong");
        else if (at[0] == '*')
            behind = put_span(at, end, "*", "em");
        const char* const middle = at[0] == '[' ? find(at, end, "](") : 0;
        const char* const close = middle ? find(middle, end, ")") : 0;
        if (close) {
            put("<a href=\"");
            for (const char* letter = middle + 2; letter < close; ++letter)
                put_escaped(*letter);
            put("\">");
            put_inline(at + 1, middle);
            put("</a>");
            behind = close + 1;
        }
        if (!behind) {
            put_escaped(*at);
            behind = at + 1;
        }
        at = behind;
    }
}

static const char* put_span(const char* at, const char* end, const char* mark, const char* tag)
{
    const size_t length = strlen(mark);
    const char* const close = find(at + length, end, mark);
    if (!close)
        return 0;
    out += sprintf(out, "<%s>", tag);
    if (*mark == '`')
        for (const char* letter = at + 1; letter < close; ++letter)
            put_escaped(*letter);
    else
        put_inline(at + length, close);
    out += sprintf(out, "</%s>", tag);
    return close + length;
}

struct Kind {
    const char *mark, *open, *close, *line_open, *line_close;
};
static const struct Kind kinds[] = {
    {"## ", "", "", "<h2>", "</h2>\n"},
    {"# ", "", "", "<h1>", "</h1>\n"},
    {"* ", "<ul>\n", "</ul>\n", "<li>", "</li>\n"},
    {"> ", "<blockquote>\n", "</blockquote>\n", "", "\n"},
    {"    ", "<pre>", "</pre>\n", "", "\n"},
    {"", "<p>", "</p>\n", "", "\n"},
};

static int kind_of(const char* line)
{
    for (int i = 0;; ++i)
        if (strncmp(line, kinds[i].mark, strlen(kinds[i].mark)) == 0)
            return i;
}

int main(void)
{
    int open = -1;
    unsigned sum = 0;
    make_source();
    for (const char* line = source; *line;) {
        const char* const end = strchr(line, '\n');
        const int kind = line == end ? -1 : kind_of(line);
        if (open >= 0 && kind != open)
            put(kinds[open].close);
        if (kind >= 0) {
            if (kind != open)
                put(kinds[kind].open);
            put(kinds[kind].line_open);
            put_inline(line + strlen(kinds[kind].mark), end);
            put(kinds[kind].line_close);
        }
        open = kind;
        line = end + 1;
    }
    for (const char* letter = result; letter < out; ++letter)
        sum = sum * 31 + (unsigned char)*letter;
    printf("%ld bytes, %08x\n", (long)(out - result), sum);
    return 0;
}
