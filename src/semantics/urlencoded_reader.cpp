#include "semantics/urlencoded_reader.hpp"

#include <utility>

namespace parley::semantics {

std::optional<form_fault> urlencoded_reader::fail(form_fault why) {
  partial_ = {};
  fault_ = why;
  return fault_;
}

std::optional<form_fault> urlencoded_reader::take_pair(std::string_view text) {
  for (const auto& pair : query_parameters(text)) {
    if (++count_ > caps_.pairs) return fail({413, "The form has too many fields."});
    if (pair.name.size() > caps_.name) return fail({413, "The name of a form's field is too long."});
    if (pair.value.size() > caps_.value) return fail({413, "The value of a form's field is too long."});
    if (given_ == ready_.size()) {
      ready_.clear();
      given_ = 0;
    }
    ready_.push_back(pair);
  }
  return std::nullopt;
}

std::optional<form_fault> urlencoded_reader::receive(std::string_view bytes) {
  if (fault_) return fault_;
  total_ += bytes.size();
  if (total_ > caps_.total) return fail({413, "The form is too large."});
  // Each byte takes three at most, and one stands between name and value.
  const std::size_t longest = 3 * (caps_.name + caps_.value) + 1;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('&');
    const std::string_view piece = bytes.substr(0, end);
    if (partial_.size() + piece.size() > longest) return fail({413, "A form's field is too long."});
    if (end == bytes.npos) {
      partial_ += piece;
      break;
    }
    bytes.remove_prefix(end + 1);
    if (partial_.empty()) {
      if (auto fault = take_pair(piece)) return fault;
    } else {
      partial_ += piece;
      auto fault = take_pair(partial_);
      partial_.clear();
      if (fault) return fault;
    }
  }
  return std::nullopt;
}

std::optional<form_fault> urlencoded_reader::finish() {
  if (fault_) return fault_;
  const std::string last = std::exchange(partial_, {});
  return take_pair(last);
}

std::optional<query_parameters::parameter> urlencoded_reader::next() {
  if (given_ == ready_.size()) return std::nullopt;
  return std::move(ready_[given_++]);
}

}  // namespace parley::semantics
