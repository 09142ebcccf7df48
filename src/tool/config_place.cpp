#include "tool/config_place.hpp"

#include "trace/escape.hpp"

#include <cstddef>
#include <string_view>

namespace parley::tool {

namespace {

/// Whether a value stands in a sentence as a word, or as the folder of one.
bool stands_in(const std::string& sentence, const std::string& value) {
  for (std::size_t at = sentence.find(value); at != std::string::npos; at = sentence.find(value, at + 1)) {
    const std::size_t end = at + value.size();
    const bool begins = at == 0 || std::string_view(" \"").find(sentence[at - 1]) != std::string_view::npos;
    const bool ends = end == sentence.size() || std::string_view(" \":;,/").find(sentence[end]) != std::string_view::npos;
    if (begins && ends) return true;
  }
  return false;
}

/// The value at fault: of the key's values the one that the sentence names, in quotes or else as a word of it; else its first one, unless
/// `must_be_named`.
const config_value* value_of(const std::vector<config_value>& from_file, const std::string& key, const std::string& sentence,
                             bool must_be_named) {
  const config_value* first = nullptr;
  const config_value* mentioned = nullptr;
  for (const config_value& each : from_file) {
    if (each.key != key) continue;
    if (first == nullptr) first = &each;
    if (each.value.empty()) continue;
    const std::string shown = trace::printable(each.value);
    if (sentence.find('"' + shown + '"') != std::string::npos) return &each;
    if (mentioned == nullptr && stands_in(sentence, shown)) mentioned = &each;
  }
  if (mentioned != nullptr) return mentioned;
  return must_be_named ? nullptr : first;
}

}  // namespace

refusal where_it_stands(const std::vector<config_value>& from_file, const refusal& wrong) {
  const std::string sentence = wrong.what();
  if (sentence.starts_with("--")) {
    const std::string key = sentence.substr(2, sentence.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-", 2) - 2);
    const config_value* const meant = value_of(from_file, key, sentence, false);
    return meant == nullptr ? wrong : refusal(wrong.code(), meant->where + ": " + sentence.substr(2));
  }
  for (const std::string& key : wrong.about()) {
    const config_value* const meant = value_of(from_file, key, sentence, wrong.about().size() > 1);
    if (meant != nullptr) return refusal(wrong.code(), meant->where + ": " + sentence);
  }
  return wrong;
}

}  // namespace parley::tool
