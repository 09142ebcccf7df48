#include "tool/config_file.hpp"

#include "tool/exit_code.hpp"
#include "tool/limit_options.hpp"
#include "tool/nearest.hpp"
#include "trace/escape.hpp"

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

namespace parley::tool {

namespace {

enum class value_kind { text, path, log, format, number, truth };

struct config_key {
  std::string name;
  value_kind kind;
  std::optional<std::string> serve_options::* text = nullptr;
  bool serve_options::* truth = nullptr;
  std::vector<std::string> serve_options::* list = nullptr;
};

const std::vector<config_key>& config_keys() {
  static const std::vector<config_key> all{
      {"http", value_kind::text, &serve_options::http},
      {"https", value_kind::text, &serve_options::https},
      {"cert", value_kind::path, nullptr, nullptr, &serve_options::certs},
      {"key", value_kind::path, nullptr, nullptr, &serve_options::keys},
      {"client-ca", value_kind::path, &serve_options::client_ca},
      {"threads", value_kind::number, &serve_options::threads},
      {"data", value_kind::path, &serve_options::data},
      {"access-log", value_kind::log, &serve_options::access_log},
      {"access-log-format", value_kind::format, &serve_options::access_log_format},
      {"list", value_kind::truth, nullptr, &serve_options::list},
      {"compress", value_kind::truth, nullptr, &serve_options::compress},
      {"no-http2", value_kind::truth, nullptr, &serve_options::no_http2},
      {"no-http3", value_kind::truth, nullptr, &serve_options::no_http3},
      {"http3-bbr", value_kind::truth, nullptr, &serve_options::http3_bbr},
      {"no-early-data", value_kind::truth, nullptr, &serve_options::no_early_data},
      {"trusted-proxy", value_kind::text, nullptr, nullptr, &serve_options::trusted_proxies},
      {"trusted-proxy-field", value_kind::text, &serve_options::trusted_proxy_field},
      {"host", value_kind::text, nullptr, nullptr, &serve_options::hosts},
      {"redirect-https", value_kind::truth, nullptr, &serve_options::redirect_https},
      {"hsts", value_kind::text, &serve_options::hsts},
      {"cors", value_kind::text, nullptr, nullptr, &serve_options::cors},
      {"users", value_kind::path, &serve_options::users},
      {"rate-limit", value_kind::text, &serve_options::rate_limit},
      {"request-ids", value_kind::truth, nullptr, &serve_options::request_ids},
      {"tracing", value_kind::truth, nullptr, &serve_options::tracing},
      {"healthz", value_kind::truth, nullptr, &serve_options::healthz},
      {"metrics", value_kind::truth, nullptr, &serve_options::metrics},
      {"monitor", value_kind::text, &serve_options::monitor},
      {"allow-trace", value_kind::truth, nullptr, &serve_options::allow_trace},
      {"show", value_kind::truth, nullptr, &serve_options::show},
      {"frames", value_kind::truth, nullptr, &serve_options::frames},
  };
  return all;
}

class config_reader {
 public:
  config_reader(serve_options& options, const std::string& name) : options_(options), name_(name) {}

  void read(const toml::table& table) {
    for (const auto& [key, node] : table) read_one(std::string(key.str()), node);
  }

 private:
  [[nodiscard]] std::string place_of(const toml::node& at) const {
    return name_ + " line " + std::to_string(at.source().begin.line);
  }
  [[noreturn]] void refuse(const toml::node& at, const std::string& why) const {
    throw refusal(exit_usage, place_of(at) + ": " + why);
  }
  void note(const std::string& key, const std::string& value, const toml::node& at) {
    options_.from_file.push_back({key, value, place_of(at)});
  }

  void read_limits(const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) refuse(node, "limits is a table, such as [limits] with lines below it");
    for (const auto& [key, value] : *table) {
      const std::string where = place_of(value) + ": ";
      std::string text;
      if (const auto number = value.value_exact<std::int64_t>()) text = std::to_string(*number);
      if (const auto on = value.value_exact<bool>()) text = *on ? "true" : "false";
      if (const auto words = value.value_exact<std::string>()) text = *words;
      if (const auto real = value.value_exact<double>()) text = (std::ostringstream() << *real).str();
      set_limit(options_.caps, key.str(), text, where);
    }
  }

