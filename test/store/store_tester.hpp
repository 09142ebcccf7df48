// What the tests of the store share.
#pragma once

#include "support/scratch_folder.hpp"

#include <parley/store.hpp>

#include <fstream>
#include <future>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace parley::test {

/// A store in a folder of its own.
struct store_fixture {
  scratch_folder folder;
  std::string file = folder / "records.db";
  std::shared_ptr<record_store> store;

  explicit store_fixture(sqlite_options how = {}) { open(std::move(how)); }
  void open(sqlite_options how = {}) { store = open_sqlite(file, "things", std::move(how)); }
};

/// The error that a task ends with, if it does with one of the store's.
template <class T>
std::optional<store_error> error_of(task<T> work) {
  try {
    run(std::move(work));
  } catch (const store_error& error) {
    return error;
  }
  return std::nullopt;
}

#define EXPECT_STORE_ERROR(work, expected)                                 \
  do {                                                                     \
    const auto error = parley::test::error_of(work);                       \
    ASSERT_TRUE(error.has_value()) << "it worked";                         \
    EXPECT_EQ(error->why(), store_error::kind::expected) << error->what(); \
  } while (false)

/// The error of opening, if it fails.
inline std::optional<store_error> open_error(const std::string& file, const sqlite_options& how = {}) {
  try {
    (void)open_sqlite(file, "things", how);
  } catch (const store_error& error) {
    return error;
  }
  return std::nullopt;
}

inline void write_file(const std::string& path, const std::string& content) { std::ofstream(path, std::ios::binary) << content; }

/// Holds the writer up within a change to record 1, until it is destroyed or let go.
class held_writer {
 public:
  explicit held_writer(record_store& store) {
    run(store.put(1, "held"));
    auto change = [this](const std::string&) -> std::optional<std::string> {
      reached_.set_value();
      release_.get_future().wait();
      return std::nullopt;
    };
    thread_ = std::thread([&store, change] { run(store.modify(1, change)); });
    reached_.get_future().wait();
  }
  ~held_writer() { let_go(); }
  held_writer(const held_writer&) = delete;
  held_writer& operator=(const held_writer&) = delete;

  void let_go() {
    if (!thread_.joinable()) return;
    release_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> reached_;
  std::promise<void> release_;
  std::thread thread_;
};

}  // namespace parley::test
