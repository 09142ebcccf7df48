#include <parley/request_decoding.hpp>

#include "coding/decoded_source.hpp"
#include "connection/message_access.hpp"

#include <parley/digest.hpp>
#include <parley/problem.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace parley {

namespace {

using detail::request_access;

/// Shared by all requests; nothing of it changes.
struct decoding_rule {
  std::vector<coding::content_coding> codings;
  std::string accepted;  // the same, as Accept-Encoding
  coding::decoder_caps caps;
  path_prefixes paths;
  std::size_t at_once;
  std::atomic<std::uint64_t>* refused;
  mutable std::atomic<std::size_t> under_way{0};
};

problem_error too_many_coded() {
  problem_error refusal(503, "Too many requests are being decoded at the moment. Try again later, or send it without a coding.");
  refusal.header("Retry-After", "1");
  return refusal;
}

void add_refusal(const decoding_rule& rule) { rule.refused->fetch_add(1, std::memory_order_relaxed); }

/// The content as it came. Who has some takes one of the places, and has it as long as the request: what was decoded is kept beside it. Compares
/// it with its Content-Digest, which is about these bytes (RFC 9530 §2).
class coded_source final : public detail::body_source {
 public:
  coded_source(const request& req, detail::body_source* from, std::shared_ptr<const decoding_rule> rule)
      : check_(req), from_(from), rule_(std::move(rule)) {}
  coded_source(const coded_source&) = delete;
  coded_source& operator=(const coded_source&) = delete;
  ~coded_source() override {
    if (has_place_) rule_->under_way.fetch_sub(1, std::memory_order_relaxed);
  }
  void own(std::unique_ptr<detail::body_source> from) { kept_ = std::move(from); }

  bool ready() noexcept override { return from_->ready(); }
  std::string_view next() override {
    const std::string_view piece = from_->next();
    try {
      if (piece.empty()) {
        check_.finish();
      } else {
        if (!has_place_) take_place();
        check_.add(piece);
      }
    } catch (const problem_error&) {
      add_refusal(*rule_);
      throw;
    }
    return piece;
  }
  void wait(detail::waiter* who) noexcept override { from_->wait(who); }
  const fields* trailers() noexcept override { return from_->trailers(); }
  std::optional<std::uint64_t> length() noexcept override { return from_->length(); }
  void keep(std::size_t most) override { from_->keep(most); }

 private:
  void take_place() {
    has_place_ = rule_->under_way.fetch_add(1, std::memory_order_relaxed) < rule_->at_once;
    if (has_place_) return;
    rule_->under_way.fetch_sub(1, std::memory_order_relaxed);
    throw too_many_coded();
  }

