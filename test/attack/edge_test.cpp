// Attacks on what stands before the handlers: limits by rate, logins, hosts, what proxies say, TRACE, the log; and on maps of names.
#include "attack/arena.hpp"
#include "coding/encoder.hpp"
#include "semantics/base64.hpp"
#include "support/scratch_folder.hpp"

#include <parley/auth.hpp>
#include <parley/files.hpp>
#include <parley/form.hpp>
#include <parley/hosts.hpp>
#include <parley/rate_limit.hpp>
#include <parley/request_decoding.hpp>

#include <crypt.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>

namespace parley::attack {
namespace {

using namespace std::chrono_literals;

constexpr const char* attackers_address = "127.0.0.2";
constexpr const char* neighbours_address = "127.0.0.3";

std::string get(std::string_view path, std::string_view more = {}, std::string_view host = "localhost") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n" + std::string(more) + "\r\n";
}
std::string basic(std::string_view user_and_password) {
  return "Authorization: Basic " + semantics::encode_base64(user_and_password) + "\r\n";
}
void write(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// --- rates and logins ----------------------------------------------------------------------------------------------------------

// The attacker's connections count together, and an address that it invents is none.
TEST(attack_edge, a_flood_of_one_client) {
  arena on;
  on.app.use(rate_limit(20, 1h));
  on.open();
  raw one(on.port, attackers_address), two(on.port, attackers_address);
  int served = 0, refused = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string made_up = "198.51.100." + std::to_string(i);
    raw& by = i % 2 == 0 ? one : two;
    by.send(get("/", "X-Forwarded-For: " + made_up + "\r\nX-Real-IP: " + made_up + "\r\nForwarded: for=" + made_up + "\r\n"));
    const int status = by.response();
    served += status == 200 ? 1 : 0;
    if (status != 429) continue;
    ++refused;
    EXPECT_NE(by.last_head.find("\r\nRetry-After: "), std::string::npos) << by.last_head;
    if (i % 10 == 9) {
      EXPECT_TRUE(on.serves_others(neighbours_address));
    }
  }
  EXPECT_EQ(served, 20);
  EXPECT_EQ(refused, 40);
  EXPECT_TRUE(on.counted("rate_limited", 40));
  EXPECT_EQ(on.count("rate_limited"), 40U);
}

// A key for each request: the table does not grow, and who floods with one key is not forgotten for it.
TEST(attack_edge, a_flood_of_keys) {
  arena on;
  on.app.use(rate_limit(5, 1h).by_header("X-Api-Key"));
  on.open();
  raw attacker(on.port, attackers_address);
  const auto status = [&](const std::string& key) {
    attacker.send(get("/", "X-Api-Key: " + key + "\r\n"));
    return attacker.response();
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(status("mine"), 200);
  EXPECT_EQ(status("mine"), 429);
  for (int i = 0; i < 3000; ++i) ASSERT_EQ(status("key-" + std::to_string(i)), 200);
  EXPECT_EQ(status("mine"), 429);
  EXPECT_TRUE(on.serves_others(neighbours_address));
}

/// As slow to check as it is on a real site.
std::string hashed(const char* password, const char* setting) {
  crypt_data room{};
  const char* const made = ::crypt_r(password, setting, &room);
  return made == nullptr ? "" : made;
}

TEST(attack_edge, guesses_of_passwords) {
  const test::scratch_folder folder;
  write(folder / "users", "ada:" + hashed("secret", "$6$rounds=1000$saltsalt") + "\n");
  arena on;
  on.app.use(rate_limit(5, 1h).at("/admin")).use(basic_auth("Staff", password_file(folder / "users")).at("/admin"));
  on.app.route("GET /admin", [](const request& req) { return text("user=" + std::string(req.user())); });
  on.open();
  raw attacker(on.port, attackers_address);
  int guessed = 0;
  for (int i = 0; i < 40; ++i) {
    attacker.send(get(i % 2 == 0 ? "/admin" : "/%61dmin/", basic("ada:" + std::to_string(i))));
    const int status = attacker.response();
    EXPECT_TRUE(status == 401 || status == 429) << status;
    guessed += status == 401 ? 1 : 0;
  }
  EXPECT_EQ(guessed, 5);
  EXPECT_TRUE(on.counted("rate_limited", 35));
  // The right one too, for now; but not who it belongs to.
  attacker.send(get("/admin", basic("ada:secret")));
  EXPECT_EQ(attacker.response(), 429);
  raw ada(on.port, neighbours_address);
  ada.send(get("/admin", basic("ada:secret")));
  EXPECT_EQ(ada.response(), 200);
  EXPECT_EQ(ada.last_content, "user=ada");
  EXPECT_TRUE(on.serves_others(attackers_address)) << "what needs no password is not limited";
}

// Hashes are slow on purpose: they keep no loop from serving, and only so many wait.
TEST(attack_edge, guesses_all_at_once) {
  const test::scratch_folder folder;
  const std::string slow = hashed("secret", "$6$rounds=300000$saltsalt");
  ASSERT_TRUE(slow.starts_with("$6$"));
  write(folder / "users", "ada:" + slow + "\n");
  arena on;
  on.app.use(basic_auth("Staff", password_file(folder / "users")).at("/admin"));
  on.open();
  std::vector<std::unique_ptr<raw>> attackers;
  for (int i = 0; i < 64; ++i) {
    attackers.push_back(std::make_unique<raw>(on.port, attackers_address));
    attackers.back()->send(get("/admin", basic((i % 2 == 0 ? "ada:" : "nobody:") + std::to_string(i))));
  }
  EXPECT_TRUE(on.serves_others(neighbours_address));
  int refused = 0;
  for (auto& each : attackers) {
    const int status = each->response();
    EXPECT_TRUE(status == 401 || status == 503) << status;
    if (status != 503) continue;
    ++refused;
    EXPECT_NE(each->last_head.find("\r\nRetry-After: "), std::string::npos) << each->last_head;
  }
  EXPECT_GE(refused, 1);
  raw ada(on.port, neighbours_address);
  ada.send(get("/admin", basic("ada:secret")));
  EXPECT_EQ(ada.response(), 404) << "let in, and nothing is there";
}

// --- whom it is for, and who it is from --------------------------------------------------------------------------------------------

TEST(attack_edge, dns_rebinding) {
  arena on;
  std::atomic<int> reached{0};
  on.app.use(allowed_hosts({"shop.example", "other"}));
  on.app.route("POST /order", [&](const request&) {
    ++reached;
    return text("done");
  });
  on.open();
  const auto post = [](std::string_view target, std::string_view host) {
    return "POST " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\nContent-Length: 0\r\n\r\n";
  };
  for (const char* const host :
       {"evil.example", "127.0.0.1", "localhost", "shop.example.evil.example", "evilshop.example", "shop.example.evil",
        "xn--shop.example", "[::1]", "shop", "shop.example..", "shop%2Eexample.evil.example"}) {
    raw attacker(on.port, attackers_address);
    attacker.send(post("/order", host));
    const int status = attacker.response();
    EXPECT_TRUE(status == 421 || status == 400) << host << " " << status;
  }
  // The target is what counts (RFC 9112 3.2.2), whatever Host says.
  raw absolute(on.port, attackers_address);
  absolute.send(post("http://evil.example/order", "shop.example"));
  EXPECT_EQ(absolute.response(), 421);
  EXPECT_EQ(reached, 0);
  for (const char* const host : {"shop.example", "SHOP.example:8080", "shop.example."}) {
    raw visitor(on.port, neighbours_address);
    visitor.send(post("/order", host));
    EXPECT_EQ(visitor.response(), 200) << host;
  }
  EXPECT_EQ(reached, 3);
  EXPECT_TRUE(on.serves_others(neighbours_address));
}

// Only what the trusted proxy has written counts, and of what a client wrote before it nothing.
TEST(attack_edge, forged_forwarded_fields) {
  arena on;
  on.app.trusted_proxies({"127.0.0.9"});
  on.app.route("GET /whom", [](const request& req) {
    return text(std::string(req.client_address()) + " " + std::string(req.scheme()) + " " + std::string(req.authority()));
  });
  on.open();
  const std::string evil =
      "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nX-Real-IP: 127.0.0.1\r\n"
      "Forwarded: for=127.0.0.1;host=evil.example;proto=https\r\nX-Forwarded-For: ::1\r\nX-Client-IP: 127.0.0.1\r\n"
      "True-Client-IP: 127.0.0.1\r\nCF-Connecting-IP: 127.0.0.1\r\nX-Original-URL: /smuggled\r\nX-Rewrite-URL: /smuggled\r\n";
  raw attacker(on.port, attackers_address);
  attacker.send(get("/whom", evil));
  EXPECT_EQ(attacker.response(), 200);
  EXPECT_EQ(attacker.last_content, "127.0.0.2 http localhost");
  EXPECT_EQ(on.smuggled, 0);
  // By way of the proxy, which has added whom it sees: what stands before that is not looked at.
  raw proxy(on.port, "127.0.0.9");
  for (const char* const forged : {"127.0.0.1", "127.0.0.9", "unknown", "127.0.0.9, 127.0.0.1", "\"", "1.2.3.4:x"}) {
    proxy.send(get("/whom", "X-Forwarded-For: " + std::string(forged) + ", 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"));
    EXPECT_EQ(proxy.response(), 200) << forged;
    EXPECT_EQ(proxy.last_content, "203.0.113.7 https localhost") << forged;
  }
  EXPECT_TRUE(on.serves_others(neighbours_address));
}

TEST(attack_edge, trace_tells_no_secrets) {
  arena on;
  on.open();
  raw refused(on.port, attackers_address);
  refused.send("TRACE / HTTP/1.1\r\nHost: x\r\nCookie: session=hidden\r\n\r\n");
  EXPECT_EQ(refused.response(), 200) << "the arena's own route is for every method";
  EXPECT_EQ(refused.last_content, "hello") << "and it is that which answers, since nobody has asked for TRACE";

  arena asked;
  asked.app.trace(true);
  asked.open();
  raw attacker(asked.port, attackers_address);
  attacker.send(
      "TRACE /nothing HTTP/1.1\r\nHost: x\r\ncookie: a=hidden\r\nCOOKIE2: hidden\r\nAuthorization: Bearer hidden\r\n"
      "Proxy-Authorization: Basic hidden\r\nX-Amz-Security-Token: hidden\r\nX-Auth-Key: hidden\r\nX-Session-Id: hidden\r\n"
      "X-Plain: shown\r\n\r\n");
  EXPECT_EQ(attacker.response(), 200);
  EXPECT_EQ(attacker.last_content.find("hidden"), std::string::npos) << attacker.last_content;
  EXPECT_NE(attacker.last_content.find("shown"), std::string::npos) << attacker.last_content;
  EXPECT_NE(attacker.last_head.find("Content-Type: message/http"), std::string::npos) << attacker.last_head;
  EXPECT_TRUE(asked.serves_others(neighbours_address));
}

// --- the log -------------------------------------------------------------------------------------------------------------------

TEST(attack_edge, log_injection) {
  const std::string evil = "\x1b]0;owned\x07\x1b[2J\xe2\x80\xae\xc2\x85";
  for (const log_format format : {log_format::combined, log_format::json}) {
    const test::scratch_folder folder;
    const std::string path = folder / "access.log";
    arena on;
    on.app.trusted_proxies({"127.0.0.0/8"}).request_ids().tracing().access_log(path, format);
    // Whoever says a name is let in by it, so that it reaches the log.
    on.app.use(basic_auth("all", [](std::string, std::string) -> task<bool> { co_return true; }).at("/admin"));
    on.app.route("GET /admin", [](const request&) { return text("in"); });
    on.open();
    std::size_t sent = 0;
    const auto attack = [&](const std::string& message) {
      raw attacker(on.port, attackers_address);
      attacker.send(message);
      EXPECT_NE(attacker.response(), 0) << message;
      ++sent;
    };
    for (const std::string& id : {std::string("a\" 200 1 \"-\" \"-"), std::string("<script>"), evil, std::string(200, 'x'),
                                  std::string("a b"), std::string("id\\\"}")}) {
      attack(get("/", "X-Request-Id: " + id + "\r\n"));
      attack(get("/", "traceparent: " + id + "\r\n"));
      attack(get("/", "X-Forwarded-For: " + id + "\r\n"));
      attack(get("/", "X-Forwarded-Host: " + id + "\r\nX-Forwarded-Proto: " + id + "\r\n"));
      attack(get("/", "Referer: " + id + "\r\nUser-Agent: " + id + "\r\n"));
      attack(get("/admin", basic(id + ":x")));
      attack(
          get("/admin", basic("eve\n127.0.0.1 - root [01/Jan/2030:00:00:00 +0000] \"GET /forged HTTP/1.1\" 200 1 \"-\" \"-\":x")));
      EXPECT_TRUE(on.serves_others(neighbours_address));
      ++sent;
    }
    on.app.stop();
    on.app.access_log("");  // what was not written yet is written now
    std::string log;
    for (int tries = 0; tries < 6000; ++tries) {
      log = read(path);
      if (occurrences(log, "\n") >= sent) break;
      ::poll(nullptr, 0, 10);
    }
    EXPECT_EQ(occurrences(log, "\n"), sent) << log;
    for (const char c : log) EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) << static_cast<int>(c);
    EXPECT_EQ(log.find("\xc2\x85"), std::string::npos);
    EXPECT_EQ(log.find("\xe2\x80\xae"), std::string::npos);
    EXPECT_EQ(log.find("\n127.0.0.1 - root"), std::string::npos) << log;
    for (std::size_t from = 0; from < log.size(); from = log.find('\n', from) + 1) {
      const std::string line = log.substr(from, log.find('\n', from) - from);
      EXPECT_TRUE(format == log_format::json ? line.starts_with('{') && line.ends_with('}') : line.ends_with('"')) << line;
    }
  }
}

// --- names and content ----------------------------------------------------------------------------------------------------------

// Names are looked for in lists with caps, so none of them can collide; what is above a cap is refused and counted.
TEST(attack_edge, names_without_end) {
  arena on;
  on.app.route("POST /form", [](const request& req) { return text(std::to_string(form_of(req).fields().size())); });
  on.app.route("GET /names", [](const request& req) {
    return text(std::string(req.cookie("last").value_or("none")) + " " + std::string(req.query("last").value_or("none")));
  });
  on.open();
  const auto pairs = [](int n, std::string_view between) {
    std::string all;
    // All of one length and of one sum of bytes, which is what weak hashes go by.
    for (int i = 0; i < n; ++i) {
      std::string name = "aaaaaaaaaa";
      for (int bit = 0; bit < 10; ++bit) {
        if ((i >> bit & 1) != 0) name[static_cast<std::size_t>(bit)] = 'b';
      }
      std::string twin = name;
      for (char& c : twin) c = c == 'a' ? 'b' : 'a';
      all.append(all.empty() ? "" : between).append(name + twin).append("=");
    }
    return all;
  };
  const auto form = [&](int n) {
    raw attacker(on.port, attackers_address);
    const std::string content = pairs(n, "&");
    attacker.send("POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " +
                  std::to_string(content.size()) + "\r\n\r\n" + content);
    const int status = attacker.response();
    return status == 200 ? attacker.last_content : std::to_string(status);
  };
  EXPECT_EQ(form(1000), "1000");
  EXPECT_EQ(form(1001), "413");
  EXPECT_EQ(form(20'000), "413");
  EXPECT_TRUE(on.counted("forms_too_large", 2));
  EXPECT_TRUE(on.serves_others(neighbours_address));

  raw attacker(on.port, attackers_address);
  for (const int n : {500, 600}) {
    attacker.send(get("/names?" + pairs(300, "&") + "&last=q", "Cookie: " + pairs(n, "; ") + "; last=c\r\n"));
    EXPECT_EQ(attacker.response(), 200);
    EXPECT_EQ(attacker.last_content, n == 500 ? "c q" : "none q") << "of more than 512 cookies the first ones count";
  }
  raw crumbs(on.port, attackers_address);
  std::string many;
  for (int i = 0; i < 101; ++i) many += "Cookie: c" + std::to_string(i) + "=1\r\n";
  crumbs.send(get("/names", many));
  EXPECT_EQ(crumbs.response(), 431);
  EXPECT_TRUE(on.counted("limit.field_count", 1));
  raw large(on.port, attackers_address);
  large.send(get("/names", "Cookie: " + pairs(2000, "; ") + "\r\n"));
  EXPECT_EQ(large.response(), 431);
  EXPECT_TRUE(on.counted("limit.field_line", 1));
  EXPECT_TRUE(on.serves_others(neighbours_address));
}

TEST(attack_edge, a_range_bomb_on_a_file) {
  const test::scratch_folder folder;
  const std::string content(300'000, 'x');
  write(folder / "large.bin", content);
  arena on;
  on.app.files("/files/{path...}", files(folder.path().string()));
  on.open();
  std::string overlapping = "bytes=0-", apart = "bytes=0-0", many = "bytes=0-0";
  for (int i = 1; i < 60; ++i) overlapping += "," + std::to_string(i) + "-";
  for (int i = 1; i < 40; ++i) apart += "," + std::to_string(i * 1000) + "-" + std::to_string(i * 1000);
  for (int i = 0; i < 1000; ++i) many += ",5-";
  for (const std::string& ranges : {overlapping, apart, many}) {
    raw attacker(on.port, attackers_address);
    attacker.send(get("/files/large.bin", "Range: " + ranges + "\r\n"));
    const int status = attacker.response();
    EXPECT_TRUE(status == 200 || status == 206) << status;
    EXPECT_EQ(attacker.last_content.size(), content.size()) << "nothing is sent twice: " << ranges.substr(0, 40);
    EXPECT_TRUE(on.serves_others(neighbours_address));
  }
}

// A request's content in a coding is never decoded, so it cannot grow: forms in one are refused.
TEST(attack_edge, a_decompression_bomb_as_a_form) {
  arena on;
  on.app.route("POST /plain", [](const request& req) { return text(std::to_string(form_of(req).fields().size())); });
  on.app.route("POST /task", [](request& req) -> task<response> {
    auto reading = req.form();
    const form sent = co_await reading;
    co_return text(std::to_string(sent.fields().size()));
  });
  on.app.route("PUT /raw", [](const request& req) { return text(std::to_string(req.content().size())); });
  on.open();
  const std::string bomb = coding::encode_whole(coding::content_coding::gzip, "a=" + std::string(std::size_t{32} << 20, 'x'));
  const auto send = [&](std::string_view method_and_path, std::string_view coding) {
    raw attacker(on.port, attackers_address);
    attacker.send(std::string(method_and_path) + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
                  "Content-Encoding: " + std::string(coding) + "\r\nContent-Length: " + std::to_string(bomb.size()) + "\r\n\r\n" +
                  bomb);
    const int status = attacker.response();
    if (status == 415) {
      EXPECT_NE(attacker.last_head.find("Accept-Encoding: identity"), std::string::npos) << "RFC 9110 15.5.16";
    }
    return status;
  };
  for (const char* const coding : {"gzip", "br", "identity, gzip", "x-unknown"}) {
    EXPECT_EQ(send("POST /plain", coding), 415) << coding;
    EXPECT_EQ(send("POST /task", coding), 415) << coding;
    EXPECT_TRUE(on.serves_others(neighbours_address));
  }
  EXPECT_EQ(send("PUT /raw", "gzip"), 200);
  EXPECT_TRUE(on.counted("forms_refused", 8));
}

// Where requests are decoded: each cap ends it, in pieces whose number nobody said, while others are served.
TEST(attack_edge, a_bomb_where_requests_are_decoded) {
  arena on;
  on.app.route("PUT /plain", [](const request& req) { return text(std::to_string(req.content().size())); });
  on.app.route("PUT /task", [](request& req) -> task<response> {
    std::size_t size = 0;
    body_reader content = req.body();
    for (;;) {
      auto reading = content.read();
      const std::string_view piece = co_await reading;
      if (piece.empty()) break;
      size += piece.size();
    }
    co_return text(std::to_string(size));
  });
  request_decoding().bytes(2 << 20).add_to(on.app);
  on.open();
  const auto send = [&](std::string_view path, std::string_view coding, const std::string& content) {
    raw attacker(on.port, attackers_address);
    std::string all = "PUT " + std::string(path) + " HTTP/1.1\r\nHost: x\r\nContent-Encoding: " + std::string(coding) +
                      "\r\nTransfer-Encoding: chunked\r\n\r\n";
    constexpr std::size_t piece = 0x10000;
    for (std::size_t at = 0; at < content.size(); at += piece) {
      char size[20];
      std::snprintf(size, sizeof size, "%zx\r\n", std::min(piece, content.size() - at));
      all.append(size).append(content.substr(at, piece)).append("\r\n");
    }
    attacker.send(all + "0\r\n\r\n");
    return attacker.response();
  };
  const std::string bomb = coding::encode_whole(coding::content_coding::br, std::string(std::size_t{32} << 20, 'x'));
  const std::string twice = coding::encode_whole(coding::content_coding::gzip, bomb);
  std::string nothing;  // members without content
  const std::string member = coding::encode_whole(coding::content_coding::gzip, "");
  while (nothing.size() < std::size_t{5} << 20) nothing += member;
  std::uint64_t refused = 0;
  for (const char* const path : {"/plain", "/task"}) {
    EXPECT_EQ(send(path, "br", bomb), 413) << path;
    EXPECT_EQ(send(path, "br, gzip", twice), 413) << path;
    EXPECT_EQ(send(path, "gzip", nothing), 413) << path;
    EXPECT_EQ(send(path, "gzip, br", bomb), 400) << path << ": another one than it says";
    refused += 4;
    EXPECT_TRUE(on.serves_others(neighbours_address));
    EXPECT_EQ(send(path, "gzip", coding::encode_whole(coding::content_coding::gzip, "tea")), 200);
  }
  EXPECT_TRUE(on.counted("requests_not_decoded", refused));
  // What will be refused is not asked for.
  raw asks(on.port, attackers_address);
  asks.send("PUT /task HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_EQ(asks.response(), 413) << asks.last_head;
  raw unknown(on.port, attackers_address);
  unknown.send("PUT /task HTTP/1.1\r\nHost: x\r\nContent-Encoding: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(unknown.response(), 415) << unknown.last_head;
  raw good(on.port, attackers_address);
  good.send("PUT /task HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nExpect: 100-continue\r\nContent-Length: " +
            std::to_string(member.size()) + "\r\n\r\n");
  EXPECT_EQ(good.response(), 100);
  good.send(member);
  EXPECT_EQ(good.response(), 200);
}

// The places for decoding are for who sends something to decode.
TEST(attack_edge, places_for_decoding_are_not_held_by_a_field) {
  arena on;
  on.app.route("GET /endless", [](const request&) {
    return stream(
        [](body_writer& to) -> task<> {
          for (;;) {
            auto writing = to.write(std::string(10'000, 'x'));
            co_await writing;
          }
        },
        "text/plain");
  });
  on.app.route("PUT /plain", [](const request& req) { return text(std::string(req.content())); });
  request_decoding().at_once(2).add_to(on.app);
  on.open();
  std::vector<std::unique_ptr<raw>> attackers;
  for (int i = 0; i < 4; ++i) {
    attackers.push_back(std::make_unique<raw>(on.port, attackers_address));
    attackers.back()->send(get("/endless", "Content-Encoding: gzip\r\n"));
    EXPECT_TRUE(attackers.back()->until("\r\n\r\n"));
    EXPECT_TRUE(attackers.back()->received.starts_with("HTTP/1.1 200 ")) << attackers.back()->received.substr(0, 500);
  }
  raw other(on.port, neighbours_address);
  const std::string sent = coding::encode_whole(coding::content_coding::gzip, "tea");
  other.send("PUT /plain HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: " + std::to_string(sent.size()) +
             "\r\n\r\n" + sent);
  EXPECT_EQ(other.response(), 200);
  EXPECT_EQ(other.last_content, "tea");
  // Nor are there more of them where heads come first, and content later.
  std::vector<std::unique_ptr<raw>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<raw>(on.port, neighbours_address));
    clients.back()->send("PUT /plain HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nExpect: 100-continue\r\nContent-Length: " +
                         std::to_string(sent.size()) + "\r\n\r\n");
    EXPECT_EQ(clients.back()->response(), 100);
  }
  std::array<pollfd, 3> answered{};
  for (std::size_t i = 0; i < 3; ++i) {
    clients[i]->send(sent.substr(0, 5));
    answered[i] = {clients[i]->descriptor(), POLLIN, 0};
  }
  ASSERT_EQ(::poll(answered.data(), answered.size(), patience_ms), 1);
  for (std::size_t i = 0; i < 3; ++i) {
    const bool refused = answered[i].revents != 0;
    if (!refused) clients[i]->send(sent.substr(5));
    EXPECT_EQ(clients[i]->response(), refused ? 503 : 200) << clients[i]->last_head;
  }
}

}  // namespace
}  // namespace parley::attack
