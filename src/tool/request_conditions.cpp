#include "tool/request_conditions.hpp"

#include <parley/date.hpp>

#include "tool/exit_code.hpp"
#include "tool/option_values.hpp"
#include "tool/resume.hpp"
#include "trace/escape.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>
#include <string_view>

namespace parley::tool {

namespace {

constexpr std::size_t largest_tag_file = 16 * 1024;

/// HTTP's dates, `2026-11-23` and `2026-11-23 10:00:00`, in UTC.
std::optional<std::chrono::sys_seconds> date_of(const std::string& text) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (const auto date = parse_date(text, now)) return date;
  for (const char* format : {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d", "%Y%m%d"}) {
    std::tm parts{};
    const char* const end = ::strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts)));
  }
  return std::nullopt;
}

std::optional<std::uint64_t> position_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size() && number <= INT64_MAX;
  return whole ? std::optional(number) : std::nullopt;
}

/// RFC 9110 §14.1.1: why this is no range of bytes, or none that could be had; empty: it is one.
std::string wrong_with_range(std::string_view one) {
  const std::size_t dash = one.find('-');
  const std::string_view from = one.substr(0, dash);
  const std::string_view to = dash == one.npos ? std::string_view() : one.substr(dash + 1);
  const auto first = position_of(from);
  const auto last = position_of(to);
  if (first && dash == one.npos)
    return "from that byte on is " + std::string(one) + "-, that byte alone " + std::string(one) + "-" + std::string(one);
  if (dash == one.npos || (from.empty() && to.empty()) || (!from.empty() && !first) || (!to.empty() && !last))
    return "a range is bytes such as 0-499, 500- or -500";
  if (first && last && *last < *first)
    return "its last byte comes before its first; write " + std::string(to) + "-" + std::string(from);
  if (!first && *last == 0) return "the last 0 bytes are nothing";
  return {};
}

void check_ranges(std::string_view text) {
  for (std::string_view rest = text;;) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view one = rest.substr(0, comma);
    if (const std::string why = wrong_with_range(one); !why.empty()) {
      const bool several = one.size() != text.size();
      throw refusal(exit_usage, "-r \"" + trace::printable(text) +
                                    "\": " + (several ? "\"" + trace::printable(one) + "\": " : std::string()) + why);
    }
    if (comma == rest.size()) return;
    rest.remove_prefix(comma + 1);
  }
}

/// Whether this is the part, or as much of it as there is.
bool is_part(const part_of_file& got, std::string_view asked) {
  const std::size_t dash = asked.find('-');
  const auto first = position_of(asked.substr(0, dash));
  const auto last = position_of(asked.substr(dash + 1));
  if (!first)
    return !got.complete || (*got.first == *got.complete - std::min(*last, *got.complete) && *got.last + 1 == *got.complete);
  const bool to_its_end = got.complete && *got.last + 1 == *got.complete;
  return *got.first == *first && (last ? *got.last == *last || (*got.last < *last && to_its_end) : !got.complete || to_its_end);
}

}  // namespace

std::string about_range(const agent_plan& plan, const response& answer) {
  constexpr int whole = 200;
  constexpr int partial = 206;
  if (!plan.range || (answer.status() != whole && answer.status() != partial)) return {};
  if (answer.status() == whole) return "the server sends all of it, and not the range alone";
  const bool several = plan.range->find(',') != std::string::npos;
  const std::string_view said = answer.header("Content-Range");
  if (said.empty() && answer.header("Content-Type").starts_with("multipart/byteranges")) return {};
  const auto part = read_content_range(said);
  // RFC 9110 §15.3.7.1: a part says which one it is.
  if (!part || !part->first) return "the answer does not say which part it is (Content-Range)";
  if (several || is_part(*part, *plan.range)) return {};
  return "the answer is " + trace::printable(said) + ", another part than the one that was asked for";
}

void plan_conditions(agent_plan& plan, const agent_options& o) {
  if (o.etag_compare) {
    if (o.etag_compare->empty()) throw refusal(exit_usage, "--etag-compare needs a file's name");
    struct stat there{};
    // None yet: then it is asked for without a condition.
    const std::string tag =
        ::stat(o.etag_compare->c_str(), &there) == 0 ? first_line(read_small_file(*o.etag_compare, largest_tag_file)) : "";
    const bool quoted = (tag.starts_with('"') || tag.starts_with("W/\"")) && tag.ends_with('"') && tag.size() > 2;
    if (!tag.empty() && !quoted)
      throw refusal(exit_local, *o.etag_compare + " holds no entity tag, such as \"33a64df5\"; remove it, or use another file");
    if (!tag.empty()) plan.fields.emplace_back("If-None-Match", tag);
    plan.conditional = true;
  }
  if (!o.time_cond) return;
  const bool before = o.time_cond->starts_with('-');
  const std::string written = o.time_cond->substr(before ? 1 : 0);
  auto when = date_of(written);
  struct stat there{};
  if (!when && ::stat(written.c_str(), &there) == 0) when = std::chrono::sys_seconds(std::chrono::seconds(there.st_mtime));
  if (!when) {
    throw refusal(exit_usage, "-z takes a date such as 2026-11-23 or 'Mon, 23 Nov 2026 10:00:00 GMT', or a file; got \"" +
                                  trace::printable(written) + "\"");
  }
  plan.fields.emplace_back(before ? "If-Unmodified-Since" : "If-Modified-Since", format_date(*when));
  plan.conditional = true;
}

void plan_ranges(agent_plan& plan, const agent_options& o, const std::string& method, const std::optional<std::string>& output) {
  if ((o.range || o.continue_at) && method != "GET") throw refusal(exit_usage, "ranges are for GET; leave out -r and -C");
  if (o.range) {
    check_ranges(*o.range);
    plan.fields.emplace_back("Range", "bytes=" + *o.range);
    plan.range = o.range;
  }
  if (!o.continue_at) return;
  if (o.range || o.compressed || plan.conditional)
    throw refusal(exit_usage, "-C does not go with -r, --compressed, -z and --etag-compare");
  if (!output || *output == "-")
    throw refusal(exit_usage, "-C goes on with a file: give it with -o FILE (-r 500- asks for the rest alone)");
  plan.resume.emplace();
  if (*o.continue_at == "-") return;
  if (o.continue_at->empty() || o.continue_at->find_first_not_of("0123456789") != std::string::npos) {
    throw refusal(exit_usage, "-C takes the byte to go on from, or - for where the file ends; got \"" +
                                  trace::printable(*o.continue_at) + "\"");
  }
  *plan.resume = parse_count("-C", *o.continue_at, INT64_MAX);
}

}  // namespace parley::tool
