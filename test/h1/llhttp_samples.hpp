// The samples of llhttp's test suite: Markdown files with wire text and the log of what its parser makes of it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::h1::test {

struct parsed_message {
  std::string start;  // `GET /path`, or the status code
  std::vector<std::pair<std::string, std::string>> fields;
  std::string content;
  bool complete = false;
};

struct llhttp_sample {
  std::string name;  // file and heading
  bool request = true;
  std::string wire;
  std::vector<parsed_message> messages;  // what llhttp reads
  bool refused = false;                  // and whether it then stops with an error
};

/// The samples of one file that are read strictly; those for its lenient flags and for parts of its interface are left out.
std::vector<llhttp_sample> read_llhttp_samples(const std::filesystem::path& file);

/// One message as text, for comparison and for people.
std::string to_text(const parsed_message& m);

}  // namespace parley::h1::test
