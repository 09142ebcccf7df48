// Coded content and digests, streamed and collected.
#include "scripted_peer.hpp"

#include "coding/encoder.hpp"
#include "semantics/digest_field.hpp"
#include "tls/hash.hpp"

#include <cstdio>

namespace {

using namespace client_tests;
using parley::fetch_error;
using parley::coding::content_coding;

std::string answer_with(const std::string& lines, const std::string& content) {
  return "HTTP/1.1 200 OK\r\n" + lines + "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content;
}

parley::task<std::string> read_streamed(parley::client& http, parley::options how) {
  auto getting = http.get("http://10.0.0.1/", how.streamed());
  parley::response res = co_await getting;
  parley::body_reader body = res.body();
  std::string all;
  for (;;) {
    auto reading = body.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
    all += piece;
  }
  co_return all;
}

TEST(decode, each_coding_and_two_of_them) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i) + "\n";
  struct row {
    const char* name;
    std::string coded;
  };
  using parley::coding::encode_whole;
  const row rows[] = {
      {"gzip", encode_whole(content_coding::gzip, text)},
      {"x-gzip", encode_whole(content_coding::gzip, text)},
      {"br", encode_whole(content_coding::br, text)},
      {"zstd", encode_whole(content_coding::zstd, text)},
      {"br, gzip", encode_whole(content_coding::gzip, encode_whole(content_coding::br, text))},
      {"identity", text},
  };
  for (const row& x : rows) {
    world w;
    w.server.answer_all(answer_with(std::string("Content-Encoding: ") + x.name + "\r\n", x.coded));
    auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().decode()));
    ASSERT_TRUE(got->succeeded()) << x.name << got->error();
    EXPECT_EQ(got->value().content(), text) << x.name;
    EXPECT_EQ(got->value().header("Content-Encoding"), x.name);
    EXPECT_NE(w.server.peers[0]->received.find("Accept-Encoding: br, zstd, gzip\r\n"), std::string::npos);
    auto streamed = w.run(read_streamed(w.http, parley::options().decode()));
    ASSERT_TRUE(streamed->succeeded()) << x.name << streamed->error();
    EXPECT_EQ(streamed->value(), text) << x.name;
    auto raw = w.run(w.http.get("http://10.0.0.1/"));
    EXPECT_EQ(raw->value().content(), x.coded) << "unasked, it comes as it is";
  }
}

TEST(decode, pieces_of_any_size) {
  const std::string text(5000, 'a');
  const std::string coded = parley::coding::encode_whole(content_coding::gzip, text);
  for (const std::size_t size : fragment_sizes) {
    world w;
    w.server.on_connection = [&](peer& p, std::size_t) {
      p.on_news = [&, size](peer& from) {
        if (!from.received.ends_with("\r\n\r\n")) return;
        from.send("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (std::size_t at = 0; at < coded.size();) {
          const std::string piece = coded.substr(at, size);
          char length[20];
          std::snprintf(length, sizeof length, "%zx\r\n", piece.size());
          from.send(length + piece + "\r\n");
          at += piece.size();
        }
        from.send("0\r\nX-Trailer: 1\r\n\r\n");
      };
    };
    auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().decode()));
    ASSERT_TRUE(got->succeeded()) << got->error();
    EXPECT_EQ(got->value().content(), text);
    EXPECT_EQ(got->value().trailers().get("X-Trailer"), "1");
  }
}

TEST(decode, what_is_broken_is_no_content) {
  const std::string coded = parley::coding::encode_whole(content_coding::gzip, std::string(100'000, 'x'));
  struct row {
    std::string lines, content;
  };
  const row rows[] = {
      {"Content-Encoding: gzip\r\n", "this is no gzip"}, {"Content-Encoding: gzip\r\n", coded.substr(0, coded.size() - 3)},
      {"Content-Encoding: gzip\r\n", coded + "more"},    {"Content-Encoding: br\r\n", coded},
      {"Content-Encoding: pack200\r\n", coded},          {"Content-Encoding: gzip, gzip, gzip, gzip, gzip\r\n", coded},
  };
  for (const row& x : rows) {
    world w;
    w.server.answer_all(answer_with(x.lines, x.content));
    auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().decode()));
    EXPECT_EQ(got->kind(), fetch_error::kind::decoding) << x.lines << got->error();
  }
}

