// https over sockets, with others' clients: curl, OpenSSL's s_client, gnutls-cli.
#include "support/certificate_files.hpp"

#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/wait.h>

namespace parley {
namespace {

struct outcome {
  std::string text;  // both of its outputs
  int status = -1;
};

// Commands are given a minute, so that one that hangs fails and does not stop the rest.
outcome run(const std::string& command) {
  const std::string timed = "timeout 60 sh -c '" + command + "' 2>&1";
  outcome done;
  FILE* const pipe = ::popen(timed.c_str(), "r");
  if (pipe == nullptr) return done;
  std::array<char, 4096> piece;
  while (const std::size_t n = std::fread(piece.data(), 1, piece.size(), pipe)) done.text.append(piece.data(), n);
  const int status = ::pclose(pipe);
  done.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return done;
}

bool installed(const std::string& command) { return run("command -v " + command).status == 0; }

std::size_t count(const std::string& text, std::string_view piece) {
  std::size_t n = 0;
  for (std::size_t at = text.find(piece); at != std::string::npos; at = text.find(piece, at + 1)) ++n;
  return n;
}

class https_peers : public testing::Test {
 protected:
  void SetUp() override {
    test::certificate_wish elliptic;
    elliptic.common_name = "localhost";
    elliptic.names = {"localhost", "127.0.0.1"};
    files.put("first", files.authority.issue(elliptic));
    test::certificate_wish rsa;
    rsa.common_name = "b.example";
    rsa.names = {"b.example", "*.wild.example"};
    rsa.rsa = true;
    files.put("second", files.authority.issue(rsa));
    app.threads(2);
    app.drain_time(std::chrono::milliseconds(200));
    app.route("GET /", [](const request& req) { return text(req.secure() ? "hello, secured" : "hello"); });
    app.route("GET /tls", [](const request& req) {
      const auto tls = req.tls().value_or(tls_info());
      return text(tls.version + ";" + tls.server_name + ";" + (tls.resumed ? "resumed" : "full") + ";" + tls.client_subject);
    });
    app.certificate(files.certificate("first"), files.key("first"));
    app.certificate(files.certificate("second"), files.key("second"));
    app.on_message([](std::string_view) {});
  }
  void start() {
    app.listen("https://127.0.0.1:0");
    app.start();
    const std::string address = app.addresses().at(0);
    ASSERT_TRUE(address.starts_with("https://127.0.0.1:")) << address;
    port = address.substr(address.rfind(':') + 1);
  }
  void TearDown() override { app.stop(); }

  [[nodiscard]] std::string curl(const std::string& arguments) const {
    return "curl -sS --noproxy \"*\" --cacert " + files.authority_file() + " " + arguments;
  }
  [[nodiscard]] std::string s_client(const std::string& arguments) const {
    return "openssl s_client -connect 127.0.0.1:" + port + " -servername localhost -CAfile " + files.authority_file() +
           " -verify_return_error " + arguments;
  }

