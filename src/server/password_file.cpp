#include <parley/auth.hpp>

#include "base/hash.hpp"
#include "base/random.hpp"
#include "semantics/constant_time.hpp"

#include <crypt.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace parley {

namespace {

constexpr std::size_t largest_password_file = 1024 * 1024;
constexpr std::size_t longest_password = 511;  // crypt's own
constexpr int checks_at_once = 16;
constexpr std::size_t most_remembered = 256;
constexpr std::chrono::seconds remembered_time{10};

using password_table = std::map<std::string, std::string, std::less<>>;

struct file_stamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec changed{};
  bool operator==(const file_stamp& o) const {
    return device == o.device && inode == o.inode && size == o.size && changed.tv_sec == o.changed.tv_sec &&
           changed.tv_nsec == o.changed.tv_nsec;
  }
};

std::optional<file_stamp> stamp_of(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return std::nullopt;
  return file_stamp{about.st_dev, about.st_ino, about.st_size, about.st_mtim};
}

// crypt(5); empty when it cannot hash like that. About 32 KiB of state, so not on the stack.
std::string hashed(const std::string& password, const std::string& like) {
  const auto state = std::make_unique<crypt_data>();
  const char* const made = ::crypt_r(password.c_str(), like.c_str(), state.get());
  if (made == nullptr || made[0] == '*') return {};
  std::string result(made);
  ::explicit_bzero(state.get(), sizeof *state);
  return result;
}

bool is_hash(const std::string& text) {
  if (!text.starts_with('$') || text.starts_with("$apr1$") || text.starts_with("$1$")) return false;
  const int how = ::crypt_checksalt(text.c_str());
  return how == CRYPT_SALT_OK || how == CRYPT_SALT_METHOD_LEGACY || how == CRYPT_SALT_TOO_CHEAP;
}

password_table read_passwords(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file.is_open())
    throw std::runtime_error("cannot read the users in " + path + ": " + std::strerror(errno != 0 ? errno : EIO));
  password_table table;
  std::size_t read = 0;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    read += line.size() + 1;
    const auto refuse_line = [&](const char* why) {
      throw std::runtime_error(path + " line " + std::to_string(number) + ": " + why);
    };
    if (read > largest_password_file) refuse_line("a file of users has at most 1 MiB");
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || colon == 0) refuse_line("it is no name, a colon and a hash");
    std::string hash = line.substr(colon + 1);
    hash = hash.substr(0, hash.find(':'));
    if (!is_hash(hash))
      refuse_line("the hash is none that counts; make one with htpasswd -B, or mkpasswd (bcrypt, yescrypt, SHA-512)");
    if (!table.emplace(line.substr(0, colon), std::move(hash)).second) refuse_line("the name is there already");
  }
  return table;
}

}  // namespace

struct password_file::state {
  explicit state(std::string of) : path(std::move(of)), seen(stamp_of(path)), known(read_passwords(path)) {
    base::system_random().fill(std::as_writable_bytes(std::span(keys)));
  }

  // On the pool's thread.
  bool check(const std::string& name, const std::string& password) {
    std::string hash;
    bool there = false;
    {
      const std::lock_guard lock(mutex);
      look_again();
      const auto at = known.find(name);
      there = at != known.end();
      // The time for a name that is not there: that of another's hash.
      if (there) {
        hash = at->second;
      } else {
        hash = known.empty() ? "$6$nobodynobodynob" : known.begin()->second;
      }
    }
    if (password.size() > longest_password || password.find('\0') != std::string::npos) there = false;
    const std::string made = hashed(password.substr(0, longest_password), hash);
    return semantics::constant_time_equal(made, hash) && !made.empty() && there;
  }

  void look_again() {
    const auto now = stamp_of(path);
    if (now && seen && *now == *seen) return;
    seen = now;
    remembered.clear();
    try {
      known = read_passwords(path);
    } catch (const std::runtime_error&) {
      known.clear();  // fails closed
    }
  }

  using mark = std::array<std::uint64_t, 2>;
  [[nodiscard]] mark mark_of(const std::string& name, const std::string& password) const {
    const std::string text = std::to_string(name.size()) + ":" + name + password;
    return {base::siphash13({keys[0], keys[1]}, text), base::siphash13({keys[2], keys[3]}, text)};
  }
  bool remembers(const mark& which) {
    const std::lock_guard lock(mutex);
    const auto at = remembered.find(which);
    if (at == remembered.end()) return false;
    if (std::chrono::steady_clock::now() - at->second < remembered_time) return true;
    remembered.erase(at);
    return false;
  }
  void remember(const mark& which) {
    const std::lock_guard lock(mutex);
    if (remembered.size() >= most_remembered) remembered.clear();
    remembered[which] = std::chrono::steady_clock::now();
  }

  const std::string path;
  std::mutex mutex;  // of what follows, but for the keys
  std::optional<file_stamp> seen;
  password_table known;
  std::map<mark, std::chrono::steady_clock::time_point> remembered;
  std::array<std::uint64_t, 4> keys{};
  std::atomic<int> running{0};
};

password_file::password_file(const std::string& path) : state_(std::make_shared<state>(path)) {}

task<bool> password_file::operator()(std::string name, std::string password) const {
  const std::shared_ptr<state> in = state_;
  const auto mark = in->mark_of(name, password);
  if (in->remembers(mark)) co_return true;
  if (in->running.fetch_add(1) >= checks_at_once) {
    in->running.fetch_sub(1);
    throw overloaded();
  }
  // Counted until the hash is made, also when nobody waits for it any more.
  const std::shared_ptr<void> running(nullptr, [in](void*) { in->running.fetch_sub(1); });
  auto checking = blocking([in, running, name, password] { return in->check(name, password); });
  const bool right = co_await checking;
  if (right) in->remember(mark);
  co_return right;
}

}  // namespace parley
