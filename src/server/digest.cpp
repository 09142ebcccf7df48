#include <parley/digest.hpp>

#include <parley/response.hpp>

#include "semantics/digest_field.hpp"
#include "semantics/fields_access.hpp"
#include "tls/hash.hpp"

#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace parley {

namespace {

std::optional<tls::hash_kind> known_algorithm(std::string_view name) {
  if (name == "sha-256") return tls::hash_kind::sha_256;
  if (name == "sha-512") return tls::hash_kind::sha_512;
  return std::nullopt;  // RFC 9530 §5: the others are insecure, or not ours
}

}  // namespace

std::string digest_of(std::string_view content, std::string_view algorithm) {
  const auto kind = known_algorithm(algorithm);
  if (!kind) throw std::invalid_argument("parley: a digest is made by sha-256 or sha-512, not by " + std::string(algorithm));
  const std::vector<semantics::field_digest> one{{std::string(algorithm), tls::hash_of(*kind, content)}};
  return semantics::to_text(one).value_or(std::string());
}

struct digest_check::state {
  struct one {
    std::string algorithm;
    std::string expected;
    tls::hasher hash;
  };
  std::vector<one> all;
};

digest_check::digest_check(const request& req) {
  const fields& lines = req.fields();
  if (detail::fields_access::find(lines, semantics::field_id::content_digest) == nullptr) return;
  const auto said = semantics::parse_digests(lines.joined("Content-Digest"));
  if (!said) throw problem_error(400, "Content-Digest is no dictionary of byte sequences, as in sha-256=:...:");
  state_ = std::make_unique<state>();
  for (const auto& each : *said) {
    if (const auto kind = known_algorithm(each.algorithm)) state_->all.push_back({each.algorithm, each.bytes, tls::hasher(*kind)});
  }
}

digest_check::digest_check(digest_check&&) noexcept = default;
digest_check& digest_check::operator=(digest_check&&) noexcept = default;
digest_check::~digest_check() = default;

void digest_check::add(std::string_view piece) {
  if (state_ == nullptr) return;
  for (state::one& each : state_->all) each.hash.add(piece);
}

void digest_check::finish() {
  if (state_ == nullptr) return;
  for (state::one& each : state_->all) {
    if (each.hash.finish() == each.expected) continue;
    throw problem_error(400,
                        "The content is not what Content-Digest says of it (" + each.algorithm + "). Was it changed on the way?");
  }
  state_.reset();
}

}  // namespace parley