  test::certificate_files files;
  server app;
  std::string port;
};

TEST_F(https_peers, curl_trusts_and_reuses) {
  if (!installed("curl")) GTEST_SKIP() << "curl is not installed";
  start();
  const std::string url = "https://127.0.0.1:" + port;
  const outcome done = run(curl("-w \"[connects %{num_connects}]\" " + url + "/ " + url + "/tls"));
  EXPECT_EQ(done.status, 0) << done.text;
  EXPECT_NE(done.text.find("hello, secured"), std::string::npos) << done.text;
  EXPECT_NE(done.text.find("TLS 1.3;;full;"), std::string::npos) << done.text;
  EXPECT_NE(done.text.find("[connects 0]"), std::string::npos) << "the second request reuses the connection: " << done.text;
}

TEST_F(https_peers, the_local_authority_issues_where_no_certificate_is_given) {
  if (!installed("curl")) GTEST_SKIP() << "curl is not installed";
  server plain;
  plain.threads(1);
  plain.drain_time(std::chrono::milliseconds(200));
  plain.route("GET /", [](const request&) { return text("hello"); });
  plain.data_folder(files.folder / "data");
  plain.listen("https://127.0.0.1:0");
  plain.start();
  const std::string trusting = "curl -sS --noproxy \"*\" --cacert " + (files.folder / "data/ca/ca.pem") + " ";
  EXPECT_EQ(run(trusting + plain.addresses().at(0) + "/").text, "hello");
  plain.stop();
}

TEST_F(https_peers, curl_without_the_authority_refuses) {
  if (!installed("curl")) GTEST_SKIP() << "curl is not installed";
  start();
  EXPECT_EQ(run("curl -sS --noproxy \"*\" https://127.0.0.1:" + port + "/").status, 60) << "60: the certificate is not trusted";
}

TEST_F(https_peers, certificates_are_chosen_by_name) {
  if (!installed("curl")) GTEST_SKIP() << "curl is not installed";
  start();
  for (const std::string name : {"b.example", "x.wild.example", "localhost"}) {
    const outcome done = run(curl("--resolve " + name + ":" + port + ":127.0.0.1 https://" + name + ":" + port + "/tls"));
    EXPECT_EQ(done.text, "TLS 1.3;" + name + ";full;");
  }
}

TEST_F(https_peers, old_versions_are_refused_and_1_2_is_served) {
  if (!installed("openssl")) GTEST_SKIP() << "openssl is not installed";
  start();
  const outcome modern = run("printf \"GET /tls HTTP/1.0\\r\\n\\r\\n\" | " + s_client("-tls1_2 -quiet"));
  EXPECT_NE(modern.text.find("TLS 1.2;localhost;full;"), std::string::npos) << modern.text;
  const outcome old = run(s_client("-tls1_1 -cipher DEFAULT@SECLEVEL=0 </dev/null"));
  EXPECT_NE(old.status, 0) << old.text;
  const outcome weak = run(s_client("-tls1_2 -cipher AES128-SHA:AES128-GCM-SHA256 </dev/null"));
  EXPECT_NE(weak.status, 0) << "no forward secrecy: " << weak.text;
}

TEST_F(https_peers, openssl_resumes) {
  if (!installed("openssl")) GTEST_SKIP() << "openssl is not installed";
  start();
  for (const std::string version : {"-tls1_2", "-tls1_3"}) {
    const std::string session = files.folder / ("session" + version);
    const std::string ask = "printf \"GET /tls HTTP/1.0\\r\\n\\r\\n\" | ";
    const outcome first = run(ask + s_client(version + " -ign_eof -sess_out " + session));
    EXPECT_NE(first.text.find(";full;"), std::string::npos) << first.text;
    const outcome again = run(ask + s_client(version + " -ign_eof -sess_in " + session));
    EXPECT_NE(again.text.find(";resumed;"), std::string::npos) << again.text;
    EXPECT_NE(again.text.find("Reused, TLSv1"), std::string::npos) << again.text;
  }
}

TEST_F(https_peers, gnutls_cli_says_that_all_is_well) {
  if (!installed("gnutls-cli")) GTEST_SKIP() << "gnutls-cli is not installed (Debian: gnutls-bin)";
  start();
  const outcome done = run("printf \"GET / HTTP/1.0\\r\\n\\r\\n\" | gnutls-cli --x509cafile " + files.authority_file() +
                           " --alpn http/1.1 --sni-hostname localhost --verify-hostname localhost -p " + port + " 127.0.0.1");
  EXPECT_NE(done.text.find("The certificate is trusted"), std::string::npos) << done.text;
  EXPECT_NE(done.text.find("hello, secured"), std::string::npos) << done.text;
  EXPECT_EQ(done.text.find("premature"), std::string::npos) << done.text;
}

TEST_F(https_peers, curl_shows_its_certificate) {
  if (!installed("curl")) GTEST_SKIP() << "curl is not installed";
  app.client_certificates(files.authority_file());
  start();
  files.put("ada", files.authority.client("ada"));
  const std::string url = "https://127.0.0.1:" + port + "/tls";
  const outcome known = run(curl("--cert " + files.certificate("ada") + " --key " + files.key("ada") + " " + url));
  EXPECT_EQ(known.text, "TLS 1.3;;full;CN=ada");
  const outcome unknown = run(curl(url));
  EXPECT_NE(unknown.status, 0);
  EXPECT_NE(unknown.text.find("alert"), std::string::npos) << "the reason reaches the client: " << unknown.text;
}

TEST_F(https_peers, plain_http_is_told_to_use_https) {
  if (!installed("curl")) GTEST_SKIP() << "curl is not installed";
  start();
  const outcome done = run(curl("-i http://127.0.0.1:" + port + "/"));
  EXPECT_TRUE(done.text.starts_with("HTTP/1.1 400 ")) << done.text;
  EXPECT_NE(done.text.find("https://127.0.0.1:" + port), std::string::npos) << done.text;
}

TEST_F(https_peers, certificates_are_reloaded_while_it_serves) {
  if (!installed("curl")) GTEST_SKIP() << "curl is not installed";
  start();
  const test::test_authority other("Other authority");
  files.put("first", other.server({"localhost", "127.0.0.1"}));
  test::write_file(files.folder / "other.pem", other.pem());
  const std::string url = "https://127.0.0.1:" + port + "/";
  EXPECT_EQ(run(curl(url)).status, 0);
  EXPECT_TRUE(app.reload_certificates());
  EXPECT_EQ(run(curl(url)).status, 60);
  EXPECT_EQ(run("curl -sS --noproxy \"*\" --cacert " + (files.folder / "other.pem") + " " + url).text, "hello, secured");
  test::write_file(files.key("first"), "nothing");
  EXPECT_FALSE(app.reload_certificates());
  EXPECT_EQ(run("curl -sS --noproxy \"*\" --cacert " + (files.folder / "other.pem") + " " + url).text, "hello, secured");
}

// GnuTLS reads the variable once a process, so the server of this test is another one: this program again, with one test chosen.
TEST_F(https_peers, keys_are_logged) {
  if (!installed("curl")) GTEST_SKIP() << "curl is not installed";
  if (std::getenv("PARLEY_TEST_KEY_LOG") != nullptr) {
    start();
    EXPECT_EQ(run(curl("https://127.0.0.1:" + port + "/")).text, "hello, secured");
    return;
  }
  const std::string log = files.folder / "keys";
  const std::string self = "/proc/" + std::to_string(::getpid()) + "/exe";
  const outcome done =
      run("env SSLKEYLOGFILE=" + log + " PARLEY_TEST_KEY_LOG=1 " + self + " --gtest_filter=https_peers.keys_are_logged");
  EXPECT_EQ(done.status, 0) << done.text;
  std::ifstream in(log);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  EXPECT_GE(count(text, "CLIENT_TRAFFIC_SECRET_0 "), 1U) << text;
  EXPECT_GE(count(text, "SERVER_TRAFFIC_SECRET_0 "), 1U) << text;
}

}  // namespace
}  // namespace parley
