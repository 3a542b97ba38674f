// Answers a posted JPEG with a smaller one that fits into a square of `size` pixels (query string; 160 if it is
// missing). The decoder is an ordinary C library that was not written with enemies in mind: here it has an instance of
// its own for each picture, with no files, little memory and a time limit, so that the worst picture spoils its own
// answer only.
#include "stb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    usual_size = 160,
    largest_size = 1024,
    most_pixels = 16 << 20, // what decoding takes must fit into modules.toml's max_memory
    quality = 85,
};

struct bytes {
    unsigned char* data;
    size_t length;
};

struct picture {
    unsigned char* pixels; // three bytes each
    int width;
    int height;
};

static int answer(int status, const char* why)
{
    printf("status: %d\ncontent-type: text/plain\n\n%s\n", status, why);
    return 0;
}

/// Standard input to its end; no data if there is not enough memory.
static struct bytes read_input(void)
{
    struct bytes input = {NULL, 0};
    for (size_t capacity = 1 << 16;; capacity *= 2) {
        unsigned char* const larger = realloc(input.data, capacity);
        if (larger == NULL) {
            free(input.data);
            return (struct bytes){NULL, 0};
        }
        input.data = larger;
        input.length += fread(input.data + input.length, 1, capacity - input.length, stdin);
        if (input.length < capacity)
            return input;
    }
}

/// The number behind "size=" in the query string; 0 if it isn't one that is allowed.
static int wanted_size(void)
{
    const char* const query = getenv("QUERY_STRING");
    if (query == NULL || *query == '\0')
        return usual_size;
    int size = 0;
    char behind = 0;
    if (sscanf(query, "size=%4d%c", &size, &behind) != 1 || size < 1 || size > largest_size)
        return 0;
    return size;
}

/// The largest size of the same shape inside a square, but not larger than it is.
static struct picture fitted(int width, int height, int square)
{
    const int longer = width > height ? width : height;
    if (longer <= square)
        return (struct picture){NULL, width, height};
    const int scaled_width = (int)((long long)width * square / longer);
    const int scaled_height = (int)((long long)height * square / longer);
    return (struct picture){NULL, scaled_width > 0 ? scaled_width : 1, scaled_height > 0 ? scaled_height : 1};
}

static void write_bytes(void* context, void* data, int length)
{
    fwrite(data, 1, (size_t)length, context);
}

static int send_scaled(const struct picture* from, int square)
{
    struct picture to = fitted(from->width, from->height, square);
    to.pixels = malloc((size_t)to.width * (size_t)to.height * 3);
    if (to.pixels == NULL ||
        !stbir_resize_uint8(from->pixels, from->width, from->height, 0, to.pixels, to.width, to.height, 0, 3))
        return answer(413, "There is not enough memory for this picture.");
    fputs("content-type: image/jpeg\n\n", stdout);
    stbi_write_jpg_to_func(write_bytes, stdout, to.width, to.height, 3, to.pixels, quality);
    free(to.pixels);
    return 0;
}

int main(void)
{
    const int square = wanted_size();
    if (square == 0)
        return answer(400, "size is a number from 1 to 1024.");
    const struct bytes input = read_input();
    if (input.data == NULL)
        return answer(413, "That is too large.");
    struct picture picture = {NULL, 0, 0};
    int channels = 0;
    if (!stbi_info_from_memory(input.data, (int)input.length, &picture.width, &picture.height, &channels))
        return answer(400, "That is not a JPEG picture that can be read.");
    if ((long long)picture.width * picture.height > most_pixels)
        return answer(413, "The picture has too many pixels.");
    picture.pixels =
        stbi_load_from_memory(input.data, (int)input.length, &picture.width, &picture.height, &channels, 3);
    free(input.data);
    if (picture.pixels == NULL)
        return answer(strcmp(stbi_failure_reason(), "outofmem") == 0 ? 413 : 400,
                      "The picture is broken, or of an unusual kind.");
    const int result = send_scaled(&picture, square);
    stbi_image_free(picture.pixels);
    return result;
}
