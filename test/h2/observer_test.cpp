// What those who look on see of a connection.
#include <gtest/gtest.h>

#include "h2/tester.hpp"

namespace parley::h2::test {
namespace {

using engine::content_length;
using engine::role;

class notes : public engine::observer {
 public:
  void observe(const engine::observation& seen) noexcept override {
    struct text {
      static std::string way(engine::direction d) { return d == engine::direction::in ? "in " : "out "; }
      std::string operator()(const engine::observed_frame& f) const {
        std::string s = way(f.way) + std::string(f.type);
        const bool encoded = f.way == engine::direction::out && f.type == "HEADERS";  // its size is HPACK's matter
        if (!encoded) s += " " + std::to_string(f.size);
        if (!f.about.empty()) s.append(" ").append(f.about);
        return s;
      }
      std::string operator()(const engine::observed_head& h) const {
        if (!h.text.empty() || h.size == 0) return "a head with text, or without size";
        return way(h.way) + (h.request != nullptr ? "request" : "response " + std::to_string(h.response->status));
      }
      std::string operator()(const engine::observed_data& d) const { return way(d.way) + "data " + std::to_string(d.size); }
      std::string operator()(const engine::observed_trailers& t) const {
        return way(t.way) + "trailers " + std::to_string(t.trailers->size());
      }
      std::string operator()(const engine::observed_end& e) const { return way(e.way) + "end"; }
      std::string operator()(const engine::observed_state& s) const { return std::string(s.from) + " to " + std::string(s.to); }
      std::string operator()(const engine::observed_error& e) const { return "error " + std::string(e.error.name); }
      std::string operator()(const engine::observed_push& p) const { return way(p.way) + "push " + std::to_string(p.promised); }
      std::string operator()(const engine::observed_resolve&) const { return "?"; }
      std::string operator()(const engine::observed_connect&) const { return "?"; }
      std::string operator()(const engine::observed_handshake&) const { return "?"; }
      std::string operator()(const engine::observed_bytes&) const { return "?"; }
      std::string operator()(const engine::observed_close&) const { return "?"; }
    };
    log += std::to_string(seen.stream) + ": " + std::visit(text{}, seen.what) + "\n";
  }
  std::string log;
};

TEST(h2_observer, an_exchange) {
  notes seen;
  tester t(role::server);
  t.start();
  t.engine.observe(&seen, 7);
  t.feed(post(1) + data(1, "hello", flag::end_stream));
  ASSERT_TRUE(t.engine.send_response(1, response(200), content_length::stream(), t.now));
  ASSERT_TRUE(t.engine.send_data(1, {engine::chunk::view{"hi"}}, t.now));
  parley::fields trailers{{"A", "b"}};
  ASSERT_TRUE(t.engine.send_end(1, &trailers, t.now));
  static_cast<void>(t.frames());
  EXPECT_EQ(seen.log,
            "1: in HEADERS 52 END_HEADERS\n"
            "1: idle to open\n"
            "1: in request\n"
            "1: in DATA 5 END_STREAM\n"
            "1: in data 5\n"
            "1: open to half-closed (remote)\n"
            "1: in end\n"
            "1: out HEADERS END_HEADERS\n"
            "1: out response 200\n"
            "1: out data 2\n"
            "1: out DATA 2\n"
            "1: out HEADERS END_STREAM END_HEADERS\n"
            "1: out trailers 1\n"
            "1: out end\n"
            "1: half-closed (remote) to closed\n");
  t.engine.observe(nullptr, 7);
}

TEST(h2_observer, frames_in_words) {
  notes seen;
  tester t(role::server);
  t.engine.observe(&seen, 7);
  EXPECT_TRUE(
      seen.log.starts_with("0: out SETTINGS 24 MAX_CONCURRENT_STREAMS=128 MAX_HEADER_LIST_SIZE=65536 NO_RFC7540_PRIORITIES=1 "
                           "0x0a0a=0\n0: out WINDOW_UPDATE 4 +983041\n0: out 0x0b 4\n"))
      << seen.log;
  seen.log.clear();
  t.feed(client_preface).feed(settings_frame({{setting::initial_window_size, 9}})).feed(settings_ack());
  t.feed(get(1) + window_update(1, 7) + priority_update(3, "u=1\x1b") + rst_stream(1, error_code::cancel) + ping("12345678") +
         goaway(0, error_code::no_error) + frame(static_cast<frame_type>(0x2f), 1, 5, "x"));
  std::string frames;
  std::size_t at = 0;
  for (std::size_t end; (end = seen.log.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = seen.log.substr(at, end - at);
    if (line.find(": in ") != std::string::npos && line.find("request") == std::string::npos) frames += line + "\n";
  }
  EXPECT_EQ(frames,
            "0: in SETTINGS 6 INITIAL_WINDOW_SIZE=9\n"
            "0: in SETTINGS 0 ACK\n"
            "1: in HEADERS 51 END_STREAM END_HEADERS\n"
            "1: in end\n"
            "1: in WINDOW_UPDATE 4 +7\n"
            "0: in PRIORITY_UPDATE 8 stream=3 u=1.\n"
            "1: in RST_STREAM 4 CANCEL\n"
            "0: in PING 8\n"
            "0: in GOAWAY 8 last=0 NO_ERROR\n"
            "5: in 0x2f 1\n");
  t.engine.observe(nullptr, 7);
}

TEST(h2_observer, the_last_frame_of_content_is_seen_as_it_left) {
  notes seen;
  tester t(role::server);
  t.start();
  answer_all(t, "hello");
  t.engine.observe(&seen, 7);
  t.feed(get(1));
  static_cast<void>(t.frames());
  EXPECT_NE(seen.log.find("1: out DATA 5 END_STREAM\n"), std::string::npos) << seen.log;
  EXPECT_EQ(seen.log.find("1: out DATA 5\n"), std::string::npos);
  t.engine.observe(nullptr, 7);
}

TEST(h2_observer, what_a_peer_says_of_its_reasons) {
  tester t(role::client);
  t.start();
  std::string_view message;
  t.on_event = [&](const engine::event& e) {
    if (const auto* r = std::get_if<engine::reset_event>(&e)) message = r->error.message;
  };
  const auto send = [&t] { return t.engine.send_request(request(parley::method::get, "/"), content_length::no_content(), t.now); };
  ASSERT_TRUE(send() && send());
  t.feed(rst_stream(1, error_code::http_1_1_required));
  EXPECT_EQ(message, "The peer has reset the stream: HTTP_1_1_REQUIRED.");
  t.feed(goaway(3, error_code::enhance_your_calm));
  t.eof();
  EXPECT_EQ(message, "The peer has ended the connection: ENHANCE_YOUR_CALM.");
}

}  // namespace
}  // namespace parley::h2::test
