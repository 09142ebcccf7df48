// Requests for http URLs: sent on by our client, answered with what comes back.
#include "base/ascii.hpp"
#include "base/number.hpp"
#include "connection/message_access.hpp"
#include "proxy/forward_settings.hpp"
#include "semantics/connection_options.hpp"
#include "semantics/list.hpp"
#include "server/interim.hpp"

#include <parley/response.hpp>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>
#include <variant>

namespace parley::proxying {

namespace {

// RFC 9110 §7.6.1, and what is between a client and its proxy alone.
constexpr std::array<std::string_view, 10> hop_by_hop{
    "connection", "keep-alive", "proxy-connection",   "transfer-encoding",   "upgrade",
    "te",         "trailer",    "proxy-authenticate", "proxy-authorization", "http2-settings"};

/// Names that end at this hop: of the list, and those that Connection names.
bool ends_here(const fields& of, std::string_view name) {
  const auto same = [name](std::string_view other) { return base::iequals(name, other); };
  return std::ranges::any_of(hop_by_hop, same) || semantics::has_connection_option(of, name);
}

std::string_view version_in_via(version v) {
  if (v == http3) return "3";
  if (v == http2) return "2";
  return v == http1_0 ? "1.0" : "1.1";
}

/// RFC 9110 §7.6.3.
std::string via_with(const fields& before, version v, std::string_view name) {
  std::string via = before.joined("Via");
  if (!via.empty()) via += ", ";
  return via.append(version_in_via(v)).append(" ").append(name);
}

bool has_been_here(const fields& of, std::string_view name) {
  const std::string via = of.joined("Via");
  semantics::list_reader list(via);
  while (const auto element = list.next()) {
    // `[ protocol-name "/" ] protocol-version RWS received-by [ RWS comment ]`
    const std::size_t from = element->find_first_of(" \t");
    if (from == element->npos) continue;
    std::string_view by = base::trim_ows(element->substr(from));
    by = by.substr(0, by.find_first_of(" \t"));
    if (base::iequals(by, name)) return true;
  }
  return false;
}

/// The content of the client's request, until our exchange with it ends: what sends it on may last a turn longer.
class upload_source final : public detail::body_source {
 public:
  explicit upload_source(detail::body_source* from) : from_(from) {}
  void leave() noexcept {
    if (auto* const from = std::exchange(from_, nullptr)) from->wait(nullptr);
  }
  bool ready() noexcept override { return from_ == nullptr || from_->ready(); }
  std::string_view next() override {
    if (from_ == nullptr) throw connection_lost("the client has left");
    return from_->next();
  }
  void wait(detail::waiter* who) noexcept override {
    if (from_ != nullptr) from_->wait(who);
  }
  const fields* trailers() noexcept override { return from_ != nullptr ? from_->trailers() : nullptr; }
  std::optional<std::uint64_t> length() noexcept override { return from_ != nullptr ? from_->length() : std::nullopt; }

