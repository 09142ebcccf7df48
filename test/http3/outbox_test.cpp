// What waits to be sent where the system takes no more, and where nobody waits any longer.
#include "connection/quic_outbox.hpp"
#include "net/memory_network.hpp"

#include <gtest/gtest.h>

#include <string>

namespace http3_tests {
namespace {

using namespace parley;

/// Takes datagrams while `room` lasts.
struct full_socket final : net::datagram_socket {
  [[nodiscard]] const net::ip_endpoint& local() const override { return here; }
  void start(net::datagram_handler*) override {}
  bool send(std::span<const net::datagram_run> runs, net::send_place& at) override {
    for (; at.runs < runs.size(); ++at.runs) {
      if (room == 0) return false;
      --room;
      taken += runs[at.runs].bytes;
    }
    return true;
  }
  void wait_writable() override { ++waits; }
  std::error_code steer(const net::steering&) override { return {}; }
  void close() override {}
  [[nodiscard]] const net::datagram_counters& counters() const override { return counts; }

  net::ip_endpoint here;
  net::datagram_counters counts;
  int room = 0;
  int waits = 0;
  std::string taken;
};

void put(connection::quic_outbox& into, char text) {
  into.batch().room()[0] = static_cast<unsigned char>(text);
  const auto marks = text == 'a' ? quic::ecn::none : quic::ecn::ect0;  // a run of its own
  into.batch().add({}, marks, 1);
}

TEST(quic_outbox, what_was_refused_goes_when_the_socket_says_so) {
  net::memory_loop loop;
  full_socket socket;
  connection::quic_outbox box(loop, socket, nullptr);
  socket.room = 1;
  put(box, 'a');
  put(box, 'b');
  EXPECT_FALSE(box.flush());
  EXPECT_TRUE(box.blocked());
  EXPECT_EQ(socket.taken, "a");
  EXPECT_EQ(socket.waits, 1);
  EXPECT_FALSE(box.flush()) << "until the socket says so";
  box.on_writable();  // and takes none all the same
  EXPECT_EQ(socket.waits, 2);
  socket.room = 5;
  box.on_writable();
  EXPECT_EQ(socket.taken, "ab");
  EXPECT_FALSE(box.blocked());
}

TEST(quic_outbox, what_waits_at_its_end_is_offered_once_more) {
  net::memory_loop loop;
  full_socket socket;
  {
    connection::quic_outbox box(loop, socket, nullptr);
    put(box, 'a');
    EXPECT_FALSE(box.flush());
    socket.room = 1;
  }
  EXPECT_EQ(socket.taken, "a");
  {
    connection::quic_outbox box(loop, socket, nullptr);
    put(box, 'b');
    box.flush_soon();
    socket.room = 1;
  }
  EXPECT_EQ(socket.taken, "ab");
  loop.run_until_idle();
  EXPECT_EQ(socket.taken, "ab");
}

}  // namespace
}  // namespace http3_tests
