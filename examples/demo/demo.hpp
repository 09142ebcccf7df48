// The demo: a small site and a customers service, as a user of the library would write it. Only public headers are used.
#pragma once

#include <parley/server.hpp>
#include <parley/store.hpp>

#include <memory>
#include <string>
#include <utility>

namespace demo {

/// What the demo needs from whoever runs it. Chained setters.
class options {
 public:
  /// The folder for what is kept: the customers' database, the sessions', keys, and the files that visitors send. Made when it is
  /// missing. Default: the current one.
  options& data(std::string folder) {
    data_ = std::move(folder);
    return *this;
  }
  /// Customers that are kept elsewhere; then no folder is touched, sessions are kept in memory, and there is no page of files.
  options& customers(std::shared_ptr<parley::record_store> store) {
    customers_ = std::move(store);
    return *this;
  }
  /// The folder for files that visitors send. Default: `files` in the folder of `data`.
  options& files(std::string folder) {
    files_ = std::move(folder);
    return *this;
  }
  [[nodiscard]] const std::string& data() const { return data_; }
  [[nodiscard]] const std::string& files() const { return files_; }
  [[nodiscard]] const std::shared_ptr<parley::record_store>& customers() const { return customers_; }

 private:
  std::string data_ = ".";
  std::string files_;
  std::shared_ptr<parley::record_store> customers_;
};

/// Adds the demo's routes, sessions and error pages. Throws `parley::store_error` or another `std::runtime_error`, such as
/// `std::filesystem::filesystem_error`, naming the file.
void install(parley::server& app, const options& how);

}  // namespace demo
