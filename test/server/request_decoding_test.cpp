// Requests whose content comes in a coding: decoded for who asks for that, refused where it would be misread, given as it is to the others.
#include "coding/encoder.hpp"
#include "support/certificate_files.hpp"

#include <parley/client.hpp>
#include <parley/digest.hpp>
#include <parley/features.hpp>
#include <parley/form.hpp>
#include <parley/request_decoding.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace parley::testing {
namespace {

std::string in_coding(std::string_view text, std::string_view name) {
  const auto coder = coding::make_encoder(coding::coding_named(name).value());
  std::string room(64 * 1024, '\0');
  std::string out;
  for (bool done = false; !done;) {
    const auto step = coder->encode(text, room, coding::until::end);
    out.append(room.data(), step.written);
    done = step.done;
  }
  return out;
}

struct decoding_site {
  decoding_site() {
    app.on_message([](std::string_view) {});
    app.route("POST /plain", [](const request& req) {
      return text(std::string(req.header("Content-Encoding")) + "|" + std::string(req.content()));
    });
    app.route("POST /task", [](request& req) -> task<response> {
      auto reading = req.text(100 << 20);
      const std::string all = co_await reading;
      co_return text(all.size() > 1000 ? std::to_string(all.size()) : all);
    });
    app.route("POST /form", [](const request& req) { return text(form_of(req).text("a")); });
    app.route("POST /form/task", [](request& req) -> task<response> {
      auto reading = req.form();
      const form sent = co_await reading;
      co_return text(sent.text("a"));
    });
  }
  response post(std::string_view path, std::string content, std::string_view coding,
                std::string_view type = "application/x-www-form-urlencoded") {
    request req(method::post, path);
    req.content(std::move(content), type).header("Content-Encoding", coding);
    return app.handle(std::move(req));
  }
  std::uint64_t refused() const {
    for (const counter& c : app.counters()) {
      if (c.name == "requests_not_decoded") return c.value;
    }
    return 0;
  }
  server app;
};

task<response> read_a_form_of_parts(request& req) {
  auto reading = req.form();
  form sent = co_await reading;
  const uploaded_file* const file = sent.file("a");
  co_return text(file != nullptr ? std::to_string(file->size()) : "none");
}

TEST(request_decoding, without_it_forms_are_refused_and_bytes_are_as_they_came) {
  decoding_site site;
  const std::string sent = in_coding("a=tea", "gzip");
  for (const char* path : {"/form", "/form/task"}) EXPECT_EQ(site.post(path, sent, "gzip").status(), 415) << path;
  EXPECT_EQ(site.post("/plain", sent, "gzip").content(), "gzip|" + sent);
  EXPECT_EQ(site.post("/task", sent, "gzip").content(), sent);
}

TEST(request_decoding, handlers_of_both_kinds_get_what_was_coded) {
  decoding_site site;
  parley::request_decoding().add_to(site.app);
  for (const std::string coding : {"gzip", "br", "zstd"}) {
    const std::string sent = in_coding("a=tea", coding);
    EXPECT_EQ(site.post("/plain", sent, coding).content(), "|a=tea") << coding;
    for (const char* path : {"/form", "/form/task"}) EXPECT_EQ(site.post(path, sent, coding).content(), "tea") << coding << path;
    EXPECT_EQ(site.post("/task", in_coding(sent, "gzip"), coding + ", gzip").content(), "a=tea") << "one on another";
  }
  EXPECT_EQ(site.post("/form", "a=tea", "identity").content(), "tea");
  EXPECT_EQ(site.post("/task", "", "gzip").content(), "") << "no content at all";
  EXPECT_EQ(site.refused(), 0u);
}

TEST(request_decoding, what_is_not_taken_is_named_with_the_way_out) {
  decoding_site site;
  parley::request_decoding().codings({"br", "gzip"}).add_to(site.app);
  const std::string sent = in_coding("a=tea", "zstd");
  for (const char* coding : {"zstd", "compress", "gzip, zstd", "x", "gzip, gzip, gzip, gzip", "gzip;q=1", "deflate"}) {
    const response answer = site.post("/task", sent, coding);
    EXPECT_EQ(answer.status(), 415) << coding;
    EXPECT_EQ(answer.header("Accept-Encoding"), "br, gzip") << coding;
  }
  EXPECT_EQ(site.refused(), 7u);
  EXPECT_THROW(parley::request_decoding().codings({"deflate"}), std::invalid_argument);
}

TEST(request_decoding, bombs_and_nonsense_end_at_the_caps) {
  decoding_site site;
  parley::request_decoding().bytes(3 << 20).ratio(50).add_to(site.app);
  const std::string zeros(std::size_t{2} << 20, '0');
  EXPECT_EQ(site.post("/task", in_coding(zeros, "gzip"), "gzip").status(), 413) << "the ratio";
  std::string noise;  // three quarters of it are coded: far from the ratio
  for (unsigned n = 1; noise.size() < std::size_t{4} << 20; n = n * 1664525 + 1013904223)
    noise += static_cast<char>('0' + (n >> 24) % 64);
  EXPECT_EQ(site.post("/task", in_coding(noise, "gzip"), "gzip").status(), 413) << "the bytes";
  noise.resize(std::size_t{2} << 20);
  EXPECT_EQ(site.post("/task", in_coding(noise, "gzip"), "gzip").content(), std::to_string(noise.size()));
  const std::string whole = in_coding("a=tea", "br");
  for (const std::string& wrong : {whole.substr(0, whole.size() - 1), whole + "x", std::string("nonsense, and some more of it")}) {
    for (const char* path : {"/plain", "/task", "/form", "/form/task"})
      EXPECT_EQ(site.post(path, wrong, "br").status(), 400) << path;
  }
  EXPECT_EQ(site.refused(), 14u);
}

// What a digest is about is what was sent; behind the decoding nobody could compare it any more.
TEST(request_decoding, a_digest_is_of_what_was_sent) {
  decoding_site site;
  site.app.route("POST /fields", [](const request& req) {
    std::string all;
    for (const char* name : {"Content-Encoding", "Content-Length", "Content-Digest", "Repr-Digest"})
      all += req.fields().joined(name) + "|";
    return text(all + std::string(req.content()));
  });
  parley::request_decoding().add_to(site.app);
  const std::string sent = in_coding("a=tea", "gzip");
  const auto post = [&](std::string_view path, const std::string& content, std::string_view coding, std::string_view digest) {
    request req(method::post, path);
    req.content(content, "application/x-www-form-urlencoded")
        .header("Content-Encoding", coding)
        .header("Content-Length", std::to_string(content.size()));
    req.header("Content-Digest", digest).header("Repr-Digest", digest);
    return site.app.handle(std::move(req));
  };
  EXPECT_EQ(post("/fields", sent, "gzip", digest_of(sent)).content(), "||||a=tea");
  EXPECT_EQ(post("/task", sent, "gzip", digest_of(sent, "sha-512")).content(), "a=tea");
  EXPECT_EQ(site.refused(), 0u);
  for (const std::string& wrong : {digest_of("a=tea"), std::string("sha-256=tea")}) {
    for (const char* path : {"/plain", "/task", "/form", "/form/task"})
      EXPECT_EQ(post(path, sent, "gzip", wrong).status(), 400) << path;
  }
  EXPECT_EQ(site.refused(), 8u);
  // Content as it is has its length and its digest.
  const std::string plain = digest_of("a=tea");
  EXPECT_EQ(post("/fields", "a=tea", "identity", plain).content(), "|5|" + plain + "|" + plain + "|a=tea");
  site.app.digests(true);
  EXPECT_EQ(post("/fields", "a=tea", "identity", digest_of("a=coffee")).status(), 400);
}

// Of members without content, and frames to be skipped, there may be any number in one content.
TEST(request_decoding, what_comes_to_nothing_has_an_end) {
  decoding_site site;
  parley::request_decoding().bytes(100'000).add_to(site.app);
  const std::string member = in_coding("", "gzip");
  const std::string frame("\x50\x2a\x4d\x18\0\0\0\0", 8);
  const auto times = [](std::size_t n, const std::string& text) {
    std::string all;
    while (all.size() + text.size() <= n) all += text;
    return all;
  };
  for (const char* path : {"/plain", "/task"}) {
    EXPECT_EQ(site.post(path, times(200'000, member), "gzip").status(), 200) << path;
    EXPECT_EQ(site.post(path, times(300'000, member), "gzip").status(), 413) << path;
    EXPECT_EQ(site.post(path, times(300'000, frame), "zstd").status(), 413) << path;
  }
  EXPECT_EQ(site.refused(), 4u);
}

TEST(request_decoding, what_follows_a_CONNECT_is_no_content) {
  decoding_site site;
  site.app.route("CONNECT *", [](const request& req) { return text(std::string(req.header("Content-Encoding"))).status(403); });
  parley::request_decoding().add_to(site.app);
  for (const char* coding : {"gzip", "x"}) {
    request req(method::connect, "example.org:80");
    req.header("Content-Encoding", coding);
    EXPECT_EQ(site.app.handle(std::move(req)).content(), coding);
  }
}

TEST(request_decoding, so_many_at_once) {
  decoding_site site;
  const std::string sent = in_coding("a=tea", "gzip");
  site.app.route("POST /nested", [&](request& req) -> task<response> {
    auto reading = req.text();
    const std::string all = co_await reading;
    int other = 0;
    std::thread([&] { other = site.post("/task", sent, "gzip").status(); }).join();
    co_return text(all + std::to_string(other));
  });
  parley::request_decoding().at_once(1).add_to(site.app);
  EXPECT_EQ(site.post("/nested", sent, "gzip").content(), "a=tea503");
  EXPECT_EQ(site.post("/task", sent, "gzip").status(), 200) << "the place is free again";
  EXPECT_EQ(site.refused(), 1u);
}

TEST(request_decoding, only_where_it_is_wanted) {
  decoding_site site;
  parley::request_decoding().at("/form").add_to(site.app);
  const std::string sent = in_coding("a=tea", "gzip");
  EXPECT_EQ(site.post("/form", sent, "gzip").content(), "tea");
  EXPECT_EQ(site.post("/form/task", sent, "gzip").content(), "tea");
  EXPECT_EQ(site.post("/task", sent, "gzip").content(), sent) << "raw";
}

TEST(request_decoding, over_sockets_in_each_version) {
  test::certificate_files files;
  files.put("server", files.authority.server({"localhost"}));
  decoding_site site;
  site.app.route("POST /parts", read_a_form_of_parts);
  for (const char* any : {"GET /any", "PUT /any"})
    site.app.route(any, [](const request& req) { return text(std::string(req.content())); });
  parley::request_decoding().add_to(site.app);
  site.app.threads(1).certificate(files.certificate("server"), files.key("server")).listen("https://127.0.0.1:0").start();
  const std::string base = site.app.addresses().front();
  const std::string url = "https://localhost" + base.substr(base.rfind(':'));
  std::string large;
  for (int i = 0; large.size() < 500'000; ++i) large += std::to_string(i * 7919) + "\n";
  std::vector<version> all{version::http1_1, http2};
  if (has_version(http3)) all.push_back(http3);
  for (const version v : all) {
    const auto post = [&](std::string_view path, std::string content) {
      client http;
      http.trust(files.authority_file());
      request req(method::post, url + std::string(path));
      req.content(std::move(content), "application/x-www-form-urlencoded").header("Content-Encoding", "zstd");
      return run(http.send(std::move(req), options().version(v)));
    };
    EXPECT_EQ(post("/task", in_coding(large, "zstd")).content(), std::to_string(large.size())) << name(v);
    EXPECT_EQ(post("/plain", in_coding(large, "zstd")).content(), "|" + large) << name(v);
    EXPECT_EQ(post("/form", in_coding("a=tea", "zstd")).content(), "tea") << name(v);
    EXPECT_EQ(post("/task", "nonsense").status(), 400) << name(v);
    EXPECT_EQ(post("/plain", "nonsense").status(), 400) << name(v);
    EXPECT_EQ(post("/task", in_coding(std::string(std::size_t{8} << 20, 'x'), "zstd")).status(), 413) << name(v);
    EXPECT_EQ(post("/plain", in_coding(std::string(std::size_t{8} << 20, 'x'), "zstd")).status(), 413) << name(v);
    // Several parts, and content whose length nobody said.
    client http;
    http.trust(files.authority_file());
    const auto ask = [&](parley::method how, std::string_view path, std::string_view coding, std::string_view type,
                         std::string content) {
      request req(how, url + std::string(path));
      req.header("Content-Encoding", coding).header("Content-Type", type);
      req.stream([content = std::move(content)](body_writer& to) -> task<> {
        for (std::size_t at = 0; at < content.size(); at += 100) {
          auto writing = to.write(content.substr(at, 100));
          co_await writing;
        }
      });
      return run(http.send(std::move(req), options().version(v)));
    };
    const std::string parts =
        "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a.txt\"\r\n\r\n" + large + "\r\n--b--\r\n";
    EXPECT_EQ(ask(method::post, "/parts", "br, gzip", "multipart/form-data; boundary=b", in_coding(in_coding(parts, "br"), "gzip"))
                  .content(),
              std::to_string(large.size()))
        << name(v);
    EXPECT_EQ(ask(method::put, "/any", "gzip", "", in_coding("put", "gzip")).content(), "put") << name(v);
    EXPECT_EQ(ask(method::get, "/any", "gzip", "", in_coding("asked", "gzip")).content(), "asked") << name(v) << ": RFC 9110 9.3.1";
    EXPECT_EQ(ask(method::head, "/any", "gzip", "", in_coding("asked", "gzip")).header("Content-Length"), "5") << name(v);
    const response refused = ask(method::post, "/task", "gzip, x-other", "", "nonsense");
    EXPECT_EQ(refused.status(), 415) << name(v);
    EXPECT_EQ(refused.header("Accept-Encoding"), "gzip, br, zstd") << name(v);
    EXPECT_EQ(ask(method::get, "/any", "gzip", "", "").content(), "") << name(v) << ": no content at all";
  }
  site.app.stop();
}

}  // namespace
}  // namespace parley::testing
