#include <parley/request.hpp>

#include "connection/message_access.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/target.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace {

using parley::method;
using parley::request;
using access = parley::detail::request_access;

// A head as an engine hands it over: all text in the fields' block.
parley::semantics::request_head received_head(method m, std::string_view target, const parley::fields& lines) {
  using block = parley::detail::fields_access;
  parley::semantics::request_head head;
  head.method = m;
  head.fields = lines;
  head.target_ref = block::store(head.fields, target);
  const auto parts = parley::semantics::parse_target(m, target).value();
  head.path_ref = {head.target_ref.offset + parts.path.offset, parts.path.length};
  head.query_ref = {head.target_ref.offset + parts.query.offset, parts.query.length};
  if (const auto* host = block::find(head.fields, parley::semantics::field_id::host)) {
    head.authority_ref = {host->value_offset, host->value_length};
  }
  return head;
}

TEST(request, default_is_get_root) {
  const request r;
  EXPECT_EQ(r.method(), method::get);
  EXPECT_EQ(r.target(), "/");
  EXPECT_EQ(r.path(), "/");
  EXPECT_EQ(r.scheme(), "http");
  EXPECT_EQ(r.authority(), "");
  EXPECT_EQ(r.content(), "");
  EXPECT_EQ(r.peer(), "");
}

TEST(request, of_a_url) {
  struct row {
    method m;
    const char* url;
    const char* target;
    const char* authority;
    const char* scheme;
    const char* path;
    const char* query;
  };
  const row rows[] = {
      {method::get, "http://localhost:8080/hello?name=ada#top", "/hello?name=ada", "localhost:8080", "http", "/hello", "name=ada"},
      {method::get, "HTTPS://Example.org", "/", "Example.org", "https", "/", ""},
      {method::get, "http://example.org:80/", "/", "example.org", "http", "/", ""},
      {method::get, "http://[::1]:8080?x", "/?x", "[::1]:8080", "http", "/", "x"},
      {method::get, "/a/b?c", "/a/b?c", "", "http", "/a/b", "c"},
      {method::get, "/a#frag", "/a", "", "http", "/a", ""},
      {method::options, "http://localhost", "*", "localhost", "http", "*", ""},
      {method::options, "http://localhost/", "/", "localhost", "http", "/", ""},
      {method::options, "*", "*", "", "http", "*", ""},
      {method::connect, "example.org:443", "example.org:443", "example.org:443", "http", "", ""},
  };
  for (const row& x : rows) {
    const request r(x.m, x.url);
    EXPECT_EQ(r.target(), x.target) << x.url;
    EXPECT_EQ(r.authority(), x.authority) << x.url;
    EXPECT_EQ(r.scheme(), x.scheme) << x.url;
    EXPECT_EQ(r.path(), x.path) << x.url;
    EXPECT_EQ(r.query(), x.query) << x.url;
  }
  EXPECT_TRUE(request(method::get, "https://h/").secure());
}

TEST(request, refuses_what_is_no_url) {
  struct row {
    method m;
    const char* url;
    const char* says;
  };
  const row rows[] = {
      {method::get, "localhost/x", "scheme"},          {method::get, "", "scheme"},
      {method::get, "http://h/a b", "position 10"},    {method::get, "http:///x", "needs a host"},
      {method::get, "http://u:p@h/", "Authorization"}, {method::get, "*", "OPTIONS"},
      {method::connect, "http://h/", "port"},          {method::get, "mailto:a@b", "names no host"},
  };
  for (const row& x : rows) {
    try {
      request r(x.m, x.url);
      ADD_FAILURE() << x.url;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find(x.says), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find(x.url), std::string::npos) << e.what();
    }
  }
}

TEST(request, received_head_is_taken_over_without_a_copy) {
  auto head = received_head(method::post, "/a/b%20c?q=1+2&q=3", {{"Host", "example.org:81"}, {"Accept", "text/html"}});
  const char* text = head.target().data();
  request r;
  access::from_head(r, std::move(head));
  EXPECT_EQ(r.target().data(), text);
  EXPECT_EQ(r.method(), method::post);
  EXPECT_EQ(r.authority(), "example.org:81");
  EXPECT_EQ(r.query("q"), "1 2");
  EXPECT_EQ(r.query("none"), std::nullopt);
  EXPECT_EQ(r.header("accept"), "text/html");
  ASSERT_TRUE(access::add_parameter(r, "name", {3, 5}));
  EXPECT_EQ(r.path("name"), "b c");
  EXPECT_EQ(r.path("other"), "");
}

