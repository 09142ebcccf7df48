// Which answers are sent in a content coding, and in which.
#pragma once

#include "coding/content_coding.hpp"

#include <parley/compression.hpp>
#include <parley/request.hpp>
#include <parley/response.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace parley::server_room {

struct served_file;

/// What the options come to. Never changed once it is made; any thread.
struct compression_settings {
  explicit compression_settings(const compression_options& from);

  struct offer {
    coding::content_coding coding;
    std::optional<int> level;
  };
  std::vector<offer> offers;            // the favourite first
  std::vector<std::string_view> names;  // theirs, and `identity` behind them
  std::vector<std::string> types;
  std::size_t minimum;
  std::size_t at_once;

  /// Whether this Content-Type is among them.
  [[nodiscard]] bool takes(std::string_view content_type) const;
  /// Whether content of that type and length, where it is known, is worth a coding for clients that would also take it as it is.
  [[nodiscard]] bool worth_it(std::string_view content_type, std::optional<std::uint64_t> length) const {
    return (!length || *length >= minimum) && takes(content_type);
  }
  /// What the client prefers; nothing for the content as it is.
  [[nodiscard]] const offer* choose(const request& req) const;
  [[nodiscard]] std::optional<int> level_of(coding::content_coding which) const;
};

/// Whether the client takes nothing that has no coding: `identity;q=0`, or `*;q=0` without a word for identity (RFC 9110 §12.5.3).
[[nodiscard]] bool refuses_identity(const request& req);
/// Which of `offers` (codings, and `identity` last) the client prefers; nothing when it says nothing, or prefers none of them. A Range
/// asks for identity, unless the client refuses that.
[[nodiscard]] std::optional<std::size_t> choose_coding(const request& req, std::span<const std::string_view> offers);

/// What one loop knows about its coded answers. Loop's thread only.
class compressor {
 public:
  /// `settings` may be null and may come later: then nothing is coded.
  explicit compressor(const std::unique_ptr<const compression_settings>& settings, std::size_t cache_bytes = 0)
      : settings_(settings), most_bytes_(cache_bytes) {}
  ~compressor();
  compressor(const compressor&) = delete;
  compressor& operator=(const compressor&) = delete;

  /// The loop's that runs on this thread, where there is one that codes; else null.
  [[nodiscard]] static compressor* current();
  void make_current();

  [[nodiscard]] const compression_settings* settings() const { return settings_.get(); }

  /// Room for one more answer under way, until what it gives is gone; null: there are enough.
  [[nodiscard]] std::shared_ptr<void> enter();
  /// Answers that had no room, since it was asked last.
  [[nodiscard]] std::size_t take_refused() { return std::exchange(refused_, 0); }

  /// A small file as it is sent to this client: in a coding, which is done once and kept, or as it is with Vary. Where nothing is to be
  /// coded, `file` itself.
  [[nodiscard]] const std::shared_ptr<const served_file>& variant(const request& req,
                                                                  const std::shared_ptr<const served_file>& file);

 private:
  struct variants {
    std::shared_ptr<const served_file> file;                  // so that its address is nobody else's
    std::array<std::shared_ptr<const served_file>, 5> coded;  // as content_coding; the last one as it is
    bool possible = false;
    bool worth_it = false;
  };
  [[nodiscard]] variants& variants_of(const std::shared_ptr<const served_file>& file);
  void make_room(std::size_t bytes);

  const std::unique_ptr<const compression_settings>& settings_;
  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::shared_ptr<std::size_t> under_way_ = std::make_shared<std::size_t>(0);
  std::size_t refused_ = 0;
  std::unordered_map<const served_file*, variants> kept_;
};

}  // namespace parley::server_room
