// The replies in curl's test suite: what its test servers answer, as wire bytes (FILEFORMAT.md beside them).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace parley::h1::test {

struct curl_reply {
  std::string name;  // `test1/data`
  std::string wire;
  bool head_request = false;  // the command asks with HEAD
  int error = 0;              // the exit code that the test expects of curl
};

/// The text with CR LF behind every line that looks like a part of a head.
std::string with_cr_in_heads(std::string_view wire);

/// The replies of one file that are plain HTTP/1; none when the test is about something else.
std::vector<curl_reply> read_curl_replies(const std::filesystem::path& file);

}  // namespace parley::h1::test
