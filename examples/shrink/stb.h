// The parts of Debian's libstb-dev that this example uses: decoders, a scaler and encoders, none of which reads files.
// What should never happen there ends the instance, without a C library that would like to write a message.
#pragma once

#define STBI_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())
#define STBIW_ASSERT(condition) STBI_ASSERT(condition)
#define STBIR_ASSERT(condition) STBI_ASSERT(condition)

#define STBI_ONLY_JPEG
#define STBI_ONLY_PNG
#define STBI_NO_SIMD
#define STBI_NO_STDIO
#define STBI_NO_THREAD_LOCALS
#include <stb_image.h>

#define STBI_WRITE_NO_STDIO
#include <stb_image_write.h>

#include <stb_image_resize.h>
