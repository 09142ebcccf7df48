#include "client/ticket_file.hpp"

#include "client/file_turn.hpp"
#include "tls/local_ca_files.hpp"

#include <cstdint>
#include <cstring>
#include <utility>

namespace parley::fetching {

namespace {

constexpr std::string_view ticket_file_name = "tickets";
constexpr std::string_view ticket_first_line = "parley: TLS sessions of QUIC to resume; keep them to yourself; format 1\n";

}  // namespace

std::string ticket_file::to_bytes(const std::vector<std::string>& tickets) {
  std::size_t first = tickets.size();
  std::size_t size = ticket_first_line.size();
  while (first > 0 && tickets.size() - first < most) {
    size += sizeof(std::uint32_t) + tickets[first - 1].size();
    if (size > most_bytes) break;
    --first;
  }
  std::string bytes(ticket_first_line);
  for (std::size_t i = first; i < tickets.size(); ++i) {
    const auto length = static_cast<std::uint32_t>(tickets[i].size());
    bytes.append(reinterpret_cast<const char*>(&length), sizeof length).append(tickets[i]);
  }
  return bytes;
}

std::vector<std::string> ticket_file::from_bytes(std::string_view bytes) {
  if (!bytes.starts_with(ticket_first_line)) return {};
  bytes.remove_prefix(ticket_first_line.size());
  std::vector<std::string> tickets;
  while (!bytes.empty()) {
    std::uint32_t length = 0;
    if (bytes.size() < sizeof length || tickets.size() == most) return {};
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(sizeof length);
    if (bytes.size() < length) return {};
    tickets.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return tickets;
}

std::vector<std::string> ticket_file::take() const {
  const auto opened = tls::private_folder::open(folder_);
  if (!opened || !*opened) return {};
  const file_turn turn(folder_);
  if (!turn) return {};
  const std::string name(ticket_file_name);
  const auto bytes = (*opened)->read(name, true);
  if (!bytes || !*bytes) return {};
  auto tickets = from_bytes(**bytes);
  // What cannot be taken away might be used twice.
  if (!tickets.empty() && !(*opened)->write(name, ticket_first_line)) tickets.clear();
  return tickets;
}

void ticket_file::put(const std::vector<std::string>& tickets) const {
  if (tickets.empty()) return;
  auto opened = tls::private_folder::open(folder_);
  if (!opened) return;
  if (!*opened) {
    const std::string bytes = to_bytes(tickets);
    const tls::named_text file{std::string(ticket_file_name), bytes};
    static_cast<void>(tls::make_private_folder(folder_, {&file, 1}));
    return;
  }
  const file_turn turn(folder_);
  if (!turn) return;
  const std::string name(ticket_file_name);
  std::vector<std::string> all;
  if (const auto bytes = (*opened)->read(name, true); bytes && *bytes) all = from_bytes(**bytes);
  all.insert(all.end(), tickets.begin(), tickets.end());
  static_cast<void>((*opened)->write(name, to_bytes(all)));
}

}  // namespace parley::fetching
