# The libraries of a build for another processor: the headers are this system's, which are the same everywhere, and of
# compiled libraries only Boost.Context is needed, whose place base/fiber_switch_PROCESSOR.cpp takes.
include_guard()

add_library(fmt::fmt INTERFACE IMPORTED)
target_include_directories(fmt::fmt INTERFACE /usr/include)

add_library(Boost::context INTERFACE IMPORTED)

# OpenSSL's configuration is in this system's folder for its own processor; it holds for every 64-bit Linux.
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/include)
file(CREATE_LINK /usr/include/${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu/openssl
  ${CMAKE_BINARY_DIR}/include/openssl SYMBOLIC)
include_directories(SYSTEM ${CMAKE_BINARY_DIR}/include)
