// The replies of curl's test suite through our client engine: the status and the content that stand there, or a refusal where curl
// refuses too; every difference is listed here, with the rule that justifies it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "h1/curl_samples.hpp"
#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

/// What a reader with open eyes sees in a reply, without any of our parser: the first final response's status and content.
struct expected_reply {
  int status = 0;
  std::string content;
};

std::string field_of(std::string_view head, std::string_view name) {
  const std::string lower = base::to_lower(head);
  const std::size_t at = lower.find("\n" + std::string(name) + ":");
  if (at == lower.npos) return {};
  const std::size_t begin = at + name.size() + 2;
  return std::string(base::trim_ows(head.substr(begin, std::min(head.find('\n', begin), head.size()) - begin - 1)));
}

std::string plain_chunks(std::string_view body) {
  std::string content;
  while (!body.empty()) {
    const auto size = static_cast<std::size_t>(std::strtoull(std::string(body.substr(0, 20)).c_str(), nullptr, 16));
    const std::size_t line = body.find('\n');
    if (size == 0 || line == body.npos) break;
    content += body.substr(line + 1, size);
    body.remove_prefix(std::min(line + 1 + size + 2, body.size()));
  }
  return content;
}

expected_reply expected_of(const curl_reply& reply) {
  std::string_view rest = reply.wire;
  while (true) {
    const std::size_t end = rest.find("\r\n\r\n");
    const std::string_view head = rest.substr(0, end == rest.npos ? rest.size() : end + 2);
    const std::string_view body = end == rest.npos ? std::string_view{} : rest.substr(end + 4);
    expected_reply e;
    const std::size_t space = head.find(' ');
    e.status = space == head.npos ? 0 : std::atoi(std::string(head.substr(space + 1, 3)).c_str());
    if (e.status / 100 == 1 && e.status != 101) {
      rest = body;
      continue;
    }
    if (reply.head_request || e.status == 204 || e.status == 304) return e;
    const std::string length = field_of(head, "content-length");
    if (base::iequals(field_of(head, "transfer-encoding"), "chunked")) {
      e.content = plain_chunks(body);
    } else {
      e.content = body.substr(0, length.empty() ? body.size() : std::strtoull(length.c_str(), nullptr, 10));
    }
    return e;
  }
}

struct seen_reply {
  int status = 0;
  std::string content;
  bool complete = false;
  std::string refused;
};

seen_reply seen(const curl_reply& reply) {
  seen_reply s;
  bool done = false;
  tester t(engine::role::client);
  auto head = request(reply.head_request ? parley::method::head : parley::method::get, "/", "a");
  if (reply.wire.starts_with("HTTP/1.1 101")) head.fields.add("Upgrade", "any");
  t.on_event = [&](const engine::event& e) {
    if (done) return;
    if (const auto* r = std::get_if<engine::response_event>(&e); r != nullptr && !r->informational) {
      s.status = r->head.status;
      s.complete = done = r->ended;
    } else if (const auto* d = std::get_if<engine::data_event>(&e)) {
      s.content += d->bytes;
    } else if (std::get_if<engine::complete_event>(&e) != nullptr) {
      s.complete = done = true;
    } else if (const auto* x = std::get_if<engine::reset_event>(&e)) {
      s.refused = x->error.name;
    }
  };
  (void)t.engine.send_request(head, engine::content_length::no_content(), epoch);
  (void)t.sent();
  t.feed(reply.wire);
  t.eof();
  return s;
}

/// What differs, in one line; empty when nothing does.
std::string difference(const curl_reply& reply) {
  const seen_reply s = seen(reply);
  // curl's own refusals of a reply: 1 unsupported, 8 weird, 18 partial, 52 empty, 56 receiving failed, 61 a coding, 63 too large,
  // 100 too large a head. A test may have several replies, and need not mean all of them.
  const std::set<int> refusals{1, 8, 18, 52, 56, 61, 63, 100};
  if (refusals.contains(reply.error)) return "";
  if (!s.refused.empty()) return s.refused;
  const expected_reply e = expected_of(reply);
  if (s.status != e.status) return "status " + std::to_string(s.status) + " for " + std::to_string(e.status);
  if (s.content != e.content) return "content of " + std::to_string(s.content.size()) + " for " + std::to_string(e.content.size());
  return s.complete ? "" : "not complete";
}

