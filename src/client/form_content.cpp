#include <parley/form_content.hpp>

#include "base/random.hpp"
#include "base/unique_fd.hpp"
#include "semantics/boundary.hpp"
#include "semantics/form_data.hpp"

#include <parley/task.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace parley {

namespace {

constexpr std::size_t form_piece = std::size_t{64} * 1024;

/// Text, or a file whose bytes stand between texts.
struct form_span {
  std::string text;
  std::shared_ptr<const base::unique_fd> file = {};
  std::string path = {};
  std::uint64_t length = 0;
};

struct known_ending {
  std::string_view ending, type;
};
constexpr std::array known_endings{
    known_ending{".css", "text/css"},        known_ending{".csv", "text/csv"},       known_ending{".gif", "image/gif"},
    known_ending{".gz", "application/gzip"}, known_ending{".html", "text/html"},     known_ending{".jpeg", "image/jpeg"},
    known_ending{".jpg", "image/jpeg"},      known_ending{".js", "text/javascript"}, known_ending{".json", "application/json"},
    known_ending{".pdf", "application/pdf"}, known_ending{".png", "image/png"},      known_ending{".svg", "image/svg+xml"},
    known_ending{".txt", "text/plain"},      known_ending{".webp", "image/webp"},    known_ending{".xml", "application/xml"},
    known_ending{".zip", "application/zip"},
};

std::string_view form_type_of(std::string_view name, std::string_view given) {
  if (!given.empty()) return given;
  for (const known_ending& each : known_endings) {
    if (name.ends_with(each.ending)) return each.type;
  }
  return "application/octet-stream";
}

form_span open_form_file(const std::string& path) {
  form_span made;
  made.path = path;
  base::unique_fd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened) throw std::system_error(errno, std::generic_category(), "cannot read " + path);
  struct stat about{};
  if (::fstat(opened.get(), &about) != 0) throw std::system_error(errno, std::generic_category(), "cannot read " + path);
  if (!S_ISREG(about.st_mode)) throw std::invalid_argument(path + " is no plain file, so its length is not known beforehand");
  made.length = static_cast<std::uint64_t>(about.st_size);
  made.file = std::make_shared<const base::unique_fd>(std::move(opened));
  return made;
}

std::string read_form_piece(const form_span& from, std::uint64_t offset) {
  const std::uint64_t left = from.length - offset;
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(form_piece, left)), '\0');
  for (;;) {
    const ssize_t n = ::pread(from.file->get(), piece.data(), piece.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw std::system_error(errno, std::generic_category(), "cannot read " + from.path);
    if (n == 0 && left > 0) throw std::runtime_error(from.path + " became shorter while it was being sent");
    piece.resize(static_cast<std::size_t>(n));
    return piece;
  }
}

}  // namespace

struct form_content::parts {
  explicit parts(std::string boundary) : writer(boundary), type(writer.content_type()), last("--" + boundary + "--\r\n") {}
  semantics::form_data_writer writer;
  std::string type;
  std::vector<form_span> spans;
  std::string last;
  std::uint64_t length = 0;

  void add(std::string text) {
    length += text.size();
    spans.push_back({std::move(text)});
  }
  void add(form_span file) {
    length += file.length;
    spans.push_back(std::move(file));
  }
  // A part's head is whole but for its Content-Type line.
  std::string head_with_type(std::string_view name, std::string_view type_of_part) {
    std::string head = writer.field(name, {});
    if (type_of_part.empty()) return head;
    head.resize(head.size() - 2);  // the empty line
    return head.append("Content-Type: ").append(type_of_part).append("\r\n\r\n");
  }
  [[nodiscard]] std::string end() const { return spans.empty() ? last : "\r\n" + last; }
};

form_content::form_content() : parts_(std::make_shared<parts>(semantics::make_boundary(base::system_random()))) {}
form_content::form_content(form_content&&) noexcept = default;
form_content& form_content::operator=(form_content&&) noexcept = default;
form_content::~form_content() = default;

namespace {
void refuse_bad_type(std::string_view type) {
  const bool control = std::ranges::any_of(type, [](unsigned char c) { return c < 0x20 || c >= 0x7f; });
  if (control) throw std::invalid_argument("a part's Content-Type has characters that no field may have");
}
}  // namespace

form_content& form_content::field(std::string_view name, std::string value, std::string_view type) {
  refuse_bad_type(type);
  parts_->add(parts_->head_with_type(name, type) + value);
  return *this;
}

form_content& form_content::field_from(std::string_view name, const std::string& path, std::string_view type) {
  refuse_bad_type(type);
  form_span file = open_form_file(path);
  parts_->add(parts_->head_with_type(name, type));
  parts_->add(std::move(file));
  return *this;
}

form_content& form_content::file(std::string_view name, const std::string& path, std::string_view called, std::string_view type) {
  form_span file = open_form_file(path);
  const std::string_view own = std::string_view(path).substr(path.rfind('/') + 1);
  const std::string_view shown = called.empty() ? own : called;
  parts_->add(parts_->writer.file(name, shown, form_type_of(shown, type)));
  parts_->add(std::move(file));
  return *this;
}

form_content& form_content::bytes(std::string_view name, std::string content, std::string_view called, std::string_view type) {
  parts_->add(parts_->writer.file(name, called, form_type_of(called, type)) + content);
  return *this;
}

const std::string& form_content::content_type() const { return parts_->type; }

std::uint64_t form_content::length() const { return parts_->length + parts_->end().size(); }

namespace {

task<> produce_form(std::shared_ptr<const std::vector<form_span>> spans, std::string end, body_writer& to) {
  for (const form_span& each : *spans) {
    if (!each.file) {
      auto writing = to.write(std::string_view(each.text));
      co_await writing;
      continue;
    }
    for (std::uint64_t sent = 0; sent < each.length;) {
      auto reading = blocking([&each, sent] { return read_form_piece(each, sent); });
      std::string piece = co_await reading;
      sent += piece.size();
      auto writing = to.write(std::move(piece));
      co_await writing;
    }
  }
  auto writing = to.write(std::move(end));
  co_await writing;
}

}  // namespace

void form_content::attach(request& to) const {
  to.header("Content-Type", parts_->type);
  const bool in_memory = std::ranges::none_of(parts_->spans, [](const form_span& each) { return each.file != nullptr; });
  if (in_memory) {
    std::string all;
    for (const form_span& each : parts_->spans) all += each.text;
    to.content(all + parts_->end(), {});
    return;
  }
  auto spans = std::make_shared<const std::vector<form_span>>(parts_->spans);
  to.stream([spans = std::move(spans), end = parts_->end()](body_writer& sink) { return produce_form(spans, end, sink); },
            length());
  to.repeatable();
}

}  // namespace parley
