#include <parley/conditional.hpp>

#include "connection/message_access.hpp"
#include "semantics/conditional.hpp"
#include "server/served_file.hpp"

#include <stdexcept>

namespace parley {

resource_state resource_state::missing() {
  resource_state none;
  none.exists_ = false;
  return none;
}

resource_state& resource_state::entity_tag(std::string_view opaque, validator strength) {
  response checked;  // the one place that knows what a tag may be
  checked.entity_tag(opaque, strength);
  tag_ = checked.header("ETag");
  return *this;
}

resource_state& resource_state::last_modified(std::chrono::system_clock::time_point when) {
  modified_ = std::chrono::floor<std::chrono::seconds>(when);
  return *this;
}

void check_preconditions(const request& req, const resource_state& now) {
  if (req.method() == method::get || req.method() == method::head) return;
  if (!semantics::has_preconditions(req.fields())) return;
  semantics::validators known;
  known.entity_tag = now.tag();
  known.modified = now.modified();
  known.exists = now.exists();
  known.coded = true;
  const auto time = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (semantics::evaluate_preconditions(req.method(), req.fields(), known, time) != semantics::precondition::failed) return;
  if (!now.exists()) throw problem_error(412, "There is nothing here yet, and the request was meant for something that is.");
  problem_error changed(412, "What is here has changed since the client saw it, or is there already. Get it again, then decide.");
  if (!now.tag().empty()) changed.header("ETag", now.tag());
  throw changed;
}

void require_precondition(const request& req, const resource_state& now) {
  if (!semantics::guards_update(req.fields())) {
    // RFC 6585 §3: how to send it again.
    throw problem_error(
        428, "Say which state is meant: send If-Match with the ETag that was seen, or If-None-Match: * for what is new.");
  }
  check_preconditions(req, now);
}

std::string content_tag(std::string_view content) {
  const std::string tag = server_room::tag_of_content(content);
  return tag.substr(1, tag.size() - 2);
}

}  // namespace parley
