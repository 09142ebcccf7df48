// /healthz and /metrics: what others watch a server by.
#include "base/ascii.hpp"
#include "semantics/authority.hpp"
#include "semantics/ip_literal.hpp"
#include "semantics/negotiation.hpp"
#include "semantics/target.hpp"
#include "server/server_core.hpp"

#include <parley/config.hpp>

#include <array>
#include <cinttypes>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

namespace {

constexpr std::string_view plain_metrics = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view open_metrics_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Families of the text format: their lines stand together behind TYPE and HELP.
class metrics_writer {
 public:
  explicit metrics_writer(bool open) : open_(open) {}

  /// `name` of a counter is without `_total`, which its samples end in.
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    total_ = type == "counter";
    // OpenMetrics 1.0: the family has the name without the suffix; in 0.0.4 it is as its samples are.
    const std::string_view suffix = total_ && !open_ ? "_total" : "";
    out_.append("# HELP ").append(name).append(suffix).append(" ").append(help).append("\n");
    out_.append("# TYPE ").append(name).append(suffix).append(" ").append(type).append("\n");
  }
  void sample(std::string_view labels, std::string_view value, std::string_view suffix = {}) {
    out_.append(name_).append(total_ ? "_total" : "").append(suffix);
    if (!labels.empty()) out_.append("{").append(labels).append("}");
    out_.append(" ").append(value).append("\n");
  }
  void sample(std::string_view labels, std::uint64_t value, std::string_view suffix = {}) {
    sample(labels, std::to_string(value), suffix);
  }
  [[nodiscard]] std::string finish() {
    if (open_) out_ += "# EOF\n";
    return std::move(out_);
  }

 private:
  bool open_;
  bool total_ = false;
  std::string name_;
  std::string out_;
};

// Seconds with as many digits as microseconds have, without zeros at the end.
std::string seconds_text(std::uint64_t micros) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%" PRIu64 ".%06" PRIu64, micros / 1'000'000, micros % 1'000'000);
  std::string number = text.data();
  while (number.ends_with('0')) number.pop_back();
  if (number.ends_with('.')) number += '0';
  return number;
}

std::string_view version_label(std::size_t v) {
  static constexpr std::array<std::string_view, 5> labels{"0.9", "1.0", "1.1", "2", "3"};
  return labels[v];
}

std::string_view method_label(std::size_t m) {
  const auto id = static_cast<method::id>(m);
  return id == method::id::other ? "other" : method(id).name();
}

void write_counters(metrics_writer& out, const std::vector<counter>& all) {
  for (const counter& c : all) {
    if (c.name.find('.') != std::string_view::npos) continue;
    const bool gauge = c.name == "connections_open";
    out.family("parley_" + std::string(c.name), gauge ? "gauge" : "counter", "See docs/security.md, Counters.");
    out.sample({}, c.value);
  }
  // Families of many: `limit.head_time` and the like.
  struct labelled {
    std::string_view prefix, family, label, help;
  };
  static constexpr std::array<labelled, 2> kinds{
      {{"limit.", "parley_limits", "limit", "Limits that fired, by their names in parley::limits."},
       {"violation.", "parley_violations", "rule", "Rules that peers broke."}}};
  for (const labelled& kind : kinds) {
    out.family(kind.family, "counter", kind.help);
    for (const counter& c : all) {
      if (!c.name.starts_with(kind.prefix)) continue;
      const std::string label = std::string(kind.label) + "=\"" + std::string(c.name.substr(kind.prefix.size())) + "\"";
      out.sample(label, c.value);
    }
  }
}

void write_requests(metrics_writer& out, const std::vector<const server_room::counters*>& sets) {
  using server_room::request_statistics;
  const auto total = [&sets](auto&& value_of) {
    std::uint64_t n = 0;
    for (const auto* set : sets) n += value_of(set->requests());
    return n;
  };
  out.family("parley_answers", "counter", "Requests that were answered, by method, version and class of status.");
  for (std::size_t m = 0; m < request_statistics::methods; ++m) {
    for (std::size_t v = 0; v < request_statistics::versions; ++v) {
      for (std::size_t group = 0; group < request_statistics::classes; ++group) {
        const auto n = total([&](const request_statistics& r) { return r.requests(m, v, group); });
        if (n == 0) continue;
        out.sample("method=\"" + std::string(method_label(m)) + "\",version=\"" + std::string(version_label(v)) + "\",status=\"" +
                       std::to_string(group + 1) + "xx\"",
                   n);
      }
    }
  }
  out.family("parley_request_duration_seconds", "histogram", "From a request's head to the hand-over of its answer's last byte.");
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < request_statistics::bounds.size(); ++i) {
    sum += total([i](const request_statistics& r) { return r.in_bucket(i); });
    out.sample("le=\"" + seconds_text(request_statistics::bounds[i]) + "\"", sum, "_bucket");
  }
  sum += total([](const request_statistics& r) { return r.in_bucket(request_statistics::bounds.size()); });
  out.sample("le=\"+Inf\"", sum, "_bucket");
  out.sample({}, seconds_text(total([](const request_statistics& r) { return r.micros(); })), "_sum");
  out.sample({}, sum, "_count");
}

