#include "client/netrc.hpp"

#include "base/ascii.hpp"
#include "base/unique_fd.hpp"

#include <parley/login.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace parley::fetching {

namespace {

constexpr std::string_view netrc_blanks = " \t\r\n";

/// Reads words, and knows where lines begin.
class netrc_words {
 public:
  explicit netrc_words(std::string_view text) : rest_(text) {}

  std::optional<std::string> next() {
    for (;;) {
      const bool at_start = begin_;
      const std::size_t blank = std::min(rest_.find_first_not_of(netrc_blanks), rest_.size());
      const bool new_line = at_start || rest_.substr(0, blank).find('\n') != rest_.npos;
      rest_.remove_prefix(blank);
      begin_ = false;
      if (rest_.empty()) return std::nullopt;
      if (!(new_line && rest_.front() == '#')) break;
      rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
    }
    if (rest_.front() == '"') return quoted();
    const std::size_t end = std::min(rest_.find_first_of(netrc_blanks), rest_.size());
    std::string word(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return word;
  }
  void skip_macro() {
    const std::size_t end = rest_.find("\n\n");
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 2);
    begin_ = true;
  }

 private:
  std::string quoted() {
    std::string word;
    std::size_t at = 1;
    for (; at < rest_.size() && rest_[at] != '"'; ++at) {
      char c = rest_[at];
      if (c == '\\' && at + 1 < rest_.size()) {
        c = rest_[++at];
        c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
      }
      word += c;
    }
    rest_.remove_prefix(std::min(at + 1, rest_.size()));
    return word;
  }

  std::string_view rest_;
  bool begin_ = true;
};

}  // namespace

std::optional<netrc_entry> find_netrc(std::string_view text, std::string_view host) {
  netrc_words words(text);
  std::optional<netrc_entry> found;
  bool ours = false;
  while (auto word = words.next()) {
    if (*word == "machine" || *word == "default") {
      if (found && !found->user.empty()) return found;
      const auto name = *word == "machine" ? words.next() : std::optional<std::string>(host);
      ours = name && base::iequals(*name, host);
      if (ours) found.emplace();
    } else if (*word == "login" || *word == "password" || *word == "account") {
      auto value = words.next();
      if (!value || !ours) continue;
      if (*word == "login") found->user = std::move(*value);
      if (*word == "password") found->password = std::move(*value);
    } else if (*word == "macdef") {
      words.skip_macro();
    }
  }
  if (found && found->user.empty()) found.reset();
  return found;
}

}  // namespace parley::fetching

namespace parley {

std::optional<login> login::from_netrc(const std::string& file, std::string_view host) {
  constexpr std::size_t largest_netrc = std::size_t{1} << 20;
  const auto fail = [&](const std::string& why) { throw std::runtime_error("cannot read " + file + ": " + why); };
  const base::unique_fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened) fail(std::strerror(errno));
  std::string text;
  for (;;) {
    char piece[4096];
    const ssize_t n = ::read(opened.get(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(std::strerror(errno));
    if (n == 0) break;
    text.append(piece, static_cast<std::size_t>(n));
    if (text.size() > largest_netrc) fail("it is larger than 1 MiB");
  }
  auto entry = fetching::find_netrc(text, host);
  if (!entry) return std::nullopt;
  return basic(std::move(entry->user), std::move(entry->password));
}

}  // namespace parley
