#include "server/http3_keys.hpp"

#include "base/random.hpp"
#include "connection/http3.hpp"
#include "tls/local_ca_files.hpp"

#include <filesystem>

namespace parley::server_room {

std::string http3_keys(const std::string& folder, std::uint16_t port, const std::function<void(std::string_view)>& message) {
  std::string fresh = connection::make_http3_keys(base::system_random());
  if (folder.empty() || fresh.empty()) return fresh;
  const auto not_kept = [&](const std::string& why) {
    message("the keys of HTTP/3 are not kept, so clients notice a restart only by waiting: " + why);
    return fresh;
  };
  const std::string name = "quic-" + std::to_string(port);
  const std::string place = folder + "/http3";
  auto opened = tls::private_folder::open(place);
  if (!opened) return not_kept(opened.error().message);
  if (!*opened) {
    const tls::named_text file{name, fresh};
    if (const auto made = tls::make_private_folder(place, {&file, 1}); !made) return not_kept(made.error().message);
    opened = tls::private_folder::open(place);  // perhaps that of a program that came first
    if (!opened || !*opened) return not_kept(opened ? "the folder " + place + " is gone again" : opened.error().message);
  }
  const auto kept = (*opened)->read(name, true);
  if (!kept) return not_kept(kept.error().message);
  if (*kept && (*kept)->size() == fresh.size()) return **kept;
  if (const auto written = (*opened)->write(name, fresh); !written) return not_kept(written.error().message);
  return fresh;
}

}  // namespace parley::server_room
