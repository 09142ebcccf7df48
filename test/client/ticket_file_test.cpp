// Sessions of QUIC between one client and the next, in a file.
#include "client/ticket_file.hpp"

#include "support/certificate_files.hpp"
#include "support/scratch_folder.hpp"
#include "tls/credentials.hpp"
#include "tls/quic_session.hpp"
#include "tls/session.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace {

using parley::fetching::ticket_file;
namespace tls = parley::tls;
using texts = std::vector<std::string>;

std::string bytes_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

TEST(ticket_file, gives_each_once) {
  const parley::test::scratch_folder scratch;
  const std::string folder = scratch / "data/client";
  const ticket_file file(folder);
  EXPECT_EQ(file.take(), texts());
  file.put({});
  file.put({"one", std::string("t\0wo", 4)});
  struct stat about{};
  ASSERT_EQ(::stat((folder + "/tickets").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600U);
  file.put({"three"});
  EXPECT_EQ(file.take(), (texts{"one", std::string("t\0wo", 4), "three"}));
  EXPECT_EQ(file.take(), texts()) << "a ticket is used once";
  file.put({"four"});
  EXPECT_EQ(file.take(), texts{"four"});
}

TEST(ticket_file, is_bounded) {
  texts many;
  for (std::size_t i = 0; i < ticket_file::most + 5; ++i) many.push_back(std::to_string(i));
  const texts kept = ticket_file::from_bytes(ticket_file::to_bytes(many));
  EXPECT_EQ(kept.size(), ticket_file::most);
  EXPECT_EQ(kept.back(), many.back()) << "the newest";
  const texts large(8, std::string(10'000, 'x'));
  EXPECT_LE(ticket_file::to_bytes(large).size(), ticket_file::most_bytes);
  EXPECT_EQ(ticket_file::from_bytes(ticket_file::to_bytes(large)).size(), 6U);
}

TEST(ticket_file, a_damaged_or_open_one_counts_as_none) {
  const parley::test::scratch_folder scratch;
  const std::string folder = scratch / "data";
  const ticket_file file(folder);
  file.put({"one", "two"});
  const std::string good = bytes_of(folder + "/tickets");
  for (std::size_t n = 0; n < good.size(); ++n) {
    const texts some = ticket_file::from_bytes(std::string_view(good).substr(0, n));
    EXPECT_TRUE(some.empty() || (some.size() == 1 && some.front() == "one")) << n;
  }
  EXPECT_TRUE(ticket_file::from_bytes(good + std::string(4, '\xff')).empty());
  ::chmod((folder + "/tickets").c_str(), 0644);
  EXPECT_EQ(file.take(), texts()) << "others may have read them";
}

TEST(ticket_file, tickets_go_through_credentials_and_back) {
  tls::client_settings how;
  how.system_authorities = false;
  const auto first = tls::client_credentials::make(how).value();
  const auto second = tls::client_credentials::make(how).value();
  const tls::destination to{"a.example", 443, {"h3"}};
  tls::keep_ticket(*first, to, {"session", "transport", "application"});
  const texts kept = tls::kept_tickets(*first);
  ASSERT_EQ(kept.size(), 1U);
  for (std::size_t n = 0; n < kept[0].size(); ++n)
    EXPECT_FALSE(tls::keep_again(*second, std::string_view(kept[0]).substr(0, n))) << n;
  EXPECT_FALSE(tls::keep_again(*second, kept[0] + "x"));
  EXPECT_FALSE(tls::take_ticket(*second, to));
  EXPECT_TRUE(tls::keep_again(*second, kept[0]));
  const auto back = tls::take_ticket(*second, to);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->session + back->transport + back->application, "sessiontransportapplication");
}

}  // namespace
