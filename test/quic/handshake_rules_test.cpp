// What a client must not do before its handshake is done, and in TLS behind it (RFC 9000 §7.4, §17.2.4, §18.2; RFC 9001 §6, §8): the server
// ends the connection with the RFC's error, and others are served.
#include "quic/hostile_client.hpp"
#include "tls/replay_guard.hpp"

#include <gnutls/gnutls.h>

#include <ostream>

namespace parley::quic {
namespace {

constexpr std::uint64_t crypto_error = 0x100;  // and TLS's alert (RFC 9000 §20.1)

void expect_error(memory_net& net, const memory_net::client_side& client, std::uint64_t code) {
  net.run(2s);
  EXPECT_TRUE(client.transport->closed());
  EXPECT_EQ(client.transport->why().by, ending::cause::peer);
  EXPECT_FALSE(client.transport->why().application);
  EXPECT_EQ(client.transport->why().code, code) << client.transport->why().reason;
  auto& other = net.connect();
  ASSERT_TRUE(net.handshake(other));
  const auto id = other.engine.open("hello");
  EXPECT_TRUE(net.run(2s, [&] { return other.engine.streams.at(id).in_fin; }));
}

struct broken_rule {
  const char* name;
  std::string bytes;
  std::uint64_t code;
  friend std::ostream& operator<<(std::ostream& to, const broken_rule& r) { return to << r.name; }
};
std::string name_of(const testing::TestParamInfo<broken_rule>& of) { return of.param.name; }

// --- transport parameters ----------------------------------------------------------------------------------------------------------

std::string parameter(std::uint64_t id, const std::string& value) { return varint(id) + varint(value.size()) + value; }

class QuicParameters : public testing::TestWithParam<broken_rule> {};

TEST_P(QuicParameters, EndTheHandshake) {
  memory_net net;
  net.serve();
  parameters_to_smuggle() = GetParam().bytes;
  auto& client = net.connect();
  net.speak();
  parameters_to_smuggle().clear();
  expect_error(net, client, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(RFC9000_18_2, QuicParameters,
                         testing::Values(broken_rule{"original_destination_connection_id", parameter(0x00, "12345678"), 0x08},
                                         broken_rule{"stateless_reset_token", parameter(0x02, std::string(16, 't')), 0x08},
                                         broken_rule{"preferred_address",
                                                     parameter(0x0d, std::string(24, 'a') + '\x08' + std::string(24, 'b')), 0x08},
                                         broken_rule{"retry_source_connection_id", parameter(0x10, "12345678"), 0x08},
                                         broken_rule{"small_max_udp_payload_size", parameter(0x03, varint(1'199)), 0x08},
                                         broken_rule{"large_ack_delay_exponent", parameter(0x0a, varint(21)), 0x08},
                                         broken_rule{"large_max_ack_delay", parameter(0x0b, varint(1 << 14)), 0x08},
                                         broken_rule{"small_active_connection_id_limit", parameter(0x0e, varint(1)), 0x08},
                                         broken_rule{"too_many_streams", parameter(0x08, varint((1ULL << 60) + 1)), 0x08},
                                         broken_rule{"disable_active_migration_with_a_value", parameter(0x0c, "x"), 0x08},
                                         broken_rule{"cut_short", varint(0x05) + varint(9) + "x", 0x08}),
                         name_of);

TEST(QuicHandshakeRules, NoTransportParametersAtAll) {
  memory_net net;
  net.serve();
  sends_transport_parameters() = false;
  auto& client = net.connect();
  net.speak();
  sends_transport_parameters() = true;
  expect_error(net, client, crypto_error + 109);  // missing_extension (RFC 9001 §8.2)
}

TEST(QuicHandshakeRules, AServerWithoutTransportParameters) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  sends_transport_parameters() = false;
  net.run(2s);
  sends_transport_parameters() = true;
  EXPECT_TRUE(client.transport->closed());
  EXPECT_EQ(client.transport->why().by, ending::cause::us);
  EXPECT_EQ(client.transport->why().code, crypto_error + 109) << client.transport->why().reason;
}

TEST(QuicHandshakeRules, NoProtocolAtAll) {
  memory_net net;
  net.serve();
  net.offered = {};
  auto& client = net.connect();
  net.offered = {"h3"};
  expect_error(net, client, crypto_error + GNUTLS_A_NO_APPLICATION_PROTOCOL);  // RFC 9001 §8.1
}

// --- frames in Handshake packets, and messages of TLS --------------------------------------------------------------------------------

std::string crypto(const std::string& message) { return '\x06' + varint(0) + varint(message.size()) + message; }
const std::string key_update("\x18\0\0\1\0", 5);
const std::string end_of_early_data("\5\0\0\0", 4);

class QuicHandshakePackets : public testing::TestWithParam<broken_rule> {};

TEST_P(QuicHandshakePackets, EndTheHandshake) {
  memory_net net;
  net.serve();
  std::string frames = GetParam().bytes;
  net.speaking = [&](memory_net::client_side* client) {
    if (client != nullptr) {
      std::swap(handshake_frames_to_smuggle(), frames);
    } else {
      std::swap(frames, handshake_frames_to_smuggle());
    }
  };
  auto& client = net.connect();
  expect_error(net, client, GetParam().code);
  EXPECT_TRUE(frames.empty());
}

INSTANTIATE_TEST_SUITE_P(RFC9000_12_4, QuicHandshakePackets,
                         testing::Values(broken_rule{"path_challenge", "\x1a" + std::string("12345678"), 0x0a},
                                         broken_rule{"handshake_done", "\x1e", 0x0a},
                                         broken_rule{"stream", '\x08' + varint(0) + "x", 0x0a},
                                         broken_rule{"new_token", '\x07' + varint(1) + "x", 0x0a},
                                         broken_rule{"max_data", '\x10' + varint(9), 0x0a},
                                         broken_rule{"application_close", "\x1d" + varint(1) + varint(0), 0x0a},
                                         broken_rule{"key_update", crypto(key_update), crypto_error + 10},
                                         broken_rule{"end_of_early_data", crypto(end_of_early_data), crypto_error + 10}),
                         name_of);

TEST(QuicHandshakeRules, ReservedBits) {
  for (const bool handshake : {false, true}) {
    memory_net net;
    net.serve();
    const std::string ping("\x01");
    if (handshake) {
      std::string frames = ping;
      net.speaking = [&](memory_net::client_side* client) {
        reserved_bits_to_smuggle() = client != nullptr && !frames.empty();
        std::swap(handshake_frames_to_smuggle(), frames);
      };
      auto& client = net.connect();
      expect_error(net, client, 0x0a);
      EXPECT_TRUE(frames.empty());
    } else {
      auto& client = net.connect();
      ASSERT_TRUE(net.handshake(client));
      net.run(1s);
      reserved_bits_to_smuggle() = true;
      smuggle(net, client, ping);
      expect_error(net, client, 0x0a);
    }
    EXPECT_FALSE(reserved_bits_to_smuggle());
  }
}

class QuicEarlyPackets : public testing::TestWithParam<broken_rule> {};

TEST_P(QuicEarlyPackets, EndTheConnection) {
  memory_net net;
  net.server_tls.replays = std::make_shared<tls::replay_guard>(10);
  net.settings.early_data = true;
  net.serve();
  auto& first = net.connect();
  ASSERT_TRUE(net.handshake(first));
  net.run(1s);
  net.clients.clear();
  net.servers.clear();
  auto ticket = tls::take_ticket(*net.credentials, {"localhost", 4433, {"h3"}});
  ASSERT_TRUE(ticket);
  early_frames_to_smuggle() = GetParam().bytes;
  auto& client = net.connect(std::move(ticket), true);
  client.engine.open(std::string(100, 'x'));
  expect_error(net, client, GetParam().code);
  EXPECT_TRUE(early_frames_to_smuggle().empty());
}

INSTANTIATE_TEST_SUITE_P(RFC9000_12_5, QuicEarlyPackets,
                         testing::Values(broken_rule{"crypto", crypto("xx"), 0x0a},
                                         broken_rule{"ack", '\x02' + std::string(4, '\0'), 0x0a},
                                         broken_rule{"handshake_done", "\x1e", 0x0a},
                                         broken_rule{"new_token", '\x07' + varint(1) + "x", 0x0a},
                                         broken_rule{"path_response", '\x1b' + std::string("12345678"), 0x0a},
                                         broken_rule{"retire_connection_id", '\x19' + varint(0), 0x0a}),
                         name_of);

class QuicTlsMessages : public testing::TestWithParam<broken_rule> {};

TEST_P(QuicTlsMessages, EndTheConnection) {
  memory_net net;
  net.serve();
  auto& client = net.connect();
  ASSERT_TRUE(net.handshake(client));
  net.run(1s);
  smuggle(net, client, crypto(GetParam().bytes));
  expect_error(net, client, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(RFC9001_6, QuicTlsMessages,
                         testing::Values(broken_rule{"key_update", key_update, crypto_error + 10},
                                         broken_rule{"end_of_early_data", end_of_early_data, crypto_error + 10},
                                         broken_rule{"a_second_client_hello", std::string("\1\0\0\2xx", 6), crypto_error + 10}),
                         name_of);

}  // namespace
}  // namespace parley::quic
