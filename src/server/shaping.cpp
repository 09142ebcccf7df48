#include "server/shaping.hpp"

#include <parley/digest.hpp>

#include "base/ascii.hpp"
#include "connection/message_access.hpp"
#include "semantics/conditional.hpp"
#include "semantics/digest_field.hpp"
#include "semantics/fields_access.hpp"
#include "semantics/list.hpp"
#include "semantics/vary.hpp"
#include "server/coded_content.hpp"
#include "server/ranged_answer.hpp"
#include "server/server_core.hpp"

#include <parley/date.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <string>
#include <utility>
#include <variant>

namespace parley::server_room {

namespace {

using detail::fields_access;
using detail::request_access;
using detail::response_access;
using semantics::field_id;
using semantics::precondition;

bool reads(const request& req) { return req.method() == method::get || req.method() == method::head; }

void say_what_was_chosen_by(const request& req, response& r) {
  const std::uint8_t by = request_access::varies(req);
  if ((by & detail::varied_accept) != 0) semantics::add_vary(r.fields(), "Accept");
  if ((by & detail::varied_language) != 0) semantics::add_vary(r.fields(), "Accept-Language");
}

// RFC 9110 §15.4.5: what describes content that is not sent is left out, and of the validators the weaker one.
void make_not_modified(response& r) {
  fields& lines = r.fields();
  for (const std::string_view name : {"Content-Type", "Content-Encoding", "Content-Language", "Accept-Ranges", "Content-Digest"})
    lines.remove(name);
  if (lines.get("ETag")) lines.remove("Last-Modified");
  r.status(304);
  response_access::content(r) = std::monostate();
}

semantics::validators validators_of(const response& r, std::chrono::sys_seconds now) {
  semantics::validators known;
  known.entity_tag = r.header("ETag");
  known.coded = true;
  known.modified_text = r.header("Last-Modified");
  if (!known.modified_text.empty()) known.modified = parse_date(known.modified_text, now);
  known.strong_date =
      known.modified && semantics::is_strong_date(*known.modified, now) && !semantics::varies_by(r.fields(), "Accept-Encoding");
  return known;
}

// What took the place of an answer keeps the cookies that were set for it: its session is written already, perhaps under a new id.
void keep_cookies(const fields& of, response& to) {
  for (const std::string_view line : of.get_all("Set-Cookie")) to.fields().add("Set-Cookie", line);
}

// What the preconditions come to; true: parts may be sent.
bool evaluate(const server_core& core, const request& req, response& r) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto result = semantics::evaluate_preconditions(req.method(), req.fields(), validators_of(r, now), now);
  if (result == precondition::not_modified) {
    make_not_modified(r);
  } else if (result == precondition::failed) {
    response failed = core.error_response(problem(412).detail("What is here is not in the state that the request asks for."), req);
    keep_cookies(std::as_const(r).fields(), failed);
    r = std::move(failed);
  }
  return result == precondition::ranges;
}

bool can_send_parts(const response& r) {
  const std::string_view tag = r.header("ETag");
  return r.status() == 200 && !tag.empty() && !tag.starts_with("W/") && length_in_parts(r).has_value() &&
         !r.fields().get("Content-Encoding") && !r.fields().get("Content-Range");
}

void send_parts_of(const server_core& core, const request& req, response& r, shaped_answer& made) {
  std::exception_ptr thrown;
  try {
    made.range_ignored = !take_ranges(r, req.header("Range"));
    return;
  } catch (...) {
    thrown = std::current_exception();
  }
  response refusal = core.answer_to(thrown, req);
  keep_cookies(std::as_const(r).fields(), refusal);
  r = std::move(refusal);
}

bool lies_in_memory(const response& r) {
  const auto& content = response_access::content(r);
  return std::holds_alternative<std::string>(content) || std::holds_alternative<detail::shared_content>(content);
}

void add_digest(const request& req, response& r, field_id want, std::string_view want_name, std::string_view name,
                std::string_view of) {
  if (fields_access::find(req.fields(), want) == nullptr || r.fields().get(name)) return;
  const auto algorithm = semantics::wanted_digest(req.fields().joined(want_name), {"sha-256", "sha-512"});
  if (algorithm) r.fields().set(name, digest_of(of, *algorithm));
}

// RFC 9530 §3: of the whole representation, also where a part of it or, to HEAD, its head alone is sent. Only of what lies in memory.
void add_repr_digest(const request& req, response& r) {
  if (r.status() == 206 || r.status() == 304 || !lies_in_memory(r)) return;
  add_digest(req, r, field_id::want_repr_digest, "Want-Repr-Digest", "Repr-Digest", r.content());
}

// RFC 9530 §2: of the content as it is sent, which for HEAD is none.
void add_content_digest(const request& req, response& r) {
  const bool head = req.method() == method::head;
  if (r.status() == 304 || (!head && !lies_in_memory(r))) return;
  add_digest(req, r, field_id::want_content_digest, "Want-Content-Digest", "Content-Digest",
             head ? std::string_view() : r.content());
}

// RFC 9110 §6.5.1: what concerns framing, routing or how content is read is of no use behind the content.
bool may_be_trailer(std::string_view name) {
  static constexpr std::array<std::string_view, 12> forbidden{
      "Content-Length", "Transfer-Encoding", "Connection",       "Keep-Alive",       "Host",         "TE", "Trailer",
      "Upgrade",        "Content-Type",      "Content-Encoding", "Proxy-Connection", "Content-Range"};
  return std::ranges::none_of(forbidden, [&](std::string_view each) { return base::iequals(each, name); });
}

bool takes_trailers(const request& req) {
  if (req.version() >= http2) return true;
  bool said = false;
  semantics::for_each_element(req.fields(), field_id::te,
                              [&](std::string_view element) { said = said || base::iequals(element, "trailers"); });
  return said && req.version() == http1_1;
}

fields take_trailers(const request& req, response& r) {
  const fields said = std::exchange(response_access::trailers(r), fields());
  if (said.empty() || !takes_trailers(req) || req.method() == method::head || r.status() == 204 || r.status() == 304) return {};
  fields lines;
  std::string names;
  for (const auto& line : said) {
    if (!may_be_trailer(line.name)) continue;
    if (!lines.contains(line.name)) names.append(names.empty() ? "" : ", ").append(line.name);
    lines.add(line.name, line.value);
  }
  if (!lines.empty()) r.fields().set("Trailer", names);  // RFC 9110 §6.6.2
  return lines;
}

}  // namespace

