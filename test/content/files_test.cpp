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
  EXPECT_EQ(on.get("/empty.css", {{"Range", "bytes=0-1"}}).status(), 200);
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
  EXPECT_EQ(on.get("/image.png", {{"Accept-Encoding", "gzip"}}).header("Vary"), "");
  EXPECT_EQ(on.get("/empty.css", {{"Accept-Encoding", "gzip"}}).header("Vary"), "");
}

}  // namespace
}  // namespace parley
