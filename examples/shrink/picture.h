// Pictures as bytes: a JPEG or PNG file becomes a smaller one of the same kind. Knows nothing of where they come from.
#pragma once

#include <stddef.h>

/// Bytes that grow. All of them are released together, when the instance ends.
struct bytes {
    unsigned char* data;
    size_t length;
    size_t capacity;
};

/// Room for so many bytes more behind those that are there; null: there is not enough memory.
unsigned char* bytes_reserve(struct bytes* bytes, size_t more);

/// The picture of `file` with at most so many pixels on each side, in `small`. Null, or why it can't be done. `file`'s
/// memory is released on the way.
const char* shrink_picture(struct bytes* file, int side, struct bytes* small);
