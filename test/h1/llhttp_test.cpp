// llhttp's samples through our engines: the same messages where it accepts, a refusal where it refuses; every difference is listed
// here, with the rule that justifies it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.hpp"
#include "h1/llhttp_samples.hpp"
#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

struct outcome {
  std::vector<parsed_message> messages;
  std::string refused;  // the name of the violation
};

void note_event(outcome& o, const engine::event& e, bool& open) {
  const auto take_fields = [&](const parley::fields& f) {
    for (const auto& line : f) o.messages.back().fields.emplace_back(line.name, line.value);
  };
  if (const auto* r = std::get_if<engine::request_event>(&e)) {
    o.messages.emplace_back().start = std::string(r->head.method.name()) + " " + std::string(r->head.target());
    take_fields(r->head.fields);
    o.messages.back().complete = r->ended;
    open = true;
  } else if (const auto* s = std::get_if<engine::response_event>(&e)) {
    o.messages.emplace_back().start = std::to_string(s->head.status);
    take_fields(s->head.fields);
    o.messages.back().complete = s->ended || s->informational;
    open = true;
  } else if (const auto* d = std::get_if<engine::data_event>(&e); d != nullptr && open) {
    o.messages.back().content += d->bytes;
  } else if (const auto* t = std::get_if<engine::trailers_event>(&e)) {
    take_fields(t->trailers);
  } else if (std::get_if<engine::complete_event>(&e) != nullptr && open) {
    o.messages.back().complete = true;
  } else if (std::get_if<engine::detached_event>(&e) != nullptr) {
    o.messages.back().complete = true;
    open = false;  // the bytes behind it are not HTTP
  } else if (const auto* x = std::get_if<engine::reset_event>(&e)) {
    // The requests that no response came for are of our own making.
    if (x->error.name != "not-answered" && x->error.name != "closed-before-response") o.refused = x->error.name;
  }
}

outcome ours(const llhttp_sample& sample, const std::string& wire) {
  outcome o;
  bool open = false;
  tester t(sample.request ? engine::role::server : engine::role::client, tester::default_limits(),
           {.allow_http09 = false, .pipeline = 8});
  answer_all(t);
  const auto answer = t.on_event;
  t.on_event = [&](const engine::event& e) {
    note_event(o, e, open);
    if (sample.request) answer(e);
  };
  while (!sample.request && t.engine.can_send_request()) {
    auto head = request(parley::method::get, "/", "a");
    if (sample.wire.starts_with("HTTP/1.1 101")) head.fields.add("Upgrade", "any");
    (void)t.engine.send_request(head, engine::content_length::no_content(), epoch);
  }
  t.feed(wire);
  return o;
}

/// Most samples leave out the Host that a request of HTTP/1.1 must have (RFC 9112 §3.2): it is put in, so that the rest is compared.
std::string with_host(std::string wire) {
  const std::string_view end_of_line = " HTTP/1.1\r\n";
  for (std::size_t at = wire.find(end_of_line); at != wire.npos; at = wire.find(end_of_line, at + 1)) {
    const std::size_t head_end = std::min(wire.find("\r\n\r\n", at), wire.size());
    const std::string head = base::to_lower(std::string_view(wire).substr(at, head_end - at));
    if (head.find("\r\nhost:") == head.npos) wire.insert(at + end_of_line.size(), "Host: added\r\n");
  }
  return wire;
}

std::string text_of(const std::vector<parsed_message>& messages) {
  std::string text;
  for (auto m : messages) {
    std::erase_if(m.fields, [](const auto& f) { return f.first == "Host" && f.second == "added"; });
    text += to_text(m) + "\n";
  }
  return text;
}

/// What differs, in one line; empty when nothing does.
std::string difference(const llhttp_sample& sample) {
  const std::string wire = sample.request ? with_host(sample.wire) : sample.wire;
  outcome o = ours(sample, wire);
  // llhttp refuses some heads within a line; we do at its end, or at the head's: it is brought to an end.
  if (sample.refused && o.refused.empty()) o = ours(sample, wire + "\r\n\r\n");
  if (!sample.refused && !o.refused.empty()) return "refused: " + o.refused;
  if (sample.refused && o.refused.empty()) return "accepted";
  if (sample.refused) return "";
  // What llhttp was still reading when the sample ended, a head above all, we have not told yet.
  std::vector<parsed_message> theirs = sample.messages;
  const std::string our_text = text_of(o.messages);
  if (our_text == text_of(theirs)) return "";
  if (!theirs.empty() && !theirs.back().complete && o.messages.size() + 1 == theirs.size()) {
    theirs.pop_back();
    if (our_text == text_of(theirs)) return "";
  }
  return "read otherwise:\n  " + our_text + "  " + text_of(sample.messages);
}

struct justified {
  std::string_view sample;
  std::string_view difference;  // its beginning
  std::string_view why;
};

