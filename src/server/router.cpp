#include "server/router.hpp"

#include <parley/uri.hpp>

#include <algorithm>
#include <stdexcept>

namespace parley::server_room {

namespace {

constexpr std::size_t any_method = static_cast<std::size_t>(method::id::other);

std::uint16_t bit(method::id m) { return static_cast<std::uint16_t>(1u << static_cast<unsigned>(m)); }

[[noreturn]] void refuse(std::string_view text, std::size_t position, const char* why) {
  throw std::invalid_argument("route \"" + std::string(text) + "\", character " + std::to_string(position + 1) + ": " + why);
}

// A segment as its route's literal would write it. Nearly no request has an escape, so the copy is rare.
std::string_view decoded(std::string_view segment, std::string& space) {
  if (segment.find('%') == std::string_view::npos) return segment;
  auto plain = percent_decode(segment);
  if (!plain) return segment;
  space = std::move(*plain);
  return space;
}

}  // namespace

struct router::node {
  std::vector<std::pair<std::string, std::unique_ptr<node>>> literals;  // sorted
  std::unique_ptr<node> parameter;
  std::unique_ptr<node> rest;
  std::array<const route*, any_method + 1> by_method{};  // the last one: `*`
  std::uint16_t methods = 0;

  [[nodiscard]] const node* literal(std::string_view segment) const {
    const auto at = std::ranges::lower_bound(literals, segment, {}, [](const auto& e) { return std::string_view(e.first); });
    return at != literals.end() && at->first == segment ? at->second.get() : nullptr;
  }
  node& literal_or_new(std::string_view segment) {
    const auto at = std::ranges::lower_bound(literals, segment, {}, [](const auto& e) { return std::string_view(e.first); });
    if (at != literals.end() && at->first == segment) return *at->second;
    return *literals.emplace(at, std::string(segment), std::make_unique<node>())->second;
  }
};

router::router() : root_(std::make_unique<node>()) {}
router::~router() = default;
router::router(router&&) noexcept = default;
router& router::operator=(router&&) noexcept = default;

router::node& router::descend(const std::string& text, std::string_view pattern, std::vector<std::string_view>& names) {
  const auto at = [&](std::string_view part) { return static_cast<std::size_t>(part.data() - text.data()); };
  node* here = root_.get();
  bool ended = false;
  while (!pattern.empty()) {
    pattern.remove_prefix(1);  // the slash
    const std::string_view segment = pattern.substr(0, pattern.find('/'));
    if (ended) refuse(text, at(segment), "nothing may follow {name...}");
    if (segment.starts_with('{')) {
      if (!segment.ends_with('}')) refuse(text, at(segment), "a {name} must be a whole segment");
      std::string_view parameter = segment.substr(1, segment.size() - 2);
      ended = parameter.ends_with("...");
      if (ended) parameter.remove_suffix(3);
      if (parameter.empty()) refuse(text, at(segment), "a parameter needs a name, as in {id}");
      if (std::ranges::find(names, parameter) != names.end()) refuse(text, at(segment), "two parameters have the same name");
      if (names.size() == max_parameters) refuse(text, at(segment), "a route has at most 8 parameters");
      names.push_back(parameter);
      auto& child = ended ? here->rest : here->parameter;
      if (!child) child = std::make_unique<node>();
      here = child.get();
    } else {
      if (const auto brace = segment.find_first_of("{}"); brace != std::string_view::npos) {
        refuse(text, at(segment) + brace, "a {name} must be a whole segment");
      }
      std::string space;
      here = &here->literal_or_new(decoded(segment, space));
    }
    pattern.remove_prefix(segment.size());
  }
  return *here;
}

void router::add(std::string_view method_and_pattern, detail::plain_handler plain, detail::task_handler tasked,
                 detail::instant_handler at_once) {
  auto made = std::make_unique<route>();
  made->text = method_and_pattern;
  const std::string_view text = made->text;
  const auto space = text.find(' ');
  if (space == std::string_view::npos) refuse(text, 0, "it needs a method and a path, as in \"GET /hello/{name}\"");
  const std::string_view name = text.substr(0, space);
  const std::string_view pattern = text.substr(space + 1);
  if (name == "CONNECT") {
    // RFC 9110 §9.3.6: its target is a host and a port, so there is no path to match.
    if (pattern != "*") refuse(text, space + 1, "a CONNECT has no path: write \"CONNECT *\"");
    if (connect_ != nullptr) refuse(text, 0, "there is such a route already");
    connect_ = made.get();
    all_ |= bit(method::id::connect);
    made->plain = std::move(plain);
    made->tasked = std::move(tasked);
    made->at_once = std::move(at_once);
    routes_.push_back(std::move(made));
    return;
  }
  if (!pattern.starts_with('/')) refuse(text, space + 1, "the path must begin with a slash");
  if (const auto bad = pattern.find_first_of(" ?#"); bad != std::string_view::npos) {
    refuse(text, space + 1 + bad, "a path has no space, no query and no fragment");
  }
  std::size_t index = any_method;
  if (name != "*") {
    const auto m = method::parse(name);
    if (!m || m->which() == method::id::other) refuse(text, 0, "the method must be one of the nine, in capitals, or *");
    index = static_cast<std::size_t>(m->which());
  }
  node& end = descend(made->text, pattern, made->names);
  if (end.by_method[index] != nullptr) refuse(text, 0, "there is such a route already");
  end.by_method[index] = made.get();
  const auto bits = index == any_method ? std::uint16_t{0x1ff} : bit(static_cast<method::id>(index));
  end.methods |= bits;
  all_ |= bits;
  made->plain = std::move(plain);
  made->tasked = std::move(tasked);
  made->at_once = std::move(at_once);
  routes_.push_back(std::move(made));
}

/// One look-up: depth first, in the order of precedence.
struct router::search {
  const method& wanted;
  std::string_view path;
  match result;
  std::string space;