struct justified_replies {
  std::string_view difference;
  std::string_view why;
  std::vector<std::string_view> replies;
};

const std::vector<justified_replies>& justified() {
  static const std::vector<justified_replies> table{
      {"bare-lf",
       "RFC 9112 §2.2, §7.1: chunks and trailers without CR, which with_cr_in_heads leaves alone",
       {"test1090/data1", "test1116/data", "test1417/data", "test341/data", "test693/data"}},
      {"bare-lf",
       "RFC 9112 §2.2: lines of a head that do not look like one (a status of 999, folds, odd cookies)",
       {"test1429/data", "test1473/data", "test2306/data2", "test31/data", "test798/data"}},
      {"bare-lf",
       "RFC 9112 §2.3: a reply without status line, as to HTTP/0.9, which was not asked for",
       {"test1266/data", "test1267/data", "test306/data", "test66/data"}},
      {"control-character", "RFC 9112 §2.3, as above", {"test1164/data"}},
      {"bad-content-length", "RFC 9110 §8.6: a length of more than 64 bits", {"test395/data"}},
      {"duplicate-content-length", "RFC 9110 §8.6: repeated lengths may be refused, and are", {"test767/data", "test770/data"}},
      {"bad-transfer-encoding", "RFC 9112 §6.1: chunked more than once", {"test1482/data", "test1483/data"}},
      {"unknown-transfer-coding",
       "RFC 9112 §7.4: we send no TE, so chunked is the only coding a server may use",
       {"test1123/data", "test1124/data", "test1125/data", "test1170/data", "test1171/data", "test1277/data", "test1493/data",
        "test1617/data"}},
      {"length-and-transfer-encoding",
       "RFC 9112 §6.3: both together ought to be handled as an error",
       {"test1122/data", "test1494/data", "test1677/data", "test319/data", "test365/data"}},
      {"field-line-too-long", "RFC 9110 §5.4: longer than limits.field_line", {"test1205/data", "test1556/data"}},
      {"incomplete-content",
       "RFC 9112 §8: cut off on purpose, or the answer to a HEAD that a program of the test sends",
       {"test1909/data", "test2303/data", "test269/data", "test3035/data", "test3035/data1", "test3223/data", "test514/data"}},
      {"incomplete-head", "RFC 9112 §8: a head without its empty line", {"test1591/data", "test1598/data", "test2304/data"}},
  };
  return table;
}

TEST(curl_vectors, outcomes) {
  const char* vectors = std::getenv("PARLEY_VECTORS");
  const std::filesystem::path folder =
      std::filesystem::path(vectors != nullptr ? vectors : "../shared/vectors") / "curl-http-testdata";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not here; set PARLEY_VECTORS";
  std::map<std::string, std::set<std::string>> differences;  // by kind
  std::size_t compared = 0;
  std::size_t bare_lf = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with("test")) continue;
    for (auto& reply : read_curl_replies(entry.path())) {
      ++compared;
      if (seen(reply).refused == "bare-lf") {
        // RFC 9112 §2.2 lets a recipient accept LF alone, and we do not. Many of these heads have it: they are mended, and go on.
        ++bare_lf;
        reply.wire = with_cr_in_heads(reply.wire);
      }
      if (const std::string d = difference(reply); !d.empty()) differences[d].insert(reply.name);
    }
  }
  EXPECT_GT(compared, 500u);
  EXPECT_GT(bare_lf, 100u) << "of " << compared;
  for (const auto& row : justified()) {
    for (const auto name : row.replies) {
      EXPECT_EQ(differences[std::string(row.difference)].erase(std::string(name)), 1u)
          << "stale: " << row.difference << " " << name;
    }
  }
  for (const auto& [kind, names] : differences) {
    if (names.empty()) continue;
    std::string all;
    for (const auto& name : names) all += " " + name;
    ADD_FAILURE() << kind << ":" << all;
  }
}

}  // namespace
}  // namespace parley::h1::test
