// parley ca.
#include <parley/ca.hpp>

#include "tool/arguments.hpp"
#include "tool/commands.hpp"
#include "tool/data_folder.hpp"
#include "tool/exit_code.hpp"
#include "tool/terminal.hpp"
#include "trace/escape.hpp"

#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>

namespace parley::tool {

namespace {

std::string day_of(std::chrono::system_clock::time_point when) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 16> text{};
  const std::size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
  return {text.data(), n};
}

/// For a shell: as it stands where that is safe, else in single quotes.
std::string quoted(const std::string& word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%:,=";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// A SHA-256 in two lines of sixteen bytes.
std::string in_two_lines(const std::string& fingerprint, const std::string& indent) {
  constexpr std::size_t half = 16 * 3;
  return fingerprint.substr(0, half) + "\n" + indent + fingerprint.substr(half);
}

std::string about(const certificate_authority& ca) {
  const std::string indent(15, ' ');
  return ca.name() + "\n\n  certificate  " + ca.path() + "\n  SHA-256      " + in_two_lines(ca.fingerprint(), indent) +
         "\n  valid until  " + day_of(ca.expires()) +
         "\n  vouches for  this host's full name (with a dot) and names below it, names in\n" + indent +
         ".localhost, .test, .local, .internal and .home.arpa, this host's\n" + indent +
         "addresses, and private ones; for nothing else\n";
}

std::string how_to_trust(const certificate_authority& ca) {
  const std::string file = quoted(ca.path());
  const std::string name = quoted(ca.name());
  return "parley get and the like trust it by themselves. Others must be told:\n"
         "\n"
         "curl\n"
         "  curl --cacert " +
         file +
         " https://localhost:8443/\n"
         "\n"
         "Chromium (certutil is in Debian's libnss3-tools; leave out the first two lines\n"
         "when ~/.pki/nssdb is there; then start Chromium anew)\n"
         "  mkdir -p ~/.pki/nssdb\n"
         "  certutil -d sql:$HOME/.pki/nssdb -N --empty-password\n"
         "  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n " +
         name + " -i " + file +
         "\n"
         "\n"
         "Firefox\n"
         "  Settings, Privacy & Security, View Certificates, Authorities, Import: choose\n"
         "  " +
         ca.path() +
         "\n"
         "  and tick \"Trust this CA to identify websites\".\n"
         "\n"
         "The whole system (curl, wget, git, Python, and all that uses its store)\n"
         "  sudo cp " +
         file +
         " /usr/local/share/ca-certificates/parley.crt\n"
         "  sudo update-ca-certificates\n";
}

}  // namespace

int run_ca_command(const command& self, const std::vector<std::string>& words) {
  arguments args(
      self.name, "",
      "Shows the local certificate authority, which vouches for the https servers of this machine, and how to trust it. It is "
      "made at first use.");
  std::optional<std::string> data;
  bool pem = false;
  bool path = false;
  args.group("What to print (default: what it is, how to trust it, and the certificate)")
      .flag("--pem", pem, "only the certificate, as PEM text")
      .flag("--path", path, "only the name of the certificate's file");
  args.group("Where it is")
      .value(
          "--data", "DIR", data,
          "the data folder; it lies in ca below it; default $STATE_DIRECTORY, $XDG_DATA_HOME/parley, else ~/.local/share/parley");
  args.note(
      "The key in ca.key is this user's alone. Whoever has it can pose as this machine to those who trust the certificate, but, by "
      "the certificate's own name constraints, not as a site on the web. The exit status is 0, 2 for a wrong command line, 3 when "
      "the files cannot be used.");
  args.example_line("parley ca", "what it is, and how to trust it")
      .example_line("curl --cacert $(parley ca --path) https://localhost:8443/", "curl trusts it this once")
      .example_line("parley ca --pem | ssh pi 'cat > parley.pem'", "take it to another machine, to trust this one there");
  const std::vector<std::string> positionals = args.parse(words);
  if (args.help_wanted()) return write_all(STDOUT_FILENO, args.help(80)) ? exit_done : exit_local;
  if (!positionals.empty())
    throw refusal(exit_usage, "ca takes no " + trace::printable(positionals.front()) + "; parley ca --help lists what it takes");
  if (pem && path) throw refusal(exit_usage, "choose one of --pem and --path");

  std::string text;
  try {
    // A path that is to be pasted elsewhere holds there too.
    const auto ca = certificate_authority::open(std::filesystem::absolute(data_folder_of(data)).lexically_normal().string());
    if (pem) {
      text = ca.certificate();
    } else if (path) {
      text = ca.path() + "\n";
    } else {
      text = about(ca) + "\n" + how_to_trust(ca) + "\n" + ca.certificate();
    }
  } catch (const ca_error& error) {
    throw refusal(exit_local, error.what());
  }
  return write_all(STDOUT_FILENO, text) ? exit_done : exit_local;
}

}  // namespace parley::tool
