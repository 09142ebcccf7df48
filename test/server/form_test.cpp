#include <parley/form.hpp>

#include "../support/scratch_folder.hpp"

#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace parley::testing {
namespace {

std::string field_part(std::string_view name, std::string_view value, std::string_view type = {}) {
  std::string part = "--b\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"\r\n";
  if (!type.empty()) part += "Content-Type: " + std::string(type) + "\r\n";
  return part + "\r\n" + std::string(value) + "\r\n";
}
std::string file_part(std::string_view name, std::string_view file_name, std::string_view content) {
  return "--b\r\nContent-Disposition: form-data; name=\"" + std::string(name) + "\"; filename=\"" + std::string(file_name) +
         "\"\r\nContent-Type: image/png\r\n\r\n" + std::string(content) + "\r\n";
}
std::string form_end() { return "--b--\r\n"; }
std::string contents_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::size_t entries_of(const std::string& folder) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()));
}

struct form_site : ::testing::Test {
  form_site() {
    app.on_message([this](std::string_view text) { said += text; });
    app.route("POST /task", [this](request& req) -> task<response> {
      auto reading = req.form(how);
      form sent = co_await reading;
      if (look) look(sent);
      co_return text("ok");
    });
    app.route("POST /plain", [this](const request& req) {
      form sent = form_of(req, how);
      if (look) look(sent);
      return text("ok");
    });
  }
  response post(std::string_view path, std::string content, std::string_view type = "multipart/form-data; boundary=b") {
    request req(method::post, path);
    req.content(std::move(content), type).header("Accept", "application/problem+json");
    return app.handle(std::move(req));
  }
  // Both kinds of handlers must say the same.
  int both(const std::string& content, std::string_view type = "multipart/form-data; boundary=b", std::string_view wanted = {}) {
    const response first = post("/task", content, type);
    const response second = post("/plain", content, type);
    EXPECT_EQ(first.status(), second.status());
    if (!wanted.empty()) {
      EXPECT_NE(first.content().find(wanted), std::string_view::npos) << first.content();
      EXPECT_NE(second.content().find(wanted), std::string_view::npos) << second.content();
    }
    return first.status();
  }

  test::scratch_folder folder;
  form_options how = form_options().folder(folder.path().string());
  std::function<void(form&)> look;
  server app;
  std::string said;
};

constexpr std::string_view urlencoded = "application/x-www-form-urlencoded";

TEST_F(form_site, urlencoded_fields_come_in_order_and_repeat) {
  look = [](form& sent) {
    EXPECT_EQ(sent.fields().size(), 4u);
    EXPECT_EQ(sent.text("name"), "Ada L\xc3\xb6we");
    EXPECT_EQ(sent.all("tag"), (std::vector<std::string_view>{"a", "b"}));
    EXPECT_EQ(sent.integer("age"), 36);
    EXPECT_FALSE(sent.integer("name"));
    EXPECT_FALSE(sent.get("none"));
    EXPECT_TRUE(sent.contains("tag"));
  };
  EXPECT_EQ(both("name=Ada+L%C3%B6we&tag=a&age=+36+&tag=b", urlencoded), 200);
  look = [](form& sent) { EXPECT_TRUE(sent.fields().empty()); };
  EXPECT_EQ(both("", urlencoded), 200);
}

TEST_F(form_site, multipart_has_fields_and_files_and_leaves_out_what_was_not_chosen) {
  look = [](form& sent) {
    EXPECT_EQ(sent.text("name"), "Ada");
    ASSERT_EQ(sent.files().size(), 2u);
    uploaded_file* const photo = sent.file("photo");
    ASSERT_NE(photo, nullptr);
    EXPECT_EQ(photo->sent_name(), "C:\\fake\\.path\\me.png");
    EXPECT_EQ(photo->file_name(), "me.png");
    EXPECT_EQ(photo->content_type(), "image/png");
    EXPECT_EQ(photo->content(), "bytes");
    EXPECT_EQ(photo->size(), 5u);
    EXPECT_EQ(sent.files()[1].size(), 0u);
    EXPECT_EQ(sent.file("none"), nullptr);
  };
  EXPECT_EQ(both(field_part("name", "Ada") + file_part("photo", "C:\\fake\\.path\\me.png", "bytes") + file_part("none", "", "") +
                 file_part("empty", "empty.txt", "") + form_end()),
            200);
}

