#include "tls/local_ca.hpp"

#include "support/scratch_folder.hpp"
#include "tls/local_names.hpp"
#include "tls/pair.hpp"

#include <parley/ca.hpp>

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace parley::tls {
namespace {

using std::chrono::days;
using std::chrono::system_clock;

const std::vector<std::string> machine{"localhost", "127.0.0.1", "::1", "box.local", "10.1.2.3"};

std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void overwrite(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

unsigned mode_of(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 07777U : 0;
}

class LocalCa : public testing::Test {
 protected:
  test::scratch_folder scratch;
  std::string data = scratch / "share/parley";
  std::string folder = data + "/ca";
  wall_time now = system_clock::now();

  local_ca must_open() {
    auto opened = local_ca::open(data, now);
    if (!opened) throw std::runtime_error(opened.error().message);
    return std::move(*opened);
  }
  std::string refused() {
    const auto opened = local_ca::open(data, now);
    return opened ? "it opened" : opened.error().message;
  }
};

TEST_F(LocalCa, IsMadeOnceAndFoundAgain) {
  EXPECT_EQ(local_ca::find_certificate(data).value(), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(data)) << "looking for one makes none";
  const local_ca made = must_open();
  EXPECT_EQ(made.path(), folder + "/ca.pem");
  EXPECT_EQ(made.certificate(), text_of(made.path()));
  EXPECT_EQ(made.fingerprint().size(), 32U * 3 - 1);
  EXPECT_EQ(local_ca::find_certificate(data).value(), made.certificate());
  EXPECT_EQ(must_open().fingerprint(), made.fingerprint());
  const auto info = made.info();
  EXPECT_EQ(info.subject, info.issuer);
  EXPECT_LE(info.not_before, now);
  EXPECT_GT(info.not_after, now + days(3650));
}

TEST_F(LocalCa, IsThisUsersAlone) {
  const mode_t before = ::umask(0);
  static_cast<void>(must_open().server_certificate(machine, now));
  ::umask(before);
  EXPECT_EQ(mode_of(data), 0700U);
  EXPECT_EQ(mode_of(folder), 0700U);
  for (const char* name : {"/ca.pem", "/ca.key", "/server.pem"}) EXPECT_EQ(mode_of(folder + name), 0600U) << name;
  std::set<std::string> there;
  for (const auto& each : std::filesystem::recursive_directory_iterator(data)) there.insert(each.path().filename().string());
  EXPECT_EQ(there, (std::set<std::string>{"ca", "ca.key", "ca.pem", "server.pem"})) << "nothing temporary is left";
}

TEST_F(LocalCa, TwoAuthoritiesHaveDifferentNames) {
  const local_ca other = local_ca::open(scratch / "other", now).value();
  EXPECT_NE(must_open().name(), other.name());
}

// All begin at the same moment, with a pipe's end for a starting gun.
TEST_F(LocalCa, ProgramsThatStartAtOnceEndWithOneAuthority) {
  constexpr int programs = 8;
  int gun[2];
  int results[2];
  ASSERT_EQ(::pipe(gun), 0);
  ASSERT_EQ(::pipe(results), 0);
  for (int i = 0; i < programs; ++i) {
    if (::fork() != 0) continue;
    ::close(gun[1]);
    char nothing = 0;
    (void)!::read(gun[0], &nothing, 1);
    const auto opened = local_ca::open(data, now);
    const std::string told = opened ? opened->fingerprint() : std::string(32 * 3 - 1, '!');
    (void)!::write(results[1], told.data(), told.size());
    ::_exit(opened ? 0 : 1);
  }
  ::close(gun[0]);
  ::close(gun[1]);
  ::close(results[1]);
  std::set<std::string> fingerprints;
  for (int i = 0; i < programs; ++i) {
    std::string told(32 * 3 - 1, ' ');  // below PIPE_BUF, so one write is one read
    ASSERT_EQ(::read(results[0], told.data(), told.size()), static_cast<ssize_t>(told.size()));
    fingerprints.insert(told);
    int status = 0;
    ::wait(&status);
    EXPECT_EQ(status, 0);
  }
  ::close(results[0]);
  EXPECT_EQ(fingerprints, std::set<std::string>{must_open().fingerprint()});
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(data), {}), 1) << "the losers' folders are gone";
}

TEST_F(LocalCa, AnEmptyFolderIsNoAuthorityYet) {
  std::filesystem::create_directories(folder);
  ::chmod(folder.c_str(), 0700);
  EXPECT_EQ(must_open().path(), folder + "/ca.pem");
}

TEST_F(LocalCa, BadFilesAreRefusedWithTheWayOut) {
  const local_ca made = must_open();
  const std::string certificate = made.certificate();
  const std::string key = text_of(folder + "/ca.key");
  static_cast<void>(local_ca::open(scratch / "other", now).value());
  const std::string other_key = text_of(scratch / "other/ca/ca.key");
  const std::string again = "; remove " + folder + " to get a new one, which must be trusted anew (parley ca)";
  struct row {
    const char* file;
    std::string text;
    std::string says;
  };
  const row table[] = {
      {"/ca.key", key.substr(0, key.size() / 2), "the key beside " + folder + "/ca.pem is not whole" + again},
      {"/ca.key", "", "the key beside " + folder + "/ca.pem is not whole" + again},
      {"/ca.key", other_key, "the key beside " + folder + "/ca.pem belongs to another certificate" + again},
      {"/ca.pem", certificate.substr(0, 200), folder + "/ca.pem has no whole certificate in it" + again},
      {"/ca.pem", std::string(70'000, 'x'), folder + "/ca.pem is larger than 64 KiB" + again},
      {"/ca.pem", made.server_certificate(machine, now)->certificates,
       "the key beside " + folder + "/ca.pem belongs to another certificate" + again},
  };
  for (const row& each : table) {
    overwrite(folder + each.file, each.text);
    EXPECT_EQ(refused(), "the local certificate authority cannot be used: " + each.says);
    overwrite(folder + "/ca.key", key);
    overwrite(folder + "/ca.pem", certificate);
  }
  EXPECT_EQ(must_open().fingerprint(), made.fingerprint());
  for (const char* name : {"/ca.key", "/ca.pem"}) {
    std::filesystem::rename(folder + name, folder + "/away");
    EXPECT_EQ(refused(), "the local certificate authority cannot be used: " + folder + name + " is missing" + again);
    std::filesystem::rename(folder + "/away", folder + name);
  }
  now += days(3700);
  EXPECT_EQ(refused(), "the local certificate authority cannot be used: " + folder + "/ca.pem has expired" + again);
}

TEST_F(LocalCa, WhatOthersCanTouchIsRefused) {
  const local_ca made = must_open();
  const std::string cannot = "the local certificate authority cannot be used: ";
  ::chmod((folder + "/ca.key").c_str(), 0640);
  EXPECT_EQ(refused(), cannot + folder + "/ca.key can be read by other users: if none of them has done so, say chmod 600 " +
                           folder + "/ca.key");
  ::chmod((folder + "/ca.key").c_str(), 0600);
  ::chmod((folder + "/ca.pem").c_str(), 0644);
  EXPECT_EQ(refused(), "it opened") << "a certificate is no secret";
  ::chmod((folder + "/ca.pem").c_str(), 0666);
  const std::string changed =
      folder + "/ca.pem can be changed by other users: if none of them has done so, say chmod 600 " + folder + "/ca.pem";
  EXPECT_EQ(refused(), cannot + changed);
  EXPECT_EQ(local_ca::find_certificate(data).error().message, cannot + changed) << "nor does a client believe it";
  ::chmod((folder + "/ca.pem").c_str(), 0600);
  ::chmod(folder.c_str(), 0777);
  EXPECT_EQ(refused(), cannot + folder + " can be changed by other users: if none of them has done so, say chmod 700 " + folder);
  ::chmod(folder.c_str(), 0700);
  EXPECT_EQ(refused(), "it opened");
}

TEST_F(LocalCa, AnotherUsersFilesAreRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  static_cast<void>(must_open());
  ASSERT_EQ(::chown((folder + "/ca.key").c_str(), 12345, 12345), 0);
  EXPECT_EQ(refused(), "the local certificate authority cannot be used: " + folder +
                           "/ca.key belongs to user 12345, and this is root: run it as that user, or use another data folder");
}

TEST_F(LocalCa, AFolderThatCannotBeMadeIsNamed) {
  overwrite(scratch / "share", "a file");
  EXPECT_EQ(refused(),
            "the local certificate authority cannot be used: " + scratch / "share" + " is no folder; use another data folder");
}

TEST_F(LocalCa, AServersCertificateIsKeptUntilItDoesNotFitAnyMore) {
  const local_ca ca = must_open();
  const auto first = ca.server_certificate(machine, now).value();
  EXPECT_EQ(first.from, folder + "/server.pem");
  EXPECT_EQ(text_of(first.from), first.certificates + first.key);
  const auto infos = read_infos(first.certificates);
  ASSERT_EQ(infos.size(), 1U);
  EXPECT_EQ(infos[0].names, machine);
  EXPECT_EQ(infos[0].issuer, ca.info().subject);
  EXPECT_LE(infos[0].not_after - infos[0].not_before, days(397));
  EXPECT_GT(infos[0].not_after, now + days(390));

  const auto same = [&](const std::vector<std::string>& names, days later) {
    return ca.server_certificate(names, now + later)->certificates == first.certificates;
  };
  EXPECT_TRUE(same(machine, days(0)));
  EXPECT_TRUE(same({"localhost", "127.0.0.1"}, days(300))) << "more names than are needed do no harm";
  EXPECT_FALSE(same(machine, days(340))) << "near its end";
  EXPECT_FALSE(same(machine, days(0))) << "the one from the future has taken its place";
  const auto second = ca.server_certificate(machine, now).value();
  auto more = machine;
  more.emplace_back("10.9.9.9");
  const auto third = ca.server_certificate(more, now).value();
  EXPECT_NE(second.certificates, third.certificates);
  EXPECT_EQ(read_infos(third.certificates).at(0).names, more);

  overwrite(folder + "/server.pem", third.certificates.substr(0, 100));
  EXPECT_EQ(read_infos(ca.server_certificate(more, now)->certificates).at(0).names, more) << "a damaged one is replaced";
  std::filesystem::remove_all(folder);
  static_cast<void>(must_open());
  overwrite(folder + "/server.pem", third.certificates + third.key);
  EXPECT_NE(must_open().server_certificate(more, now)->certificates, third.certificates) << "another authority's is replaced";
}

TEST_F(LocalCa, NoCertificateOutlivesItsAuthority) {
  const local_ca ca = must_open();
  const auto late = ca.server_certificate(machine, now + days(3640)).value();
  EXPECT_EQ(read_infos(late.certificates).at(0).not_after, ca.info().not_after);
  EXPECT_EQ(ca.server_certificate(machine, now + days(3645))->certificates, late.certificates) << "there is no better one";
}

TEST_F(LocalCa, NamesBeyondItAreRefused) {
  const local_ca ca = must_open();
  for (const char* name :
       {"shop.test", "*.shop.test", "a.localhost", "Printer.Local", "10.255.0.1", "192.168.7.7", "fd12::9", "fe80::1"}) {
    const auto issued = ca.issue({name}, now);
    EXPECT_TRUE(issued) << name << ": " << (issued ? "" : issued.error().message);
  }
  for (const char* name : {"example.com", "localhost.example.com", "nottest", "8.8.8.8", "2001:db8:1::1", "*.example.com"}) {
    const auto issued = ca.issue({"localhost", name}, now);
    ASSERT_FALSE(issued) << name;
    EXPECT_TRUE(issued.error().message.starts_with(std::string(name) + " is beyond what the local authority may vouch for"))
        << name;
  }
  for (const char* name : {"", "a b.test", "*", "*.localhost", "*.test", "*.*.test", "a..test", ".test", "-a.test", "1.2.3",
                           "a\n.test", "t\xc3\xa4st.test"}) {
    const auto issued = ca.issue({name}, now);
    ASSERT_FALSE(issued) << name;
    EXPECT_NE(issued.error().message.find("is neither a DNS name nor an address"), std::string::npos) << name;
  }
  EXPECT_FALSE(ca.issue({}, now));
  EXPECT_EQ(ca.server_certificate({"localhost", "example.com"}, now)->certificates.find("example"), std::string::npos);
  EXPECT_EQ(read_infos(ca.server_certificate({"localhost", "example.com"}, now)->certificates).at(0).names,
            std::vector<std::string>{"localhost"});
}

// What a client makes of it: the machine's names are believed, and what a stolen key signs beyond them is not.
TEST_F(LocalCa, ClientsBelieveItForWhatItMayVouchFor) {
  const local_ca ca = must_open();
  const auto failure = [&](const certificate_source& with, const std::string& host) {
    server_settings s;
    s.certificates = {with};
    client_settings c;
    c.system_authorities = false;
    c.authorities = {ca.certificate()};
    session_pair p(must_make(s), must_make(c), {host, 443, {}});
    p.carry();
    return p.client.open() ? errc::none : p.client.failure().code;
  };
  const auto server = ca.server_certificate(machine, now).value();
  for (const char* host : {"localhost", "127.0.0.1", "::1", "10.1.2.3"}) EXPECT_EQ(failure(server, host), errc::none) << host;
  EXPECT_EQ(failure(server, "example.com"), errc::wrong_name);
  EXPECT_EQ(failure(ca.issue({"shop.test"}, now).value(), "shop.test"), errc::none);

  const auto signer = authority_signer::make({ca.certificate(), text_of(folder + "/ca.key")}, "test", now);
  const std::vector<std::string> foreign{"bank.example"};
  const auto forged = signer->issue(foreign, now, days(30)).value();
  EXPECT_NE(failure({forged.certificate, forged.key, "forged"}, "bank.example"), errc::none);
}

TEST_F(LocalCa, WhatAMachineIsCalled) {
  EXPECT_EQ(local_names("Box", {"10.1.2.3"}), (std::vector<std::string>{"localhost", "127.0.0.1", "::1", "box.local", "10.1.2.3"}));
  EXPECT_EQ(local_names("box.example.org", {}),
            (std::vector<std::string>{"localhost", "127.0.0.1", "::1", "box.example.org", "box.local"}));
  const std::vector<std::string> only_loopback{"localhost", "127.0.0.1", "::1"};
  for (const char* strange : {"localhost", "", "a b", "(none)", "*.x"})
    EXPECT_EQ(local_names(strange, {}), only_loopback) << strange;
  const auto own = local_names();
  EXPECT_EQ(std::set<std::string>(own.begin(), own.end()).size(), own.size());
  EXPECT_EQ(own.front(), "localhost");
}

// A constraint stands for all names below it, so a host's first label would be a whole top-level domain.
TEST_F(LocalCa, AHostsFirstLabelIsNoTopLevelDomain) {
  struct row {
    std::string host;
    std::vector<std::string> permitted, beyond;
  };
  const row table[] = {
      {"dev", {"dev.local", "localhost", "10.1.2.3"}, {"dev", "web.dev", "x.dev"}},
      {"app.corp.example",
       {"app.corp.example", "x.app.corp.example", "app.local", "localhost"},
       {"app", "cash.app", "corp.example", "other.corp.example", "example"}},
  };
  for (const row& each : table) {
    const std::vector<std::string> names = local_names(each.host, {"10.1.2.3"});
    const auto made = make_authority("ada@" + each.host, names, now).value();
    const auto signer = authority_signer::make(made, "test", now).value();
    for (const std::string& name : names) EXPECT_TRUE(signer.permits(name)) << each.host << ": " << name;
    for (const std::string& name : each.permitted) EXPECT_TRUE(signer.permits(name)) << each.host << ": " << name;
    for (const std::string& name : each.beyond) EXPECT_FALSE(signer.permits(name)) << each.host << ": " << name;
  }
  const std::vector<std::string> labels{"dev"};
  EXPECT_FALSE(authority_signer::make(make_authority("ada", labels, now).value(), "test", now)->permits("web.dev"))
      << "nor when it is asked for";
}

TEST_F(LocalCa, APlaceThatOthersCouldReplaceIsRefused) {
  const std::string cannot = "the local certificate authority cannot be used: ";
  std::filesystem::create_directories(data);
  ::chmod(data.c_str(), 0777);
  const auto changed = [&](const std::string& who) {
    return cannot + data + " can be changed by " + who + ", who could replace " + folder +
           ": if nobody has done so, run chmod go-w " + data + ", or use another data folder";
  };
  EXPECT_EQ(refused(), changed("everybody"));
  EXPECT_FALSE(std::filesystem::exists(folder)) << "none is made there";
  ::chmod(data.c_str(), 01777);
  EXPECT_EQ(refused(), "it opened") << "in a sticky folder only the owner can rename it";
  ::chmod(data.c_str(), 0770);
  EXPECT_EQ(refused(), changed("all users of its group"));
  EXPECT_EQ(local_ca::find_certificate(data).error().message, changed("all users of its group"));
  ::chmod(data.c_str(), 0700);
  EXPECT_EQ(refused(), "it opened");
  std::filesystem::rename(folder, data + "/elsewhere");
  std::filesystem::create_directory_symlink("elsewhere", folder);
  EXPECT_EQ(refused(), cannot + folder +
                           " is a symbolic link, which is not followed: put the folder itself there, or use another "
                           "data folder");
}

TEST_F(LocalCa, ThePublicClassSaysTheSame) {
  const auto ca = certificate_authority::open(data);
  EXPECT_EQ(ca.path(), folder + "/ca.pem");
  EXPECT_EQ(ca.certificate(), text_of(ca.path()));
  EXPECT_TRUE(ca.name().starts_with("Parley local authority ")) << ca.name();
  EXPECT_GT(ca.expires(), now + days(3650));
  EXPECT_EQ(ca.server_certificate().certificate, ca.server_certificate().certificate);
  const auto issued = ca.issue({"shop.test"}, days(1000));
  EXPECT_TRUE(issued.key.starts_with("-----BEGIN PRIVATE KEY-----"));
  EXPECT_LE(read_infos(issued.certificate).at(0).not_after, now + days(397));
  EXPECT_THROW(static_cast<void>(ca.issue({"example.com"})), ca_error);
  overwrite(folder + "/ca.key", "");
  EXPECT_THROW(static_cast<void>(certificate_authority::open(data)), ca_error);
}

}  // namespace
}  // namespace parley::tls
