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
      {std::errc::connection_aborted, "the connection was ended"},
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
    case step::connecting_quic: return "connecting over UDP (QUIC) to ";
    case step::securing: return "shaking hands (TLS) with ";
    case step::tunnelling: return "waiting for a tunnel to ";
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
  const std::string limit = in_words(head ? caps.head_time : caps.stall_time) + " (the limit " + std::string(why.limit) + ")";
  if (head) return {reason::timeout, "the head of the response of " + to.to_string() + " was not whole after " + limit};
  const bool sending = why.name == "send-timeout" || why.name == "window-timeout";
  return {reason::timeout, to.to_string() + (sending ? " took nothing of the request for " : " sent nothing for ") + limit};
}

struct reset_code {
  std::string_view name;
  std::string_view meaning;
};

// RFC 9113 §7, from 0 on.
constexpr reset_code http2_codes[] = {
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
    {"HTTP_1_1_REQUIRED", "it wants this by another version: ask for HTTP/1.1"},
};

// RFC 9114 §8.1, from 0x100 on.
constexpr reset_code http3_codes[] = {
    {"H3_NO_ERROR", "it wants nothing more of it"},
    {"H3_GENERAL_PROTOCOL_ERROR", "it says that a rule of HTTP/3 was broken"},
    {"H3_INTERNAL_ERROR", "something went wrong within the server"},
    {"H3_STREAM_CREATION_ERROR", "it says that a stream was opened that it does not take"},
    {"H3_CLOSED_CRITICAL_STREAM", "it says that a stream was closed that must stay open"},
    {"H3_FRAME_UNEXPECTED", "it says that a frame came where it may not"},
    {"H3_FRAME_ERROR", "it says that a frame was malformed"},
    {"H3_EXCESSIVE_LOAD", "it says that it is asked for too much"},
    {"H3_ID_ERROR", "it says that a number was used wrongly"},
    {"H3_SETTINGS_ERROR", "it says that our settings are wrong"},
    {"H3_MISSING_SETTINGS", "it says that our settings did not come"},
    {"H3_REQUEST_REJECTED", "it did nothing with the request"},
    {"H3_REQUEST_CANCELLED", "it gave up on the answer"},
    {"H3_REQUEST_INCOMPLETE", "it says that the request was not whole"},
    {"H3_MESSAGE_ERROR", "it says that the request was malformed"},
    {"H3_CONNECT_ERROR", "its connection to another server was lost"},
    {"H3_VERSION_FALLBACK", "it wants this by another version: leave the version out"},
};

const reset_code* reset_code_of(parley::version spoken, std::uint32_t code) {
  const bool http3 = spoken == parley::version::http3;
  constexpr std::uint32_t first_of_http3 = 0x100;
  if (http3)
    return code >= first_of_http3 && code - first_of_http3 < std::size(http3_codes) ? &http3_codes[code - first_of_http3] : nullptr;
  return code < std::size(http2_codes) ? &http2_codes[code] : nullptr;
}

fetch_error reset_by_peer(const origin& to, parley::version spoken, const engine::protocol_error& why, const received_part& got) {
  const bool http3 = spoken == parley::version::http3;
  if (why.name == "not-processed") {
    return {reason::connection_lost, to.to_string() + " closed its connections before it took up the request (GOAWAY, " +
                                         (http3 ? "RFC 9114 §5.2)" : "RFC 9113 §6.8)")};
  }
  const reset_code* const known = reset_code_of(spoken, why.code);
  const std::string code =
      known != nullptr ? std::string(known->name) + ": " + std::string(known->meaning) : "error code " + std::to_string(why.code);
  const std::string when = got.head ? " after " + amount(got) : " before it answered";
  return {reason::connection_lost,
          to.to_string() + " reset the exchange" + when + " (" + code + (http3 ? "; RFC 9114 §8.1)" : "; RFC 9113 §7)")};
}

