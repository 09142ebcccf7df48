// What options take as their values: counts, sizes, small files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace parley::tool {

/// A number, at most `most`. Throws `refusal` that names `option`.
[[nodiscard]] std::uint64_t parse_count(const char* option, const std::string& text, std::uint64_t most);

/// Bytes: `1000000`, `64KiB`, `64MiB`, `4GiB`. Throws `refusal` that names `option`.
[[nodiscard]] std::uint64_t parse_size(const char* option, const std::string& text);

/// A file's text, at most `most` bytes; `-` is standard input. Throws `refusal`.
[[nodiscard]] std::string read_small_file(const std::string& path, std::size_t most);
/// Up to the first line's end.
[[nodiscard]] std::string first_line(std::string text);

}  // namespace parley::tool
