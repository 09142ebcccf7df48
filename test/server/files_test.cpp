#include <parley/files.hpp>

#include <parley/date.hpp>
#include <parley/server.hpp>

#include "base/unique_fd.hpp"
#include "server/file_access.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <vector>

namespace parley::server_room {
namespace {

/// A folder with files, one beside it that nobody may have, and links.
class served_folder {
 public:
  served_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "parley-files-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(root_ + "/site/sub/deep");
    write("secret", "outside");
    write("site/index.html", "<p>top</p>");
    write("site/sub/index.html", "<p>sub</p>");
    write("site/sub/deep/a.txt", "a");
    write("site/large.bin", std::string(200'000, 'x'));
    write("site/.hidden", "hidden");
    std::filesystem::create_symlink("../secret", root_ + "/site/out");
    std::filesystem::create_symlink("sub/index.html", root_ + "/site/in");
    std::filesystem::create_symlink("loop", root_ + "/site/loop");
    ::mkfifo((root_ + "/site/pipe").c_str(), 0600);
  }
  ~served_folder() { std::filesystem::remove_all(root_); }
  served_folder(const served_folder&) = delete;
  served_folder& operator=(const served_folder&) = delete;

  [[nodiscard]] std::string site() const { return root_ + "/site"; }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(root_ + "/" + name, std::ios::binary) << bytes;
  }