 private:
  detail::body_source* from_;
};

/// Both messages on their way. Its end gives up what is not whole.
struct passage {
  explicit passage(const request& asked)
      : of(asked), upload(std::make_shared<upload_source>(detail::request_access::source(asked))),
        time(std::make_shared<carried_time>(*net::loop::current())) {}
  passage(const passage&) = delete;
  passage& operator=(const passage&) = delete;
  ~passage() { upload->leave(); }
  const request& of;  // lives as long as its exchange, and so longer than this
  std::shared_ptr<upload_source> upload;
  std::shared_ptr<carried_time> time;  // also of what sends the content on
  std::shared_ptr<forward_service::place> place;
  response answer;
};

task<> send_content(std::shared_ptr<upload_source> from, std::shared_ptr<carried_time> time, std::string first, body_writer& to) {
  if (!first.empty()) {
    auto writing = to.write(std::move(first));
    co_await writing;
  }
  body_reader reader(from.get());
  for (;;) {
    auto reading = reader.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
    time->moved();
    auto writing = to.write(piece);
    co_await writing;
  }
  if (const fields* const trailers = reader.trailers()) to.trailers(*trailers);
}

task<> pass_content(passage& on, body_writer& to) {
  body_reader reader = on.answer.body();
  for (;;) {
    auto reading = reader.read();
    const std::string_view piece = co_await reading;
    if (piece.empty()) break;
    on.time->moved();
    auto writing = to.write(piece);
    co_await writing;
  }
  if (const fields* const trailers = reader.trailers()) to.trailers(*trailers);
}

task<> give_content(std::shared_ptr<forward_service> in, std::shared_ptr<passage> on, body_writer& to) {
  bool over = false;
  try {
    auto passing = pass_content(*on, to);
    auto either = when_any(std::move(passing), watch_times(*in, *on->time));
    co_await either;
  } catch (const over_limit&) {
    over = true;
  }
  // What is cut off must not look like an end.
  if (over) throw cancelled();
}

/// RFC 9110 §7.6.2: whether it goes no further, by Max-Forwards; else that is one less.
bool last_hop(const request& req, request& out) {
  if (req.method() != method::options && req.method() != method::trace) return false;
  const std::string_view said = req.header("Max-Forwards");
  if (said.empty()) return false;
  const auto left = base::parse_decimal(said);
  if (!left) throw problem_error(400, "Max-Forwards is no number.");
  if (*left == 0) return true;
  out.header("Max-Forwards", std::to_string(*left - 1));
  return false;
}

/// For `to`, which is what was looked at: however the target spells it. Path and query go on as they came (RFC 9110 §7.7), also where
/// they are what browsers send and no URI has, such as `|` or a lone `%`.
request made_from(const request& req, const destination& to) {
  std::string_view rest = req.target();
  if (req.version() < http2) {
    const std::size_t authority = rest.find("://") + 3;
    rest.remove_prefix(std::min(rest.find_first_of("/?", authority), rest.size()));
  }
  std::string target(rest);
  // RFC 9112 §3.2.4: about a whole server one asks with a URL that has no path.
  if (target.empty()) target = req.method() == method::options ? "*" : "/";
  if (target.starts_with('?')) target.insert(0, "/");
  request out(req.method(), target);
  const bool v6 = to.host.find(':') != to.host.npos;
  detail::request_access::origin(out, "http",
                                 (v6 ? "[" + to.host + "]" : to.host) + (to.port == 80 ? "" : ":" + std::to_string(to.port)));
  return out;
}

[[noreturn]] void refuse_fetch(const forward_service& in, const fetch_error& why, const std::string& host) {
  using kind = fetch_error::kind;
  switch (why.why()) {
    case kind::address:
      ++in.counts().not_public;
      refuse(in, 403, "destination_ip_prohibited", "The host " + host + " has no public address, and this proxy goes to no other.");
    case kind::timeout:
      ++in.counts().over_time;
      refuse(in, 504, "connection_timeout", "The host " + host + " did not answer in time.");
    case kind::resolve: ++in.counts().failed; refuse(in, 502, "dns_error", "The host " + host + " cannot be found.");
    case kind::connect: ++in.counts().failed; refuse(in, 502, "connection_refused", "No connection to " + host + " came about.");
    case kind::connection_lost:
      ++in.counts().failed;
      refuse(in, 502, "connection_terminated", "The host " + host + " has left without an answer.");
    default:
      ++in.counts().failed;
      refuse(in, 502, "http_protocol_error", "What the host " + host + " answered is no valid response.");
  }
}

void copy_fields(const fields& from, fields& to) {
  for (const auto& line : from) {
    if (!ends_here(from, line.name) && !base::iequals(line.name, "Content-Length")) to.add(line.name, line.value);
  }
}

/// What goes out, as far as its head says.
request forwarded(const forward_service& in, request& req, const destination& to) {
  request out = made_from(req, to);
  const fields& sent = std::as_const(req).fields();
  copy_fields(sent, out.fields());
  // RFC 9112 §3.2.2: the target's, whatever the field said.
  out.fields().remove("Host");
  out.fields().remove("Expect");  // in HTTP/1.0, and without content, it means nothing (RFC 9110 §10.1.1)
  if (!out.fields().contains("User-Agent")) out.header("User-Agent", "");
  if (!out.fields().contains("Accept")) out.header("Accept", "");
  out.header("Via", via_with(sent, req.version(), in.how().name));
  if (req.early_data()) out.header("Early-Data", "1");  // RFC 8470 §5.1: it may be somebody's copy, and the other side decides
  return out;
}

/// RFC 9110 §15.2: interim responses go on, 100 too: what the client expects is asked of the other side.
void pass_interim(const forward_service& in, const passage& on, const response& got) {
  on.time->moved();
  fields lines;
  copy_fields(got.fields(), lines);
  lines.set("Via", via_with(got.fields(), got.version(), in.how().name));
  server_room::send_interim(on.of, got.status(), lines);
}

}  // namespace

task<response> send_on(std::shared_ptr<forward_service> in, request& req) {
  if (req.scheme() != "http")
    throw problem_error(400, "This proxy sends on requests for http URLs; for https ask for a tunnel (CONNECT).");
  const auto to = destination_of(req.authority(), 80);
  if (!to) throw problem_error(400, "The target has no host that could be asked.");
  if (!in->how().allowed.allow(*to, in->how().http_ports)) {
    ++in->counts().denied;
    refuse(*in, 403, "http_request_denied", "This proxy has no way to " + to->host + " port " + std::to_string(to->port) + ".");
  }
  if (has_been_here(std::as_const(req).fields(), in->how().name)) {
    ++in->counts().loops;
    refuse(*in, 502, "proxy_loop_detected", "This request has come through this proxy before.");
  }
  request out = forwarded(*in, req, *to);
  options how;
  how.streamed().connect_timeout(in->how().connect_time);
  if (last_hop(req, out)) {
    if (req.method() == method::trace)
      throw problem_error(405, "This proxy does not answer TRACE itself.").header("Allow", "OPTIONS");
    co_return no_content();
  }
  auto on = std::make_shared<passage>(req);
  on->place = in->enter(req);

  // RFC 9112 §6.3, RFC 9113 §8.1: without a length, only the first piece tells whether there is any content.
  const auto length = on->upload->length();
  const bool said = length || std::as_const(req).fields().contains("Transfer-Encoding") || req.version() >= http2;
  if (said && length != std::uint64_t{0}) {
    // RFC 9110 §10.1.1: the other side says whether the content is wanted, and the 100 is its own. What a client sends unasked goes on when it is there.
    const bool expects = server_room::take_expectation(req);
    if (expects) out.header("Expect", "100-continue");
    std::string first;
    if (!length && !expects) {
      body_reader reader(on->upload.get());
      auto reading = reader.read();
      first = co_await reading;
    }
    if (length || expects || !first.empty()) {
      out.stream(
          [upload = on->upload, time = on->time, first](body_writer& writer) { return send_content(upload, time, first, writer); },
          length);
    }
  }
  std::optional<fetch_error> failed;
  bool over = false;
  try {
    how.on_informational([in = in.get(), passing = std::weak_ptr<const passage>(on)](const response& got) {
      if (const auto alive = passing.lock()) pass_interim(*in, *alive, got);
    });
    auto sending = in->http().send(std::move(out), how);
    auto either = when_any(std::move(sending), watch_times(*in, *on->time));
    std::variant<response, std::monostate> got = co_await either;
    on->answer = std::move(std::get<response>(got));
  } catch (const fetch_error& error) {
    failed.emplace(error);
  } catch (const over_limit&) {
    over = true;
  }
  if (over) refuse(*in, 504, "connection_timeout", "The host " + to->host + " did not answer in time.");
  if (failed) refuse_fetch(*in, *failed, to->host);
  ++in->counts().requests;

  const int status = on->answer.status();
  const fields& got = std::as_const(on->answer).fields();
  response back;
  if (status != 204 && status != 205 && status != 304) {
    const auto announced = on->answer.body().length();
    back = stream([in, on](body_writer& writer) { return give_content(in, on, writer); }, "", announced);
  }
  detail::response_access::status(back, status);
  copy_fields(got, back.fields());
  back.header("Via", via_with(got, on->answer.version(), in->how().name));
  if (!got.contains("Server")) back.header("Server", "");  // RFC 9110 §7.7: who has answered is not ours to say
  co_return back;
}

}  // namespace parley::proxying
