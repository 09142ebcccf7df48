// Forms as clients send them: fields and files as multipart/form-data (RFC 7578), or `name=value` pairs.
//
//   parley::form_content form;
//   form.field("name", "Ada").file("photo", "ada.jpg");
//   parley::request req(parley::method::post, url);
//   form.attach(req);
#pragma once

#include <parley/config.hpp>
#include <parley/request.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

/// Files are opened when they are named and read while they are sent, off the loop; so the length is known beforehand, and the content
/// can be sent again (a redirect, a login). One thread at a time.
class PARLEY_API form_content {
 public:
  form_content();
  form_content(form_content&&) noexcept;
  form_content& operator=(form_content&&) noexcept;
  ~form_content();

  /// A field. `type`: its Content-Type; empty: none.
  form_content& field(std::string_view name, std::string value, std::string_view type = {});
  /// A file on disk, by its last name unless `called` says another. Without a `type`, that which its name's ending stands for, else
  /// application/octet-stream. Throws `std::system_error` where it cannot be opened, `std::invalid_argument` for what is no plain file.
  form_content& file(std::string_view name, const std::string& path, std::string_view called = {}, std::string_view type = {});
  /// Bytes as if they were a file.
  form_content& bytes(std::string_view name, std::string content, std::string_view called, std::string_view type = {});
  /// Content of a file as a field's value (no name of a file is sent).
  form_content& field_from(std::string_view name, const std::string& path, std::string_view type = {});

  /// `multipart/form-data; boundary=...`
  [[nodiscard]] const std::string& content_type() const;
  /// Of all of it.
  [[nodiscard]] std::uint64_t length() const;
  /// Makes it the request's content, with its Content-Type. This object may go.
  void attach(request& to) const;

 private:
  struct parts;
  std::shared_ptr<parts> parts_;
};

}  // namespace parley
