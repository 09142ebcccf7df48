#include <parley/request_decoding.hpp>

#include "coding/decoded_source.hpp"
#include "connection/message_access.hpp"

#include <parley/problem.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>
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

/// One of those that are decoded at once, and the source that it reads.
class decoding_place {
 public:
  explicit decoding_place(std::shared_ptr<const decoding_rule> rule) : rule_(std::move(rule)) {
    if (rule_->under_way.fetch_add(1, std::memory_order_relaxed) < rule_->at_once) return;
    rule_->under_way.fetch_sub(1, std::memory_order_relaxed);
    problem_error refusal(503, "Too many requests are being decoded at the moment. Try again later, or send it without a coding.");
    refusal.header("Retry-After", "1");
    throw refusal;
  }
  decoding_place(const decoding_place&) = delete;
  decoding_place& operator=(const decoding_place&) = delete;
  ~decoding_place() { rule_->under_way.fetch_sub(1, std::memory_order_relaxed); }

  std::unique_ptr<detail::body_source> source;

 private:
  std::shared_ptr<const decoding_rule> rule_;
};

problem_error refusal_of(const coding::decode_error& why, const coding::decoder_caps& caps) {
  using enum coding::decode_fault;
  switch (why.fault) {
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
  const auto codings = codings_of(req, *rule);
  detail::body_source* from = request_access::source(req);
  if (from == nullptr) {  // it came to `server::handle`, with its content
    static_cast<void>(req.body());
    from = request_access::source(req);
  }
  for (const char* each : {"Content-Encoding", "Content-Length", "Content-Digest"}) req.fields().remove(each);
  if (codings.empty() || from == nullptr) return;
  auto explain = [rule](const coding::decode_error& why) {
    rule->refused->fetch_add(1, std::memory_order_relaxed);
    return std::make_exception_ptr(refusal_of(why, rule->caps));
  };
  auto keeper = std::make_shared<decoding_place>(rule);
  keeper->source = request_access::take_source(req);
  request_access::own_source(
      req, std::make_unique<coding::decoded_source>(from, std::move(keeper), codings, rule->caps, std::move(explain)));
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
    if (std::as_const(req).fields().contains("Content-Encoding") && rule->paths.match(req)) {
      try {
        decode_request(req, rule);
      } catch (const problem_error&) {
        rule->refused->fetch_add(1, std::memory_order_relaxed);
        throw;
      }
    }
    return go_on(req);
  });
}

}  // namespace parley
