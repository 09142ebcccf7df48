// The demo with a store in memory that can be made to fail, asked with no socket.
#pragma once

#include "demo/demo.hpp"

#include <parley/server.hpp>
#include <parley/store.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace demo_test {

/// Keeps the contract of `record_store`, on one thread.
class memory_store final : public parley::record_store {
 public:
  using kind = parley::store_error::kind;
  std::optional<kind> failure;  // what every call throws

  parley::task<std::optional<parley::record>> get(std::int64_t id) override {
    fail();
    std::optional<parley::record> found;
    if (const auto at = records_.find(id); at != records_.end()) found.emplace(id, at->second);
    co_return found;
  }
  parley::task<outcome> put(std::int64_t id, std::string document) override {
    fail();
    last_ = std::max(last_, id);
    const bool created = records_.insert_or_assign(id, std::move(document)).second;
    co_return created ? outcome::created : outcome::updated;
  }
  parley::task<std::int64_t> insert(std::function<std::string(std::int64_t)> make) override {
    fail();
    const std::int64_t id = last_ + 1;
    records_.emplace(id, make(id));
    last_ = id;
    co_return id;
  }
  parley::task<std::optional<std::string>> modify(std::int64_t id, update change) override {
    fail();
    std::optional<std::string> document;
    if (const auto at = records_.find(id); at != records_.end()) {
      document = change(at->second);
      if (document) at->second = *document;
    }
    co_return document;
  }
  parley::task<std::optional<std::string>> exchange(std::int64_t id, exchanger change) override {
    fail();
    std::optional<std::string> before;
    if (const auto at = records_.find(id); at != records_.end()) before = at->second;
    const auto after = change(before);
    if (after) {
      last_ = std::max(last_, id);
      records_.insert_or_assign(id, *after);
    } else {
      records_.erase(id);
    }
    co_return before;
  }
  parley::task<bool> remove(std::int64_t id) override {
    fail();
    co_return records_.erase(id) == 1;
  }
  parley::task<page> list(std::int64_t after, std::size_t limit) override {
    fail();
    page found;
    auto at = records_.upper_bound(after);
    for (; at != records_.end() && found.records.size() < limit; ++at) found.records.push_back({at->first, at->second});
    found.more = at != records_.end();
    co_return found;
  }
  parley::task<std::uint64_t> count() override {
    fail();
    co_return records_.size();
  }

 private:
  void fail() const {
    if (failure) throw parley::store_error(*failure, "the test's store fails");
  }
  std::map<std::int64_t, std::string> records_;
  std::int64_t last_ = 0;
};

/// The customer of the brief, as it is stored and sent.
inline constexpr const char* david = R"({"CustID":100,"Name":"David Smith","Address":"123 Bank Street"})";

inline std::string customer(std::int64_t id, std::string_view name = "Ada", std::string_view address = "1 Hill Road") {
  return R"({"CustID":)" + std::to_string(id) + R"(,"Name":")" + std::string(name) + R"(","Address":")" + std::string(address) +
         "\"}";
}

/// What a program says that wants its errors as problem details.
inline constexpr const char* json = "application/json";

inline bool holds(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// A site of its own for each test.
class site {
 public:
  site() : site(std::make_shared<memory_store>()) {}
  explicit site(std::shared_ptr<parley::record_store> customers, const std::string& files = {}) {
    demo::install(app, demo::options().customers(std::move(customers)).files(files));
    app.on_message([this](std::string_view text) { messages += std::string(text) + '\n'; });
  }

  parley::response ask(const parley::method& m, std::string_view url, std::string_view accept = {}) {
    parley::request req(m, url);
    if (!accept.empty()) req.header("Accept", accept);
    return app.handle(std::move(req));
  }
  parley::response get(std::string_view url, std::string_view accept = {}) { return ask(parley::method::get, url, accept); }
  parley::response send(const parley::method& m, std::string_view url, std::string content,
                        std::string_view type = "application/json") {
    parley::request req(m, url);
    req.content(std::move(content), type);
    return app.handle(std::move(req));
  }
  parley::response put(std::string_view url, std::string content) { return send(parley::method::put, url, std::move(content)); }

  parley::server app;
  std::string messages;
};

}  // namespace demo_test
