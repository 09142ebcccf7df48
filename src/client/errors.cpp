#include "client/errors.hpp"

#include "base/ascii.hpp"
#include "net/resolve.hpp"

#include <algorithm>
#include <netdb.h>
#include <utility>

namespace parley::fetching {

namespace {

using reason = fetch_error::kind;

std::string_view reason_for(std::error_code error) {
  static constexpr std::pair<std::errc, std::string_view> reasons[] = {
      {std::errc::connection_refused, "connection refused (is the server running?)"},
      {std::errc::timed_out, "no answer (is a firewall in the way?)"},
      {std::errc::network_unreachable, "the network cannot be reached (is this machine connected?)"},
      {std::errc::host_unreachable, "the host cannot be reached (is it on, and this machine connected?)"},
      {std::errc::connection_reset, "the connection was reset"},
      {std::errc::no_such_file_or_directory, "there is no such socket (is the server running?)"},
      {std::errc::permission_denied, "not allowed to connect there"},
      {std::errc::too_many_files_open, "this process has too many open files (raise ulimit -n)"},
      {std::errc::address_not_available, "this machine has no address or port left to connect from"},
  };
  for (const auto& [code, text] : reasons) {
    if (error == code) return text;
  }
  return {};
}

std::string_view doing(step at) {
  switch (at) {
    case step::queued: return "waiting for a free connection to ";
    case step::looking_up: return "looking up the addresses of ";
    case step::connecting: return "connecting to ";
    case step::securing: return "shaking hands (TLS) with ";
    case step::holding: return "waiting for a 100 (Continue) from ";
    case step::waiting: return "waiting for the response of ";
    case step::receiving: return "receiving content from ";
  }
  return {};
}

std::string way_out_of(tls::errc code) {
  switch (code) {
    case tls::errc::closed_in_handshake: return " (is it an https port?)";
    case tls::errc::refused_by_peer: return " (a certificate of the client's own may help)";
    default: return {};
  }
}

std::string amount(const received_part& got) {
  std::string text = std::to_string(got.bytes);
  if (got.of) text += " of " + std::to_string(*got.of);
  text += got.bytes == 1 && !got.of ? " byte of content" : " bytes of content";
  return got.of ? text : text + ", before the end";
}

// RFC 9112 §9.8: a close without close_notify may be somebody else's.
fetch_error truncated(const origin& to, const received_part& got) {
  const std::string what = "the TLS connection to " + to.to_string() + " ended without its farewell (close_notify)";
  if (!got.head) return {reason::connection_lost, what + " before the answer was there"};
  return {reason::connection_lost, what + " after " + amount(got) + ": the rest may have been cut off"};
}

fetch_error lost(const origin& to, const received_part& got, bool within_head) {
  std::string text;
  if (got.head) {
    text = "the connection to " + to.to_string() + " was lost after " + amount(got);
  } else if (within_head) {
    text = to.to_string() + " closed the connection within the head of its response";
  } else {
    text = to.to_string() + " closed the connection before it answered";
  }
  return {reason::connection_lost, text};
}

fetch_error slow(const origin& to, const engine::protocol_error& why, const limits& caps) {
  const bool head = why.limit == "head_time";
  const std::string limit = in_words(head ? caps.head_time : caps.stall_time) + " (limits::" + std::string(why.limit) + ")";
  if (head) return {reason::timeout, "the head of the response of " + to.to_string() + " was not whole after " + limit};
  const bool sending = why.name == "send-timeout" || why.name == "window-timeout";
  return {reason::timeout, to.to_string() + (sending ? " took nothing of the request for " : " sent nothing for ") + limit};
}

struct http2_code {
  std::string_view name;
  std::string_view meaning;
};

// RFC 9113 §7, from 0 on.
constexpr http2_code http2_codes[] = {
    {"NO_ERROR", "it wants nothing more of it"},
    {"PROTOCOL_ERROR", "it says that a rule of HTTP/2 was broken"},
    {"INTERNAL_ERROR", "something went wrong within the server"},
    {"FLOW_CONTROL_ERROR", "it says that more was sent than it had room for"},
    {"SETTINGS_TIMEOUT", "it says that its settings were not acknowledged in time"},
    {"STREAM_CLOSED", "it says that something came after the end"},
    {"FRAME_SIZE_ERROR", "it says that a frame had a wrong size"},
    {"REFUSED_STREAM", "it did nothing with the request"},
    {"CANCEL", "it gave up on the answer"},
    {"COMPRESSION_ERROR", "it says that it cannot decompress our fields"},
    {"CONNECT_ERROR", "its connection to another server was lost"},
    {"ENHANCE_YOUR_CALM", "it says that it is asked for too much"},
    {"INADEQUATE_SECURITY", "it does not find the TLS connection secure enough"},
    {"HTTP_1_1_REQUIRED", "it wants HTTP/1.1 for this (--http1.1, or options::version)"},
};

fetch_error reset_by_peer(const origin& to, const engine::protocol_error& why, const received_part& got) {
  if (why.name == "not-processed") {
    return {reason::connection_lost,
            to.to_string() + " closed its connections before it took up the request (GOAWAY, RFC 9113 §6.8)"};
  }
  const bool known = why.code < std::size(http2_codes);
  const std::string code = known ? std::string(http2_codes[why.code].name) + ": " + std::string(http2_codes[why.code].meaning)
                                 : "error code " + std::to_string(why.code);
  const std::string when = got.head ? " after " + amount(got) : " before it answered";
  return {reason::connection_lost, to.to_string() + " reset the exchange" + when + " (" + code + "; RFC 9113 §7)"};
}

}  // namespace

std::string in_words(std::chrono::milliseconds t) {
  if (t.count() % 1000 == 0) return std::to_string(t.count() / 1000) + " s";
  return std::to_string(t.count()) + " ms";
}

std::string in_words(std::error_code error) {
  if (const std::string_view known = reason_for(error); !known.empty()) return std::string(known);
  std::string text = error.message();
  if (!text.empty()) text[0] = base::to_lower(text[0]);
  return text;
}

fetch_error resolve_failed(const origin& to, std::error_code error) {
  const bool unknown = error.category() == net::resolve_category() && error.value() == EAI_NONAME;
  const std::string_view way_out = unknown ? " (is the name spelled right?)" : " (does this machine reach its name server?)";
  return {reason::resolve, "cannot find the host " + to.host + ": " + in_words(error) + std::string(way_out)};
}

fetch_error connect_failed(const origin& to, const std::vector<failed_address>& tried) {
  const std::string what = "cannot connect to " + to.to_string() + ": ";
  if (tried.empty()) return {reason::connect, what + "the host has no address"};
  const auto differs = [&](const failed_address& other) { return other.error != tried.front().error; };
  if (std::ranges::none_of(tried, differs)) return {reason::connect, what + in_words(tried.front().error)};
  std::string reasons;
  for (const failed_address& one : tried) reasons += (reasons.empty() ? "" : "; ") + one.address + ": " + in_words(one.error);
  return {reason::connect, what + reasons};
}

fetch_error handshake_failed(const origin& to, const tls::error& why, const std::string& local_trouble) {
  using tls::errc;
  const bool certificate = why.code >= errc::expired || why.code == errc::no_certificate;
  if (certificate) {
    std::string text = "cannot trust " + to.to_string() + ": " + why.message;
    const bool no_authority = why.code == errc::unknown_authority || why.code == errc::self_signed;
    if (no_authority && !local_trouble.empty()) text += "; also, " + local_trouble;
    return {reason::certificate, text};
  }
  if (why.code == errc::protocol && to.version == http2) return no_http2(to, {});
  return {reason::tls, "no TLS with " + to.to_string() + ": " + why.message + way_out_of(why.code)};
}

fetch_error out_of_time(const origin& to, step at, std::chrono::milliseconds limit, bool of_connecting) {
  return {reason::timeout, "gave up after " + in_words(limit) + " while " + std::string(doing(at)) + to.to_string() +
                               (of_connecting ? " (a longer connect_timeout may help)" : " (a longer timeout may help)")};
}

fetch_error exchange_lost(const origin& to, const engine::protocol_error* why, std::error_code below, const received_part& got,
                          const limits& caps) {
  if (!why && below == tls::errc::truncated) return truncated(to, got);
  if (!why && below.category() == tls::category()) {
    const auto code = static_cast<tls::errc>(below.value());
    return {reason::tls,
            "the TLS connection to " + to.to_string() + " broke: " + std::string(tls::describe(code)) + way_out_of(code)};
  }
  static constexpr std::string_view ends[] = {"closed-before-response", "incomplete-content", "not-answered", "closed-before-end",
                                              "cut-frame"};
  if (!why || std::ranges::find(ends, why->name) != std::end(ends)) return lost(to, got, false);
  static constexpr std::string_view resets[] = {"stream-reset", "stream-refused", "not-processed"};
  if (std::ranges::find(resets, why->name) != std::end(resets)) return reset_by_peer(to, *why, got);
  if (why->name == "incomplete-head") return lost(to, got, true);
  if (why->limit == "head_time" || why->limit == "stall_time") return slow(to, *why, caps);
  if (!why->limit.empty()) {
    return {reason::protocol, "the response of " + to.to_string() + " is beyond limits::" + std::string(why->limit) + " (" +
                                  std::string(why->name) + ")"};
  }
  return {reason::protocol,
          to.to_string() + " broke the rules of HTTP: " + std::string(why->message) + " (" + std::string(why->section) + ")"};
}

fetch_error no_http2(const origin& to, std::string_view settled) {
  const std::string instead = settled.empty() ? "picked no protocol (ALPN)" : "picked " + std::string(settled);
  return {reason::not_supported,
          to.to_string() + " does not speak HTTP/2 here: it " + instead + "; ask for HTTP/1.1, or leave the version out"};
}

fetch_error protocol_switched(const origin& to, const semantics::response_head& head) {
  const std::string protocol(head.fields.get("Upgrade").value_or("another protocol"));
  return {reason::not_supported, to.to_string() + " switched to " + protocol + ", which cannot be followed yet; leave Upgrade out"};
}

fetch_error fields_too_large(const origin& to) {
  return {reason::not_supported, "the request's fields are larger than what " + to.to_string() +
                                     " has announced to take (SETTINGS_MAX_HEADER_LIST_SIZE): send fewer or shorter ones"};
}

fetch_error more_than_collected(const origin& to, std::size_t limit) {
  return {reason::content_too_large, "the content from " + to.to_string() + " is larger than the " + std::to_string(limit) +
                                         " bytes that are collected (raise content_limit, or stream it)"};
}

}  // namespace parley::fetching