TEST(request, its_target_survives_any_change_of_the_fields) {
  request r;
  access::from_head(r, received_head(method::get, "/path/to?x=1", {{"Host", "example.org"}}));
  ASSERT_TRUE(access::add_parameter(r, "last", {6, 2}));
  r.fields() = parley::fields{{"A", "b"}};
  EXPECT_EQ(r.target(), "/path/to?x=1");
  EXPECT_EQ(r.authority(), "example.org");
  EXPECT_EQ(r.path("last"), "to");
  r.fields().clear();
  r.header("Host", "other");
  EXPECT_EQ(r.query(), "x=1");
  EXPECT_EQ(r.authority(), "example.org");
}

TEST(request, moves_and_leaves_get_root_behind) {
  request r;
  access::from_head(r, received_head(method::post, "/p?q", {{"Host", "h"}}));
  r.content("short", "text/plain");  // within the string itself, so that a view into it would not survive
  request moved = std::move(r);
  EXPECT_EQ(moved.content(), "short");
  EXPECT_EQ(moved.target(), "/p?q");
  EXPECT_EQ(r.target(), "/");  // NOLINT: what was moved from is a value
  EXPECT_EQ(r.method(), method::get);
  EXPECT_EQ(r.content(), "");
  r = std::move(moved);
  EXPECT_EQ(r.authority(), "h");
}

TEST(request, parameters_are_bounded) {
  request r;
  for (std::size_t i = 0; i < access::max_parameters; ++i) EXPECT_TRUE(access::add_parameter(r, "n", {0, 1}));
  EXPECT_FALSE(access::add_parameter(r, "n", {0, 1}));
}

TEST(request, becomes_a_head_to_send) {
  request r(method::put, "http://127.0.0.1:8080/customers/requests?a=b");
  r.header("Host", "www.example.re").header("X-One", "1");
  const auto head = access::to_head(std::move(r));
  EXPECT_EQ(head.method, method::put);
  EXPECT_EQ(head.target(), "/customers/requests?a=b");
  EXPECT_EQ(head.path(), "/customers/requests");
  EXPECT_EQ(head.query(), "a=b");
  EXPECT_EQ(head.authority(), "www.example.re");
  EXPECT_EQ(head.scheme(), "http");
  EXPECT_FALSE(head.fields.contains("Host"));
  EXPECT_EQ(head.fields.get("X-One"), "1");
}

TEST(request, head_takes_the_authority_of_the_url) {
  const auto head = access::to_head(request(method::get, "http://localhost:8080/"));
  EXPECT_EQ(head.authority(), "localhost:8080");
  EXPECT_EQ(access::to_head(request(method::options, "http://h")).form, parley::semantics::target_form::asterisk);
  EXPECT_EQ(access::to_head(request(method::connect, "h:1")).form, parley::semantics::target_form::authority);
}

TEST(request, negotiates) {
  request r;
  EXPECT_EQ(r.accepts({"text/html", "application/json"}), 0u);
  r.header("Accept", "application/json");
  EXPECT_EQ(r.accepts({"text/html", "application/json"}), 1u);
  r.fields().add("Accept", "text/html;q=0.1");
  EXPECT_EQ(r.accepts({"text/html"}), 0u);
  EXPECT_EQ(r.accepts({"image/png"}), std::nullopt);
}

TEST(request, reset_keeps_nothing_of_the_old) {
  request r(method::post, "https://h/x");
  r.content(std::string(100'000, 'x'), "text/plain");
  access::reset(r);
  EXPECT_EQ(r.target(), "/");
  EXPECT_EQ(r.authority(), "");
  EXPECT_EQ(r.content(), "");
  EXPECT_FALSE(r.secure());
  EXPECT_TRUE(r.fields().empty());
}

}  // namespace