TEST_F(form_site, large_files_go_to_files_that_nobody_sees_and_are_gone_afterwards) {
  std::string content;
  for (int i = 0; i < 400'000; ++i) content += static_cast<char>('a' + i % 23);
  const std::string saved = folder / "saved.bin";
  app.route("POST /save", [&](request& req) -> task<response> {
    auto reading = req.form(how);
    form sent = co_await reading;
    uploaded_file* const file = sent.file("f");
    EXPECT_FALSE(file->in_memory());
    EXPECT_EQ(entries_of(folder.path().string()), 0u) << "it has no name";
    struct stat about{};
    EXPECT_EQ(::fstat(file->descriptor(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600u);
    auto whole = file->read();
    const std::string bytes = co_await whole;
    EXPECT_EQ(bytes, content);
    for (int times = 0; times < 2; ++times) {  // once more leaves nothing else behind
      auto saving = file->save(saved, 0640);
      co_await saving;
    }
    co_return text(sent.file("small")->in_memory() ? "small" : "large");
  });
  EXPECT_EQ(post("/save", file_part("f", "f", content) + file_part("small", "s", "x") + form_end()).content(), "small");
  EXPECT_EQ(contents_of(saved), content);
  struct stat about{};
  ASSERT_EQ(::stat(saved.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0640u);
  EXPECT_EQ(entries_of(folder.path().string()), 1u);
  std::filesystem::remove(saved);
  EXPECT_EQ(post("/task", file_part("f", "f", content) + form_end()).status(), 200);
  EXPECT_EQ(post("/task", file_part("f", "f", content)).status(), 400) << "its end is missing";
  EXPECT_EQ(entries_of(folder.path().string()), 0u);
}

TEST_F(form_site, many_small_files_do_not_fill_the_memory) {
  how.memory(10'000);
  std::size_t in_memory = 0;
  look = [&](form& sent) {
    ASSERT_EQ(sent.files().size(), 20u);
    for (const uploaded_file& f : sent.files()) in_memory += f.in_memory() ? f.size() : 0;
  };
  std::string content;
  for (int i = 0; i < 20; ++i) content += file_part("f", "f", std::string(3000, 'x'));
  EXPECT_EQ(post("/task", content + form_end()).status(), 200);
  EXPECT_LE(in_memory, 10'000u);
}

TEST_F(form_site, small_files_are_saved_too) {
  const std::string saved = folder / "small.bin";
  app.route("POST /save", [&](request& req) -> task<response> {
    auto reading = req.form(how);
    form sent = co_await reading;
    auto saving = sent.file("f")->save(saved);
    co_await saving;
    co_return text("ok");
  });
  EXPECT_EQ(post("/save", file_part("f", "f", "bytes") + form_end()).status(), 200);
  EXPECT_EQ(contents_of(saved), "bytes");
}

TEST_F(form_site, each_cap_answers_413_and_names_the_field) {
  how.fields(3).name_bytes(20).field_bytes(100).text_bytes(200).file_bytes(50).files(2).total_bytes(5000).part_head_bytes(200);
  EXPECT_EQ(both("a=1&b=2&c=3", urlencoded), 200);
  EXPECT_EQ(both("a=1&b=2&c=3&d=4", urlencoded), 413);
  EXPECT_EQ(both(std::string(21, 'n') + "=1", urlencoded), 413);
  EXPECT_EQ(both("long=" + std::string(101, 'v'), urlencoded, "\"field\":\"long\""), 413);
  EXPECT_EQ(both("a=" + std::string(100, 'v') + "&b=" + std::string(100, 'v'), urlencoded), 413);
  EXPECT_EQ(both(field_part("a", "1") + field_part("b", "2") + field_part("c", "3") + form_end()), 200);
  EXPECT_EQ(both(field_part("a", "1") + field_part("b", "2") + field_part("c", "3") + field_part("d", "4") + form_end()), 413);
  EXPECT_EQ(both(field_part(std::string(21, 'n'), "1") + form_end()), 413);
  EXPECT_EQ(both(field_part("long", std::string(101, 'v')) + form_end(), "multipart/form-data; boundary=b", "\"field\":\"long\""),
            413);
  EXPECT_EQ(both(field_part("a", std::string(100, 'v')) + field_part("b", std::string(100, 'v')) + form_end()), 413);
  EXPECT_EQ(both(file_part("f", "f", std::string(50, 'x')) + form_end()), 200);
  EXPECT_EQ(both(file_part("f", "f", std::string(51, 'x')) + form_end(), "multipart/form-data; boundary=b", "\"field\":\"f\""),
            413);
  EXPECT_EQ(both(file_part("f", "f", "x") + file_part("g", "f", "x") + file_part("h", "f", "x") + form_end()), 413);
  EXPECT_EQ(both(field_part("a", "1", "text/plain; x=" + std::string(200, 'y')) + form_end()), 413);
  EXPECT_EQ(both(form_end() + std::string(5000, 'e')), 413);
  std::uint64_t counted = 0;
  for (const counter& c : app.counters()) {
    if (c.name == "forms_too_large") counted = c.value;
  }
  EXPECT_EQ(counted, 24u) << "twelve caps, both kinds of handlers";
}

TEST_F(form_site, what_is_no_form_is_told) {
  EXPECT_EQ(both("{}", "application/json"), 415);
  EXPECT_EQ(both("a=b", ""), 415);
  EXPECT_EQ(post("/task", "{}", "application/json").header("Accept"), "application/x-www-form-urlencoded, multipart/form-data");
  EXPECT_EQ(both("x", "multipart/form-data"), 400);
  EXPECT_EQ(both("no boundary at all"), 400);
  EXPECT_EQ(both("--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--\r\n"), 400);
  EXPECT_EQ(both(field_part("a", "1")), 400) << "cut off";
}

TEST_F(form_site, charsets_become_utf8) {
  look = [](form& sent) { EXPECT_EQ(sent.text("name"), "\xe2\x82\xac\xc3\xbc"); };
  EXPECT_EQ(both(field_part("_charset_", "windows-1252") + field_part("name", "\x80\xfc") + form_end()), 200);
  EXPECT_EQ(both(field_part("name", "\x80\xfc", "text/plain; charset=ISO-8859-1") + form_end()), 200);
  EXPECT_EQ(both("_charset_=windows-1252&name=%80%FC", urlencoded), 200);
  look = nullptr;
  EXPECT_EQ(both("name=%80", urlencoded, "\"field\":\"name\""), 422);
  EXPECT_EQ(both("%80=name", urlencoded), 422);
  EXPECT_EQ(both("_charset_=koi8-r&name=x", urlencoded), 415);
}

TEST_F(form_site, a_folder_that_is_not_there_is_our_fault) {
  how.folder("/nowhere/at/all").memory(0);
  EXPECT_EQ(post("/task", file_part("f", "f", "x") + form_end()).status(), 500);
}

}  // namespace
}  // namespace parley::testing
