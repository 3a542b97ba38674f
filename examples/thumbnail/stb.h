// The parts of Debian's libstb-dev that this example uses: a JPEG decoder, a scaler and a JPEG encoder.
#pragma once

#define STBI_ONLY_JPEG
#define STBI_NO_SIMD
#define STBI_NO_STDIO
#define STBI_NO_THREAD_LOCALS
#include <stb_image.h>

#define STBI_WRITE_NO_STDIO
#include <stb_image_write.h>

#include <stb_image_resize.h>
