// Attacks on the transport (attacks.md, "HTTP/3 and QUIC"): what they cost, how they end, and that others are served meanwhile.
#include "quic/hostile_client.hpp"

#include <malloc.h>
#include <ostream>

namespace parley::quic {
namespace {

std::size_t heap_in_use() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

std::string new_connection_id(std::uint64_t sequence, std::uint64_t retire_prior_to) {
  std::string id(8, static_cast<char>(sequence));
  id[0] = static_cast<char>(sequence >> 8);
  return "\x18" + varint(sequence) + varint(retire_prior_to) + '\x08' + id + std::string(16, static_cast<char>(sequence + 1));
}

struct hostile_net : memory_net {
  hostile_net() {
    serve();
    attacker = &connect();
    other = &connect();
    handshake(*attacker);
    handshake(*other);
    run(1s);
  }
  connection& attacked() {
    for (auto& s : servers) {
      if (s->transport->where().remote == attacker->by.local) return *s->transport;
    }
    throw std::runtime_error("the attacker's connection is gone");
  }
  void others_are_served() {
    const auto id = other->engine.open("hello");
    EXPECT_TRUE(run(2s, [&] { return other->engine.streams.at(id).in_fin; }));
    EXPECT_EQ(other->engine.streams.at(id).in, "hello");
  }
  client_side* attacker = nullptr;
  client_side* other = nullptr;
};

// --- frames that break a rule ------------------------------------------------------------------------------------------------------

struct forbidden {
  const char* name;
  std::string frames;
  const char* error;
  friend std::ostream& operator<<(std::ostream& to, const forbidden& f) { return to << f.name; }
};
class QuicForbidden : public testing::TestWithParam<forbidden> {};

TEST_P(QuicForbidden, EndsTheConnectionWithTheRfcsError) {
  hostile_net net;
  smuggle(net, *net.attacker, GetParam().frames);
  net.run(500ms);
  EXPECT_TRUE(net.attacker->transport->closed());
  EXPECT_EQ(net.attacker->transport->why().by, ending::cause::peer);
  EXPECT_FALSE(net.attacker->transport->why().application);
  EXPECT_EQ(transport_error_name(net.attacker->transport->why().code), GetParam().error);
  EXPECT_EQ(net.home->connections(), 1U);
  net.others_are_served();
}

INSTANTIATE_TEST_SUITE_P(
    Frames, QuicForbidden,
    testing::Values(
        // CVE-2025-4820 and -4821: an acknowledgement of what was never sent would open the congestion window.
        forbidden{"ack_of_unsent", '\x02' + varint(1'000'000) + varint(0) + varint(0) + varint(0), "PROTOCOL_VIOLATION"},
        forbidden{"ack_below_zero", '\x02' + varint(3) + varint(0) + varint(0) + varint(9), "FRAME_ENCODING_ERROR"},
        forbidden{"unknown_frame", varint(0x3f), "FRAME_ENCODING_ERROR"},
        forbidden{"handshake_done_from_a_client", "\x1e", "PROTOCOL_VIOLATION"},
        forbidden{"new_token_from_a_client", '\x07' + varint(3) + "abc", "PROTOCOL_VIOLATION"},
        forbidden{"too_many_streams", '\x08' + varint(4 * 100'000) + "x", "STREAM_LIMIT_ERROR"},
        forbidden{"beyond_the_streams_window", '\x0e' + varint(400 - 4) + varint(1'000'000) + varint(1) + "x",
                  "FLOW_CONTROL_ERROR"},
        forbidden{"a_stream_of_ours", '\x08' + varint(4 * 3 + 1) + "x", "STREAM_STATE_ERROR"},
        forbidden{"two_ends",
                  '\x0f' + varint(396) + varint(0) + varint(1) + "x" + '\x0f' + varint(396) + varint(0) + varint(2) + "xy",
                  "FINAL_SIZE_ERROR"},
        forbidden{"crypto_far_ahead", '\x06' + varint(10'000'000) + varint(1) + "x", "CRYPTO_BUFFER_EXCEEDED"},
        forbidden{"retires_what_was_never_given", '\x19' + varint(77'777), "PROTOCOL_VIOLATION"},
        forbidden{"id_with_impossible_retirement", new_connection_id(50, 51), "FRAME_ENCODING_ERROR"},
        forbidden{"path_response_out_of_nowhere_then_nonsense", '\x1b' + std::string("12345678") + varint(0x21),
                  "FRAME_ENCODING_ERROR"},
        // h3spec's, of RFC 9000 §19.
        forbidden{"stop_of_a_stream_of_ours_that_is_not_there", '\x05' + varint(4 * 3 + 1) + varint(0), "STREAM_STATE_ERROR"},
        forbidden{"stop_of_a_stream_that_only_they_send_on", '\x05' + varint(2) + varint(0), "STREAM_STATE_ERROR"},
        forbidden{"credit_for_a_stream_of_ours_that_is_not_there", '\x11' + varint(4 * 3 + 1) + varint(9), "STREAM_STATE_ERROR"},
        forbidden{"credit_for_a_stream_that_only_they_send_on", '\x11' + varint(2) + varint(9), "STREAM_STATE_ERROR"},
        forbidden{"blocked_on_a_stream_that_only_we_send_on", '\x15' + varint(4 * 0 + 3) + varint(9), "STREAM_STATE_ERROR"},
        forbidden{"streams_blocked_beyond_all_numbers", '\x16' + varint((1ULL << 60) + 1), "FRAME_ENCODING_ERROR"},
        forbidden{"an_id_of_no_bytes", '\x18' + varint(9) + varint(0) + '\0' + std::string(16, 't'), "FRAME_ENCODING_ERROR"},
        forbidden{"an_id_of_21_bytes", '\x18' + varint(9) + varint(0) + '\x15' + std::string(37, 't'), "FRAME_ENCODING_ERROR"},
        forbidden{"two_ids_of_one_number", new_connection_id(1, 0) + '\x18' + varint(1) + varint(0) + '\x08' + std::string(24, 'z'),
                  "PROTOCOL_VIOLATION"},
        forbidden{"a_stream_frame_longer_than_its_packet", '\x0a' + varint(0) + varint(9'000) + "x", "FRAME_ENCODING_ERROR"},
        forbidden{"a_stream_beyond_2_to_the_62", '\x0e' + varint(396) + varint((1ULL << 62) - 1) + varint(1) + "x",
                  "FLOW_CONTROL_ERROR"},
        forbidden{"max_streams_beyond_all_numbers", '\x12' + varint((1ULL << 60) + 1), "FRAME_ENCODING_ERROR"}),
    [](const auto& of) { return std::string(of.param.name); });

// --- floods ------------------------------------------------------------------------------------------------------------------------

// CVE-2024-22189: each new id retires the one before, and the RETIRE_CONNECTION_ID frames pile up where acknowledgements are withheld.
TEST(QuicAttack, ConnectionIdFlood) {
  hostile_net net;
  const std::size_t before = heap_in_use();
  std::uint64_t sequence = 10;
  for (int packet = 0; packet < 100 && !net.attacker->transport->closed(); ++packet) {
    std::string frames;
    while (frames.size() < 1'050) {
      frames += new_connection_id(sequence, sequence);
      ++sequence;
    }
    smuggle(net, *net.attacker, frames);
    net.run(5ms);
  }
  net.run(500ms);
  EXPECT_TRUE(net.attacker->transport->closed());
  EXPECT_EQ(transport_error_name(net.attacker->transport->why().code), "CONNECTION_ID_LIMIT_ERROR");
  EXPECT_LT(heap_in_use(), before + 1'000'000);
  net.others_are_served();
}

// Each retired id of ours is replaced by a new one: as many stay known as the peer may have.
TEST(QuicAttack, IdsThatAreRetiredAtOnce) {
  hostile_net net;
  const std::size_t known = net.home->ids();
  for (std::uint64_t sequence = 1; sequence < 200; ++sequence) {
    if (net.attacker->transport->closed()) break;
    smuggle(net, *net.attacker, '\x19' + varint(sequence));
    net.run(20ms);
  }
  EXPECT_LE(net.home->ids(), known + 16);
  net.others_are_served();
}

// CVE-2025-7054 and its kind: answers to path challenges must neither pile up nor be more than what asked for them.
TEST(QuicAttack, PathChallengeFlood) {
  hostile_net net;
  const std::size_t before = heap_in_use();
  const std::uint64_t sent_before = net.attacked().facts().datagrams_out;
  constexpr int packets = 200;
  for (int packet = 0; packet < packets; ++packet) {
    std::string frames;
    for (int i = 0; i < 110; ++i) frames += '\x1a' + std::string("challen") + static_cast<char>(i);
    smuggle(net, *net.attacker, frames);
    net.run(1ms);
  }
  net.run(100ms);
  EXPECT_LE(net.attacked().facts().datagrams_out - sent_before, 3U * packets);
  EXPECT_LT(heap_in_use(), before + 2'000'000);
  net.others_are_served();
}

TEST(QuicAttack, PingFloodIsAnsweredByFewAcknowledgements) {
  hostile_net net;
  const std::uint64_t sent_before = net.attacked().facts().datagrams_out;
  for (int packet = 0; packet < 200; ++packet) {
    smuggle(net, *net.attacker, std::string(1'000, '\x01'));
    net.run(1ms);
  }
  net.run(100ms);
  EXPECT_LE(net.attacked().facts().datagrams_out - sent_before, 250U);
  net.others_are_served();
}

// Pieces of streams with holes between them: what is kept is bounded by the windows, about sixty bytes for each hole.
TEST(QuicAttack, StreamsFullOfHoles) {
  hostile_net net;
  const std::size_t before = heap_in_use();
  std::uint64_t offset = 2;
  for (int packet = 0; packet < 300 && offset < 60'000; ++packet) {
    std::string frames;
    while (frames.size() < 1'050) {
      frames += '\x0e' + varint(396) + varint(offset) + varint(1) + "x";
      offset += 2;
    }
    smuggle(net, *net.attacker, frames);
    net.run(1ms);
  }
  EXPECT_LT(heap_in_use(), before + 8'000'000);
  net.others_are_served();
}

TEST(QuicAttack, GarbageFlood) {
  hostile_net net;
  const std::size_t before = heap_in_use();
  base::seeded_random random(5);
  const path from{net.server_address, ipv4("198.51.100.1", 666)};
  batch out;
  for (int i = 0; i < 20'000; ++i) {
    std::string garbage(1 + random.below(1'400), '\0');
    random.fill(std::as_writable_bytes(std::span(garbage)));
    memory_net::flying one{from, ecn::none, garbage};
    net.arrive(one);
    while (net.home->send(out)) out.clear();
    out.clear();
  }
  EXPECT_EQ(net.home->connections(), 2U);
  EXPECT_EQ(net.home->half_open(), 0U);
  EXPECT_LT(heap_in_use(), before + 1'000'000);
  const endpoint_counters& c = net.home->counters();
  EXPECT_LE(c.stateless_resets + c.version_negotiations, net.settings.transport.limits.quic_stateless_replies);
  EXPECT_GT(c.garbage + c.over_replies, 10'000U);
  net.others_are_served();
}

// First packets that look right and do not decrypt: no TLS session, no connection that stays (RFC 9001 §5.2).
TEST(QuicAttack, InitialsThatDoNotDecrypt) {
  hostile_net net;
  const std::size_t known = net.home->ids();
  const std::size_t before = heap_in_use();
  base::seeded_random random(6);
  for (int i = 0; i < 2'000; ++i) {
    // Some also without the bit that must be set (RFC 9000 §17.2): ngtcp2 looks no further into those.
    std::string initial = std::string(i % 2 == 0 ? "\xc3" : "\x83") + std::string("\x00\x00\x00\x01\x08", 5) +
                          pattern(8, static_cast<unsigned>(i)) + '\x08' + "abcdefgh" + '\x00';
    initial += varint(1'100);
    std::string rest(1'100, '\0');
    random.fill(std::as_writable_bytes(std::span(rest)));
    // The second one must not find what the first one was for.
    for (int times = 0; times < 2; ++times) {
      net.arrive({{net.server_address, ipv4("198.51.100.1", static_cast<std::uint16_t>(i))},
                  ecn::none,
                  initial + rest + std::string(100, '\0')});
    }
  }
  EXPECT_EQ(net.home->ids(), known);
  EXPECT_EQ(net.home->connections(), 2U);
  EXPECT_EQ(net.home->half_open(), 0U);
  EXPECT_EQ(net.home->counters().accepted, 2U);
  EXPECT_LT(heap_in_use(), before + 1'000'000);
  net.others_are_served();
}

// Handshakes that are begun and left: their places are bounded, their memory goes with their time.
TEST(QuicAttack, HandshakeFlood) {
  hostile_net net;
  const std::size_t before = heap_in_use();
  for (int i = 0; i < 400; ++i) {
    net.connect();
    net.speak();
    net.clients.pop_back();
  }
  net.run(50ms);
  EXPECT_EQ(net.home->half_open(), net.settings.transport.limits.quic_retry_above);
  net.others_are_served();
  auto& fresh = net.connect();
  fresh.engine.open("and a new one?");
  EXPECT_TRUE(net.run(2s, [&] { return fresh.engine.all_done(); })) << "after a Retry";
  net.run(20s);
  EXPECT_EQ(net.home->half_open(), 0U);
  EXPECT_LT(heap_in_use(), before + 2'000'000);
}

// A forged reset must guess sixteen bytes; packets that do not decrypt are counted by ngtcp2 and cost the connection nothing.
TEST(QuicAttack, ForgedStatelessResetsAndPacketsChangeNothing) {
  hostile_net net;
  base::seeded_random random(6);
  for (int i = 0; i < 2'000; ++i) {
    std::string forged(60, '\0');
    random.fill(std::as_writable_bytes(std::span(forged)));
    forged[0] = '\x41';
    net.attacker->transport->receive(net.attacker->by, ecn::none, forged, net.now);
  }
  EXPECT_FALSE(net.attacker->transport->ending());
  const auto id = net.attacker->engine.open("still here");
  EXPECT_TRUE(net.run(2s, [&] { return net.attacker->engine.streams.at(id).in_fin; }));
}

}  // namespace
}  // namespace parley::quic
