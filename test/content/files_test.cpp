// Files: preconditions, ranges, what stands compressed beside them, and compression of what does not.
#include "coding/encoder.hpp"
#include "content/settled.hpp"
#include "support/scratch_folder.hpp"

#include <parley/compression.hpp>
#include <parley/date.hpp>
#include <parley/files.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace parley {
namespace {

using namespace std::chrono_literals;

std::string text_of(std::size_t size) {
  std::string all;
  while (all.size() < size) all += "line " + std::to_string(all.size()) + "\n";
  all.resize(size);
  return all;
}

struct folder_site {
  folder_site() {
    for (const auto& [name, size] : {std::pair{"small.css", 3000}, std::pair{"large.css", 300'000}, std::pair{"empty.css", 0}}) {
      write(name, text_of(static_cast<std::size_t>(size)), 1h);
    }
  }
  void write(const std::string& name, const std::string& bytes, std::chrono::seconds age) {
    std::ofstream(folder / name, std::ios::binary) << bytes;
    std::filesystem::last_write_time(folder / name, std::filesystem::file_time_type::clock::now() - age);
  }
  void serve(bool precompressed = false, bool compress = false) {
    for (const auto& each : std::filesystem::directory_iterator(folder.path())) test::wait_until_settled(each.path().string());
    app.files("/{path...}", files(folder.path().string()).precompressed(precompressed));
    if (compress) app.compression(compression_options());
  }
  response get(std::string_view path, std::initializer_list<std::pair<std::string_view, std::string_view>> lines = {}) {
    request req(method::get, path);
    for (const auto& [name, value] : lines) req.header(name, value);
    return app.handle(std::move(req));
  }

  test::scratch_folder folder;
  server app;
};

TEST(FilesInParts, OneAndSeveral) {
  folder_site on;
  on.serve();
  for (const std::string path : {"/small.css", "/large.css"}) {
    const std::string whole = text_of(path == "/small.css" ? 3000 : 300'000);
    const std::string length = std::to_string(whole.size());
    const response all = on.get(path);
    EXPECT_EQ(all.header("Accept-Ranges"), "bytes");
    const std::string tag(all.header("ETag"));
    const response one = on.get(path, {{"Range", "bytes=100-199"}});
    EXPECT_EQ(one.status(), 206);
    EXPECT_EQ(one.content(), whole.substr(100, 100));
    EXPECT_EQ(one.header("Content-Range"), "bytes 100-199/" + length);
    EXPECT_EQ(one.header("Content-Length"), "100");
    EXPECT_EQ(one.header("ETag"), tag);
    EXPECT_EQ(one.header("Content-Type"), all.header("Content-Type"));
    EXPECT_EQ(on.get(path, {{"Range", "bytes=-7"}}).content(), whole.substr(whole.size() - 7));
    const response several = on.get(path, {{"Range", "bytes=0-1,2900-2904"}});
    EXPECT_EQ(several.status(), 206);
    EXPECT_EQ(several.header("Content-Length"), std::to_string(several.content().size()));
    EXPECT_NE(several.content().find("Content-Range: bytes 2900-2904/" + length + "\r\n\r\n" + whole.substr(2900, 5) + "\r\n--"),
              std::string_view::npos);
    const response none = on.get(path, {{"Range", "bytes=" + length + "-"}});
    EXPECT_EQ(none.status(), 416);
    EXPECT_EQ(none.header("Content-Range"), "bytes */" + length);
    EXPECT_EQ(on.get(path, {{"Range", "bytes=0-1"}, {"If-Range", tag}}).status(), 206);
    EXPECT_EQ(on.get(path, {{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}).status(), 200);
    EXPECT_EQ(on.get(path, {{"Range", "bytes=0-1"}, {"If-Range", all.header("Last-Modified")}}).status(), 206);
    EXPECT_EQ(on.get(path, {{"Range", "bytes=0-1"}, {"If-Range", "Sun, 06 Nov 1994 08:49:37 GMT"}}).status(), 200);
    EXPECT_EQ(on.get(path, {{"Range", "bytes=0-1"}, {"If-Range", "W/" + tag}}).status(), 200);
    EXPECT_EQ(on.get(path, {{"Range", "bytes=0-1"}, {"If-None-Match", tag}}).status(), 304);
    EXPECT_EQ(on.get(path, {{"Range", "bytes=0-1"}, {"If-Match", "\"other\""}}).status(), 412);
  }
  // RFC 9110 §14.1.2: an empty file has no first byte, so 416 as §14.2 asks for; its last bytes are all that it has, which is a 200, since no
  // Content-Range says "none of 0". (nginx says 416 to 5-9 and 200 to both of these, Apache 200 to all: a server may ignore Range. Who would go on
  // with a download learns more from `bytes */0`.)
  const response empty = on.get("/empty.css", {{"Range", "bytes=0-1"}});
  EXPECT_EQ(empty.status(), 416);
  EXPECT_EQ(empty.header("Content-Range"), "bytes */0");
  const response last = on.get("/empty.css", {{"Range", "bytes=-1"}});
  EXPECT_EQ(last.status(), 200);
  EXPECT_EQ(last.header("Content-Length"), "0");
  EXPECT_EQ(last.header("Content-Range"), "");
}

// As `rsync -t` puts a new file in the place of one of the same second: the date is the same, and the tag tells them apart.
TEST(FilesInParts, AnotherContentUnderTheSameDate) {
  folder_site on;
  on.serve();
  for (const std::string path : {"/small.css", "/large.css"}) {
    const response before = on.get(path);
    const std::string file = on.folder / path.substr(1);
    const auto modified = std::filesystem::last_write_time(file);
    std::string other = text_of(path == "/small.css" ? 3000 : 300'000);
    other.front() = 'X';
    std::ofstream(file, std::ios::binary) << other;
    std::filesystem::last_write_time(file, modified);
    test::wait_until_settled(file);
    EXPECT_EQ(on.get(path).header("Last-Modified"), before.header("Last-Modified")) << path;
    const response whole = on.get(path, {{"Range", "bytes=0-1"}, {"If-Range", before.header("ETag")}});
    EXPECT_EQ(whole.status(), 200) << path;
    EXPECT_EQ(whole.content(), other) << path;
    EXPECT_EQ(on.get(path, {{"If-None-Match", before.header("ETag")}}).status(), 200) << path;
  }
}

// RFC 9110 §14.2: a Range counts on GET alone, and what a HEAD tells is what that GET without it would.
TEST(FilesInParts, NotOnHead) {
  folder_site on;
  on.serve();
  for (const std::string path : {"/small.css", "/large.css", "/empty.css"}) {
    const response all = on.get(path);
    for (const std::string_view range : {"bytes=0-1", "bytes=999999-", "bytes=-1"}) {
      request req(method::head, path);
      req.header("Range", range).header("If-Range", all.header("ETag"));
      const response head = on.app.handle(std::move(req));
      EXPECT_EQ(head.status(), 200) << path << range;
      for (const std::string_view name : {"Content-Length", "Content-Range", "Content-Type", "ETag"})
        EXPECT_EQ(head.header(name), all.header(name)) << path << range << name;
    }
  }
}

TEST(Precompressed, WhatStandsBesideAndIsNotOlder) {
  folder_site on;
  for (const std::string name : {"small.css", "large.css"}) {
    on.write(name + ".br", "br of " + name, 1min);
    on.write(name + ".gz", "gz of " + name, 1h + 1min);  // older than the file
    on.write(name + ".zst", "zst of " + name, 1min);
  }
  on.serve(true);
  for (const std::string name : {"small.css", "large.css"}) {
    const std::string whole = text_of(name == "small.css" ? 3000 : 300'000);
    const struct {
      std::string_view accept, coding;
      std::string content;
    } rows[] = {{"br", "br", "br of " + name},
                {"zstd, gzip", "zstd", "zst of " + name},
                {"gzip", "", whole},
                {"", "", whole},
                {"gzip, br;q=0.5, zstd;q=0.1", "br", "br of " + name}};
    for (const auto& row : rows) {
      const response r = on.get("/" + name, {{"Accept-Encoding", row.accept}});
      EXPECT_EQ(r.header("Content-Encoding"), row.coding) << row.accept;
      EXPECT_TRUE(r.content() == row.content) << row.accept;
      EXPECT_EQ(r.header("Vary"), "Accept-Encoding");
      EXPECT_EQ(r.header("Content-Type"), "text/css; charset=utf-8");
      EXPECT_EQ(on.get("/" + name, {{"Accept-Encoding", row.accept}, {"If-None-Match", r.header("ETag")}}).status(), 304);
    }
    EXPECT_NE(on.get("/" + name, {{"Accept-Encoding", "br"}}).header("ETag"), on.get("/" + name).header("ETag"));
    const response part = on.get("/" + name, {{"Accept-Encoding", "br"}, {"Range", "bytes=0-9"}});
    EXPECT_EQ(part.content(), whole.substr(0, 10));
    EXPECT_EQ(part.header("Content-Encoding"), "");
  }
}

TEST(Precompressed, OnlyWhereItIsAskedFor) {
  folder_site on;
  on.write("small.css.br", "br", 0s);
  on.serve(false);
  EXPECT_EQ(on.get("/small.css", {{"Accept-Encoding", "br"}}).header("Content-Encoding"), "");
}

TEST(Precompressed, ALinkThatLeadsOutsideIsNone) {
  folder_site on;
  test::scratch_folder outside;
  std::ofstream(outside / "secret") << "secret";
  std::filesystem::create_symlink(outside / "secret", on.folder / "small.css.br");
  std::filesystem::create_directory(on.folder / "large.css.br");
  on.serve(true);
  EXPECT_EQ(on.get("/small.css", {{"Accept-Encoding", "br"}}).header("Content-Encoding"), "");
  EXPECT_EQ(on.get("/large.css", {{"Accept-Encoding", "br"}}).header("Content-Encoding"), "");
}

TEST(CompressedFiles, SmallAndLarge) {
  folder_site on;
  on.write("image.png", text_of(3000), 1h);
  on.serve(false, true);
  for (const std::string path : {"/small.css", "/large.css"}) {
    const std::string tag(on.get(path).header("ETag"));
    const response r = on.get(path, {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(r.header("Content-Encoding"), "gzip") << path;
    EXPECT_EQ(r.header("Vary"), "Accept-Encoding");
    EXPECT_EQ(r.header("ETag"), tag.substr(0, tag.size() - 1) + "-gzip\"");
    EXPECT_LT(r.content().size(), 150'000u);
    const response unchanged = on.get(path, {{"Accept-Encoding", "gzip"}, {"If-None-Match", r.header("ETag")}});
    EXPECT_EQ(unchanged.status(), 304);
    EXPECT_EQ(unchanged.header("ETag"), r.header("ETag"));
    EXPECT_EQ(unchanged.header("Vary"), "Accept-Encoding");
    EXPECT_EQ(on.get(path).header("Vary"), "Accept-Encoding");
    EXPECT_EQ(on.get(path, {{"Accept-Encoding", "gzip"}, {"Range", "bytes=0-9"}}).content(), text_of(10));
  }
  // RFC 9110 §12.5.3: who refuses what is not coded gets it coded, also what is not worth it: small, of another type, a part of it.
  on.write("tiny.css", "p{}", 1h);
  for (const std::string path : {"/tiny.css", "/image.png", "/small.css", "/large.css"}) {
    for (const std::string_view range : {"", "bytes=0-0"}) {
      const response r = range.empty() ? on.get(path, {{"Accept-Encoding", "gzip, identity;q=0"}})
                                       : on.get(path, {{"Accept-Encoding", "gzip, *;q=0.0"}, {"Range", range}});
      EXPECT_EQ(r.status(), 200) << path << range;
      EXPECT_EQ(r.header("Content-Encoding"), "gzip") << path << range;
      EXPECT_EQ(r.header("Vary"), "Accept-Encoding") << path << range;
      EXPECT_TRUE(r.header("ETag").ends_with("-gzip\"")) << path << range;
      EXPECT_EQ(r.header("Accept-Ranges"), "") << path << range;
      EXPECT_TRUE(r.content().starts_with("\x1f\x8b")) << path << range;
    }
    EXPECT_EQ(on.get(path, {{"Accept-Encoding", "identity;q=0"}}).status(), 200)
        << "there is none that would do: §12.5.3 leaves it to us";
  }
  EXPECT_EQ(on.get("/tiny.css", {{"Accept-Encoding", "gzip, identity;q=0.001"}}).header("Content-Encoding"), "");
  EXPECT_EQ(on.get("/image.png", {{"Accept-Encoding", "gzip"}}).header("Vary"), "");
  EXPECT_EQ(on.get("/empty.css", {{"Accept-Encoding", "gzip"}}).header("Vary"), "");
}

}  // namespace
}  // namespace parley