  digest_check check_;
  detail::body_source* from_;
  std::unique_ptr<detail::body_source> kept_;
  std::shared_ptr<const decoding_rule> rule_;
  bool has_place_ = false;
};

problem_error too_long_in_coding(const coding::decoder_caps& caps) {
  return problem_error(413, "The content is larger than the " + std::to_string(caps.input()) + " bytes allowed here in a coding. " +
                                "Send it in parts.");
}

problem_error refusal_of(const coding::decode_error& why, const coding::decoder_caps& caps) {
  using enum coding::decode_fault;
  switch (why.fault) {
    case input: return too_long_in_coding(caps);
    case output:
      return problem_error(
          413, "The content is larger than the " + std::to_string(caps.output) + " bytes allowed here, decoded. Send it in parts.");
    case ratio:
      return problem_error(413, "The content is more than " + std::to_string(caps.ratio) +
                                    " times as large as what was sent. Send it without a coding.");
    case window:
      return problem_error(413, "Decoding the content takes more memory than is given to it. Send it with a smaller window.");
    default: break;
  }
  std::string sentence = coding::describe(why);
  if (!sentence.empty() && sentence[0] >= 'a' && sentence[0] <= 'z') sentence[0] = static_cast<char>(sentence[0] - 'a' + 'A');
  return problem_error(400, sentence + ".");
}

std::vector<coding::content_coding> codings_of(const request& req, const decoding_rule& rule) {
  auto named = coding::parse_codings(req.fields().joined("Content-Encoding"), coding::most_codings);
  const auto taken = [&rule](coding::content_coding each) { return std::ranges::find(rule.codings, each) != rule.codings.end(); };
  if (named && std::ranges::all_of(*named, taken)) return *std::move(named);
  problem_error refusal(415, "This content coding is not taken here. Take one of " + rule.accepted + ", or none.");
  refusal.header("Accept-Encoding", rule.accepted);
  throw refusal;
}

void decode_request(request& req, const std::shared_ptr<const decoding_rule>& rule) {
  auto codings = codings_of(req, *rule);
  if (codings.empty()) {  // `identity` is content as it is
    req.fields().remove("Content-Encoding");
    return;
  }
  detail::body_source* from = request_access::source(req);
  if (from == nullptr) {  // it came to `server::handle`, with its content
    static_cast<void>(req.body());
    from = request_access::source(req);
  }
  // What will be refused is not asked for, by 100.
  if (from != nullptr && from->length().value_or(0) > rule->caps.input()) throw too_long_in_coding(rule->caps);
  if (rule->under_way.load(std::memory_order_relaxed) >= rule->at_once) throw too_many_coded();
  std::shared_ptr<coded_source> coded;
  std::unique_ptr<coding::decoded_source> decoded;
  if (from != nullptr) {
    coded = std::make_shared<coded_source>(req, from, rule);
    auto explain = [rule](const coding::decode_error& why) {
      add_refusal(*rule);
      return std::make_exception_ptr(refusal_of(why, rule->caps));
    };
    decoded = std::make_unique<coding::decoded_source>(coded.get(), coded, std::move(codings), rule->caps, std::move(explain));
  }
  for (const char* each : {"Content-Encoding", "Content-Length", "Content-Digest", "Repr-Digest"}) req.fields().remove(each);
  if (decoded == nullptr) return;
  coded->own(request_access::take_source(req));
  request_access::own_source(req, std::move(decoded));
}

}  // namespace

request_decoding::request_decoding() : codings_{"gzip", "br", "zstd"} {}

request_decoding& request_decoding::codings(const std::vector<std::string>& names) {
  for (const std::string& each : names) {
    if (each != "gzip" && each != "br" && each != "zstd") {
      throw std::invalid_argument("parley::request_decoding: \"" + each + "\" is none of gzip, br and zstd");
    }
  }
  codings_ = names;
  return *this;
}

request_decoding& request_decoding::bytes(std::uint64_t most) {
  bytes_ = most;
  return *this;
}

request_decoding& request_decoding::ratio(std::uint64_t most) {
  ratio_ = std::max<std::uint64_t>(most, 1);
  return *this;
}

request_decoding& request_decoding::at_once(std::size_t requests) {
  at_once_ = requests;
  return *this;
}

request_decoding& request_decoding::at(std::string_view prefix) {
  paths_.add(prefix);
  return *this;
}

void request_decoding::add_to(server& app) const {
  auto made = std::make_shared<decoding_rule>();
  for (const std::string& each : codings_) {
    made->codings.push_back(coding::coding_named(each).value());
    made->accepted.append(made->accepted.empty() ? "" : ", ").append(each);
  }
  if (made->accepted.empty()) made->accepted = "identity";
  made->caps.output = bytes_;
  made->caps.ratio = ratio_;
  made->caps.ratio_from = std::uint64_t{1} << 20;
  made->paths = paths_;
  made->at_once = at_once_;
  made->refused = &app.counted("requests_not_decoded");
  app.use([rule = std::shared_ptr<const decoding_rule>(std::move(made))](request& req, next go_on) {
    // What follows a CONNECT is no content (RFC 9110 §9.3.6).
    if (std::as_const(req).fields().contains("Content-Encoding") && req.method() != method::connect && rule->paths.match(req)) {
      try {
        decode_request(req, rule);
      } catch (const problem_error&) {
        add_refusal(*rule);
        throw;
      }
    }
    return go_on(req);
  });
}

}  // namespace parley
