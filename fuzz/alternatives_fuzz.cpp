// Where else an origin is served: any Alt-Svc field, and the files that a client keeps of it and of its tickets.
#include "client/alternatives_file.hpp"
#include "client/ticket_file.hpp"
#include "semantics/alt_svc.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using parley::fetching::alternatives;
using parley::fetching::alternatives_file;
using parley::fetching::ticket_file;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_field(std::string_view text) {
  const auto said = parley::semantics::parse_alt_svc(text);
  if (!said) return;
  require(text.size() <= parley::semantics::longest_alt_svc);
  require(said->services.size() <= parley::semantics::most_alternatives);
  require(!said->clear || said->services.empty());
  alternatives known;
  const parley::net::time_point now{};
  known.learn("a.example", 443, *said, now);
  require(known.all().size() <= 1);
  for (const auto& one : said->services) {
    require(!one.protocol.empty() && one.port != 0);
    require(one.max_age.count() >= 0 && one.max_age <= parley::semantics::longest_alternative);
    for (const char c : one.host) require(static_cast<unsigned char>(c) > ' ' && !(c >= 'A' && c <= 'Z'));
  }
  // What is remembered of it can be kept, and comes back.
  const std::string kept = alternatives_file::to_text(known.all());
  const auto back = alternatives_file::from_text(kept);
  require(back && *back == known.all());
}

void check_file(std::string_view text) {
  const auto known = alternatives_file::from_text(text);
  if (!known) return;
  require(known->size() <= alternatives::most);
  const std::string written = alternatives_file::to_text(*known);
  require(written.size() <= alternatives_file::most_bytes);
  const auto again = alternatives_file::from_text(written);
  require(again && alternatives_file::to_text(*again) == written);
  if (text.size() <= alternatives_file::most_bytes) require(*again == *known);
}

void check_tickets(std::string_view bytes) {
  const auto tickets = ticket_file::from_bytes(bytes);
  require(tickets.size() <= ticket_file::most);
  const std::string written = ticket_file::to_bytes(tickets);
  if (bytes.size() <= ticket_file::most_bytes) require(ticket_file::from_bytes(written) == tickets);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_field(text);
  check_file(text);
  check_tickets(text);
  return 0;
}
