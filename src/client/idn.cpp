#include <parley/idn.hpp>

#include <idn2.h>

#include <algorithm>
#include <memory>

namespace parley {

namespace {

// RFC 1035 §2.3.4; UTF-8 takes up to four bytes where `xn--` takes one or more.
constexpr std::size_t longest_written_host = 4 * 253;

struct idn_freer {
  void operator()(char* text) const { idn2_free(text); }
};

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
}

}  // namespace

std::expected<std::string, std::string> ascii_host(std::string_view name) {
  if (is_ascii(name)) return std::string(name);
  if (name.size() > longest_written_host) return std::unexpected(std::string("it is longer than any name of a host"));
  if (name.find('\0') != std::string_view::npos) return std::unexpected(std::string("it has a zero byte"));
  char* made = nullptr;
  const int result = idn2_to_ascii_8z(std::string(name).c_str(), &made, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
  const std::unique_ptr<char, idn_freer> ascii(made);
  if (result != IDN2_OK) return std::unexpected(std::string(idn2_strerror(result)));
  // UTS #46 maps some characters to ones that mean something else in a URL, such as the fullwidth solidus.
  const std::string_view text = ascii.get();
  const auto belongs = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  };
  if (text.empty() || !std::ranges::all_of(text, belongs))
    return std::unexpected(std::string("it has a character that no name has"));
  return std::string(text);
}

}  // namespace parley
