// The same for a host without streams of its own: a program of WASI 0.1, that reads standard input and writes standard
// output, and that `trellis component new` makes a component of WASI 0.2 of.
#include "picture.h"

#include <stdio.h>

enum {
    side = 320,
    most_input = 32 << 20,
    piece = 64 << 10,
};

static const char* read_all(struct bytes* bytes)
{
    while (bytes->length <= most_input) {
        unsigned char* const place = bytes_reserve(bytes, piece);
        const size_t count = place == NULL ? 0 : fread(place, 1, piece, stdin);
        bytes->length += count;
        if (count == 0)
            return place == NULL || ferror(stdin) ? "the file can't be read" : NULL;
    }
    return "the file has more than 32 MiB";
}

int main(void)
{
    struct bytes file = {NULL, 0, 0}, small = {NULL, 0, 0};
    const char* problem = read_all(&file);
    if (problem == NULL)
        problem = shrink_picture(&file, side, &small);
    if (problem != NULL)
        fprintf(stderr, "error: %s\n", problem);
    return problem != NULL || fwrite(small.data, 1, small.length, stdout) != small.length;
}
