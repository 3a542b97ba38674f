// Writes a JPEG to standard output: a picture to try the thumbnailer with. Its pixels are computed in whole numbers, so
// it is the same everywhere.
// usage: make_picture WIDTH HEIGHT
#include "stb.h"

#include <stdio.h>
#include <stdlib.h>

static void write_bytes(void* context, void* data, int length)
{
    fwrite(data, 1, (size_t)length, context);
}

int main(int argc, char** argv)
{
    const int width = argc == 3 ? atoi(argv[1]) : 0;
    const int height = argc == 3 ? atoi(argv[2]) : 0;
    unsigned char* const pixels = width > 0 && height > 0 ? malloc((size_t)width * (size_t)height * 3) : NULL;
    if (pixels == NULL)
        return 2;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            unsigned char* const pixel = pixels + 3 * ((size_t)y * (size_t)width + (size_t)x);
            pixel[0] = (unsigned char)(255 * x / width);
            pixel[1] = (unsigned char)(255 * y / height);
            pixel[2] = (x / 32 + y / 32) % 2 == 0 ? 200 : 40;
        }
    const int written = stbi_write_jpg_to_func(write_bytes, stdout, width, height, 3, pixels, 90);
    free(pixels);
    return written ? 0 : 1;
}
