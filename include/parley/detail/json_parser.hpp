// The strict JSON parser behind parley/json.hpp: nlohmann's lexer and grammar, our limits and messages.
#pragma once

#include <parley/problem.hpp>
#include <parley/response.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::detail {

/// nlohmann's message without its own names and positions, and without the text that it quotes.
inline std::string json_reason(std::string_view message) {
  if (const auto tag = message.find("] "); tag != message.npos) message.remove_prefix(tag + 2);
  const auto dash = message.starts_with("parse error") ? message.find(" - ") : message.npos;
  if (dash != message.npos) message.remove_prefix(dash + 3);
  return std::string(message.substr(0, std::min<std::size_t>(message.find("; last read"), 120)));
}

[[noreturn]] inline void refuse_json(std::string_view text, std::size_t offset, std::string_view reason) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::string_view in_line = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  const auto column = 1 + std::ranges::count_if(in_line, [](unsigned char c) { return (c & 0xc0) != 0x80; });
  auto what = problem(400).detail("The content cannot be read as JSON: line " + std::to_string(line) + ", column " +
                                  std::to_string(column) + ": " + std::string(reason) + ".");
  throw problem_error(std::move(what).extension("line", std::to_string(line)).extension("column", std::to_string(column)));
}

/// Reads characters and counts them, since nlohmann's SAX interface tells no positions.
class json_cursor {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;
  json_cursor(const char* at, std::size_t* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  json_cursor& operator++() {
    ++at_;
    ++*count_;
    return *this;
  }
  friend bool operator==(const json_cursor& a, const json_cursor& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  std::size_t* count_;
};

/// Builds the value from nlohmann's SAX events.
class json_builder {
 public:
  json_builder(std::string_view text, std::size_t depth) : text_(text), depth_(depth) {}

  nlohmann::json build() {
    // To nlohmann's lexer a NUL is the end of the text.
    if (text_.empty()) refuse_json(text_, 0, "unexpected end of input");  // nlohmann's words for it differ by version
    if (const auto nul = text_.find('\0'); nul != text_.npos) refuse_json(text_, nul, "a NUL byte");
    json_cursor first(text_.data(), &count_);
    json_cursor last(text_.data() + text_.size(), &count_);
    nlohmann::json::sax_parse(first, last, this);
    return std::move(root_);
  }

  bool null() { return put(nullptr); }
  bool boolean(bool value) { return put(value); }
  bool number_integer(nlohmann::json::number_integer_t value) { return put(value); }
  bool number_unsigned(nlohmann::json::number_unsigned_t value) { return put(value); }
  bool number_float(nlohmann::json::number_float_t value, const std::string&) { return put(value); }
  bool string(std::string& value) { return put(std::move(value)); }
  bool binary(nlohmann::json::binary_t& value) { return put(std::move(value)); }
  bool start_object(std::size_t) { return open(nlohmann::json::object()); }
  bool start_array(std::size_t) { return open(nlohmann::json::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& name) {
    const auto [place, added] = open_.back()->get_ref<nlohmann::json::object_t&>().try_emplace(std::move(name));
    if (!added) refuse_json(text_, count_ - 1, "a member name that this object has already");
    member_ = &place->second;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) {
    refuse_json(text_, position == 0 ? 0 : position - 1, json_reason(error.what()));
  }

 private:
  template <class T>
  bool put(T&& value) {
    place(std::forward<T>(value));
    return true;
  }
  template <class T>
  nlohmann::json* place(T&& value) {
    if (open_.empty()) {
      root_ = std::forward<T>(value);
      return &root_;
    }
    if (open_.back()->is_array()) return &open_.back()->emplace_back(std::forward<T>(value));
    *member_ = std::forward<T>(value);
    return member_;
  }
  bool open(nlohmann::json container) {
    if (open_.size() == depth_) refuse_json(text_, count_ - 1, "nested deeper than " + std::to_string(depth_) + " levels");
    open_.push_back(place(std::move(container)));
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view text_;
  std::size_t depth_;
  std::size_t count_ = 0;
  nlohmann::json root_;
  std::vector<nlohmann::json*> open_;  // innermost last; each the newest element of the one before, so it stays where it is
  nlohmann::json* member_ = nullptr;
};

}  // namespace parley::detail