  void read_one(const std::string& key, const toml::node& node) {
    if (key == "limits") return read_limits(node);
    const auto& all = config_keys();
    const auto known = std::ranges::find(all, key, &config_key::name);
    if (known == all.end()) refuse_unknown(key, node);
    if (known->kind == value_kind::truth) {
      const auto on = node.value_exact<bool>();
      if (!on) refuse(node, key + " must be true or false");
      if (*on && !(options_.*(known->truth))) note(key, {}, node);
      options_.*(known->truth) = options_.*(known->truth) || *on;
      return;
    }
    if (known->list != nullptr) return read_list(*known, node);
    const std::string value = text_of(*known, node);
    auto& target = options_.*(known->text);
    if (target) return;  // the command line wins
    note(key, value, node);
    target = value;
  }

  /// A string, or an array of strings.
  void read_list(const config_key& key, const toml::node& node) {
    std::vector<std::string> values;
    auto& target = options_.*(key.list);
    const auto add = [&](const toml::node& one) {
      values.push_back(text_of(key, one));
      if (target.empty()) note(key.name, values.back(), one);
    };
    if (const toml::array* all = node.as_array()) {
      for (const toml::node& each : *all) add(each);
    } else {
      add(node);
    }
    if (target.empty()) target = std::move(values);
  }

  [[noreturn]] void refuse_unknown(const std::string& key, const toml::node& node) const {
    const auto negated = std::ranges::find(config_keys(), "no-" + key, &config_key::name);
    if (negated != config_keys().end()) {
      const bool off = node.value_exact<bool>() == false;
      refuse(node, "there is no key " + key + (off ? "; write " : ", which is on by itself; what switches it off is ") +
                       negated->name + " = true");
    }
    std::vector<std::string> names;
    for (const config_key& k : config_keys()) names.push_back(k.name);
    names.emplace_back("limits");
    const std::string_view meant = nearest(key, names);
    std::string known;
    for (const std::string& n : names) known += (known.empty() ? "" : ", ") + n;
    refuse(node, "there is no key " + trace::printable(key) +
                     (meant.empty() ? "; there are " + known : "; did you mean " + std::string(meant) + "?"));
  }

  std::string text_of(const config_key& key, const toml::node& node) const {
    if (key.kind == value_kind::number) {
      const auto number = node.value_exact<std::int64_t>();
      if (!number) refuse(node, key.name + " must be a whole number, such as " + key.name + " = 4");
      return std::to_string(*number);
    }
    const auto text = node.value_exact<std::string>();
    if (!text)
      refuse(node, key.name + " must be a string" + (key.list != nullptr ? ", or an array of strings" : "") + ", such as " +
                       key.name + " = \"" + example_of(key) + "\"");
    const bool word = key.kind == value_kind::log && (*text == "-" || *text == "off");
    if (key.kind == value_kind::text || key.kind == value_kind::format || word || text->empty()) return *text;
    return (std::filesystem::path(name_).parent_path() / *text).string();
  }

  static std::string example_of(const config_key& key) {
    for (const auto& [name, example] : {std::pair("host", "example.org"), std::pair("cors", "https://app.example"),
                                        std::pair("hsts", "31536000"), std::pair("rate-limit", "100/60"),
                                        std::pair("trusted-proxy", "10.0.0.0/8"), std::pair("trusted-proxy-field", "forwarded")}) {
      if (key.name == name) return example;
    }
    if (key.kind == value_kind::text) return "127.0.0.1:8080";
    if (key.kind == value_kind::format) return "json";
    return key.kind == value_kind::log ? "access.log" : "/etc/parley/" + key.name + ".pem";
  }

  serve_options& options_;
  const std::string& name_;
};

}  // namespace

void apply_config(serve_options& options, std::string_view text, const std::string& name) {
  try {
    const toml::table table = toml::parse(text, name);
    config_reader(options, name).read(table);
  } catch (const toml::parse_error& error) {
    throw refusal(exit_usage,
                  name + " line " + std::to_string(error.source().begin.line) + ": " + trace::printable(error.description()));
  }
}

void apply_config_file(serve_options& options, const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  // A folder opens, but cannot be read.
  if (file && file.peek() != std::char_traits<char>::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || errno == EISDIR) {
    throw refusal(exit_local, "cannot read the configuration " + path + ": " + std::strerror(errno != 0 ? errno : EIO));
  }
  apply_config(options, text.str(), path);
}

}  // namespace parley::tool
