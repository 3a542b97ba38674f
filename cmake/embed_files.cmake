# cmake -DOUTPUT=file.cpp -DHEADER=a/b.hpp -DFILES="a::b::name=file;..." -P embed_files.cmake: a source that defines
# `const std::span<const std::uint8_t> name`, declared in the header, for each of the files.
set(text "#include \"${HEADER}\"\n")
foreach(pair ${FILES})
  string(REGEX MATCH "^(.*)=(.*)$" _ "${pair}")
  set(name ${CMAKE_MATCH_1})
  file(READ ${CMAKE_MATCH_2} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}") # lines of 16
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(MAKE_C_IDENTIFIER "${name}" identifier)
  string(APPEND text "\nstatic constexpr std::uint8_t bytes_of_${identifier}[] = {\n${bytes}\n};\n"
    "const std::span<const std::uint8_t> ${name} = bytes_of_${identifier};\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