// What ends a QUIC connection by itself.
std::string_view quic_end(const engine::protocol_error& why) {
  if (why.name == "idle-timeout") return "no packet has come over UDP for too long: its idle time is over";
  if (why.name == "stateless-reset") return "the server knows nothing of it any more (was it restarted?)";
  if (why.name.starts_with("quic-")) return why.message;
  return {};
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

std::string in_words(const failed_dial& why) {
  if (why.tls) return why.tls.message;
  if (why.error == std::errc::connection_refused) return "nobody listens on that UDP port";
  if (why.error == std::errc::timed_out) return "no answer over UDP (is it blocked on the way, or no HTTP/3 there?)";
  if (why.error == std::errc::protocol_not_supported) return "the server speaks no version of QUIC that we do (1 and 2)";
  if (why.error == std::errc::connection_aborted) {
    const std::string turned_away = "the server turned the connection away (is it ending, or overloaded?)";
    return why.reason.empty() ? turned_away : turned_away + ": " + why.reason;
  }
  if (!why.reason.empty()) return why.reason;
  return why.error ? in_words(why.error) : "the QUIC handshake failed";
}

std::string in_words(const std::vector<failed_dial>& tried) {
  if (tried.empty()) return "the host has no address";
  const std::string first = in_words(tried.front());
  if (std::ranges::all_of(tried, [&](const failed_dial& each) { return in_words(each) == first; })) return first;
  std::string all;
  for (const failed_dial& each : tried) all += (all.empty() ? "" : "; ") + each.address + ": " + in_words(each);
  return all;
}

namespace {

bool about_certificate(const tls::error& why) { return why.code >= tls::errc::expired || why.code == tls::errc::no_certificate; }

}  // namespace

fetch_error http3_failed(const origin& to, const std::vector<failed_dial>& tried, const std::string& local_trouble) {
  const auto wrong = std::ranges::find_if(tried, [](const failed_dial& each) { return about_certificate(each.tls); });
  if (wrong != tried.end()) return handshake_failed(to, wrong->tls, local_trouble);
  constexpr std::string_view way_out = "; leave the version out for HTTP/2 and 1.1 over TCP";
  const auto no_h3 = std::ranges::find_if(tried, [](const failed_dial& each) { return each.tls.code == tls::errc::protocol; });
  if (no_h3 != tried.end()) {
    return {reason::not_supported, to.to_string() + " speaks QUIC, but no HTTP/3 (ALPN)" + std::string(way_out)};
  }
  return {reason::connect, "no HTTP/3 with " + to.to_string() + ": " + in_words(tried) + std::string(way_out)};
}

fetch_error resolve_failed(const origin& to, std::error_code error) {
  const bool unknown = error.category() == net::resolve_category() && error.value() == EAI_NONAME;
  const std::string_view way_out = unknown ? " (is the name spelled right?)" : " (does this machine reach its name server?)";
  return {reason::resolve, "cannot find " + std::string(to.relays == relaying::nothing ? "the host " : "the proxy ") + to.host +
                               ": " + in_words(error) + std::string(way_out)};
}

fetch_error not_allowed(const origin& to) {
  return {reason::address, "cannot connect to " + to.to_string() + ": its address is not one of those allowed (client::addresses)"};
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
  if (about_certificate(why)) {
    std::string text = "cannot trust " + to.to_string() + ": " + why.message;
    const bool no_authority = why.code == errc::unknown_authority || why.code == errc::self_signed;
    if (no_authority && !local_trouble.empty()) text += "; also, " + local_trouble;
    return {reason::certificate, text};
  }
  if (why.code == errc::protocol && to.version == http2) return no_http2(to, {});
  return {reason::tls, "no TLS with " + to.to_string() + ": " + why.message + way_out_of(why.code)};
}

fetch_error out_of_time(const origin& to, const progress& at, std::chrono::milliseconds limit, bool of_connecting) {
  return {reason::timeout, "gave up after " + in_words(limit) + " while " + std::string(doing(at.at)) + to.to_string() +
                               (at.failed.empty() ? "" : "; " + at.failed) +
                               (of_connecting ? " (a longer connect_timeout may help)" : " (a longer timeout may help)")};
}

fetch_error exchange_lost(const origin& to, parley::version spoken, const engine::protocol_error* why, std::error_code below,
                          const received_part& got, const limits& caps) {
  if (!why && below == tls::errc::truncated) return truncated(to, got);
  if (!why && below.category() == tls::category()) {
    const auto code = static_cast<tls::errc>(below.value());
    return {reason::tls,
            "the TLS connection to " + to.to_string() + " broke: " + std::string(tls::describe(code)) + way_out_of(code)};
  }
  if (const std::string_view end = spoken == parley::version::http3 && why ? quic_end(*why) : std::string_view(); !end.empty()) {
    const std::string when = got.head ? " was lost after " + amount(got) : " was lost before it answered";
    return {reason::connection_lost, "the QUIC connection to " + to.to_string() + when + ": " + std::string(end)};
  }
  static constexpr std::string_view ends[] = {"closed-before-response", "incomplete-content", "not-answered",
                                              "closed-before-end",      "cut-frame",          "closed-by-peer"};
  if (!why || std::ranges::find(ends, why->name) != std::end(ends)) return lost(to, got, false);
  static constexpr std::string_view resets[] = {"stream-reset", "stream-refused", "not-processed"};
  if (std::ranges::find(resets, why->name) != std::end(resets)) return reset_by_peer(to, spoken, *why, got);
  if (why->name == "incomplete-head") return lost(to, got, true);
  if (why->limit == "head_time" || why->limit == "stall_time") return slow(to, *why, caps);
  if (!why->limit.empty()) {
    return {reason::protocol, "the response of " + to.to_string() + " is beyond the limit " + std::string(why->limit) + " (" +
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

fetch_error fields_too_large(const origin& to, parley::version spoken) {
  const std::string_view name = spoken == http3 ? "SETTINGS_MAX_FIELD_SECTION_SIZE" : "SETTINGS_MAX_HEADER_LIST_SIZE";
  return {reason::not_supported, "the request's fields are larger than what " + to.to_string() + " has announced to take (" +
                                     std::string(name) + "): send fewer or shorter ones"};
}

fetch_error tunnel_refused(const origin& to, const semantics::response_head& answer) {
  constexpr int authentication_required = 407;
  const std::string status = std::to_string(answer.status) + (answer.reason().empty() ? "" : " " + std::string(answer.reason()));
  std::string sentence = to.via->to_string() + " opened no tunnel to " + to.host + " port " + std::to_string(to.port) +
                         ": it answered " + status.substr(0, 200);
  if (answer.status == authentication_required) {
    sentence +=
        to.via->user.empty() ? " (it wants a user and a password: http://user:password@host:port)" : " (is the password right?)";
  } else if (answer.status == 403) {
    sentence += " (it does not allow this host or port)";
  }
  return {reason::proxy, sentence};
}

fetch_error more_than_collected(const origin& to, std::size_t limit) {
  return {reason::content_too_large, "the content from " + to.to_string() + " is larger than the " + std::to_string(limit) +
                                         " bytes that are collected (raise content_limit, or stream it)"};
}

}  // namespace parley::fetching
