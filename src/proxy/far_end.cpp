#include "proxy/far_end.hpp"

#include "base/segment.hpp"

#include <parley/body.hpp>

#include <utility>

namespace parley::proxying {

namespace {
// As much as one read takes: large enough that a bulk transfer costs few of them, small enough that a thousand busy tunnels fit.
constexpr std::size_t piece_size = 32 * 1024;
}  // namespace

far_end::far_end(std::unique_ptr<net::byte_stream> on) : stream_(std::move(on)) { stream_->handler(this); }

far_end::~far_end() {
  stream_->close();
  give_back();
}

void far_end::give_back() {
  if (buffer_.data != nullptr) base::release_block(std::exchange(buffer_, {}));
}

std::span<char> far_end::read_room() {
  if (buffer_.data == nullptr) buffer_ = base::acquire_block(piece_size);
  return {buffer_.data, buffer_.size};
}

void far_end::on_read(std::size_t n, std::error_code error) {
  reading_ = false;
  received_ = n;
  if (error) lost_ = error;
  if (n == 0 && !error) ended_ = true;
  if (reader_ != nullptr) std::exchange(reader_, nullptr)->done();
}

void far_end::on_hangup(std::error_code error) {
  if (!error) return;  // the end behind what is not read yet: a read will find it
  lost_ = error;
  if (writer_ != nullptr) std::exchange(writer_, nullptr)->done();
}

void far_end::on_writable(std::error_code error) {
  if (error) lost_ = error;
  if (writer_ != nullptr && push()) std::exchange(writer_, nullptr)->done();
}

bool far_end::push() {
  while (!to_write_.empty() && !lost_) {
    const base::segment piece{to_write_};
    const net::write_result done = stream_->write(std::span(&piece, 1));
    to_write_.remove_prefix(done.written);
    if (done.error) lost_ = done.error;
    if (done.blocked && !done.error) {
      stream_->wait_writable();
      return false;
    }
  }
  return true;
}

far_end::write_operation far_end::write(std::string_view piece) {
  to_write_ = piece;
  return write_operation(*this);
}

bool far_end::read_operation::ready() noexcept { return of_.ended_ || of_.lost_; }

void far_end::read_operation::start() {
  of_.give_back();  // the piece before was used
  of_.received_ = 0;
  of_.reader_ = this;
  if (!std::exchange(of_.reading_, true)) of_.stream_->read();
}

void far_end::read_operation::cancel() noexcept {
  of_.reader_ = nullptr;
  if (std::exchange(of_.reading_, false)) of_.stream_->cancel_read();
}

std::string_view far_end::read_operation::await_resume() {
  finish();
  if (of_.lost_) throw connection_lost("the host has left: " + of_.lost_.message());
  if (of_.ended_) return {};
  return {of_.buffer_.data, of_.received_};
}

void far_end::write_operation::start() {
  if (of_.push()) return complete();
  of_.writer_ = this;
}

void far_end::write_operation::await_resume() {
  finish();
  if (of_.lost_) throw connection_lost("the host has left: " + of_.lost_.message());
}

}  // namespace parley::proxying
