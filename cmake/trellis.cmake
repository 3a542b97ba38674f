# The few functions that all CMakeLists.txt here are written with.
include_guard()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(TRELLIS_CCACHE ccache DOC "Compiler cache; used where it is found")
if(TRELLIS_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${TRELLIS_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${TRELLIS_CCACHE})
endif()

add_library(trellis_options INTERFACE)
target_compile_options(trellis_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror)
# Floating point rounds after every operation, as WebAssembly does; x86-64 means version 2 of it (docs/DECISIONS.md).
target_compile_options(trellis_options INTERFACE -ffp-contract=off)
# What differs stands in files that end in the processor's name.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(TRELLIS_PROCESSOR x86_64)
  target_compile_options(trellis_options INTERFACE -march=x86-64-v2)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(TRELLIS_PROCESSOR aarch64)
else()
  message(FATAL_ERROR "Trellis runs on x86-64 and aarch64, not on ${CMAKE_SYSTEM_PROCESSOR}")
endif()

# trellis_for_processor(variable x86_64 a.cpp aarch64 b.cpp): what is to be compiled here.
function(trellis_for_processor variable)
  cmake_parse_arguments(ARG "" "" "x86_64;aarch64" ${ARGN})
  set(${variable} ${ARG_${TRELLIS_PROCESSOR}} PARENT_SCOPE)
endfunction()

target_include_directories(trellis_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(trellis_options INTERFACE TRELLIS_VERSION="${PROJECT_VERSION}")

# trellis_library(name SOURCES a.cpp b.cpp DEPENDS x y): a static library of one folder.
function(trellis_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC trellis_options ${ARG_DEPENDS})
endfunction()

# trellis_test(name SOURCES a_test.cpp DEPENDS x LABELS slow): one GoogleTest program, its cases registered by name.
function(trellis_test name)
  if(NOT TRELLIS_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} trellis_options GTest::gtest GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE
    TRELLIS_SHARED_DIR="${TRELLIS_SHARED_DIR}" TRELLIS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  if(ARG_LABELS)
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  endif()
endfunction()

# Coverage for the fuzzers has to be compiled into everything they reach.
if(TRELLIS_FUZZERS)
  target_compile_options(trellis_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# trellis_fuzzer(name SOURCES a_fuzz.cpp DEPENDS x): one libFuzzer program, built where TRELLIS_FUZZERS is on.
function(trellis_fuzzer name)
  if(NOT TRELLIS_FUZZERS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} trellis_options)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()

# trellis_guest(name SOURCES a.c FLAGS -msimd128 LINK_FLAGS -mexec-model=reactor): a WASI program, name.wasm in the
# folder's build folder. Compiled and linked in two steps, the second without -O: a linking clang with -O would run
# whatever wasm-opt it finds.
function(trellis_guest name)
  cmake_parse_arguments(ARG "" "" "SOURCES;FLAGS;LINK_FLAGS" ${ARGN})
  set(objects)
  foreach(source ${ARG_SOURCES})
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.${source}.o)
    add_custom_command(OUTPUT ${object}
      COMMAND clang-19 --target=wasm32-wasi -O2 -Wall -Wextra -Werror ${ARG_FLAGS}
        -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
      DEPENDS ${source} VERBATIM COMMENT "Compiling guest ${source}")
    list(APPEND objects ${object})
  endforeach()
  set(module ${CMAKE_CURRENT_BINARY_DIR}/${name}.wasm)
  add_custom_command(OUTPUT ${module}
    COMMAND clang-19 --target=wasm32-wasi -Wl,--strip-debug ${ARG_LINK_FLAGS} ${objects} -o ${module}
    DEPENDS ${objects} VERBATIM COMMENT "Linking guest ${name}.wasm")
  add_custom_target(guest_${name} ALL DEPENDS ${module})
endfunction()
