#include "client/alternatives_file.hpp"

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "client/file_turn.hpp"
#include "tls/local_ca_files.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace parley::fetching {

namespace {

constexpr std::string_view file_name = "alternatives";
constexpr std::string_view first_line = "# parley: where https origins are served over HTTP/3 (Alt-Svc); format 1";
constexpr std::string_view no_host = "-";

std::int64_t seconds_of(wall_time t) { return t.time_since_epoch().count(); }

std::string line_of(const known_alternative& one) {
  std::string line = one.host + ' ' + std::to_string(one.port) + ' ' + (one.at_host.empty() ? std::string(no_host) : one.at_host);
  for (const std::int64_t number : {std::int64_t{one.at_port}, seconds_of(one.learned), seconds_of(one.until),
                                    std::int64_t{one.persist}, std::int64_t{one.failures}, seconds_of(one.paused_until)}) {
    line += ' ' + std::to_string(number);
  }
  return line + '\n';
}

std::optional<std::string> host_from(std::string_view word) {
  constexpr std::string_view others = "-._~%!$&'()*+,;=:";
  const bool fits = !word.empty() && word.size() <= alternatives::longest_host && std::ranges::all_of(word, [&](char c) {
    return base::is_digit(c) || (c >= 'a' && c <= 'z') || others.find(c) != std::string_view::npos;
  });
  return fits ? std::optional<std::string>(word) : std::nullopt;
}

std::optional<known_alternative> alternative_from(std::string_view line) {
  std::array<std::string_view, 9> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t end = std::min(line.find(' '), line.size());
    words[i] = line.substr(0, end);
    const bool last = i + 1 == words.size();
    if (last != (end == line.size())) return std::nullopt;
    if (!last) line.remove_prefix(end + 1);
  }
  constexpr std::uint64_t latest = 253'402'300'799;  // the end of the year 9999
  bool whole = true;
  const auto number = [&](std::size_t word, std::uint64_t most) {
    const auto value = base::parse_decimal(words[word]);
    whole = whole && value && *value <= most;
    return whole ? *value : 0;
  };
  const auto time = [&](std::size_t word) { return wall_time(std::chrono::seconds(number(word, latest))); };
  known_alternative one;
  const auto host = host_from(words[0]);
  const auto at = host_from(words[2]);
  if (!host || !at) return std::nullopt;
  one.host = *host;
  one.port = static_cast<std::uint16_t>(number(1, 65535));
  if (*at != no_host) one.at_host = *at;
  one.at_port = static_cast<std::uint16_t>(number(3, 65535));
  one.learned = time(4);
  one.until = time(5);
  one.persist = number(6, 1) == 1;
  one.failures = static_cast<unsigned>(number(7, 1000));
  one.paused_until = time(8);
  if (!whole || one.port == 0 || one.at_port == 0) return std::nullopt;
  return one;
}

}  // namespace

std::string alternatives_file::path() const { return folder_ + '/' + std::string(file_name); }

std::string alternatives_file::to_text(const std::vector<known_alternative>& all) {
  // The newest are the ones to keep where there are too many.
  std::size_t size = first_line.size() + 1;
  std::vector<std::string> lines;
  for (auto one = all.rbegin(); one != all.rend() && lines.size() < alternatives::most; ++one) {
    std::string line = line_of(*one);
    size += line.size();
    if (size > most_bytes) break;
    lines.push_back(std::move(line));
  }
  std::string text(first_line);
  text += '\n';
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) text += *line;
  return text;
}

std::optional<std::vector<known_alternative>> alternatives_file::from_text(std::string_view text) {
  std::vector<known_alternative> all;
  bool first = true;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (std::exchange(first, false)) {
      if (line != first_line) return std::nullopt;
      continue;
    }
    auto one = alternative_from(line);
    if (!one || all.size() == alternatives::most) return std::nullopt;
    all.push_back(std::move(*one));
  }
  if (first) return std::nullopt;
  return all;
}

std::expected<std::vector<known_alternative>, std::string> alternatives_file::read() const {
  const auto opened = tls::private_folder::open(folder_);
  if (!opened) return std::unexpected(opened.error().message);
  if (!*opened) return std::vector<known_alternative>();
  const auto text = (*opened)->read(std::string(file_name), false);
  if (!text) return std::unexpected(text.error().message);
  if (!*text) return std::vector<known_alternative>();
  auto all = from_text(**text);
  if (!all) return std::unexpected(path() + " is damaged, and is written anew with the next news");
  return std::move(*all);
}

void alternatives_file::changed(std::string_view host, std::uint16_t port, const std::vector<known_alternative>& all) {
  const auto news = std::ranges::find_if(all, [&](const known_alternative& each) { return each.is_for(host, port); });
  auto opened = tls::private_folder::open(folder_);
  if (!opened) return;
  if (!*opened) {
    if (news == all.end()) return;
    const std::string text = to_text({*news});
    const tls::named_text file{std::string(file_name), text};
    if (!tls::make_private_folder(folder_, {&file, 1})) return;
    opened = tls::private_folder::open(folder_);  // perhaps that of a process that came first
    if (!opened || !*opened) return;
  }
  const file_turn turn(folder_);
  if (!turn) return;
  auto now = read().value_or(std::vector<known_alternative>());
  std::erase_if(now, [&](const known_alternative& each) { return each.is_for(host, port); });
  if (news != all.end()) {
    if (now.size() == alternatives::most) now.erase(now.begin());
    now.push_back(*news);
  }
  static_cast<void>((*opened)->write(std::string(file_name), to_text(now)));
}

}  // namespace parley::fetching
