// A guest book. GET shows the page with its form, POST adds an entry; entries are lines of a file in a granted folder.
// An entry is appended with one write, so that entries of requests at the same moment never mix and none is lost.
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    largest_name = 60,
    largest_message = 2000,
    largest_body = 3 * (largest_name + largest_message) + 100, // every byte as %XX, and the fields' names
    largest_file = 1 << 20,
    largest_overrun = 1 << 18, // what requests at the same moment may add that all found room
};

static const char entries_file[] = "/data/entries";

static int answer(int status, const char* why)
{
    printf("status: %d\ncontent-type: text/plain; charset=utf-8\n\n%s\n", status, why);
    return 0;
}

/// Where this program was asked: its route.
static const char* address(void)
{
    const char* const route = getenv("SCRIPT_NAME");
    return route != NULL ? route : "/";
}

static int value_of_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/// Decodes what a form sends, in place: + is a space, %XX a byte. Control characters become spaces, and what is broken
/// stays as it is.
static void decode(char* text)
{
    char* to = text;
    for (const char* from = text; *from != '\0'; ++from) {
        char c = *from == '+' ? ' ' : *from;
        if (*from == '%' && isxdigit((unsigned char)from[1]) && isxdigit((unsigned char)from[2])) {
            c = (char)(value_of_digit(from[1]) * 16 + value_of_digit(from[2]));
            from += 2;
        }
        *to++ = c;
        if (iscntrl((unsigned char)c))
            to[-1] = ' ';
    }
    *to = '\0';
}

/// The field's decoded value, which stays inside `body`; empty if the field is missing.
static char* take_field(char* body, const char* name)
{
    static char nothing[] = "";
    const size_t length = strlen(name);
    for (char* field = body; field != NULL; field = strchr(field, '&')) {
        field += *field == '&';
        if (strncmp(field, name, length) == 0 && field[length] == '=')
            return field + length + 1;
    }
    return nothing;
}

/// Both fields, decoded: first found, then cut off, since what is found is what stands before the next &.
static void take_fields(char* body, char** name, char** message)
{
    *name = take_field(body, "name");
    *message = take_field(body, "message");
    for (char* c = body; *c != '\0'; ++c)
        if (*c == '&')
            *c = '\0';
}

static int is_blank(const char* text)
{
    return text[strspn(text, " ")] == '\0';
}

/// Appends a line "name TAB message". What was decoded has no control characters, so there are no others in it. The
/// line's end stands before it: behind a line that a full disk cut off, the next one is whole.
static int append(const char* name, const char* message)
{
    char line[largest_name + largest_message + 3];
    const int length = snprintf(line, sizeof line, "\n%s\t%s", name, message);
    const int file = open(entries_file, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0)
        return 0;
    struct stat status;
    const int has_room = fstat(file, &status) == 0 && status.st_size + length <= largest_file;
    const int done = has_room && write(file, line, (size_t)length) == length;
    return close(file) == 0 && done;
}

static int post(void)
{
    static char body[largest_body + 2];
    const size_t length = fread(body, 1, largest_body + 1, stdin);
    if (length > largest_body)
        return answer(413, "That is too long.");
    body[length] = '\0';
    char* name;
    char* message;
    take_fields(body, &name, &message);
    decode(name);
    decode(message);
    if (is_blank(name) || is_blank(message))
        return answer(400, "An entry has a name and a message.");
    if (strlen(name) > largest_name || strlen(message) > largest_message)
        return answer(413, "That is too long.");
    if (!append(name, message))
        return answer(507, "The guest book is full, or can't be written.");
    printf("status: 303\nlocation: %s\n\n", address());
    return 0;
}

/// Text of visitors, so that it can't be anything but text.
static void print_escaped(const char* text, size_t length)
{
    for (size_t i = 0; i < length; ++i) {
        switch (text[i]) {
        case '&':
            fputs("&amp;", stdout);
            break;
        case '<':
            fputs("&lt;", stdout);
            break;
        case '>':
            fputs("&gt;", stdout);
            break;
        case '"':
            fputs("&quot;", stdout);
            break;
        case '\'':
            fputs("&#39;", stdout);
            break;
        default:
            putchar(text[i]);
        }
    }
}

/// The file's content, which ends with a zero; empty if there is none yet.
static const char* read_entries(void)
{
    static char entries[largest_file + largest_overrun + 1];
    FILE* const file = fopen(entries_file, "r");
    if (file == NULL)
        return entries;
    entries[fread(entries, 1, sizeof entries - 1, file)] = '\0';
    fclose(file);
    return entries;
}

static void print_entries(const char* entries)
{
    for (const char* line = entries; *line != '\0';) {
        const size_t length = strcspn(line, "\n");
        const size_t name = strcspn(line, "\t");
        if (name < length) {
            fputs("<dt>", stdout);
            print_escaped(line, name);
            fputs("</dt><dd>", stdout);
            print_escaped(line + name + 1, length - name - 1);
            puts("</dd>");
        }
        line += length + (line[length] == '\n');
    }
}

static int get(void)
{
    puts("content-type: text/html; charset=utf-8\n"
         "content-security-policy: default-src 'none'; form-action 'self'\n\n"
         "<!doctype html>\n<html lang=\"en\">\n<title>Guest book</title>\n<h1>Guest book</h1>\n<dl>");
    print_entries(read_entries());
    printf("</dl>\n<form method=\"post\" action=\"%s\">\n"
           "<p><label>Name <input name=\"name\" maxlength=\"%d\" required></label>\n"
           "<p><label>Message <textarea name=\"message\" maxlength=\"%d\" required></textarea></label>\n"
           "<p><button>Sign</button>\n</form>\n",
           address(), largest_name, largest_message);
    return 0;
}

int main(void)
{
    const char* const method = getenv("REQUEST_METHOD");
    return method != NULL && strcmp(method, "POST") == 0 ? post() : get();
}
