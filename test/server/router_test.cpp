#include "server/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace {

using parley::method;
using parley::server_room::allow_value;
using parley::server_room::match;
using parley::server_room::router;

router router_of(std::initializer_list<const char*> routes) {
  router made;
  for (const char* r : routes) made.add(r, [](const parley::request&) { return parley::text("x"); }, {});
  return made;
}

struct router_row {
  const char* method;
  const char* path;
  const char* route;                     // null: none
  std::vector<std::string> values = {};  // of its parameters, in order
};

TEST(router, the_most_literal_route_that_has_the_method_wins) {
  const router r =
      router_of({"GET /", "GET /customers", "POST /customers", "PUT /customers/requests", "GET /customers/{id}",
                 "PUT /customers/{id}", "GET /customers/{id}/orders/{order}", "GET /files/{rest...}", "GET /files/special",
                 "* /any", "GET /{page}", "GET /a/{x}/c", "GET /a/b/d", "GET /sl%2fash", "GET /t/"});
  const router_row table[] = {
      {"GET", "/", "GET /"},
      {"HEAD", "/", "GET /"},
      {"GET", "/customers", "GET /customers"},
      {"POST", "/customers", "POST /customers"},
      {"PUT", "/customers/requests", "PUT /customers/requests"},
      {"GET", "/customers/requests", "GET /customers/{id}", {"requests"}},
      {"GET", "/customers/%72equests", "GET /customers/{id}", {"%72equests"}},
      {"PUT", "/customers/%72equests", "PUT /customers/requests"},
      {"PUT", "/customers/7", "PUT /customers/{id}", {"7"}},
      {"GET", "/customers/7/orders/8", "GET /customers/{id}/orders/{order}", {"7", "8"}},
      {"GET", "/customers/7/orders/", nullptr},
      {"GET", "/customers/", nullptr},
      {"GET", "/customers//", nullptr},
      {"GET", "/files/a/b/c.txt", "GET /files/{rest...}", {"a/b/c.txt"}},
      {"GET", "/files/", "GET /files/{rest...}", {""}},
      {"GET", "/files/special", "GET /files/special"},
      {"GET", "/files/special/x", "GET /files/{rest...}", {"special/x"}},
      {"GET", "/files", "GET /{page}", {"files"}},
      {"BREW", "/any", "* /any"},
      {"TRACE", "/any", "* /any"},
      {"GET", "/else", "GET /{page}", {"else"}},
      {"GET", "/a/b/c", "GET /a/{x}/c", {"b"}},
      {"GET", "/a/b/d", "GET /a/b/d"},
      {"GET", "/a/b/e", nullptr},
      {"GET", "/sl%2fash", "GET /sl%2fash"},
      {"GET", "/sl/ash", nullptr},
      {"GET", "/t/", "GET /t/"},
      {"GET", "/t", "GET /{page}", {"t"}},
      {"GET", "*", nullptr},
      {"GET", "", nullptr},
  };
  for (const auto& row : table) {
    SCOPED_TRACE(std::string(row.method) + " " + row.path);
    const match found = r.find(*method::parse(row.method), row.path);
    ASSERT_EQ(found.found != nullptr, row.route != nullptr);
    if (row.route == nullptr) continue;
    EXPECT_EQ(found.found->text, row.route);
    ASSERT_EQ(found.count, row.values.size());
    for (std::size_t i = 0; i < found.count; ++i) {
      EXPECT_EQ(std::string_view(row.path).substr(found.values[i].offset, found.values[i].length), row.values[i]);
    }
  }
}

TEST(router, knows_what_a_path_allows) {
  const router r = router_of({"PUT /customers/requests", "GET /customers/{id}", "DELETE /customers/{id}"});
  EXPECT_EQ(allow_value(r.find(method::post, "/customers/requests").allowed), "GET, HEAD, PUT, DELETE, OPTIONS");
  EXPECT_EQ(allow_value(r.find(method::post, "/customers/7").allowed), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(r.find(method::post, "/other").allowed, 0);
}

TEST(router, refuses_malformed_routes_with_the_position) {
  const std::pair<const char*, const char*> table[] = {
      {"/x", "needs a method"},
      {"GET", "needs a method"},
      {"GET x", "begin with a slash"},
      {"get /x", "one of the nine"},
      {"BREW /x", "one of the nine"},
      {"GET /x?y", "no query"},
      {"GET /{a}b", "whole segment"},
      {"GET /a{b}", "whole segment"},
      {"GET /{}", "needs a name"},
      {"GET /{...}", "needs a name"},
      {"GET /{a}/{a}", "same name"},
      {"GET /{a...}/b", "nothing may follow"},
      {"GET /{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", "at most 8"},
  };
  for (const auto& [route, reason] : table) {
    SCOPED_TRACE(route);
    try {
      router_of({route});
      FAIL() << "accepted";
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find(reason), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find("character"), std::string::npos) << e.what();
    }
  }
  EXPECT_THROW(router_of({"GET /a/{x}", "GET /a/{y}"}), std::invalid_argument);
}

}  // namespace
