// What an observer sees of one exchange.
#include <gtest/gtest.h>

#include <string>

#include "h1/tester.hpp"

namespace parley::h1::test {
namespace {

class notebook final : public engine::observer {
 public:
  void observe(const engine::observation& seen) noexcept override {
    EXPECT_EQ(seen.connection, 7u);
    text += std::to_string(seen.stream) + " ";
    std::visit([this](const auto& what) { note(what); }, seen.what);
    text += "\n";
  }
  std::string text;

 private:
  static std::string way(engine::direction d) { return d == engine::direction::in ? "in " : "out "; }
  void note(const engine::observed_head& h) {
    text += "head " + way(h.way) + (h.request != nullptr ? "request " : "response ") + std::to_string(h.text.size());
  }
  void note(const engine::observed_data& d) { text += "data " + way(d.way) + std::to_string(d.size); }
  void note(const engine::observed_trailers& t) { text += "trailers " + way(t.way) + std::to_string(t.trailers->size()); }
  void note(const engine::observed_end& e) { text += "end " + way(e.way); }
  void note(const engine::observed_state& s) {
    text.append("state ").append(s.machine).append(" ").append(s.from).append(" ").append(s.to);
  }
  void note(const engine::observed_error& e) { text.append("error ").append(e.error.name); }
  template <class Other>
  void note(const Other&) {
    text += "other";
  }
};

TEST(h1_observer, an_exchange) {
  notebook seen;
  tester t(engine::role::server);
  t.engine.observe(&seen, 7);
  answer_all(t, "hi");
  t.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: b\r\n\r\nbad\r\n");
  EXPECT_EQ(seen.text,
            "0 state receive start head\n1 head in request 56\n1 state send idle head\n1 state receive head content\n1 data in 1\n"
            "1 trailers in 1\n1 state receive content waiting\n1 end in \n"
            "1 head out response 38\n1 state send head content\n1 data out 2\n1 state send content ended\n1 end out \n"
            "0 state receive waiting start\n0 state send ended idle\n"
            "0 state receive start head\n2 error bad-request-line\n0 state receive head closed\n2 state send idle head\n"
            "2 head out response 66\n2 state send head content\n2 data out 2\n2 state send content ended\n2 end out \n"
            "0 state send ended closed\n");
}

}  // namespace
}  // namespace parley::h1::test
