#include "base/random.hpp"
#include "connection/message_access.hpp"
#include "net/stream.hpp"
#include "proxy/forward_settings.hpp"
#include "semantics/auth.hpp"
#include "semantics/constant_time.hpp"
#include "semantics/structured_value.hpp"

#include <parley/server.hpp>

#include <array>
#include <stdexcept>

namespace parley::proxying {

void refuse(const forward_service& in, int status, std::string_view error, std::string sentence) {
  namespace sf = semantics::sf;
  const sf::list status_list{sf::item{sf::token{in.how().name}, {{"error", sf::token{std::string(error)}}}}};
  problem_error refusal(problem(status).detail(std::move(sentence)));
  if (const auto text = sf::serialise(status_list)) refusal.header("Proxy-Status", *text);
  if (status == 503 || status == 429) refusal.header("Retry-After", "1");
  throw refusal;
}

std::shared_ptr<forward_service::place> forward_service::enter(const request& req) {
  if (open_.fetch_add(1, std::memory_order_relaxed) >= how_.tunnels) {
    open_.fetch_sub(1, std::memory_order_relaxed);
    ++counts_.over_tunnels;
    refuse(*this, 503, "connection_limit_reached", "This proxy has as many connections as it may have. Try again later.");
  }
  server_room::address_counts::place by_address;
  try {
    const auto key = how_.tunnels_per_client == 0
                         ? std::nullopt
                         : server_room::address_key_of({std::string(req.client_address()), 0, false}, true);
    if (key) {
      auto got = clients_.take(*key, how_.tunnels_per_client);
      if (!got) {
        ++counts_.over_tunnels;
        refuse(*this, 429, "connection_limit_reached", "Your address has as many connections through this proxy as it may have.");
      }
      by_address = std::move(*got);
    }
    return std::make_shared<place>(*this, std::move(by_address));
  } catch (...) {
    open_.fetch_sub(1, std::memory_order_relaxed);
    throw;
  }
}

client& forward_service::http() {
  const std::lock_guard lock(mutex_);
  const std::size_t loop = detail::current_loop_index();
  if (http_.size() <= loop) http_.resize(loop + 1);
  auto& mine = http_[loop];
  if (!mine) {
    mine = std::make_unique<client>();
    if (!how_.allow_private) mine->addresses(public_address);
  }
  return *mine;
}

task<> authorize(forward_service& in, request& req) {
  const auto& how = in.how();
  if (how.users.empty() && !how.check) co_return;
  const auto said = semantics::parse_basic(req.header("Proxy-Authorization"));
  bool known = false;
  if (said) {
    // All of them, whoever it is: how long this takes tells nothing.
    for (const auto& [name, password] : how.users) {
      const bool same_name = semantics::constant_time_equal(name, said->user);
      const bool same_password = semantics::constant_time_equal(password, said->password);
      known = known || (same_name && same_password);
    }
    if (!known && how.check) {
      auto asking = how.check(said->user, said->password);
      known = co_await asking;
    }
  }
  if (known) {
    detail::request_access::notes(req).user = said->user;
    co_return;
  }
  ++in.counts().unauthorized;
  problem_error refusal(problem(407).detail("This proxy serves its users alone: give it name and password (Basic)."));
  refusal.header("Proxy-Authenticate", semantics::basic_challenge(how.name));
  throw refusal;
}

bool is_for_another(const request& req) {
  if (req.method() == method::connect) return true;
  const std::string_view target = req.target();
  if (req.version() < http2) return !target.starts_with('/') && target != "*";
  // There is no absolute form: what tells is a scheme that this connection does not have.
  return req.scheme() == "http" && detail::request_access::over_tls(req);
}

namespace {

task<response> serve_forward(std::shared_ptr<forward_service> in, request& req, next go_on) {
  if (!is_for_another(req)) {
    auto following = go_on(req);
    response answer = co_await following;
    co_return answer;
  }
  auto asking = authorize(*in, req);
  co_await asking;
  auto answering = req.method() == method::connect ? open_tunnel(in, req) : send_on(in, req);
  response answer = co_await answering;
  co_return answer;
}

std::string new_proxy_name() {
  std::array<std::byte, 6> bytes{};
  base::system_random().fill(bytes);
  std::string name = "parley-";
  for (const std::byte b : bytes) {
    name += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4];
    name += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15];
  }
  return name;
}

}  // namespace

