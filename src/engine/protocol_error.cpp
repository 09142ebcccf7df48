#include "engine/protocol_error.hpp"

namespace parley::engine {

std::string_view describe(misuse m) {
  switch (m) {
    case misuse::unknown_stream: return "there is no such exchange on this connection, or it has ended";
    case misuse::head_already_sent: return "the message's head has already been sent";
    case misuse::head_not_sent: return "content cannot be sent before the message's head";
    case misuse::after_end: return "the message has already been ended";
    case misuse::content_not_allowed: return "this message cannot carry content";
    case misuse::length_exceeded: return "more content than the declared length";
    case misuse::length_short: return "less content than the declared length";
    case misuse::length_required: return "this peer needs the length of the content before the content";
    case misuse::bad_status: return "this status cannot be sent here";
    case misuse::bad_request: return "a request with this method, target or version cannot be sent";
    case misuse::too_many_streams: return "the connection takes no further request yet";
    case misuse::closing: return "the connection takes no further message";
    case misuse::push_refused: return "the peer takes no pushed response now";
    case misuse::fields_too_large:
      return "the fields are larger than the peer has said that it takes (SETTINGS_MAX_HEADER_LIST_SIZE)";
  }
  return "unknown misuse";
}

}  // namespace parley::engine