// Of this machine, without a proxy between: one that is not known as such would make everybody look local. The Host is an address or
// localhost, so that no page of another site gets here by a name of its own (DNS rebinding).
bool comes_from_here(const request& req) {
  const std::string_view address = req.client_address();
  if (address != "unix:" && address != "::1" && !address.starts_with("127.") && !address.empty()) return false;
  for (const std::string_view name : {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"}) {
    if (req.fields().contains(name)) return false;
  }
  if (req.authority().empty()) return true;
  const auto host = semantics::parse_host(req.authority());
  if (!host) return false;
  return host->kind == semantics::host_kind::ipv4 || host->kind == semantics::host_kind::ipv6 ||
         base::iequals(host->host, "localhost");
}

response metrics_answer(const server_core& core, const request& req) {
  const bool open = req.fields().joined("Accept").find("application/openmetrics-text") != std::string::npos;
  response answer;
  answer.content(core.metrics_text(open), open ? open_metrics_type : plain_metrics);
  return std::move(answer).header("Cache-Control", "no-store").header("Vary", "Accept");
}

void check_path(std::string_view path) {
  if (path.empty() || (path.starts_with('/') && path.find_first_of("{}?#") == std::string_view::npos)) return;
  throw std::invalid_argument("parley::server: \"" + std::string(path) + "\" is no path; write one such as /metrics");
}

}  // namespace

response server_core::health_answer() const {
  response answer = ending() ? text("ending\n").status(503) : text("ok\n");
  return std::move(answer).header("Cache-Control", "no-store");
}

std::string server_core::metrics_text(bool open_metrics) const {
  std::vector<const server_room::counters*> sets;
  {
    const std::lock_guard lock(counters_mutex_);
    for (const auto& set : counters_) sets.push_back(set.get());
  }
  metrics_writer out(open_metrics);
  out.family("parley_build_info", "gauge", "Which parley this is.");
  out.sample("version=\"" PARLEY_VERSION_STRING "\"", 1);
  out.family("process_start_time_seconds", "gauge", "When this server was made, in seconds since 1970.");
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(made_.time_since_epoch()).count();
  out.sample({}, seconds_text(static_cast<std::uint64_t>(since)));
  out.family("parley_ending", "gauge", "1 while the server was told to end, and finishes what runs.");
  out.sample({}, ending() ? 1 : 0);
  write_counters(out, read_counters());
  write_requests(out, sets);
  return out.finish();
}

server& server::health(std::string_view path) {
  check_path(path);
  core_->health_path = path;
  if (path.empty()) return *this;
  core_->looks_first = true;
  return route("GET " + std::string(path), [core = core_.get()](const request&) { return core->health_answer(); });
}

server& server::metrics(std::string_view path) {
  check_path(path);
  core_->metrics_path = path;
  core_->measures = true;
  if (path.empty()) return *this;
  return route("GET " + std::string(path), [core = core_.get()](const request& req) {
    if (core->monitor == nullptr && comes_from_here(req)) return metrics_answer(*core, req);
    return core->error_response(problem(404).detail("There is nothing at this address."), req);
  });
}

server& server::monitor(std::string_view url) {
  limits caps;
  caps.connections = 64;
  caps.file_cache = 0;
  auto made = std::make_unique<server>(caps);
  made->threads(1).name(core_->product).http2(false).http3(false).on_message([core = core_.get()](std::string_view text) {
    core->message(text);
  });
  const auto or_usual = [](const std::string& path, const char* usual) { return "GET " + (path.empty() ? usual : path); };
  made->route(or_usual(core_->health_path, "/healthz"), [core = core_.get()](const request&) { return core->health_answer(); });
  made->route(or_usual(core_->metrics_path, "/metrics"),
              [core = core_.get()](const request& req) { return metrics_answer(*core, req); });
  if (url.starts_with("https:")) throw listen_error("cannot watch at \"" + std::string(url) + "\": it is answered by http alone");
  made->listen(url);
  core_->measures = true;
  core_->monitor = std::move(made);
  return *this;
}

std::string server::monitor_address() const { return core_->monitor ? core_->monitor->addresses().front() : std::string(); }

}  // namespace parley
