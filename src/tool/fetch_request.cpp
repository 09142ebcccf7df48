#include "tool/fetch_request.hpp"

#include <chrono>

namespace parley::tool {

namespace {
constexpr std::chrono::milliseconds continue_wait{1000};
}

request make_request(const fetch_plan& plan, const uri& url) {
  request req(*method::parse(plan.method), url.to_string());
  for (const auto& [name, value] : plan.fields) req.fields().add(name, value);
  if (plan.agent.form) {
    plan.agent.form->attach(req);
  } else if (plan.content && plan.content->in_memory()) {
    req.content(plan.content->text(), {});
  } else if (plan.content) {
    req.stream([content = plan.content](body_writer& to) { return content->produce(to); }, plan.content->length());
    req.repeatable(plan.content->repeatable());
  } else if (plan.method == "POST" || plan.method == "PUT" || plan.method == "PATCH") {
    req.content({}, {});  // RFC 9110 §8.6: these say Content-Length: 0
  }
  return req;
}

options make_options(const fetch_plan& plan, const uri& url) {
  options how;
  how.streamed();
  if (plan.version) how.version(*plan.version);
  if (plan.connect_timeout) how.connect_timeout(*plan.connect_timeout);
  if (plan.unix_socket) how.unix_socket(*plan.unix_socket);
  if (plan.expect) how.expect_continue(continue_wait);
  how.insecure(plan.insecure).upgrade(plan.upgrade).http3_first(plan.http3_first).early_data(plan.early_data);
  apply_agent(plan.agent, url, how);
  return how;
}

}  // namespace parley::tool