constexpr justified table[]{
    {"request/connection: CRLF between requests, explicit `close`", "accepted",
     "RFC 9112 §9.6: what follows a close is not processed; it is dropped unread, not refused"},
    {"request/connection: CRLF between requests, explicit `close` followed by tab", "accepted", "RFC 9112 §9.6, as above"},
    {"request/connection: No restart when keep-alive is off (1.0)", "accepted",
     "RFC 9112 §9.3: 1.0 ends behind its first request; the rest is dropped unread"},
    {"response/connection: HTTP/1.1 with keep-alive disabled and 204 status", "accepted",
     "RFC 9112 §9.6: what follows a close is dropped unread"},
    {"response/connection: HTTP/1.1 with keep-alive disabled, content-length", "accepted", "RFC 9112 §9.6, as above"},
    {"request/invalid: HTTP protocol and ANNOUNCE method", "accepted",
     "RFC 9110 §9.1: any token is a method; the application answers 501"},
    {"request/invalid: Invalid method", "accepted", "RFC 9110 §9.1, as above"},
    {"request/method: ANNOUNCE request with RTSP", "refused: bad-version", "RFC 9112 §2.3: the name of the protocol is HTTP"},
    {"request/method: OPTIONS request with RTSP", "refused: bad-version", "RFC 9112 §2.3, as above"},
    {"request/method: SOURCE request with ICE", "refused: bad-version", "RFC 9112 §2.3, as above"},
    {"request/method: CONNECT with body", "refused: content-in-connect", "RFC 9110 §9.3.6: a CONNECT request has no content"},
    {"request/method: M-SEARCH request", "refused: bad-target", "RFC 9112 §3.2.4: `*` is for OPTIONS alone"},
    {"request/method: PRI request HTTP2", "refused: bad-target",
     "RFC 9112 §3.2.4, as above; the preface of HTTP/2 is recognised before HTTP/1 reads"},
    {"request/sample: 255 ASCII in header value", "read otherwise",
     "none: the log writes the byte 0xff as UTF-8, we give the byte (RFC 9110 §5.5)"},
    {"request/sample: No HTTP version", "refused: http09-refused",
     "RFC 9112 §3: switched off in this test; with it on it is a request of HTTP/0.9"},
    {"request/transfer-encoding: POST with `chunked` as last transfer-encoding", "refused: bad-target",
     "RFC 9112 §3.2: the target has a fragment (behind it stands deflate, which is refused by §6.1)"},
    {"request/transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)", "refused: bad-target",
     "RFC 9112 §3.2, as above"},
    {"request/uri: Fragment in URI", "refused: bad-target", "RFC 9112 §3.2: no form of the target has a fragment"},
    {"request/uri: `host:port` and basic auth", "refused: bad-target", "RFC 9110 §4.2.4: userinfo is an error"},
    {"response/sample: HTTP version 0.9", "refused: version-not-supported", "RFC 9112 §2.3: HTTP/0.9 has no status line"},
    {"response/sample: ICE response", "refused: bad-status-line", "RFC 9112 §4"},
    {"response/sample: RTSP response", "refused: bad-status-line", "RFC 9112 §4"},
    {"response/transfer-encoding: `chunked` before other transfer-encoding", "refused: bad-transfer-encoding",
     "RFC 9112 §7.4: we send no TE, so chunked is the only coding a server may use"},
    {"response/transfer-encoding: `chunkedchunked` transfer-encoding does not enable chunked enconding",
     "refused: unknown-transfer-coding", "RFC 9112 §7.4, as above"},
    {"response/transfer-encoding: multiple transfer-encoding where chunked is not the last one", "refused: bad-transfer-encoding",
     "RFC 9112 §7.4, as above"},
};

TEST(llhttp, outcomes) {
  const char* vectors = std::getenv("PARLEY_VECTORS");
  const std::filesystem::path folder = std::filesystem::path(vectors != nullptr ? vectors : "../shared/vectors") / "llhttp-md";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not here; set PARLEY_VECTORS";
  std::map<std::string, std::string> differences;
  std::size_t compared = 0;
  for (const char* side : {"request", "response"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder / side)) {
      for (const auto& sample : read_llhttp_samples(entry.path())) {
        ++compared;
        std::string d = difference(sample);
        if (d.empty()) continue;
        std::string name = sample.name;
        while (differences.contains(name)) name += " (again)";
        differences.emplace(std::move(name), std::move(d));
      }
    }
  }
  EXPECT_GT(compared, 150u);
  for (const auto& row : table) {
    const auto found = differences.find(std::string(row.sample));
    EXPECT_TRUE(found != differences.end() && found->second.starts_with(row.difference)) << "stale: " << row.sample;
    if (found != differences.end()) differences.erase(found);
  }
  for (const auto& [name, what] : differences) ADD_FAILURE() << name << "\n  " << what;
}

}  // namespace
}  // namespace parley::h1::test