 private:
  std::string root_;
};

TEST(FileAccess, NothingLeadsOutside) {
  const served_folder folder;
  const base::unique_fd root(::open(folder.site().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const std::string path :
       {"../secret", "sub/../../secret", "out", "/etc/passwd", "loop", "pipe", "missing", "index.html/", "sub/missing"}) {
    const opened_file file = open_beneath(root.get(), path);
    EXPECT_EQ(file.error, ENOENT) << path;
    EXPECT_FALSE(file.descriptor) << path;
  }
  for (const std::string path : {"index.html", "sub/index.html", "sub/../index.html", "in", "sub//deep/a.txt"}) {
    EXPECT_TRUE(open_beneath(root.get(), path).descriptor) << path;
  }
  EXPECT_TRUE(open_beneath(root.get(), "").is_folder);
  EXPECT_TRUE(open_beneath(root.get(), "sub/").is_folder);
}

TEST(FileAccess, TheWalkWithoutOpenat2IsStricter) {
  const served_folder folder;
  const base::unique_fd root(::open(folder.site().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const std::string path : {"../secret", "sub/../index.html", "sub/../../secret", "..", "out", "in", "/etc/passwd", "loop",
                                 "missing", "index.html/", "index.html/x"}) {
    const base::unique_fd file(walk_beneath(root.get(), path, O_RDONLY | O_CLOEXEC));
    EXPECT_FALSE(file) << path;
  }
  for (const std::string path : {"index.html", "sub/deep/a.txt", "sub//deep/a.txt", ".", "sub", "sub/"}) {
    const base::unique_fd file(walk_beneath(root.get(), path, O_RDONLY | O_CLOEXEC));
    EXPECT_TRUE(file) << path << " " << errno;
  }
}

int status_of(server& app, const std::string& path) { return app.handle(request(method::get, path)).status(); }

TEST(Files, AsAHandler) {
  const served_folder folder;
  server app;
  app.route("GET /static/{path...}", files(folder.site()));
  const response top = app.handle(request(method::get, "/static/"));
  EXPECT_EQ(top.status(), 200);
  EXPECT_EQ(top.content(), "<p>top</p>");
  EXPECT_EQ(top.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_TRUE(parse_date(top.header("Last-Modified"), std::chrono::sys_seconds()));
  EXPECT_TRUE(app.handle(request(method::get, "/static/large.bin")).content() == std::string(200'000, 'x'));
  const response redirected = app.handle(request(method::get, "/static/sub?a=b"));
  EXPECT_EQ(redirected.status(), 301);
  EXPECT_EQ(redirected.header("Location"), "./sub/?a=b");
  for (const std::string path : {"missing", "out", ".hidden", "sub/deep/", "sub%2findex.html", "pipe"})
    EXPECT_EQ(status_of(app, "/static/" + path), 404) << path;
}

TEST(Files, TheIndexIsAChoice) {
  const served_folder folder;
  server app;
  app.route("GET /none/{path...}", files(folder.site()).index(""));
  app.route("GET /text/{path...}", files(folder.site()).index("a.txt"));
  EXPECT_EQ(status_of(app, "/none/"), 404);
  EXPECT_EQ(status_of(app, "/none/index.html"), 200);
  EXPECT_EQ(app.handle(request(method::get, "/text/sub/deep/")).content(), "a");
}

TEST(Files, Unchanged) {
  const served_folder folder;
  server app;
  app.route("GET /{path...}", files(folder.site()));
  for (const std::string path : {"/", "/large.bin"}) {
    const response first = app.handle(request(method::get, path));
    const std::string date(first.header("Last-Modified"));
    const std::string tag(first.header("ETag"));
    EXPECT_TRUE(tag.starts_with('"') && tag.ends_with('"')) << tag;
    const std::vector<std::pair<fields, int>> rows{
        {{{"If-Modified-Since", date}}, 304},
        {{{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}, 200},
        {{{"If-None-Match", "\"other\", W/" + tag}}, path == "/" ? 304 : 0},
        {{{"If-None-Match", "*"}}, 304},
        {{{"If-None-Match", "\"other\""}, {"If-Modified-Since", date}}, 200},
        {{{"If-Match", "\"other\""}}, 412},
        {{{"If-Match", "*"}}, 200},
        {{{"If-Unmodified-Since", date}}, 200},
        {{{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"}}, 412},
    };
    for (const auto& [lines, status] : rows) {
      if (status == 0) continue;  // a large file that was just written has another tag each time
      request again(method::get, path);
      for (const auto& line : lines) again.header(line.name, line.value);
      const response answer = app.handle(std::move(again));
      EXPECT_EQ(answer.status(), status) << path << " " << (*lines.begin()).name;
      if (status != 304) continue;
      // RFC 9110 §15.4.5.
      EXPECT_EQ(answer.content(), "");
      EXPECT_EQ(answer.header("ETag").empty(), false);
      EXPECT_EQ(answer.header("Content-Type"), "");
      EXPECT_EQ(answer.header("Last-Modified"), "");
    }
  }
}

TEST(Files, CacheControlIsAChoice) {
  const served_folder folder;
  server app;
  app.files("/{path...}", files(folder.site()).max_age(std::chrono::hours(1)));
  app.files("/plain/{path...}", folder.site());
  EXPECT_EQ(app.handle(request(method::get, "/")).header("Cache-Control"), "max-age=3600");
  EXPECT_EQ(app.handle(request(method::get, "/plain/")).header("Cache-Control"), "");
  request again(method::get, "/");
  again.header("If-None-Match", "*");
  EXPECT_EQ(app.handle(std::move(again)).header("Cache-Control"), "max-age=3600");
  EXPECT_THROW(files(folder.site()).cache_control("a\nb"), invalid_field);
}

TEST(Files, TheFieldsCanBeChanged) {
  const served_folder folder;
  server app;
  app.files("/{path...}", folder.site());
  app.use([](request& req, next go_on) -> task<response> {
    auto answering = go_on(req);
    response answer = co_await answering;
    answer.header("Content-Language", "en");
    answer.fields().remove("Last-Modified");
    co_return answer;
  });
  const response top = app.handle(request(method::get, "/"));
  EXPECT_EQ(top.header("Content-Language"), "en");
  EXPECT_EQ(top.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(top.header("Last-Modified"), "");
  EXPECT_EQ(top.content(), "<p>top</p>");
}

TEST(Files, APatternThatHasNoRest) {
  const served_folder folder;
  server app;
  EXPECT_THROW(app.files("/static/", folder.site()), std::invalid_argument);
  EXPECT_THROW(app.files("/static/{path}", folder.site()), std::invalid_argument);
  EXPECT_THROW(app.files("/static/{path...}", folder.site() + "/missing"), std::system_error);
}

TEST(Files, AFolderThatIsNotThere) {
  try {
    const files none("/no/such/folder");
    FAIL();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
  }
}

TEST(File, OneOfAFixedName) {
  const served_folder folder;
  server app;
  app.route("GET /logo", [path = folder.site() + "/sub/deep/a.txt"](request& req) { return file(req, path); });
  app.route("GET /gone", [path = folder.site() + "/gone"](request& req) { return file(req, path); });
  EXPECT_EQ(app.handle(request(method::get, "/logo")).content(), "a");
  EXPECT_EQ(status_of(app, "/gone"), 404);
}

TEST(MediaTypeOf, FollowsTheEnding) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"index.html", "text/html; charset=utf-8"},
      {"A.HTML", "text/html; charset=utf-8"},
      {"app.js", "text/javascript; charset=utf-8"},
      {"a.tar.gz", "application/gzip"},
      {"picture.JPG", "image/jpeg"},
      {"README", "application/octet-stream"},
      {"x.unknown", "application/octet-stream"},
      {"dot.", "application/octet-stream"},
      {"", "application/octet-stream"},
  };
  for (const auto& [name, type] : rows) EXPECT_EQ(media_type_of(name), type) << name;
}

}  // namespace
}  // namespace parley::server_room
