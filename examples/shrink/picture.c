#include "picture.h"

#include "stb.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    most_pixels = 32 << 20, // what decoding takes must fit into the memory that `build` allows
    quality = 85,
};

static const char no_memory[] = "there is not enough memory for this picture";
static const char many_pixels[] = "the picture has more than 32 million pixels";

struct picture {
    unsigned char* pixels;
    int width;
    int height;
    int channels; // of each pixel: 1 grey, 3 colour, one more with transparency
};

unsigned char* bytes_reserve(struct bytes* bytes, size_t more)
{
    if (bytes->capacity - bytes->length < more) {
        const size_t doubled = bytes->capacity * 2;
        const size_t capacity = doubled - bytes->length < more ? bytes->length + more : doubled;
        unsigned char* const larger = realloc(bytes->data, capacity);
        if (larger == NULL)
            return NULL;
        bytes->data = larger;
        bytes->capacity = capacity;
    }
    return bytes->data + bytes->length;
}

static bool begins_with(const struct bytes* file, const char* start, size_t length)
{
    return file->length >= length && memcmp(file->data, start, length) == 0;
}

static bool is_jpeg(const struct bytes* file)
{
    return begins_with(file, "\xff\xd8\xff", 3);
}

static bool is_png(const struct bytes* file)
{
    return begins_with(file, "\x89PNG\r\n\x1a\n", 8);
}

/// The largest size of the same shape inside a square, but not larger than it is.
static struct picture fitted(const struct picture* from, int side)
{
    const int longer = from->width > from->height ? from->width : from->height;
    struct picture to = {NULL, from->width, from->height, from->channels};
    if (longer <= side)
        return to;
    to.width = (int)(((long long)from->width * side + longer / 2) / longer);
    to.height = (int)(((long long)from->height * side + longer / 2) / longer);
    to.width += to.width == 0;
    to.height += to.height == 0;
    return to;
}

/// What the decoder found, in words.
static const char* decoder_problem(void)
{
    if (strcmp(stbi_failure_reason(), "outofmem") == 0)
        return no_memory;
    return strcmp(stbi_failure_reason(), "too large") == 0 ? many_pixels : "the picture is broken, or of a rare kind";
}

static const char* decode(struct bytes* file, struct picture* picture)
{
    const int length = (int)file->length;
    // What can't be read at all will not be loaded either, which says more about the reason.
    if (stbi_info_from_memory(file->data, length, &picture->width, &picture->height, &picture->channels) &&
        (long long)picture->width * picture->height > most_pixels)
        return many_pixels;
    picture->pixels =
        stbi_load_from_memory(file->data, length, &picture->width, &picture->height, &picture->channels, 0);
    free(file->data);
    *file = (struct bytes){NULL, 0, 0};
    return picture->pixels == NULL ? decoder_problem() : NULL;
}

/// Takes the pixels as they are where the size is right. A pixel that nobody sees lends no colour to its neighbours.
static const char* scale(struct picture* from, struct picture* to)
{
    if (from->width == to->width && from->height == to->height) {
        *to = *from;
        from->pixels = NULL;
        return NULL;
    }
    const int alpha = from->channels % 2 == 0 ? from->channels - 1 : STBIR_ALPHA_CHANNEL_NONE;
    to->pixels = malloc((size_t)to->width * (size_t)to->height * (size_t)to->channels);
    if (to->pixels == NULL ||
        !stbir_resize_uint8_generic(from->pixels, from->width, from->height, 0, to->pixels, to->width, to->height, 0,
                                    from->channels, alpha, 0, STBIR_EDGE_CLAMP, STBIR_FILTER_DEFAULT,
                                    STBIR_COLORSPACE_LINEAR, NULL))
        return no_memory;
    return NULL;
}

struct output {
    struct bytes* bytes;
    bool has_failed;
};

static void append(void* context, void* data, int length)
{
    struct output* const output = context;
    unsigned char* const place = bytes_reserve(output->bytes, (size_t)length);
    output->has_failed |= place == NULL;
    if (place == NULL)
        return;
    memcpy(place, data, (size_t)length);
    output->bytes->length += (size_t)length;
}

static const char* encode(const struct picture* picture, bool as_jpeg, struct bytes* file)
{
    struct output output = {file, false};
    const int done = as_jpeg ? stbi_write_jpg_to_func(append, &output, picture->width, picture->height,
                                                      picture->channels, picture->pixels, quality)
                             : stbi_write_png_to_func(append, &output, picture->width, picture->height,
                                                      picture->channels, picture->pixels, 0);
    return done && !output.has_failed ? NULL : no_memory;
}

const char* shrink_picture(struct bytes* file, int side, struct bytes* small)
{
    const bool as_jpeg = is_jpeg(file);
    struct picture from = {NULL, 0, 0, 0};
    if (!as_jpeg && !is_png(file))
        return file->length == 0 ? "there is no picture" : "that is neither a JPEG nor a PNG picture";
    const char* problem = decode(file, &from);
    struct picture to = fitted(&from, side);
    if (problem == NULL)
        problem = scale(&from, &to);
    stbi_image_free(from.pixels);
    if (problem == NULL)
        problem = encode(&to, as_jpeg, small);
    free(to.pixels);
    return problem;
}
