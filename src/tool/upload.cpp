#include "tool/upload.hpp"

#include <parley/uri.hpp>

#include "tool/exit_code.hpp"
#include "tool/option_values.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace parley::tool {

namespace {

constexpr std::size_t piece_size = 64 * 1024;

[[noreturn]] void refuse_upload(const std::string& name, int error) {
  throw refusal(exit_local, "cannot read " + name + ": " + std::strerror(error));
}

/// The next piece; from `offset` where the file has one. Empty at the end.
std::string read_piece(int descriptor, const std::string& name, std::optional<std::uint64_t> offset) {
  std::string piece(piece_size, '\0');
  for (;;) {
    const ssize_t n = offset ? ::pread(descriptor, piece.data(), piece.size(), static_cast<off_t>(*offset))
                             : ::read(descriptor, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) refuse_upload(name, errno);
    piece.resize(static_cast<std::size_t>(n));
    return piece;
  }
}

std::shared_ptr<upload> open_one(const std::string& name) {
  if (name == "-") return std::make_shared<upload>(::dup(STDIN_FILENO), "standard input");
  if (name.empty()) throw refusal(exit_usage, "-d and --json: a file's name must follow @, or - for standard input");
  const int descriptor = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) refuse_upload(name, errno);
  return std::make_shared<upload>(descriptor, name);
}

}  // namespace

upload::upload(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {
  struct stat status{};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) refuse_upload(name_, errno);
  if (S_ISDIR(status.st_mode)) {
    ::close(std::exchange(descriptor_, -1));
    refuse_upload(name_, EISDIR);
  }
  // A file that was opened somewhere else, such as standard input, may already have been read in part.
  if (S_ISREG(status.st_mode) && ::lseek(descriptor, 0, SEEK_CUR) == 0) length_ = static_cast<std::uint64_t>(status.st_size);
}

upload::~upload() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string upload::collect() const {
  if (in_memory()) return text_;
  std::string all;
  for (;;) {
    const std::string piece = read_piece(descriptor_, name_, length_ ? std::optional<std::uint64_t>(all.size()) : std::nullopt);
    if (piece.empty()) return all;
    all += piece;
  }
}

task<> upload::produce(body_writer& to) const {
  std::uint64_t sent = 0;
  for (;;) {
    std::optional<std::uint64_t> offset;
    if (length_) offset = sent;
    auto reading = blocking([descriptor = descriptor_, name = name_, offset] { return read_piece(descriptor, name, offset); });
    std::string piece = co_await reading;
    // A file that grows meanwhile is sent as long as it was announced.
    if (length_ && piece.size() > *length_ - sent) piece.resize(*length_ - sent);
    if (piece.empty()) break;
    sent += piece.size();
    auto writing = to.write(std::move(piece));
    co_await writing;
  }
  if (length_ && sent < *length_) throw refusal(exit_local, name_ + " became shorter while it was being sent");
}

std::string urlencoded_data(const std::string& written) {
  constexpr std::size_t largest_encoded_file = std::size_t{64} << 20;
  const std::size_t equals = written.find('=');
  const std::size_t file = written.find('@');
  if (equals != std::string::npos && equals < file) {
    const std::string name = written.substr(0, equals);
    return (name.empty() ? "" : name + "=") + percent_encode(written.substr(equals + 1));
  }
  if (file == std::string::npos) return percent_encode(written);
  const std::string name = written.substr(0, file);
  return (name.empty() ? "" : name + "=") + percent_encode(read_small_file(written.substr(file + 1), largest_encoded_file));
}

std::vector<std::string> data_of(const std::vector<given_value>& given) {
  std::vector<std::string> data;
  data.reserve(given.size());
  for (const given_value& each : given)
    data.push_back(each.option == "--data-urlencode" ? urlencoded_data(each.value) : each.value);
  return data;
}

std::shared_ptr<const upload> open_upload(const std::vector<std::string>& data, bool collected) {
  const bool one_file = data.size() == 1 && data.front().starts_with('@');
  if (one_file) {
    auto file = open_one(data.front().substr(1));
    const bool small = file->length() && *file->length() <= piece_size;
    if (!collected && !small) return file;
    return std::make_shared<upload>(file->collect());
  }
  std::string text;
  for (const std::string& each : data) {
    if (&each != data.data()) text += '&';
    text += each.starts_with('@') ? open_one(each.substr(1))->collect() : each;
  }
  return std::make_shared<upload>(std::move(text));
}

}  // namespace parley::tool
