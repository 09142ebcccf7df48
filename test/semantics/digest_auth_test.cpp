#include "semantics/digest_auth.hpp"

#include <gnutls/crypto.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

namespace parley::semantics {
namespace {

std::string hash_with(gnutls_digest_algorithm_t algorithm, std::string_view text) {
  std::string bytes(static_cast<std::size_t>(gnutls_hash_get_len(algorithm)), '\0');
  EXPECT_EQ(gnutls_hash_fast(algorithm, text.data(), text.size(), bytes.data()), 0);
  return bytes;
}
std::string md5(std::string_view text) { return hash_with(GNUTLS_DIG_MD5, text); }
std::string sha256(std::string_view text) { return hash_with(GNUTLS_DIG_SHA256, text); }

constexpr std::string_view nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
constexpr std::string_view opaque = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";
constexpr const char* cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

std::string challenge_text(std::string_view algorithm) {
  return "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=" + std::string(algorithm) + ", nonce=\"" +
         std::string(nonce) + "\", opaque=\"" + std::string(opaque) + "\"";
}

std::vector<digest_challenge> read_all(std::string_view value) {
  std::vector<digest_challenge> found;
  const auto challenges = parse_challenges(value).value();
  for (const auto& one : challenges) {
    if (const auto challenge = digest_challenge::from(one)) found.push_back(*challenge);
  }
  return found;
}

// RFC 7616 §3.9.1
TEST(digest_auth, the_examples_of_the_rfc) {
  const auto challenges = read_all(challenge_text("SHA-256") + ", " + challenge_text("MD5"));
  ASSERT_EQ(challenges.size(), 2U);
  EXPECT_EQ(challenges[1].to_text(), challenge_text("MD5"));
  const struct {
    digest_algorithm algorithm;
    std::string (*hash)(std::string_view);
    std::string_view response;
  } rows[] = {
      {digest_algorithm::md5, md5, "8ca523f5e9506fed4657c9700eebdbec"},
      {digest_algorithm::sha_256, sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
  };
  for (const auto& row : rows) {
    const auto* const challenge = strongest(challenges, [&](digest_algorithm a) { return a == row.algorithm; });
    ASSERT_NE(challenge, nullptr);
    const auto said = answer_digest(*challenge, "Mufasa", "Circle of Life", "GET", "/dir/index.html", "", cnonce, 1, row.hash);
    EXPECT_EQ(said.response, row.response);
    const auto text = said.to_text();
    EXPECT_NE(text.find(", nc=00000001, "), text.npos) << text;
    EXPECT_EQ(digest_credentials::from(parse_credentials(text).value()), said) << text;
    // At the server: by what it keeps.
    const auto secret = digest_secret("Mufasa", said.realm, "Circle of Life", row.hash);
    EXPECT_EQ(digest_response(said, secret, "GET", "", row.hash), row.response);
    EXPECT_NE(digest_response(said, secret, "PUT", "", row.hash), row.response);
  }
  EXPECT_EQ(strongest(challenges, [](auto) { return true; })->algorithm, digest_algorithm::sha_256);
  EXPECT_EQ(strongest(challenges, [](auto) { return false; }), nullptr);
}

// By hand, from §3.4.1 to §3.4.4.
TEST(digest_auth, sessions_content_and_hashed_users) {
  const auto hex = [](std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      text += two;
    }
    return text;
  };
  const auto h = [&](const std::string& text) { return hex(sha256(text)); };
  digest_challenge challenge{.realm = "r",
                             .nonce = "n",
                             .algorithm = digest_algorithm::sha_256_sess,
                             .auth = false,
                             .auth_int = true,
                             .utf8 = true,
                             .userhash = true};
  EXPECT_EQ(read_all(challenge.to_text()).at(0), challenge);
  const auto said = answer_digest(challenge, "J\xc3\xa4s", "p", "POST", "/x", "body", "c", 0xab, sha256);
  EXPECT_EQ(said.username, h("J\xc3\xa4s:r"));
  EXPECT_EQ(said.response, h(h(h("J\xc3\xa4s:r:p") + ":n:c") + ":n:000000ab:c:auth-int:" + h("POST:/x:" + h("body"))));
  EXPECT_EQ(digest_credentials::from(parse_credentials(said.to_text()).value()), said);
  // A name beyond ASCII that is not hashed has the extended form.
  challenge.userhash = false;
  const auto plain = answer_digest(challenge, "J\xc3\xa4s\xc3\xb8n Doe", "p", "POST", "/x", "", "c", 1, sha256);
  EXPECT_NE(plain.to_text().find("username*=UTF-8''J%C3%A4s%C3%B8n%20Doe"), std::string::npos) << plain.to_text();
  EXPECT_EQ(digest_credentials::from(parse_credentials(plain.to_text()).value()), plain);
  // One that is no UTF-8 cannot have it.
  const auto latin1 = answer_digest(challenge, "J\xe4s", "p", "POST", "/x", "", "c", 1, sha256);
  EXPECT_NE(latin1.to_text().find("username=\"J\xe4s\""), std::string::npos);
  EXPECT_EQ(digest_credentials::from(parse_credentials(latin1.to_text()).value()), latin1);
}

// §3.4: what was given as opaque is returned unchanged, and none where none was given.
TEST(digest_auth, opaque_comes_back_as_it_was_given) {
  const struct {
    std::string_view given, returned;
  } rows[] = {{", opaque=\"\"", ", opaque=\"\""},
              {", opaque=o", ", opaque=\"o\""},
              {", opaque=\"a\\\"b\"", ", opaque=\"a\\\"b\""},
              {"", ""}};
  for (const auto& row : rows) {
    const auto challenges = read_all("Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256" + std::string(row.given));
    ASSERT_EQ(challenges.size(), 1U) << row.given;
    EXPECT_EQ(digest_challenge::from(parse_challenges(challenges[0].to_text()).value().front()), challenges[0]) << row.given;
    const auto said = answer_digest(challenges[0], "u", "p", "GET", "/", "", "c", 1, sha256);
    const std::string text = said.to_text();
    EXPECT_NE((text + "$").find(std::string(row.returned) + (row.returned.empty() ? "\"$" : "$")), text.npos) << text;
    EXPECT_EQ(text.find("opaque") != text.npos, !row.returned.empty()) << text;
    EXPECT_EQ(digest_credentials::from(parse_credentials(text).value()), said) << text;
  }
}

// RFC 2069 §2.1.2, as curl's tests 70 and 2061 have it.
TEST(digest_auth, without_qop) {
  const struct {
    std::string_view challenge;
    const char* uri;
    digest_hash hash;
    const char* response;
  } rows[] = {
      {"Digest realm=\"testrealm\", nonce=\"1053604199\"", "/70", md5, "2c9a6f00af0d86497b177b90e90c688a"},
      {"Digest realm=\"testrealm\", nonce=\"1053604145\", algorithm=SHA-256", "/2061", sha256,
       "9dc55255f1a2537b838311674b621d45346b862a81631bb20e4ce356ef25062d"},
  };
  for (const auto& row : rows) {
    const auto challenge = read_all(row.challenge).at(0);
    EXPECT_FALSE(challenge.auth || challenge.auth_int);
    const auto said = answer_digest(challenge, "testuser", "testpass", "GET", row.uri, "", "c", 1, row.hash);
    EXPECT_EQ(said.response, row.response);
    const std::string text = said.to_text();
    for (const char* part : {"qop", "cnonce", "nc="}) EXPECT_EQ(text.find(part), text.npos) << text;
    // No server of ours takes it.
    EXPECT_FALSE(digest_credentials::from(parse_credentials(text).value()));
  }
}

TEST(digest_auth, what_is_no_challenge) {
  const struct {
    std::string_view value;
    std::size_t found;
  } rows[] = {
      {"Digest realm=\"a\", nonce=\"b\", qop=\"auth\"", 1},
      {"Digest realm=\"a\", nonce=\"b\", qop=\"auth,token\", algorithm=md5, stale=TRUE", 1},
      {"Digest nonce=\"b\", qop=\"auth\"", 0},
      {"Digest realm=\"a\", qop=\"auth\"", 0},
      {"Digest realm=\"a\", nonce=\"b\"", 1},                      // RFC 2069's
      {"Digest realm=\"a\", nonce=\"b\", algorithm=MD5-sess", 0},  // which has no cnonce
      {"Digest realm=\"a\", nonce=\"b\", qop=\"\"", 0},
      {"Digest realm=\"a\", nonce=\"b\", qop=\"token\"", 0},
      {"Digest realm=\"a\", nonce=\"b\", qop=\"auth\", algorithm=SHA-3", 0},
      {"Basic realm=\"a\", nonce=\"b\", qop=\"auth\"", 0},
      {"Digest", 0},
  };
  for (const auto& row : rows) EXPECT_EQ(read_all(row.value).size(), row.found) << row.value;
  EXPECT_TRUE(read_all(rows[1].value).at(0).stale);
}

TEST(digest_auth, what_are_no_credentials) {
  const std::string good =
      "Digest username=\"u\", realm=\"r\", uri=\"/\", nonce=\"n\", cnonce=\"c\", response=\"0\", qop=auth, nc=00000001, "
      "algorithm=SHA-256";
  const auto read = [](const std::string& text) {
    const auto value = parse_credentials(text);
    return value && digest_credentials::from(*value).has_value();
  };
  EXPECT_TRUE(read(good));
  const struct {
    std::string_view from, to;
  } changes[] = {
      {"username=\"u\"", "username=\"u\", username*=UTF-8''u"},
      {"username=\"u\"", "username*=UTF-8''u, userhash=true"},
      {"username=\"u\"", "username*=u"},
      {"username=\"u\", ", ""},
      {"realm=\"r\", ", ""},
      {"uri=\"/\", ", ""},
      {"nonce=\"n\", ", ""},
      {"cnonce=\"c\", ", ""},
      {"response=\"0\", ", ""},
      {"qop=auth, ", ""},
      {"qop=auth", "qop=none"},
      {"nc=00000001, ", ""},
      {"nc=00000001", "nc=1"},
      {"nc=00000001", "nc=00000000"},
      {"nc=00000001", "nc=0000000g"},
      {"nc=00000001", "nc=000000001"},
      {"SHA-256", "SHA-1"},
      {"Digest", "Basic"},
  };
  for (const auto& change : changes) {
    std::string text = good;
    text.replace(text.find(change.from), change.from.size(), change.to);
    EXPECT_FALSE(read(text)) << text;
  }
}

}  // namespace
}  // namespace parley::semantics
