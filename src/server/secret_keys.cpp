#include "base/random.hpp"
#include "base/unique_fd.hpp"
#include "semantics/base64url.hpp"
#include "server/key_ring.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <system_error>

// One key a line, base64url, the newest first.

namespace parley {

namespace {

using detail::key_ring;

std::string fresh_key() {
  std::array<char, key_ring::key_bytes> key{};
  base::system_random().fill(std::as_writable_bytes(std::span(key)));
  return {key.data(), key.size()};
}

[[noreturn]] void refuse_keys(const std::string& file, const std::string& why) {
  throw std::runtime_error("parley::secret_keys: " + file + ": " + why);
}

std::string reason_of(int error) { return std::generic_category().message(error); }

std::string text_of(const std::vector<std::string>& keys) {
  std::string text;
  for (const std::string& key : keys) text += semantics::encode_base64url(key) + "\n";
  return text;
}

std::vector<std::string> keys_of(std::string_view text, const std::string& file) {
  std::vector<std::string> keys;
  while (!text.empty() && keys.size() < key_ring::most) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto key = semantics::decode_base64url(text.substr(0, end));
    if (!key || key->size() != key_ring::key_bytes) refuse_keys(file, "it holds no keys; remove it, and a new one is made");
    keys.push_back(*std::move(key));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (keys.empty()) refuse_keys(file, "it is empty; remove it, and a new one is made");
  return keys;
}

/// Whole or not at all. `anew`: false when another program was faster, and its file stays.
bool put_in_place(const std::string& file, std::string_view text, bool anew) {
  std::string beside = file + ".new-" + semantics::encode_base64url(fresh_key()).substr(0, 12);
  base::unique_fd out(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!out) refuse_keys(file, "it cannot be made: " + reason_of(errno));
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t n = ::write(out.get(), text.data(), text.size());
    if (n < 0) {
      error = errno;
    } else {
      text.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  if (error == 0 && ::fsync(out.get()) != 0) error = errno;
  bool done = true;
  if (error == 0) {
    // link() is the one that does not replace.
    const int put = anew ? ::link(beside.c_str(), file.c_str()) : ::rename(beside.c_str(), file.c_str());
    if (put != 0) error = errno;
    done = put == 0;
  }
  if (anew || error != 0) ::unlink(beside.c_str());
  if (error != 0 && error != EEXIST) refuse_keys(file, "it cannot be written: " + reason_of(error));
  return done;
}

std::vector<std::string> read_keys(const std::string& file) {
  const base::unique_fd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!in) {
    if (errno == ENOENT) return {};
    refuse_keys(file, "it cannot be opened: " + reason_of(errno));
  }
  struct stat about{};
  if (::fstat(in.get(), &about) != 0 || !S_ISREG(about.st_mode)) refuse_keys(file, "it is no plain file");
  if ((about.st_mode & 0077) != 0)
    refuse_keys(file, "others may read or write it; chmod 600 it, or remove it to have new keys made");
  std::array<char, 4096> room{};
  const ssize_t n = ::read(in.get(), room.data(), room.size());
  if (n < 0) refuse_keys(file, "it cannot be read: " + reason_of(errno));
  return keys_of({room.data(), static_cast<std::size_t>(n)}, file);
}

}  // namespace

secret_keys::secret_keys()
    : ring_([] {
        static const std::shared_ptr<key_ring> of_process = [] {
          auto made = std::make_shared<key_ring>();
          made->keys.push_back(fresh_key());
          return made;
        }();
        return of_process;
      }()) {}

secret_keys secret_keys::in_file(const std::string& path) {
  if (path.empty()) throw std::runtime_error("parley::secret_keys: the path is empty; name a file");
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && !std::filesystem::exists(folder)) {
    std::error_code error;
    if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) refuse_keys(path, "its folder cannot be made: " + reason_of(errno));
  }
  std::vector<std::string> keys = read_keys(path);
  if (keys.empty()) {
    std::vector<std::string> fresh{fresh_key()};
    keys = put_in_place(path, text_of(fresh), true) ? fresh : read_keys(path);
    if (keys.empty()) refuse_keys(path, "it is gone again");
  }
  secret_keys made;
  made.ring_ = std::make_shared<key_ring>();
  made.ring_->keys = std::move(keys);
  made.ring_->file = path;
  return made;
}

void secret_keys::rotate() {
  const std::lock_guard lock(ring_->mutex);
  std::vector<std::string> keys = ring_->keys;
  keys.insert(keys.begin(), fresh_key());
  if (keys.size() > key_ring::most) keys.resize(key_ring::most);
  if (!ring_->file.empty()) put_in_place(ring_->file, text_of(keys), false);
  ring_->keys = std::move(keys);
}

}  // namespace parley
