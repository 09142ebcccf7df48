#include "h1/head_writer.hpp"

#include <parley/status.hpp>

#include <cstring>

#include "base/ascii.hpp"
#include "base/number.hpp"
#include "semantics/connection_options.hpp"

namespace parley::h1 {

namespace {

using write_access = parley::detail::fields_access;
using parley::detail::field_slot;
using semantics::field_id;

// What the engine may add: status line or version, Content-Length, Transfer-Encoding, Connection.
constexpr std::size_t room_for_framing = 256;

char* put(char* out, std::string_view text) {
  if (text.empty()) return out;  // its data may be null
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

// A copy in steps of 16 bytes: field names and values are short, and a call of memcpy costs more than they do. The head's room is
// 16 bytes longer than the head, and `readable` is where the text's own memory ends.
char* put_short(char* out, std::string_view text, const char* readable) {
  const char* from = text.data();
  if (text.size() > 64 || readable - from < static_cast<std::ptrdiff_t>((text.size() + 15) & ~std::size_t{15}))
    return put(out, text);
  for (std::size_t i = 0; i < text.size(); i += 16) std::memcpy(out + i, from + i, 16);
  return out + text.size();
}

// The fields that are the engine's own (RFC 9112 §6, RFC 9110 §7.6.1), and such as would contradict it.
bool is_framing(const field_slot& slot) {
  switch (static_cast<field_id>(slot.id)) {
    case field_id::content_length:
    case field_id::transfer_encoding:
    case field_id::connection:
    case field_id::keep_alive:
    case field_id::proxy_connection: return true;
    default: return false;
  }
}

// The most that the fields can take. The options of a Connection field are written again behind the engine's own, each at most one
// byte longer than it was.
std::size_t size_of(const parley::fields& f) {
  std::size_t size = room_for_framing;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const field_slot& slot = write_access::slot(f, i);
    const std::size_t twice = slot.id == static_cast<std::uint16_t>(field_id::connection) ? 2 : 1;
    size += slot.name_length + slot.value_length * twice + 4;
  }
  return size;
}

char* put_line(char* out, std::string_view name, std::string_view value, const char* readable) {
  out = put_short(out, name, readable);
  out = put(out, ": ");
  out = put_short(out, value, readable);
  return put(out, "\r\n");
}

char* put_fields(char* out, const parley::fields& f, bool is_request, bool upgrade) {
  // The slots stand behind the text in one block, so 16 bytes behind any text can be read while there is a slot left.
  const char* readable = f.empty() ? nullptr : reinterpret_cast<const char*>(&write_access::slot(f, f.size() - 1));
  for (std::size_t i = 0; i < f.size(); ++i) {
    const field_slot& slot = write_access::slot(f, i);
    if (slot.id != 0) {
      const auto id = static_cast<field_id>(slot.id);
      if (is_framing(slot) || (is_request && id == field_id::host) || (!upgrade && id == field_id::upgrade)) continue;
    }
    out = put_line(out, write_access::name(f, slot), write_access::value(f, slot), readable);
  }
  return out;
}

// The options that the application names and that are not the engine's own, such as a field of one hop.
char* put_other_options(char* out, const parley::fields& f, const char*& separator) {
  semantics::for_each_connection_option(f, [&](std::string_view option) {
    for (const std::string_view own : {"close", "keep-alive", "upgrade", "te"}) {
      if (base::iequals(option, own)) return;
    }
    if (!base::is_token(option)) return;
    out = put(out, separator);
    out = put(out, option);
    separator = ", ";
  });
  return out;
}

char* put_connection(char* out, const parley::fields& f, const head_framing& framing, bool te) {
  const bool given = write_access::find(f, field_id::connection) != nullptr;
  if (!given && !te && !framing.upgrade) {
    if (framing.close) return put(out, "Connection: close\r\n");
    return framing.keep_alive ? put(out, "Connection: keep-alive\r\n") : out;
  }
  const char* separator = "Connection: ";
  const auto option = [&](bool wanted, std::string_view name) {
    if (!wanted) return;
    out = put(out, separator);
    out = put(out, name);
    separator = ", ";
  };
  option(framing.close, "close");
  option(framing.keep_alive, "keep-alive");
  option(framing.upgrade, "upgrade");
  option(te, "TE");  // RFC 9110 §10.1.4
  if (given) out = put_other_options(out, f, separator);
  return *separator == ',' ? put(out, "\r\n") : out;
}

char* put_framing(char* out, const head_framing& framing) {
  if (framing.content == sent_body::chunked) return put(out, "Transfer-Encoding: chunked\r\n");
  if (!framing.length_field) return out;
  out = put(out, "Content-Length: ");
  out = base::write_decimal(out, framing.length);
  return put(out, "\r\n");
}

char* put_status_line(char* out, int status) {
  if (status == 200) return put(out, "HTTP/1.1 200 OK\r\n");
  out = put(out, "HTTP/1.1 ");
  out = base::write_decimal(out, static_cast<std::uint64_t>(status));
  // RFC 9112 §4: the space stays when there is no reason.
  *out++ = ' ';
  out = put(out, reason_phrase(status));
  return put(out, "\r\n");
}

std::string_view finish(engine::send_queue& out, const char* begin, char* end) {
  const auto size = static_cast<std::size_t>(end - begin);
  out.commit(size);
  return {begin, size};
}

}  // namespace

std::string_view write_head(engine::send_queue& out, const semantics::response_head& head, const head_framing& framing) {
  const parley::fields& f = head.fields;
  std::size_t size = size_of(f);
  for (const auto* ready : head.ready) size += ready != nullptr ? ready->text.size() : 0;
  char* const begin = out.reserve(size);
  char* p = put_status_line(begin, head.status);
  p = put_fields(p, f, false, framing.upgrade);
  for (const auto* ready : head.ready) {
    if (ready != nullptr) p = put(p, ready->text);
  }
  p = put_framing(p, framing);
  p = put_connection(p, f, framing, false);
  return finish(out, begin, put(p, "\r\n"));
}

std::string_view write_head(engine::send_queue& out, const semantics::request_head& head, const head_framing& framing) {
  const parley::fields& f = head.fields;
  const std::string_view target = head.target();
  const std::string_view authority = head.authority();
  char* const begin = out.reserve(size_of(f) + target.size() + authority.size());
  char* p = put(begin, head.method.name());
  *p++ = ' ';
  p = put(p, target);
  if (head.version == parley::http0_9) return finish(out, begin, put(p, "\r\n"));
  p = put(p, head.version == parley::http1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  // RFC 9112 §3.2: first, and empty when the target has no authority.
  p = put(p, "Host: ");
  p = put(p, authority.empty() ? write_access::get(f, field_id::host) : authority);
  p = put(p, "\r\n");
  p = put_fields(p, f, true, framing.upgrade);
  p = put_framing(p, framing);
  p = put_connection(p, f, framing, write_access::find(f, field_id::te) != nullptr);
  return finish(out, begin, put(p, "\r\n"));
}

void begin_chunk(engine::send_queue& out, std::uint64_t size) {
  char* const begin = out.reserve(base::max_hex_digits + 2);
  char* p = base::write_hex(begin, size);
  p = put(p, "\r\n");
  out.commit(static_cast<std::size_t>(p - begin));
}

void end_chunk(engine::send_queue& out) { out.copy("\r\n"); }

void write_chunk(engine::send_queue& out, std::string_view data) {
  begin_chunk(out, data.size());
  out.copy(data);
  end_chunk(out);
}

void write_last_chunk(engine::send_queue& out, const parley::fields* trailers) {
  if (trailers == nullptr || trailers->empty()) return out.copy("0\r\n\r\n");
  char* const begin = out.reserve(size_of(*trailers));
  char* p = put(begin, "0\r\n");
  for (std::size_t i = 0; i < trailers->size(); ++i) {
    const field_slot& slot = write_access::slot(*trailers, i);
    if (is_framing(slot) || slot.id == static_cast<std::uint16_t>(field_id::host)) continue;
    p = put_line(p, write_access::name(*trailers, slot), write_access::value(*trailers, slot), nullptr);
  }
  p = put(p, "\r\n");
  out.commit(static_cast<std::size_t>(p - begin));
}

bool asks_to_close(const parley::fields& f) {
  return write_access::find(f, field_id::connection) != nullptr && semantics::parse_connection_options(f).close;
}

}  // namespace parley::h1
