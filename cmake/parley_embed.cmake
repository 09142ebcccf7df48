# parley_embed(<target> <name> [BASE <folder>] FILES <files...>)
#
# Puts files into the binary. The target's sources then
#     #include "embedded/<name>.hpp"
# and find them by their path below BASE (default: the folder of the calling CMakeLists.txt):
#     const embedded::file* page = embedded::<name>::find("index.html");   // nullptr when there is none
#     page->bytes                                                          // a std::string_view for the life of the program
#     for (const embedded::file& file : embedded::<name>::files()) ...
# The assembler reads the files (.incbin), so no generator runs and large files cost nothing to compile.
function(parley_embed target name)
  cmake_parse_arguments(PARSE_ARGV 2 embed "" "BASE" "FILES")
  if(NOT embed_BASE)
    set(embed_BASE "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  if(NOT name MATCHES "^[a-z][a-z0-9_]*$")
    message(FATAL_ERROR "parley_embed: ${name} must be a C++ name in lower case")
  endif()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/embed_${target}_${name}")
  set(symbol "parley_embedded_${name}")

  set(assembly "  .section .rodata\n")
  set(declarations "")
  set(entries "")
  set(index 0)
  set(paths "")
  foreach(file IN LISTS embed_FILES)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${embed_BASE}" NORMALIZE)
    if(NOT EXISTS "${file}")
      message(FATAL_ERROR "parley_embed(${target} ${name}): ${file} does not exist")
    endif()
    list(APPEND paths "${file}")
    cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${embed_BASE}" OUTPUT_VARIABLE path)
    foreach(end IN ITEMS begin end)
      string(APPEND assembly "  .global ${symbol}_${index}_${end}\n  .hidden ${symbol}_${index}_${end}\n")
      string(APPEND declarations "extern \"C\" const char ${symbol}_${index}_${end}[];\n")
    endforeach()
    # A byte after each file: two empty files must not share an address, and a reader may look one past the end.
    string(APPEND assembly
      "  .balign 16\n${symbol}_${index}_begin:\n  .incbin \"${file}\"\n${symbol}_${index}_end:\n  .byte 0\n")
    string(APPEND entries "    {\"${path}\", {${symbol}_${index}_begin, ${symbol}_${index}_end}},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  string(APPEND assembly "  .section .note.GNU-stack,\"\",%progbits\n")

  file(CONFIGURE OUTPUT "${folder}/${name}_embedded.S" CONTENT "${assembly}" @ONLY)
  file(CONFIGURE OUTPUT "${folder}/include/embedded/file.hpp" @ONLY CONTENT
"#pragma once
#include <string_view>

namespace embedded {

/// A file in the binary: its path below the embedded folder, and its content.
struct file {
  std::string_view path;
  std::string_view bytes;
};

}  // namespace embedded
")
  file(CONFIGURE OUTPUT "${folder}/include/embedded/${name}.hpp" @ONLY CONTENT
"#pragma once
#include <span>
#include <string_view>

#include \"embedded/file.hpp\"

namespace embedded::${name} {

/// All files, ordered by path.
std::span<const file> files();
/// The file with this path, or nullptr.
const file* find(std::string_view path);

}  // namespace embedded::${name}
")
  file(CONFIGURE OUTPUT "${folder}/${name}_embedded.cpp" @ONLY CONTENT
"#include \"embedded/${name}.hpp\"

#include <array>

${declarations}
namespace embedded::${name} {

std::span<const file> files() {
  static const std::array<file, ${index}> all{{
${entries}  }};
  return all;
}

const file* find(std::string_view path) {
  for (const file& candidate : files()) {
    if (candidate.path == path) return &candidate;
  }
  return nullptr;
}

}  // namespace embedded::${name}
")
  set_source_files_properties("${folder}/${name}_embedded.S" PROPERTIES OBJECT_DEPENDS "${paths}")
  set_source_files_properties("${folder}/${name}_embedded.cpp" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_sources(${target} PRIVATE "${folder}/${name}_embedded.S" "${folder}/${name}_embedded.cpp")
  target_include_directories(${target} PRIVATE "${folder}/include")
endfunction()