std::function<task<response>(request&, next)> forward_middleware(
    forward_proxy::settings how, const std::function<std::atomic<std::uint64_t>&(std::string_view)>& counted) {
  if (how.name.empty()) how.name = new_proxy_name();
  const tallies counts{counted("proxy_tunnels"),    counted("proxy_requests"),     counted("proxy_bytes"),
                       counted("proxy_denied"),     counted("proxy_unauthorized"), counted("proxy_not_public"),
                       counted("proxy_loops"),      counted("proxy_over_tunnels"), counted("proxy_over_time"),
                       counted("proxy_over_bytes"), counted("proxy_failed")};
  const auto service = std::make_shared<forward_service>(std::move(how), counts);
  return [service](request& req, next go_on) { return serve_forward(service, req, go_on); };
}

}  // namespace parley::proxying

namespace parley {

forward_proxy::forward_proxy() : settings_(std::make_shared<settings>()) {}

forward_proxy& forward_proxy::allow(std::string_view host) {
  settings_->allowed.add(host);
  return *this;
}
forward_proxy& forward_proxy::tunnel_ports(std::vector<std::uint16_t> ports) {
  settings_->tunnel_ports = std::move(ports);
  return *this;
}
forward_proxy& forward_proxy::http_ports(std::vector<std::uint16_t> ports) {
  settings_->http_ports = std::move(ports);
  return *this;
}
forward_proxy& forward_proxy::allow_private(bool allowed) {
  settings_->allow_private = allowed;
  return *this;
}
forward_proxy& forward_proxy::user(std::string name, std::string password) {
  if (name.empty() || name.find(':') != std::string::npos) {
    throw std::invalid_argument("parley::forward_proxy: a user's name is not empty and has no colon");
  }
  settings_->users.emplace_back(std::move(name), std::move(password));
  return *this;
}
forward_proxy& forward_proxy::users(std::function<task<bool>(std::string name, std::string password)> check) {
  settings_->check = std::move(check);
  return *this;
}
forward_proxy& forward_proxy::connect_time(std::chrono::milliseconds t) {
  settings_->connect_time = t;
  return *this;
}
forward_proxy& forward_proxy::idle_time(std::chrono::milliseconds t) {
  settings_->idle_time = t;
  return *this;
}
forward_proxy& forward_proxy::total_time(std::chrono::milliseconds t) {
  settings_->total_time = t;
  return *this;
}
forward_proxy& forward_proxy::tunnels(std::size_t most) {
  settings_->tunnels = most;
  return *this;
}
forward_proxy& forward_proxy::tunnels_per_client(std::size_t most) {
  settings_->tunnels_per_client = most;
  return *this;
}
forward_proxy& forward_proxy::bytes(std::uint64_t most) {
  settings_->bytes = most;
  return *this;
}
forward_proxy& forward_proxy::name(std::string pseudonym) {
  const auto is_name = semantics::sf::serialise(semantics::sf::item{semantics::sf::token{pseudonym}});
  if (!is_name || pseudonym.find_first_of(":/") != std::string::npos) {
    throw std::invalid_argument("parley::forward_proxy: a name is a token that begins with a letter, such as proxy-1");
  }
  settings_->name = std::move(pseudonym);
  return *this;
}

void forward_proxy::serve(server& app) const {
  app.any_scheme(true);
  app.use(proxying::forward_middleware(*settings_, [&app](std::string_view name) -> auto& { return app.counted(name); }));
}

}  // namespace parley
