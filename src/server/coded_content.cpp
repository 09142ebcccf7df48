#include "server/coded_content.hpp"

#include "base/ascii.hpp"
#include "connection/message_access.hpp"
#include "net/loop.hpp"
#include "semantics/cache_control.hpp"
#include "semantics/conditional.hpp"
#include "server/file_access.hpp"
#include "server/file_sender.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace parley::server_room {

namespace {

using coding::until;
using detail::response_access;

constexpr std::size_t output_room = 16 * 1024;
constexpr std::size_t input_piece = 32 * 1024;

/// Between a producer and the exchange.
class coding_sink final : public detail::body_sink, public std::enable_shared_from_this<coding_sink> {
 public:
  coding_sink(detail::body_sink* to, std::unique_ptr<coding::encoder> coder, std::optional<std::uint64_t> announced)
      : to_(to), coder_(std::move(coder)), announced_(announced) {}

  bool ready() noexcept override { return to_->ready(); }
  void wait(detail::waiter* who) noexcept override { to_->wait(who); }
  void write(std::string&& owned) override { write(std::string_view(owned)); }
  void write(std::string_view piece) override {
    if (piece.empty()) return;
    taken_ += piece.size();
    if (announced_ && taken_ > *announced_) throw std::length_error("more content was written than was announced");
    pass(piece, until::more);
    flush_soon();
  }
  void trailers(fields lines) override { to_->trailers(std::move(lines)); }
  void flush() override {
    if (!std::exchange(unflushed_, false)) return;
    pass({}, until::flush);
    to_->flush();
  }
  /// One piece of content that is all there already: nobody waits for what is held back.
  void put(std::string_view piece) {
    taken_ += piece.size();
    pass(piece, until::more);
  }
  void finish() {
    unflushed_ = false;
    if (announced_ && taken_ != *announced_) throw std::length_error("less content was written than was announced");
    pass({}, until::end);
  }

 private:
  void pass(std::string_view piece, until aim) {
    std::array<char, output_room> room;
    while (true) {
      const coding::step now = coder_->encode(piece, room, aim);
      if (now.written != 0) to_->write(std::string_view(room.data(), now.written));
      if (now.done) return;
    }
  }
  // Once the producer waits for something, what it wrote must not wait with it.
  void flush_soon() {
    if (std::exchange(unflushed_, true) || std::exchange(scheduled_, true)) return;
    auto* const loop = net::loop::current();
    if (loop == nullptr) {
      scheduled_ = false;
      return;
    }
    loop->defer([self = weak_from_this()] {
      const auto alive = self.lock();
      if (alive == nullptr) return;
      alive->scheduled_ = false;
      try {
        alive->flush();
      } catch (...) {
        // The exchange is lost, which its producer hears of.
        return;
      }
    });
  }

