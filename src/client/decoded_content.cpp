#include "client/read_content.hpp"
#include "coding/content_coding.hpp"
#include "coding/decoded_source.hpp"
#include "connection/message_access.hpp"

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// Content-Encoding undone (RFC 9110 §8.4), as far as it is safe to.

namespace parley::fetching {

namespace {

using decoded_access = parley::detail::response_access;
using decode_reason = fetch_error::kind;

fetch_error cannot_decode(const std::string& server, const coding::decode_error& why, const coding::decoder_caps& caps) {
  const std::string sentence = coding::describe(why) + ", in the answer of " + server;
  if (why.fault == coding::decode_fault::output) {
    return {decode_reason::decoding, sentence + "; the limit is " + std::to_string(caps.output) +
                                         " bytes (options::decode; without decoding it comes as it is)"};
  }
  if (why.fault == coding::decode_fault::input) {
    return {decode_reason::decoding, sentence + "; the limit is " + std::to_string(caps.input()) +
                                         " bytes (options::decode; without decoding it comes as it is)"};
  }
  if (why.fault == coding::decode_fault::ratio) {
    return {decode_reason::decoding,
            sentence + "; the limit is " + std::to_string(caps.ratio) + " times its size; without decoding it comes as it is"};
  }
  return {decode_reason::decoding, sentence};
}

}  // namespace

void decode_content(response& of, std::uint64_t most, unsigned ratio, const origin& to) {
  const std::string said = of.fields().joined("Content-Encoding");
  if (said.empty()) return;
  const auto codings = coding::parse_codings(said, coding::most_codings);
  if (!codings) {
    throw fetch_error(decode_reason::decoding, "the answer of " + to.to_string() + " has the Content-Encoding " +
                                                   said.substr(0, 100) + ", of which " + codings.error().substr(0, 100) +
                                                   " cannot be undone; without decoding it comes as it is");
  }
  if (codings->empty()) return;
  coding::decoder_caps caps;
  caps.output = most;
  caps.ratio = ratio;
  auto from = source_of(of);
  auto* const asked = from.get();
  auto explain = [server = to.to_string(), caps](const coding::decode_error& why) {
    return std::make_exception_ptr(cannot_decode(server, why, caps));
  };
  decoded_access::source(of, std::make_shared<coding::decoded_source>(asked, std::move(from), *codings, caps, std::move(explain)));
}

}  // namespace parley::fetching