TEST(decode, answers_without_content_and_parts_stay_as_they_are) {
  for (const char* head :
       {"HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"}) {
    world w;
    w.server.answer_all(head);
    auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().decode()));
    ASSERT_TRUE(got->succeeded()) << got->error();
    EXPECT_EQ(got->value().content(), "");
  }
  world w;
  w.server.answer_all(
      "HTTP/1.1 206 Partial Content\r\nContent-Encoding: gzip\r\nContent-Range: bytes 3-4/9\r\nContent-Length: 2\r\n\r\nab");
  parley::request req(parley::method::get, "http://10.0.0.1/");
  req.header("Range", "bytes=3-4");
  auto got = w.run(w.http.send(std::move(req), parley::options().decode()));
  EXPECT_EQ(got->value().content(), "ab");
  EXPECT_EQ(w.server.peers[0]->received.find("Accept-Encoding"), std::string::npos);
}

std::string digest_line(const char* field, const std::string& of, bool right = true) {
  using parley::tls::hash_kind;
  std::string bytes = parley::tls::hash_of(hash_kind::sha_256, of);
  if (!right) bytes[5] ^= 1;
  return std::string(field) + ": " + *parley::semantics::to_text({{"sha-256", bytes}}) + "\r\n";
}

TEST(digests, are_checked_where_they_are) {
  const std::string text = "some content";
  const std::string coded = parley::coding::encode_whole(content_coding::gzip, text);
  struct row {
    std::string lines, content;
    bool good;
  };
  const row rows[] = {
      {"", text, true},
      {digest_line("Content-Digest", text), text, true},
      {digest_line("Repr-Digest", text), text, true},
      {digest_line("Content-Digest", text, false), text, false},
      {digest_line("Repr-Digest", text, false), text, false},
      {"Content-Digest: md5=:AAAA:\r\n", text, true},
      {"Content-Digest: nonsense(\r\n", text, true},
      {digest_line("Content-Digest", coded) + "Content-Encoding: gzip\r\n", coded, true},
      {digest_line("Content-Digest", text) + "Content-Encoding: gzip\r\n", coded, false},
  };
  for (const row& x : rows) {
    world w;
    w.server.answer_all(answer_with(x.lines, x.content));
    auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().check_digests().decode()));
    EXPECT_EQ(got->succeeded(), x.good) << x.lines << got->error();
    if (!x.good) {
      EXPECT_EQ(got->kind(), fetch_error::kind::digest);
    }
    EXPECT_NE(w.server.peers[0]->received.find("Want-Content-Digest: "), std::string::npos);
    auto unasked = w.run(w.http.get("http://10.0.0.1/"));
    EXPECT_TRUE(unasked->succeeded());
  }
}

TEST(digests, in_trailers_too) {
  for (const bool right : {true, false}) {
    world w;
    w.server.answer_all("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n" +
                        digest_line("Content-Digest", "abc", right) + "\r\n");
    auto got = w.run(w.http.get("http://10.0.0.1/", parley::options().check_digests()));
    EXPECT_EQ(got->succeeded(), right) << got->error();
  }
}

TEST(hashes, known_answers) {
  using parley::tls::hash_kind;
  using parley::tls::hash_of;
  const auto hex = [](const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
      text += two;
    }
    return text;
  };
  // RFC 1321 A.5, FIPS 180-4's examples.
  EXPECT_EQ(hex(hash_of(hash_kind::md5, "abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(hex(hash_of(hash_kind::sha_256, "abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(hash_of(hash_kind::sha_512_256, "abc")), "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23");
  EXPECT_EQ(hex(hash_of(hash_kind::sha_512, "abc")).substr(0, 32), "ddaf35a193617abacc417349ae204131");
}

}  // namespace
