#include "trace/recorded.hpp"

#include <parley/fields.hpp>
#include <parley/status.hpp>

#include "base/ascii.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace parley::trace {

namespace {

std::string field_lines(const parley::fields& fields) {
  std::string text;
  for (const auto line : fields) {
    text.append(line.name).append(": ").append(line.value).append("\r\n");
  }
  return text;
}

std::string start_line_of(const semantics::request_head& head) {
  std::string text(head.method.name());
  return text.append(" ").append(head.target()).append(" ").append(name(head.version));
}

std::string start_line_of(const semantics::response_head& head) {
  std::string text(name(head.version));
  const std::string_view reason = head.reason().empty() ? reason_phrase(head.status) : head.reason();
  text.append(" ").append(std::to_string(head.status));
  return reason.empty() ? text : text.append(" ").append(reason);
}

// RFC 9113 §8.2: names are in lower case, and these fields do not exist.
std::string later_field_lines(const parley::fields& fields) {
  constexpr std::array left_out{"host", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};
  std::string text;
  for (const auto line : fields) {
    const std::string name = base::to_lower(line.name);
    if (std::ranges::find(left_out, name) != left_out.end()) continue;
    text.append(name).append(": ").append(line.value).append("\r\n");
  }
  return text;
}

/// What the engine adds to the fields by itself.
std::string length_line(const parley::fields& fields, std::optional<std::uint64_t> length) {
  return length && !fields.contains("Content-Length") ? "content-length: " + std::to_string(*length) + "\r\n" : std::string();
}

std::string written_out(const semantics::request_head& head, std::optional<std::uint64_t> length = {}) {
  if (head.version < parley::http2) return start_line_of(head) + "\r\n" + field_lines(head.fields) + "\r\n";
  std::string text;
  const auto pseudo = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text.append(":").append(name).append(": ").append(value).append("\r\n");
  };
  pseudo("method", head.method.name());
  const bool tunnel = head.method == parley::method::connect && head.protocol().empty();
  if (!tunnel) pseudo("scheme", head.scheme());
  pseudo("authority", head.authority());
  if (!tunnel) pseudo("path", head.form == semantics::target_form::absolute ? head.path() : head.target());
  pseudo("protocol", head.protocol());
  return text + later_field_lines(head.fields) + length_line(head.fields, length) + "\r\n";
}

std::string written_out(const semantics::response_head& head, std::optional<std::uint64_t> length = {}) {
  if (head.version < parley::http2) return start_line_of(head) + "\r\n" + field_lines(head.fields) + "\r\n";
  return ":status: " + std::to_string(head.status) + "\r\n" + later_field_lines(head.fields) + length_line(head.fields, length) +
         "\r\n";
}

std::string about(const engine::observed_handshake& seen) {
  std::string text;
  const std::string early = seen.early.empty() ? std::string() : "early data " + std::string(seen.early);
  for (const std::string_view part : {seen.version, seen.cipher, seen.group, seen.protocol,
                                      std::string_view(seen.resumed ? "resumed" : ""), std::string_view(early)}) {
    if (!part.empty()) text.append(text.empty() ? "" : ", ").append(part);
  }
  return text;
}

head_step record_head(const engine::observed_head& seen, engine::stream_id stream) {
  head_step step{.way = seen.way,
                 .is_request = seen.request != nullptr,
                 .wire_size = seen.text.empty() ? seen.size : seen.text.size(),
                 .text = std::string(seen.text)};
  if (seen.request != nullptr) {
    step.version = seen.request->version;
    if (step.text.empty()) step.text = written_out(*seen.request, seen.length);
    if (step.version >= parley::http2) step.start_line = start_line_of(*seen.request);
  } else if (seen.response != nullptr) {
    step.status = seen.response->status;
    step.version = seen.response->version;
    // HTTP/0.9 has no head in its responses at all, so an empty one stays empty.
    if (step.text.empty() && step.version != parley::http0_9) step.text = written_out(*seen.response, seen.length);
    if (step.version >= parley::http2) step.start_line = start_line_of(*seen.response);
  }
  step.pushed = (step.version == parley::http2 && stream != 0 && stream % 2 == 0) ||  // RFC 9113 §5.1.1
                (step.version == parley::http3 && is_http3_push(stream));
  return step;
}

struct record_one {
  time_point now;
  engine::stream_id stream;

  decltype(recorded::what) operator()(const engine::observed_resolve& seen) const {
    return resolve_step{std::string(seen.host), std::string(seen.addresses), seen.done};
  }
  decltype(recorded::what) operator()(const engine::observed_connect& seen) const {
    return connect_step{std::string(seen.address), seen.done, std::string(seen.error), seen.quic, seen.through,
                        seen.through_stream};
  }
  decltype(recorded::what) operator()(const engine::observed_handshake& seen) const {
    return handshake_step{seen.done, std::string(seen.error), about(seen)};
  }
  decltype(recorded::what) operator()(const engine::observed_bytes& seen) const {
    return bytes_step{.way = seen.way, .size = seen.bytes.size() + seen.file_bytes, .file_bytes = seen.file_bytes, .last = now};
  }
  decltype(recorded::what) operator()(const engine::observed_head& seen) const { return record_head(seen, stream); }
  decltype(recorded::what) operator()(const engine::observed_data& seen) const {
    return data_step{.way = seen.way, .size = seen.size, .last = now};
  }
  decltype(recorded::what) operator()(const engine::observed_trailers& seen) const {
    return trailers_step{seen.way, seen.trailers == nullptr ? std::string() : field_lines(*seen.trailers)};
  }
  decltype(recorded::what) operator()(const engine::observed_end& seen) const { return end_step{seen.way, seen.fin}; }
  decltype(recorded::what) operator()(const engine::observed_state& seen) const {
    return state_step{std::string(seen.machine), std::string(seen.from), std::string(seen.to)};
  }
  decltype(recorded::what) operator()(const engine::observed_error& seen) const { return error_step{seen.error}; }
  decltype(recorded::what) operator()(const engine::observed_close& seen) const { return close_step{std::string(seen.reason)}; }
  decltype(recorded::what) operator()(const engine::observed_push& seen) const {
    if (seen.request == nullptr) return push_step{.way = seen.way, .promised = seen.promised};
    return push_step{seen.way, seen.promised, written_out(*seen.request), start_line_of(*seen.request)};
  }
  decltype(recorded::what) operator()(const engine::observed_frame& seen) const {
    return frame_step{seen.way, std::string(seen.type), seen.flags, seen.size, std::string(seen.about), seen.http3};
  }
};

}  // namespace

namespace {
constexpr engine::stream_id first_push = engine::stream_id{1} << 62;
}  // namespace

bool is_http3_push(engine::stream_id id) { return id >= first_push; }

std::string stream_name(engine::stream_id id, bool http3) {
  if (!http3) return "stream " + std::to_string(id);
  if (is_http3_push(id)) return "push " + std::to_string(id - first_push);
  return "stream " + std::to_string(id - 1);
}

recorded record(const engine::observation& seen) {
  return {seen.time, seen.connection, seen.stream, std::visit(record_one{seen.time, seen.stream}, seen.what)};
}

}  // namespace parley::trace