std::optional<problem> partial_put(const request& req) {
  if (req.method() != method::put || fields_access::find(req.fields(), field_id::content_range) == nullptr) return std::nullopt;
  return problem(400).detail("A part cannot be put here: send the whole content, without Content-Range.");
}

void check_content_digest(const request& req) {
  if (fields_access::find(req.fields(), field_id::content_digest) == nullptr) return;
  digest_check check(req);
  check.add(req.content());
  check.finish();
}

shaped_answer shape_answer(const server_core& core, compressor& coder, const request& req, response& r) {
  shaped_answer made;
  if (request_access::varies(req) != 0) say_what_was_chosen_by(req, r);
  const compression_settings* const how = coder.settings();
  // A small file was looked at where it was found.
  const compression_settings::offer* choice = nullptr;
  std::shared_ptr<void> place;
  if (how != nullptr && response_access::lines(r) == nullptr && may_be_coded(req, r, *how)) {
    semantics::add_vary(r.fields(), "Accept-Encoding");
    choice = how->choose(req);
    if (choice != nullptr) place = coder.enter();
    if (place == nullptr) choice = nullptr;
  }
  const std::string plain_tag(r.header("ETag"));
  if (response_access::validated(r) && reads(req) && r.status() / 100 == 2) {
    // RFC 9110 §15.4.5: a 304 has the tag that the 200 would have.
    if (choice != nullptr && !plain_tag.empty()) r.fields().set("ETag", semantics::coded_tag(plain_tag, choice->coding));
    const bool parts = evaluate(core, req, r);
    if (r.status() == 304 || r.status() == 412) return made;
    if (choice != nullptr && !plain_tag.empty()) r.fields().set("ETag", plain_tag);
    if (core.digests && parts) add_repr_digest(req, r);
    if (can_send_parts(r)) {
      r.fields().set("Accept-Ranges", "bytes");
      if (parts && choice == nullptr) send_parts_of(core, req, r, made);
    }
  }
  if (choice != nullptr) {
    put_into_coding(r, *choice, req.method() == method::head, std::move(place));
    made.coded = true;
  }
  if (core.digests) {
    add_repr_digest(req, r);
    add_content_digest(req, r);
  }
  if (response_access::shaped(r)) made.trailers = take_trailers(req, r);
  return made;
}

}  // namespace parley::server_room