  detail::body_sink* to_;
  std::unique_ptr<coding::encoder> coder_;
  std::optional<std::uint64_t> announced_;
  std::uint64_t taken_ = 0;
  bool unflushed_ = false;
  bool scheduled_ = false;
};

using offer = compression_settings::offer;

std::shared_ptr<coding_sink> make_sink(body_writer& to, const offer& how, std::optional<std::uint64_t> length) {
  return std::make_shared<coding_sink>(detail::body_access::sink(to), coding::make_encoder(how.coding, {how.level, length}),
                                       length);
}

// The producer is kept with the answer until it has ended.
task<> code_producer(const std::function<task<>(body_writer&)>& producer, body_writer& to, offer how,
                     std::optional<std::uint64_t> length) {
  const std::shared_ptr<coding_sink> sink = make_sink(to, how, length);
  body_writer writer(sink.get());
  auto producing = producer(writer);
  co_await producing;
  sink->finish();
}

task<> code_bytes(std::string_view bytes, body_writer& to, offer how) {
  const std::shared_ptr<coding_sink> sink = make_sink(to, how, bytes.size());
  for (std::size_t at = 0; at < bytes.size(); at += input_piece) {
    sink->put(bytes.substr(at, input_piece));
    detail::write_operation room(sink.get());
    co_await room;
    auto turn = yield();  // others have their turn too
    co_await turn;
  }
  sink->finish();
}

task<> code_file(detail::file_content file, body_writer& to, offer how) {
  const std::shared_ptr<coding_sink> sink = make_sink(to, how, file.length);
  const std::uint64_t end = file.offset + file.length;
  for (std::uint64_t at = file.offset; at < end;) {
    const std::uint64_t length = std::min<std::uint64_t>(input_piece, end - at);
    std::string piece = read_slice(file.descriptor, at, length, reach::memory);
    if (piece.size() < length) {
      auto reading = wait_for_disk(file, at, std::min(file_piece, end - at));
      co_await reading;
      piece = read_slice(file.descriptor, at, length);
    }
    if (piece.empty()) throw std::length_error("a file shrank while it was sent");
    sink->put(piece);
    at += piece.size();
    detail::write_operation room(sink.get());
    co_await room;
    auto turn = yield();
    co_await turn;
  }
  sink->finish();
}

std::optional<std::uint64_t> known_length(const response& r) {
  const auto& content = response_access::content(r);
  if (const auto* file = std::get_if<detail::file_content>(&content)) return file->length;
  if (const auto* streamed = std::get_if<detail::streamed_content>(&content)) return streamed->length;
  return r.content().size();
}

bool has_content_of_its_own(const response& r) {
  const auto& content = response_access::content(r);
  return std::holds_alternative<std::string>(content) || std::holds_alternative<detail::shared_content>(content) ||
         std::holds_alternative<detail::file_content>(content) || std::holds_alternative<detail::streamed_content>(content);
}

void produce_coded(response& r, const offer& how, std::shared_ptr<void> place) {
  auto& content = response_access::content(r);
  detail::streamed_content coded;
  if (auto* streamed = std::get_if<detail::streamed_content>(&content)) {
    coded.producer = [from = std::move(streamed->producer), how, length = streamed->length, place](body_writer& to) {
      return code_producer(from, to, how, length);
    };
  } else if (auto* file = std::get_if<detail::file_content>(&content)) {
    coded.producer = [from = *file, how, place](body_writer& to) { return code_file(from, to, how); };
  } else {
    detail::shared_content bytes;
    if (auto* own = std::get_if<std::string>(&content)) {
      auto kept = std::make_shared<const std::string>(std::move(*own));
      bytes.bytes = *kept;
      bytes.owner = std::move(kept);
    } else {
      bytes = std::get<detail::shared_content>(content);
    }
    coded.producer = [bytes, how, place](body_writer& to) { return code_bytes(bytes.bytes, to, how); };
  }
  content = std::move(coded);
}

}  // namespace

bool may_be_coded(const request& req, const response& r, const compression_settings& how) {
  const int status = r.status();
  if (response_access::uncompressed(r) || status < 200 || status == 204 || status == 206 || status == 304) return false;
  if (!has_content_of_its_own(r)) return false;
  const auto length = known_length(r);
  const fields& lines = r.fields();
  if (length == std::uint64_t{0}) return false;
  if (!how.worth_it(lines.get("Content-Type").value_or(""), length) && !refuses_identity(req)) return false;
  if (lines.get("Content-Encoding") || lines.get("Content-Range")) return false;
  // RFC 9530 §2, §3: what a handler says of its bytes is not true of others.
  if (lines.get("Content-Digest") || lines.get("Repr-Digest")) return false;
  const auto cache = lines.get("Cache-Control");
  return !cache || !semantics::parse_cache_control(lines.joined("Cache-Control")).no_transform;
}

void put_into_coding(response& r, const compression_settings::offer& how, bool for_head, std::shared_ptr<void> place) {
  fields& lines = r.fields();
  lines.set("Content-Encoding", coding::name_of(how.coding));
  lines.remove("Accept-Ranges");
  if (const auto tag = lines.get("ETag"); tag && semantics::is_entity_tag(*tag)) {
    lines.set("ETag", semantics::coded_tag(std::string(*tag), how.coding));
  }
  const auto length = known_length(r);
  const bool streams = std::holds_alternative<detail::streamed_content>(response_access::content(r));
  if (!for_head && !streams && length && *length <= coded_at_once &&
      !std::holds_alternative<detail::file_content>(response_access::content(r))) {
    response_access::content(r, coding::encode_whole(how.coding, r.content(), how.level));
    return;
  }
  produce_coded(r, how, std::move(place));
}

}  // namespace parley::server_room
