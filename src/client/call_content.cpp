#include "client/call.hpp"
#include "connection/http_connection.hpp"

#include <stdexcept>
#include <string>
#include <utility>

// The request's content, from memory or from a producer.

namespace parley::fetching {

void call::send_content(plan& what) {
  if (what.producer) {
    producer_ = what.repeatable ? what.producer : std::exchange(what.producer, nullptr);
    return start_producer();
  }
  if (what.content && !what.content->empty()) (void)connection().send(*this, {engine::chunk::shared{*what.content, what.content}});
  if (what.content) (void)connection().end(*this);
}

void call::start_producer() {
  producing_ = true;
  try {
    task<> work = producer_(writer_);
    parley::detail::start(std::move(work), &cancellation(), [self = shared_from_this()](parley::detail::outcome<void> ended) {
      self->on_produced(std::move(ended));
    });
  } catch (...) {
    on_produced(std::unexpected(std::current_exception()));
  }
}

void call::on_produced(parley::detail::outcome<void> ended) noexcept {
  producing_ = false;
  // One that was stopped, or whose exchange was lost, has nothing more to say.
  const bool stopped = gone_ || closed_ || id() == 0 || cancellation().cancelled();
  if (!stopped) {
    try {
      if (!ended) std::rethrow_exception(ended.error());
      sink_.check_end();
      (void)connection().end(*this);
    } catch (...) {
      produce_error_ = std::current_exception();
      connection().reset(*this);
    }
  }
  look();
  if (when_produced_) pool_->loop().resume_soon(std::exchange(when_produced_, nullptr));
  if (close_asked_) close();
}

// --- the sink ----------------------------------------------------------------------------------------------------------------

bool content_sink::ready() noexcept { return call_.outgoing().ready(); }
void content_sink::wait(parley::detail::waiter* who) noexcept { call_.outgoing().wait(who); }
void content_sink::trailers(fields lines) { call_.outgoing().trailers(std::move(lines)); }

void content_sink::write(std::string&& owned) {
  count(owned.size());
  call_.outgoing().write(std::move(owned));
}

void content_sink::write(std::string_view copied) {
  count(copied.size());
  call_.outgoing().write(copied);
}

void content_sink::count(std::size_t bytes) {
  written_ += bytes;
  if (announced_.what != engine::content_length::kind::known || written_ <= announced_.bytes) return;
  throw std::length_error("the producer wrote more than the " + std::to_string(announced_.bytes) +
                          " bytes of content that were announced");
}

void content_sink::check_end() const {
  if (announced_.what != engine::content_length::kind::known || written_ == announced_.bytes) return;
  throw std::length_error("the producer ended after " + std::to_string(written_) + " of the " + std::to_string(announced_.bytes) +
                          " bytes of content that were announced");
}

}  // namespace parley::fetching
