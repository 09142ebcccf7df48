// Attacks by way of content: ranges, codings, what compression gives away.
#include "attack/arena.hpp"
#include "coding/decoder.hpp"
#include "coding/encoder.hpp"

#include <parley/compression.hpp>

namespace parley::attack {
namespace {

// CVE-2011-3192: a field of a kilobyte that asked for the content a thousand times.
TEST(attack_content, a_range_bomb) {
  arena on;
  const std::string content(100'000, 'x');
  on.app.route("GET /content", [&](const request&) { return text(content).entity_tag("v1"); });
  on.open();
  std::string overlapping = "bytes=0-";
  for (int i = 1; i < 60; ++i) overlapping += "," + std::to_string(i) + "-";
  std::string apart = "bytes=0-0";
  for (int i = 1; i < 40; ++i) apart += "," + std::to_string(i * 1000) + "-" + std::to_string(i * 1000);
  std::string many = "bytes=0-0";
  for (int i = 0; i < 1000; ++i) many += ",5-";
  const struct {
    std::string range;
    int status;
  } rows[] = {{overlapping, 206}, {apart, 200}, {many, 200}};
  for (const auto& row : rows) {
    raw attacker(on.port);
    attacker.send("GET /content HTTP/1.1\r\nHost: x\r\nRange: " + row.range + "\r\n\r\n");
    EXPECT_EQ(attacker.response(), row.status) << row.range;
    EXPECT_EQ(attacker.last_content.size(), content.size()) << "nothing is sent twice";
  }
  EXPECT_TRUE(on.counted("ranges_ignored", 2));
  EXPECT_TRUE(on.serves_others());
}

// At the decoder that stands before everything that comes in a coding.
TEST(attack_content, a_decompression_bomb) {
  for (const auto which : {coding::content_coding::gzip, coding::content_coding::br, coding::content_coding::zstd}) {
    const std::string bomb = coding::encode_whole(which, std::string(std::size_t{64} << 20, '\0'));
    coding::decoder undo({which});
    std::string room(64 * 1024, '\0');
    std::string_view in = bomb;
    std::uint64_t given = 0;
    std::optional<coding::decode_error> stopped;
    while (!stopped) {
      const auto now = undo.decode(in, room);
      if (!now) {
        stopped = now.error();
      } else {
        given += now->written;
        if (now->done) break;
      }
    }
    ASSERT_TRUE(stopped) << coding::name_of(which);
    EXPECT_EQ(stopped->fault, coding::decode_fault::ratio);
    EXPECT_LE(given, std::uint64_t{14} << 20) << coding::name_of(which);
  }
}

// The attacker chooses a part of the page and sees its length: with compression a right guess is shorter.
TEST(attack_content, breach) {
  arena on;
  on.app.compression(compression_options());
  const auto page = [](const request& req) {
    return "<p>" + req.query("q").value_or("") + "</p><p>token=b3f9d2c7</p>" + std::string(2000, '.');
  };
  on.app.route("GET /told", [&](const request& req) { return html(page(req)); });
  on.app.route("GET /kept", [&](const request& req) { return html(page(req)).compress(false); });
  on.open();
  const auto length = [&](const std::string& path, const std::string& guess) {
    raw attacker(on.port);
    attacker.send("GET " + path + "?q=token%3D" + guess + " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    EXPECT_EQ(attacker.response(), 200);
    return attacker.last_content.size();
  };
  EXPECT_LT(length("/told", "b3f9d2c7"), length("/told", "x8kq1w5z")) << "else this would show nothing";
  EXPECT_EQ(length("/kept", "b3f9d2c7"), length("/kept", "x8kq1w5z"));
}

// Clients who ask for much and read nothing: each would hold an encoder's memory.
TEST(attack_content, too_many_coded_answers) {
  arena on;
  on.app.compression(compression_options().at_once(4));
  std::string content;
  while (content.size() < 8'000'000) content += std::to_string(content.size() * 2654435761u) + "\n";
  on.app.route("GET /content", [&](const request&) { return text(content); });
  on.open();
  std::vector<std::unique_ptr<raw>> attackers;
  for (int i = 0; i < 8; ++i) {
    attackers.push_back(std::make_unique<raw>(on.port, nullptr, 4096));
    attackers.back()->send("GET /content HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n");
    EXPECT_TRUE(attackers.back()->until("\r\n\r\n"));
  }
  int coded = 0;
  for (const auto& each : attackers) coded += each->received.find("Content-Encoding: gzip") != std::string::npos ? 1 : 0;
  EXPECT_EQ(coded, 4);
  EXPECT_TRUE(on.counted("compression_full", 4));
  EXPECT_TRUE(on.serves_others());
}

}  // namespace
}  // namespace parley::attack
