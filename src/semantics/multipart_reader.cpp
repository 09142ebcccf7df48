#include "semantics/multipart_reader.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace parley::semantics {

namespace {

constexpr std::string_view end_of_head = "\r\n\r\n";
// RFC 5322 §2.2.3: a CRLF before a blank is none, within a field.
void unfold(std::string& head) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < head.size(); ++i) {
    if (i > 0 && i + 2 < head.size() && head[i] == '\r' && head[i + 1] == '\n' && base::is_ows(head[i + 2])) {
      ++i;
    } else {
      head[kept++] = head[i];
    }
  }
  head.resize(kept);
}

constexpr std::size_t longest_tail = 64;  // blanks that a gateway may have put behind a boundary (RFC 2046 §5.1.1)

}  // namespace

multipart_reader::multipart_reader(std::string_view boundary, multipart_caps caps)
    : delimiter_(std::string("\r\n--").append(boundary)), caps_(caps) {}

multipart_event multipart_reader::fail(form_fault why) {
  state_ = state::failed;
  fault_ = why;
  head_ = {};
  lines_.clear();
  return multipart_event::fault;
}

std::optional<form_fault> multipart_reader::finish() const {
  if (state_ == state::failed) return fault_;
  if (state_ == state::epilogue) return std::nullopt;
  return form_fault{400, "The multipart content ends before its last boundary."};
}

multipart_event multipart_reader::next(std::string_view& bytes) {
  const std::size_t before = bytes.size();
  data_ = {};
  const multipart_event what = take(bytes);
  total_ += before - bytes.size();
  if (total_ > caps_.total && what != multipart_event::fault) return fail({413, "The multipart content is too large."});
  return what;
}

multipart_event multipart_reader::take(std::string_view& bytes) {
  while (true) {
    std::optional<multipart_event> what;
    switch (state_) {
      case state::preamble:
      case state::body: what = take_until_boundary(bytes); break;
      case state::after_boundary: what = take_after_boundary(bytes); break;
      case state::head: what = take_head(bytes); break;
      case state::epilogue: bytes = {}; break;
      case state::failed: bytes = {}; return multipart_event::fault;
    }
    if (what) return *what;
    if (bytes.empty()) return multipart_event::need_more;
  }
}

std::optional<multipart_event> multipart_reader::at_boundary() {
  matched_ = borrowed_ = 0;
  tail_.clear();
  const bool in_part = state_ == state::body;
  state_ = state::after_boundary;
  if (in_part) return multipart_event::part_end;
  return std::nullopt;
}

// What stands before the first boundary is for nobody.
std::optional<multipart_event> multipart_reader::give_data(std::string_view text) {
  if (state_ == state::preamble || text.empty()) return std::nullopt;
  data_ = text;
  return multipart_event::data;
}

std::optional<multipart_event> multipart_reader::take_until_boundary(std::string_view& bytes) {
  if (bytes.empty()) return std::nullopt;
  if (matched_ > 0) {
    while (!bytes.empty() && matched_ < delimiter_.size() && bytes[0] == delimiter_[matched_]) {
      bytes.remove_prefix(1);
      ++matched_;
    }
    if (matched_ == delimiter_.size()) return at_boundary();
    if (bytes.empty()) return std::nullopt;
    const std::string_view held = std::string_view(delimiter_).substr(borrowed_, matched_ - borrowed_);
    matched_ = borrowed_ = 0;
    return give_data(held);
  }
  std::size_t at = 0;
  while (true) {
    at = std::min(bytes.find('\r', at), bytes.size());
    const std::size_t n = std::min(delimiter_.size(), bytes.size() - at);
    if (bytes.substr(at, n) != std::string_view(delimiter_).substr(0, n)) {
      ++at;
      continue;
    }
    // The delimiter, its beginning, or the end of the bytes.
    const std::string_view text = bytes.substr(0, at);
    if (n < delimiter_.size()) {
      matched_ = n;
      bytes = {};
      return give_data(text);
    }
    bytes.remove_prefix(at);
    if (auto what = give_data(text)) return what;
    bytes.remove_prefix(n);
    return at_boundary();
  }
}

std::optional<multipart_event> multipart_reader::take_after_boundary(std::string_view& bytes) {
  while (!bytes.empty()) {
    const char c = bytes[0];
    const bool good = tail_.empty()          ? c == '-' || c == '\r' || base::is_ows(c)
                      : tail_.back() == '-'  ? c == '-'
                      : tail_.back() == '\r' ? c == '\n'
                                             : c == '\r' || base::is_ows(c);
    if (!good || tail_.size() == longest_tail)
      return fail({400, "What follows a boundary is neither a line's end nor the content's."});
    bytes.remove_prefix(1);
    tail_ += c;
    if (tail_ == "--") {
      state_ = state::epilogue;
      return multipart_event::end;
    }
    if (c == '\n') {
      if (++parts_ > caps_.parts) return fail({413, "The multipart content has too many parts."});
      state_ = state::head;
      head_.clear();
      lines_.clear();
      return std::nullopt;
    }
  }
  return std::nullopt;
}

std::optional<multipart_event> multipart_reader::take_head(std::string_view& bytes) {
  const std::size_t had = head_.size();
  head_ += bytes.substr(0, caps_.head + end_of_head.size() - had);
  // An empty head is its last line break alone.
  std::size_t end =
      head_.starts_with("\r\n") ? 2 : head_.find(end_of_head, had - std::min<std::size_t>(had, end_of_head.size() - 1));
  if (end == head_.npos) {
    if (head_.size() >= caps_.head + end_of_head.size()) return fail({413, "The head of a part is too long."});
    bytes = {};
    return std::nullopt;
  }
  if (end != 2 || !head_.starts_with("\r\n")) end += end_of_head.size();
  bytes.remove_prefix(end - had);
  head_.resize(end);
  if (!split_head()) return multipart_event::fault;
  state_ = state::body;
  // An empty part may do without a line break of its own: the head's is the delimiter's.
  matched_ = borrowed_ = 2;
  return multipart_event::head;
}

bool multipart_reader::split_head() {
  unfold(head_);
  std::string_view rest = head_;
  while (true) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (line.empty()) return true;
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = base::trim_ows(line.substr(std::min(colon + 1, line.size())));
    if (colon == line.size() || !base::is_token(name) || !base::all_of_class(value, base::class_field_value)) {
      fail({400, "A line in the head of a part is no field."});
      return false;
    }
    if (lines_.size() == caps_.lines) {
      fail({413, "The head of a part has too many lines."});
      return false;
    }
    lines_.push_back({name, value});
  }
}

}  // namespace parley::semantics
