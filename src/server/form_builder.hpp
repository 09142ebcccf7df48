// A form, as its content comes. Sans-I/O: what is too large for memory is handed out to be written.
#pragma once

#include "semantics/form_data.hpp"
#include "semantics/multipart_reader.hpp"
#include "semantics/urlencoded_reader.hpp"

#include <parley/form.hpp>
#include <parley/problem.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace parley::detail {

struct form_access {
  [[nodiscard]] static uploaded_file make(std::string name, std::string sent_name, std::string type);
  [[nodiscard]] static std::string& content(uploaded_file& f) { return f.content_; }
  [[nodiscard]] static std::uint64_t& size(uploaded_file& f) { return f.size_; }
  [[nodiscard]] static std::shared_ptr<spool>& stored(uploaded_file& f) { return f.spool_; }
  [[nodiscard]] static std::vector<form_field>& fields(form& f) { return f.fields_; }
  [[nodiscard]] static std::vector<uploaded_file>& files(form& f) { return f.files_; }
};

/// All that is wrong is thrown as `problem_error`.
class form_builder {
 public:
  enum class step : std::uint8_t {
    need_more,  // all bytes are taken
    write,      // `to_write` goes to the file of `current`, before the next call
  };

  /// `may_write`: else files stay in memory, however large.
  form_builder(std::string_view content_type, const form_options& how, bool may_write);
  form_builder(const form_builder&) = delete;
  form_builder& operator=(const form_builder&) = delete;

  /// So many bytes are about to be fed.
  void count(std::size_t bytes);
  /// Takes bytes from the front. To be called until it needs more.
  step feed(std::string_view& bytes);
  /// The content has ended.
  void finish();
  [[nodiscard]] uploaded_file& current() { return *file_; }
  /// What has come of its content; memory has it no more.
  [[nodiscard]] std::string to_write();
  [[nodiscard]] form take();

 private:
  void feed_pairs(std::string_view bytes);
  void take_pairs();
  void begin_part();
  bool take_data(std::string_view data);
  bool end_part();
  void add_field(std::string name, std::string value, std::string_view charset);
  void convert_charsets();
  [[noreturn]] void refuse(int status, std::string detail, std::string_view field = {}) const;
  void check(const std::optional<semantics::form_fault>& fault) const;

  const form_options& how_;
  const bool may_write_;
  std::optional<semantics::urlencoded_reader> pairs_;
  std::optional<semantics::multipart_reader> parts_;
  form made_;
  std::vector<std::string> charsets_;  // of each field; empty: the form's
  std::optional<uploaded_file> file_;  // whose part this is
  bool spooled_ = false;
  std::optional<form_field> field_;
  std::string field_charset_;
  std::uint64_t total_ = 0;
  std::size_t text_ = 0;
  std::size_t in_memory_ = 0;
  bool ending_ = false;  // the part has ended, its last bytes are to be written
};

}  // namespace parley::detail
