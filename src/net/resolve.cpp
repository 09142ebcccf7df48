#include "net/resolve.hpp"

#include "base/ascii.hpp"
#include "net/pool.hpp"
#include "net/socket_address.hpp"

#include <algorithm>
#include <netdb.h>

namespace parley::net {
namespace {

using resolved = std::expected<std::vector<endpoint>, std::error_code>;

class gai_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "resolve"; }
  [[nodiscard]] std::string message(int code) const override { return gai_strerror(code); }
};

bool is_v6(const endpoint& e) { return e.host.find(':') != std::string::npos; }

bool is_localhost(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  constexpr std::string_view name = "localhost";
  if (host.size() < name.size() || !base::iequals(host.substr(host.size() - name.size()), name)) return false;
  return host.size() == name.size() || host[host.size() - name.size() - 1] == '.';
}

std::vector<endpoint> with_port(const std::vector<std::string>& hosts, std::uint16_t port) {
  std::vector<endpoint> all;
  for (const std::string& host : hosts) all.push_back({host, port, false});
  return all;
}

/// On the pool's thread.
resolved ask_system(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed == EAI_SYSTEM) return std::unexpected(last_error());
  if (failed != 0) return std::unexpected(std::error_code(failed, resolve_category()));
  std::vector<endpoint> all;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    socket_address address;
    std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen, reinterpret_cast<char*>(&address.storage));
    address.length = one->ai_addrlen;
    endpoint at = to_endpoint(address);
    at.port = port;
    all.push_back(std::move(at));
  }
  freeaddrinfo(found);
  if (all.empty()) return std::unexpected(std::error_code(EAI_NONAME, resolve_category()));
  return interleave_families(std::move(all));
}

}  // namespace

/// The asker's end and the answer's way share the callback, so that either may go first. Loop's thread only.
class resolution final : public pending {
 public:
  explicit resolution(resolve_callback done) : shared_(std::make_shared<resolve_callback>(std::move(done))) {}
  ~resolution() override { *shared_ = nullptr; }

  void begin(loop& on, const std::string& host, std::uint16_t port) {
    if (is_numeric_address(host)) return answer_soon(on, std::vector<endpoint>{{host, port, false}});
    if (const auto known = on.known_addresses(host)) {
      if (!known->empty()) return answer_soon(on, with_port(*known, port));
      if (!is_localhost(host)) return answer_soon(on, std::unexpected(std::error_code(EAI_NONAME, resolve_category())));
    }
    // IPv6 first, as the system's own rules have it (RFC 6724).
    if (is_localhost(host)) return answer_soon(on, with_port({"::1", "127.0.0.1"}, port));
    ask(on, host, port);
  }

 private:
  using shared_callback = std::shared_ptr<resolve_callback>;

  static void give(const shared_callback& to, resolved answer) {
    if (!*to) return;
    resolve_callback done = std::move(*to);
    *to = nullptr;
    done(std::move(answer));
  }

  void answer_soon(loop& on, resolved answer) {
    on.defer([shared = shared_, answer = std::move(answer)]() mutable { give(shared, std::move(answer)); });
  }

  void ask(loop& on, const std::string& host, std::uint16_t port) {
    const errand errand(on);
    auto look_up = [host, port, shared = shared_, errand]() mutable {
      const bool given_up = shared.use_count() == 1;  // before a thread was free for it
      resolved answer = given_up ? std::unexpected(make_error_code(std::errc::operation_canceled)) : ask_system(host, port);
      // The callback is the loop's, so the last reference goes there.
      errand.finish([shared = std::move(shared), answer = std::move(answer)]() mutable { give(shared, std::move(answer)); });
    };
    if (pool::process_wide().submit(std::move(look_up))) return;
    errand.drop();
    answer_soon(on, std::unexpected(make_error_code(std::errc::resource_unavailable_try_again)));
  }

  shared_callback shared_;
};

std::unique_ptr<pending> resolve(loop& on, const std::string& host, std::uint16_t port, resolve_callback done) {
  auto begun = std::make_unique<resolution>(std::move(done));
  begun->begin(on, host, port);
  return begun;
}

const std::error_category& resolve_category() {
  static const gai_category category;
  return category;
}

std::vector<endpoint> interleave_families(std::vector<endpoint> addresses) {
  const bool first_is_v6 = !addresses.empty() && is_v6(addresses.front());
  std::vector<endpoint> of_first;
  std::vector<endpoint> others;
  for (endpoint& e : addresses) {
    const bool like_first = is_v6(e) == first_is_v6;
    (like_first ? of_first : others).push_back(std::move(e));
  }
  std::vector<endpoint> all;
  for (std::size_t i = 0; i < std::max(of_first.size(), others.size()); ++i) {
    if (i < of_first.size()) all.push_back(std::move(of_first[i]));
    if (i < others.size()) all.push_back(std::move(others[i]));
  }
  return all;
}

}  // namespace parley::net
