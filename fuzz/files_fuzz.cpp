// Paths of requests, on their way to files: nothing outside the folder is opened, and nothing hidden is answered with.
//
// The input is the path as it stands in a request, and what the pattern's last part would be.
#include <parley/files.hpp>
#include <parley/server.hpp>
#include <parley/uri.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "base/unique_fd.hpp"
#include "semantics/target.hpp"
#include "server/file_access.hpp"

namespace {

namespace fs = std::filesystem;
using namespace parley;

void require(bool holds) {
  if (!holds) std::abort();
}

/// A site with links that lead outside, hidden names, and a secret beside it.
class place {
 public:
  place() {
    std::string pattern = fs::temp_directory_path() / "parley-fuzz-XXXXXX";
    top_ = fs::canonical(::mkdtemp(pattern.data()));
    fs::create_directories(top_ / "site/sub/.git");
    fs::create_directories(top_ / "site/.well-known");
    fs::create_directories(top_ / "beside");
    for (const char* name : {"secret", "beside/index.html", "site/.env", "site/sub/.git/config"}) write(name, "SECRET");
    for (const char* name : {"site/index.html", "site/a b%.txt", "site/sub/c.txt", "site/.well-known/d"}) write(name, "open");
    fs::create_symlink("../secret", top_ / "site/out");
    fs::create_symlink("../../beside", top_ / "site/sub/over");
    fs::create_symlink("/", top_ / "site/top");
    fs::create_symlink("sub/c.txt", top_ / "site/in");
    root_.reset(::open((top_ / "site").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    app_.files("/{path...}", files((top_ / "site").string()).listing(true));
    app_.on_message([](std::string_view) {});
  }
  ~place() { fs::remove_all(top_); }
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  /// The path that this descriptor's file has lies in the site.
  void check_inside(int descriptor) const {
    std::array<char, 4096> name;
    const ssize_t n = ::readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), name.data(), name.size());
    require(n > 0);
    const std::string where(name.data(), static_cast<std::size_t>(n));
    const std::string site = (top_ / "site").string();
    require(where == site || where.starts_with(site + "/"));
  }

  void open(const std::string& path) const {
    const auto opened = server_room::open_beneath(root_.get(), path);
    if (opened.descriptor) check_inside(opened.descriptor.get());
    require(opened.descriptor || opened.error != 0);
    const base::unique_fd walked(server_room::walk_beneath(root_.get(), path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (walked) {
      check_inside(walked.get());
      require(static_cast<bool>(opened.descriptor));  // the walk is the stricter one
    }
  }

  void ask(std::string_view target) {
    const response got = app_.handle(request(method::get, target));
    require(got.content().find("SECRET") == std::string_view::npos);
    for (const auto& [name, value] : got.fields()) require(value.find_first_of("\r\n") == std::string_view::npos);
    if (got.status() == 301) require(got.fields().get("Location").value_or("").starts_with("./"));
    require(got.status() < 500);
  }

 private:
  void write(const std::string& name, const std::string& bytes) const { std::ofstream(top_ / name, std::ios::binary) << bytes; }

  fs::path top_;
  base::unique_fd root_;
  server app_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static place here;
  const std::string text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 2000));
  here.open(text.substr(0, text.find('\0')));
  if (const auto decoded = percent_decode(text)) here.open(decoded->substr(0, decoded->find('\0')));
  const std::string target = "/" + text;
  if (semantics::parse_target(method::get, target)) here.ask(target);
  return 0;
}
