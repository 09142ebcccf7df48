#include "client/read_content.hpp"
#include "connection/message_access.hpp"
#include "semantics/constant_time.hpp"
#include "semantics/digest_field.hpp"
#include "tls/hash.hpp"

#include <array>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Content-Digest and Repr-Digest (RFC 9530), in the head or behind the content.

namespace parley::fetching {

namespace {

using checked_access = parley::detail::response_access;

struct known_digest {
  std::string_view name;
  tls::hash_kind kind;
};
constexpr std::array known_digests{known_digest{"sha-512", tls::hash_kind::sha_512},
                                   known_digest{"sha-256", tls::hash_kind::sha_256}};

/// Passes content on, and throws at its end when it is not what was announced.
class checked_source final : public parley::detail::body_source {
 public:
  checked_source(std::shared_ptr<parley::detail::body_source> from, bool partial, const fields& head, std::string server)
      : from_(std::move(from)), server_(std::move(server)), partial_(partial) {
    for (const known_digest& each : known_digests) hashes_.push_back({each, tls::hasher(each.kind)});
    take(head);
  }

  bool ready() noexcept override { return from_->ready(); }
  std::string_view next() override {
    const std::string_view piece = from_->next();
    if (!piece.empty()) {
      for (auto& [what, hash] : hashes_) hash.add(piece);
    } else if (!std::exchange(ended_, true)) {
      if (const fields* trailers = from_->trailers()) take(*trailers);
      compare();
    }
    return piece;
  }
  void wait(parley::detail::waiter* who) noexcept override { from_->wait(who); }
  const fields* trailers() noexcept override { return from_->trailers(); }
  std::optional<std::uint64_t> length() noexcept override { return from_->length(); }

 private:
  struct expected_digest {
    const char* field;
    semantics::field_digest digest;
  };

  void take(const fields& from) {
    take_one(from, "Content-Digest");
    // RFC 9530 §3: of the whole representation, of which this may be a part.
    if (!partial_) take_one(from, "Repr-Digest");
  }
  void take_one(const fields& from, const char* name) {
    if (!from.contains(name)) return;
    const auto said = semantics::parse_digests(from.joined(name));
    if (!said) return;
    for (const semantics::field_digest& each : *said) expected_.push_back({name, each});
  }
  void compare() {
    for (auto& [what, hash] : hashes_) {
      const std::string made = hash.finish();
      for (const expected_digest& each : expected_) {
        if (each.digest.algorithm != what.name || semantics::constant_time_equal(each.digest.bytes, made)) continue;
        throw fetch_error(fetch_error::kind::digest, "the content from " + server_ + " is not what its " + each.field + " says (" +
                                                         std::string(what.name) + "): it was changed on its way, or is another's");
      }
    }
  }

  std::shared_ptr<parley::detail::body_source> from_;
  std::string server_;
  std::vector<std::pair<known_digest, tls::hasher>> hashes_;
  std::vector<expected_digest> expected_;
  bool partial_;
  bool ended_ = false;
};

}  // namespace

void check_digests(response& of, bool partial, const origin& to) {
  auto from = source_of(of);
  checked_access::source(of, std::make_shared<checked_source>(std::move(from), partial, of.fields(), to.to_string()));
}

}  // namespace parley::fetching
