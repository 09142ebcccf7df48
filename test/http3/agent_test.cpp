// What the client does beyond one request, over HTTP/1.1, 2 and 3 and real sockets: cookies, redirects, logins, codings, digests, forms.
#include "http3/live_server.hpp"

#include "client/login_state.hpp"
#include "coding/encoder.hpp"
#include "semantics/digest_auth.hpp"
#include "semantics/digest_field.hpp"
#include "support/scratch_folder.hpp"
#include "tls/hash.hpp"

#include <parley/client.hpp>
#include <parley/form_content.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace http3_tests {
namespace {

const parley::semantics::digest_challenge& digest_challenge_of_the_site() {
  static const parley::semantics::digest_challenge asked{
      .realm = "r", .nonce = "n", .algorithm = parley::semantics::digest_algorithm::sha_256};
  return asked;
}

bool knows_password(const parley::request& req) {
  const auto value = parley::semantics::parse_credentials(req.header("Authorization"));
  const auto said = value ? parley::semantics::digest_credentials::from(*value) : std::nullopt;
  if (!said || said->uri != req.target()) return false;
  const auto hash = parley::detail::hash_for(said->algorithm);
  const std::string secret = parley::semantics::digest_secret("ada", "r", "secret", hash);
  return said->response == parley::semantics::digest_response(*said, secret, req.method().name(), req.content(), hash);
}

void add_agent_routes(parley::server& app) {
  app.route("* /start", [](const parley::request& req) {
    return parley::redirect("/middle?" + std::string(req.method().name()), 307).header("Set-Cookie", "seen=1; Path=/; Secure");
  });
  app.route("* /middle", [](const parley::request& req) {
    return parley::redirect("end", 303).header("Set-Cookie", "got=" + std::to_string(req.content().size()) + "; Path=/");
  });
  app.route("GET /end", [](const parley::request& req) { return parley::text(std::string(req.fields().joined("Cookie"))); });
  app.route("* /digest", [](const parley::request& req) {
    if (knows_password(req)) return parley::text("welcome");
    return parley::response(401).header("WWW-Authenticate", digest_challenge_of_the_site().to_text());
  });
  app.route("GET /coded", [](const parley::request& req) {
    const std::string plain(200'000, 'z');
    if (req.header("Accept-Encoding") != "br, zstd, gzip") return parley::text(plain);
    std::string coded = parley::coding::encode_whole(parley::coding::content_coding::gzip, plain);
    const std::string digest =
        *parley::semantics::to_text({{"sha-256", parley::tls::hash_of(parley::tls::hash_kind::sha_256, coded)}});
    return parley::response()
        .content(std::move(coded), "text/plain")
        .header("Content-Encoding", "gzip")
        .header("Content-Digest", digest);
  });
  app.route("POST /form", [](const parley::request& req) {
    return parley::text(std::string(req.header("Content-Length")) + " " + std::to_string(req.content().size()));
  });
}

parley::task<std::vector<std::string>> ask_all(std::string base, parley::version v, std::string file) {
  parley::client http;
  parley::cookie_jar jar;
  http.cookies(jar);
  const auto how = [&] { return parley::options().insecure().version(v).redirects(5).decode().check_digests(); };
  std::vector<std::string> said;
  auto posting = http.post(base + "/start", "content", "text/plain", how());
  parley::response end = co_await posting;
  said.push_back(std::to_string(end.status()) + " " + std::string(end.content()));
  auto logging_in = http.put(base + "/digest?x", "content", "text/plain", how().login(parley::login::digest("ada", "secret")));
  parley::response in = co_await logging_in;
  said.push_back(std::string(in.content()));
  auto decoding = http.get(base + "/coded", how());
  parley::response coded = co_await decoding;
  said.push_back(std::to_string(coded.content().size()) + " " + std::string(coded.header("Content-Encoding")));
  parley::form_content form;
  form.field("a", "b").file("c", file);
  parley::request req(parley::method::post, base + "/form");
  form.attach(req);
  auto sending = http.send(std::move(req), how());
  parley::response sent = co_await sending;
  said.push_back(sent.content() == std::to_string(form.length()) + " " + std::to_string(form.length())
                     ? "whole"
                     : std::string(sent.content()));
  said.emplace_back(parley::name(coded.version()));
  co_return said;
}

TEST(agent, the_same_over_all_versions) {
  const parley::test::scratch_folder folder;
  std::ofstream(folder / "file") << std::string(150'000, 'f');
  live_server server;
  add_agent_routes(server.app);
  server.open();
  const std::string base = "https://127.0.0.1:" + std::to_string(server.port);
  for (const auto v : {parley::http1_1, parley::http2, parley::http3}) {
    const auto said = parley::run(ask_all(base, v, folder / "file"));
    const std::vector<std::string> wanted{"200 seen=1; got=7", "welcome", "200000 gzip", "whole", std::string(parley::name(v))};
    EXPECT_EQ(said, wanted) << parley::name(v);
  }
}

}  // namespace
}  // namespace http3_tests