  bool ends_at(const node& n) {
    const auto id = wanted.which();
    const route* r = n.by_method[static_cast<std::size_t>(id)];
    if (r == nullptr && id == method::id::head) r = n.by_method[static_cast<std::size_t>(method::id::get)];
    if (r == nullptr) r = n.by_method[any_method];
    result.allowed |= n.methods;
    result.found = r;
    return r != nullptr;
  }

  bool with_value(const node& n, std::size_t from, std::size_t length, std::size_t next) {
    result.values[result.count++] = {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(length)};
    const bool found = next > path.size() ? ends_at(n) : step(n, next);
    if (!found) --result.count;
    return found;
  }

  // `from` is where a segment begins, behind its slash.
  bool step(const node& n, std::size_t from) {
    const auto slash = path.find('/', from);
    const auto end = slash == std::string_view::npos ? path.size() : slash;
    const std::string_view segment = path.substr(from, end - from);
    const bool last = end == path.size();
    if (!n.literals.empty()) {
      if (const node* child = n.literal(decoded(segment, space))) {
        if (last ? ends_at(*child) : step(*child, end + 1)) return true;
      }
    }
    if (n.parameter && !segment.empty() && with_value(*n.parameter, from, segment.size(), end + 1)) return true;
    return n.rest && with_value(*n.rest, from, path.size() - from, path.size() + 1);
  }
};

match router::find(const method& m, std::string_view path) const {
  search s{m, path, {}, {}};
  if (m == method::connect) s.result.found = connect_;
  if (path.starts_with('/')) s.step(*root_, 1);
  return s.result;
}

std::string allow_value(std::uint16_t methods, bool trace) {
  if (trace) methods |= bit(method::id::trace);
  if (methods & bit(method::id::get)) methods |= bit(method::id::head);
  methods |= bit(method::id::options);
  std::string value;
  for (std::size_t i = 0; i < any_method; ++i) {
    const auto id = static_cast<method::id>(i);
    if (!(methods & bit(id))) continue;
    if (!value.empty()) value += ", ";
    value += method(id).name();
  }
  return value;
}

}  // namespace parley::server_room
