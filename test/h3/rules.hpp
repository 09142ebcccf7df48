// What a peer must not do, as rows: what it sends, what it gets for it, and the rule that it broke.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "h3/tester.hpp"

namespace parley::h3::test {

struct rule_row {
  const char* rule;         // as docs/rfc-map.md names it
  engine::role role;        // ours
  std::uint64_t stream;     // of the peer, or of ours to answer on
  std::string given;        // by the peer, after its SETTINGS
  bool fin;                 // and whether the stream ends with it
  std::string_view sent;    // by us
  std::string_view faults;  // by name, in order
};

/// Notes the names of faults.
class fault_names : public engine::observer {
 public:
  void observe(const engine::observation& seen) noexcept override {
    const auto* e = std::get_if<engine::observed_error>(&seen.what);
    if (e == nullptr) return;
    if (!names.empty()) names += ' ';
    names += e->error.name;
  }
  std::string names;
};

/// Every row at every fragment size. A client has sent `GET /` on 0 and the head of a `POST` on 4, and takes pushes when `push`.
inline void check_rules(std::span<const rule_row> rows, bool push = false) {
  for (const rule_row& row : rows) {
    for (const std::size_t size : fragment_sizes) {
      SCOPED_TRACE(row.rule + std::string(" in pieces of ") + std::to_string(size));
      options how;
      how.push = push;
      tester t(row.role, tester::default_limits(), how);
      t.start();
      if (row.role == engine::role::client) {
        ASSERT_TRUE(t.engine.send_request(request(parley::method::get, "/"), engine::content_length::no_content(), t.now));
        ASSERT_TRUE(t.engine.send_request(request(parley::method::post, "/"), engine::content_length::stream(), t.now));
      }
      static_cast<void>(t.sent());
      fault_names faults;
      t.engine.observe(&faults, 1);
      t.feed(row.stream, row.given, row.fin, size);
      EXPECT_EQ(t.sent(), row.sent);
      EXPECT_EQ(faults.names, row.faults);
      t.engine.observe(nullptr, 1);
    }
  }
}

}  // namespace parley::h3::test
