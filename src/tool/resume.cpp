#include "tool/resume.hpp"

#include <parley/date.hpp>

#include "tool/exit_code.hpp"
#include "tool/option_values.hpp"
#include "tool/terminal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>

namespace parley::tool {

namespace {

constexpr std::size_t longest_validator = 1024;
// RFC 9110 §8.8.2.2: a date that is well in the past when it is sent is a strong validator.
constexpr std::chrono::seconds strong_age{60};

std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool is_validator(std::string_view text) {
  const bool controls = std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  return !text.empty() && text.size() <= longest_validator && !controls && !text.starts_with("W/");
}

/// What If-Range may say later; empty: nothing that is strong.
std::string strong_validator(const response& of) {
  const std::string_view tag = of.header("ETag");
  if (tag.starts_with('"')) return is_validator(tag) ? std::string(tag) : std::string();
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto changed = parse_date(of.header("Last-Modified"), now);
  const auto sent = parse_date(of.header("Date"), now);
  if (!changed || !sent || *sent - *changed < strong_age) return {};
  return std::string(of.header("Last-Modified"));
}

}  // namespace

std::optional<part_of_file> read_content_range(std::string_view value) {
  // RFC 9110 §14.1: names of units have no case.
  constexpr std::string_view unit = "bytes ";
  const bool bytes = std::ranges::equal(value.substr(0, unit.size()), unit, {}, [](unsigned char c) { return std::tolower(c); });
  if (!bytes) return std::nullopt;
  value.remove_prefix(unit.size());
  part_of_file part;
  if (value.starts_with('*')) {
    value.remove_prefix(1);
  } else {
    part.first = take_number(value);
    if (!part.first || !value.starts_with('-')) return std::nullopt;
    value.remove_prefix(1);
    part.last = take_number(value);
    if (!part.last || *part.last < *part.first) return std::nullopt;
  }
  if (!value.starts_with('/')) return std::nullopt;
  value.remove_prefix(1);
  if (value == "*") return part.first ? std::optional(part) : std::nullopt;
  part.complete = take_number(value);
  if (!part.complete || !value.empty() || (part.last && *part.last >= *part.complete)) return std::nullopt;
  return part;
}

void partial_file::fail(const char* doing, int error) const {
  throw refusal(exit_local, std::string("cannot ") + doing + " " + path_ + ": " + std::strerror(error));
}

partial_file::partial_file(std::string path, std::optional<std::uint64_t> from)
    : path_(std::move(path)), note_path_(path_ + ".parley-part") {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (descriptor_ < 0) fail("write", errno);
  struct stat about{};
  if (::fstat(descriptor_, &about) != 0) fail("write", errno);
  if (!S_ISREG(about.st_mode)) throw refusal(exit_usage, path_ + " is no plain file, so nothing can go on where it ends");
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) throw refusal(exit_local, path_ + " is being downloaded already");
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (from && *from > size) {
    throw refusal(exit_usage, "-C " + std::to_string(*from) + ": " + path_ + " has only " + std::to_string(size) + " bytes");
  }
  offset_ = from.value_or(size);
  if (::access(note_path_.c_str(), F_OK) == 0) {
    std::string noted = read_small_file(note_path_, longest_validator + 1);
    if (noted.ends_with('\n')) noted.pop_back();
    if (is_validator(noted)) validator_ = std::move(noted);
  }
}

partial_file::~partial_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void partial_file::ask(fields& of) const {
  if (offset_ == 0) return;
  of.set("Range", "bytes=" + std::to_string(offset_) + "-");
  if (!validator_.empty()) of.set("If-Range", validator_);
}

bool partial_file::take(const response& answer) {
  constexpr int partial = 206;
  constexpr int unsatisfiable = 416;
  const auto part = read_content_range(answer.header("Content-Range"));
  if (answer.status() == partial) {
    if (!part || part->first != offset_ || offset_ == 0) {
      throw refusal(exit_fetch_failed, "the answer is another part than the one that was asked for, from byte " +
                                           std::to_string(offset_) + " on; " + path_ + " stays as it is");
    }
    const std::string_view tag = answer.header("ETag");
    if (validator_.starts_with('"') && !tag.empty() && tag != validator_) {
      throw refusal(exit_fetch_failed, "the answer is a part of something else than what " + path_ + " has; it stays as it is");
    }
    complete_ = part->complete;
    part_end_ = *part->last + 1;
    if (::ftruncate(descriptor_, static_cast<off_t>(offset_)) != 0) fail("write", errno);
    return true;
  }
  if (answer.status() == unsatisfiable && part && part->complete) {
    if (*part->complete == offset_) {
      ::unlink(note_path_.c_str());
      return false;
    }
    throw refusal(exit_fetch_failed, path_ + " has " + std::to_string(offset_) + " bytes, but what the server has is " +
                                         std::to_string(*part->complete) +
                                         " bytes long: it is not the same; remove it to start anew");
  }
  if (answer.status() != 200) {
    throw refusal(exit_status, "the answer is " + std::to_string(answer.status()) + " " + std::string(answer.reason()) + "; " +
                                   path_ + " stays as it is");
  }
  start_over(answer);
  return true;
}

void partial_file::start_over(const response& answer) {
  if (offset_ > 0) say("note: the server sends all of it, so " + path_ + " is written anew");
  offset_ = 0;
  if (::ftruncate(descriptor_, 0) != 0) fail("write", errno);
  const std::string validator = strong_validator(answer);
  ::unlink(note_path_.c_str());
  if (validator.empty()) return;
  const int note = ::open(note_path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (note < 0) return;  // then the next run asks without it
  const bool written = write_all(note, validator + "\n");
  ::close(note);
  if (!written) ::unlink(note_path_.c_str());
}

void partial_file::write(std::string_view piece) {
  if (part_end_ && piece.size() > *part_end_ - offset_) {
    throw refusal(exit_fetch_failed,
                  "the server sent more than the part that it announced (Content-Range); " + path_ + " has what was whole before");
  }
  while (!piece.empty()) {
    const ssize_t n = ::pwrite(descriptor_, piece.data(), piece.size(), static_cast<off_t>(offset_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("write", errno);
    offset_ += static_cast<std::uint64_t>(n);
    piece.remove_prefix(static_cast<std::size_t>(n));
  }
}

void partial_file::finish() {
  if (part_end_ && *part_end_ != offset_) {
    throw refusal(exit_fetch_failed, "the server sent less than the part that it announced (Content-Range): " + path_ + " has " +
                                         std::to_string(offset_) + " of " + std::to_string(*part_end_) +
                                         " bytes; the same command goes on");
  }
  if (complete_ && *complete_ != offset_) {
    throw refusal(exit_fetch_failed, "the server sent a part of what was missing: " + path_ + " has " + std::to_string(offset_) +
                                         " of " + std::to_string(*complete_) + " bytes; the same command goes on");
  }
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("write", errno);
  ::unlink(note_path_.c_str());
}

}  // namespace parley::tool
