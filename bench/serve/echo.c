// Says which request it answers: the query (id=NUMBER&size=BYTES) as a field, and a body made of the id alone, as long
// as asked for, so that a byte of another request's answer would show. A request's body must be made of the id too.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char buffer[64 * 1024];

static void write_all(const char* bytes, size_t count)
{
    while (count > 0) {
        const ssize_t written = write(1, bytes, count);
        if (written <= 0)
            exit(1);
        bytes += written;
        count -= (size_t)written;
    }
}

/// Reads the body to its end; whether it is the line again and again.
static int body_is(const char* line, size_t length)
{
    size_t at = 0;
    for (ssize_t count; (count = read(0, buffer, sizeof buffer)) > 0;)
        for (ssize_t i = 0; i < count; ++i, ++at)
            if (buffer[i] != line[at % length])
                return 0;
    return 1;
}

int main(void)
{
    const char* query = getenv("QUERY_STRING");
    unsigned long long id = 0;
    unsigned long size = 0;
    if (query == NULL || sscanf(query, "id=%llu&size=%lu", &id, &size) != 2)
        return 2;
    char line[32];
    const size_t length = (size_t)snprintf(line, sizeof line, "%llu\n", id);
    if (!body_is(line, length))
        return 3;
    char head[128];
    write_all(head, (size_t)snprintf(head, sizeof head, "content-type: text/plain\nx-id: %llu\nx-version: %d\n\n", id,
                                     VERSION));
    size_t filled = 0;
    for (; filled + length <= sizeof buffer; filled += length)
        memcpy(buffer + filled, line, length);
    for (; size >= filled; size -= filled)
        write_all(buffer, filled);
    write_all(buffer, size);
    return 0;
}
