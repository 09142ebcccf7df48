// Forms: what a page's form sent, urlencoded or multipart, with files.
//
//   app.route("POST /orders", [](parley::request& req) -> parley::task<parley::response> {
//     auto reading = req.form();
//     parley::form sent = co_await reading;                           // 400, 413, 415, 422 or 507 when it cannot be had
//     std::string item = sent.text("item");
//     if (parley::uploaded_file* photo = sent.file("photo")) {
//       auto saving = photo->save("photos/" + photo->file_name());
//       co_await saving;
//     }
//     co_return parley::redirect("/orders");
//   });
#pragma once

#include <parley/config.hpp>
#include <parley/request.hpp>
#include <parley/task.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

namespace detail {
class spool;
struct form_access;
}  // namespace detail

/// What a form may have. Sizes in bytes, after decoding. Beyond each: 413, with the field's name. Chained setters.
class PARLEY_API form_options {
 public:
  /// Fields and files together. Default 1000.
  form_options& fields(std::size_t most) {
    fields_ = most;
    return *this;
  }
  /// A field's name. Default 256. A file's name may be four times as long.
  form_options& name_bytes(std::size_t most) {
    name_bytes_ = most;
    return *this;
  }
  /// A field's value. Default 256 KiB.
  form_options& field_bytes(std::size_t most) {
    field_bytes_ = most;
    return *this;
  }
  /// All names and values together, which are kept in memory. Default 1 MiB.
  form_options& text_bytes(std::size_t most) {
    text_bytes_ = most;
    return *this;
  }
  /// A file. Default 32 MiB.
  form_options& file_bytes(std::uint64_t most) {
    file_bytes_ = most;
    return *this;
  }
  /// Files that were chosen. Default 32.
  form_options& files(std::size_t most) {
    files_ = most;
    return *this;
  }
  /// The whole content, boundaries and heads of parts included. Default 128 MiB.
  form_options& total_bytes(std::uint64_t most) {
    total_bytes_ = most;
    return *this;
  }
  /// The head of a part. Default 8 KiB.
  form_options& part_head_bytes(std::size_t most) {
    part_head_bytes_ = most;
    return *this;
  }
  /// What all files of a form together may keep in memory; beyond it they go to temporary files. Default 256 KiB.
  form_options& memory(std::size_t bytes) {
    memory_ = bytes;
    return *this;
  }
  /// Where temporary files lie: without a name where the system can (O_TMPFILE), mode 0600. Best on the file system that `save` saves to.
  /// Default: `$TMPDIR`, else `/var/tmp`.
  form_options& folder(std::string path) {
    folder_ = std::move(path);
    return *this;
  }

  [[nodiscard]] std::size_t fields() const { return fields_; }
  [[nodiscard]] std::size_t name_bytes() const { return name_bytes_; }
  [[nodiscard]] std::size_t field_bytes() const { return field_bytes_; }
  [[nodiscard]] std::size_t text_bytes() const { return text_bytes_; }
  [[nodiscard]] std::uint64_t file_bytes() const { return file_bytes_; }
  [[nodiscard]] std::size_t files() const { return files_; }
  [[nodiscard]] std::uint64_t total_bytes() const { return total_bytes_; }
  [[nodiscard]] std::size_t part_head_bytes() const { return part_head_bytes_; }
  [[nodiscard]] std::size_t memory() const { return memory_; }
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  std::size_t fields_ = 1000;
  std::size_t name_bytes_ = 256;
  std::size_t field_bytes_ = 256 * 1024;
  std::size_t text_bytes_ = 1024 * 1024;
  std::uint64_t file_bytes_ = 32 * 1024 * 1024;
  std::size_t files_ = 32;
  std::uint64_t total_bytes_ = 128 * 1024 * 1024;
  std::size_t part_head_bytes_ = 8 * 1024;
  std::size_t memory_ = 256 * 1024;
  std::string folder_;
};

struct form_field {
  std::string name;
  std::string value;  // UTF-8
};

/// A file that somebody chose. Gone with its form unless it was saved.
class PARLEY_API uploaded_file {
 public:
  uploaded_file(uploaded_file&&) noexcept;
  uploaded_file& operator=(uploaded_file&&) noexcept;
  ~uploaded_file();

  /// The name of the form's field.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// What the client calls the file, made safe: one name without folders, leading dots and controls; `file` where nothing is left.
  [[nodiscard]] std::string file_name() const;
  /// The same as it was sent (UTF-8): to be shown, escaped, and never to be opened.
  [[nodiscard]] const std::string& sent_name() const { return sent_name_; }
  /// What the client says that it is; look before you believe it.
  [[nodiscard]] const std::string& content_type() const { return content_type_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] bool in_memory() const { return spool_ == nullptr; }
  /// Its content while that is in memory, else nothing.
  [[nodiscard]] std::string_view content() const { return content_; }
  /// The temporary file, open for reading and writing; -1 while the content is in memory. It stays this object's.
  [[nodiscard]] int descriptor() const;
  /// The whole content, wherever it is. Throws `content_too_large` above `limit`.
  task<std::string> read(std::size_t limit = 1024 * 1024);
  /// Puts it in its place, in one step, with that mode: a file that is there is replaced. `path` must not be made of what the
  /// client said, but for `file_name`. On the pool of blocking work. Throws `problem_error` (507) when the disk is full, then nothing is left
  /// behind, and `std::system_error` for other trouble.
  task<> save(std::string path, unsigned mode = 0600);

 private:
  friend struct detail::form_access;
  uploaded_file();

  std::string name_;
  std::string sent_name_;
  std::string content_type_;
  std::uint64_t size_ = 0;
  std::string content_;
  std::shared_ptr<detail::spool> spool_;
};

/// What a form sent, in its order. Names may come several times.
class PARLEY_API form {
 public:
  form();
  form(form&&) noexcept;
  form& operator=(form&&) noexcept;
  ~form();

  /// The value of the first field of that name; nothing when there is none. A view into this.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const;
  /// The same, empty when there is none.
  [[nodiscard]] std::string text(std::string_view name) const { return std::string(get(name).value_or(std::string_view())); }
  [[nodiscard]] std::vector<std::string_view> all(std::string_view name) const;
  /// A decimal number, blanks around it left out; nothing when it is none, or too large.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
  /// Whether a field of that name came: a checkbox that is ticked.
  [[nodiscard]] bool contains(std::string_view name) const { return get(name).has_value(); }
  [[nodiscard]] const std::vector<form_field>& fields() const { return fields_; }
  /// The first file of that name; null when none was chosen.
  [[nodiscard]] uploaded_file* file(std::string_view name);
  /// All files that were chosen; what browsers send for an empty choice is left out.
  [[nodiscard]] std::vector<uploaded_file>& files() { return files_; }
  [[nodiscard]] const std::vector<uploaded_file>& files() const { return files_; }

 private:
  friend struct detail::form_access;
  std::vector<form_field> fields_;
  std::vector<uploaded_file> files_;
};

/// The form in the collected content of a plain handler's request (`const request&`), all of it in memory. Throws `problem_error` as
/// `request::form`.
[[nodiscard]] PARLEY_API form form_of(const request& req, const form_options& how = {});

}  // namespace parley
