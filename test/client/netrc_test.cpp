// ~/.netrc, word by word.
#include "client/netrc.hpp"

#include <parley/login.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

std::string entry_of(std::string_view text, std::string_view host = "a.example") {
  const auto found = parley::fetching::find_netrc(text, host);
  return found ? found->user + ":" + found->password : "none";
}

TEST(netrc, entries) {
  EXPECT_EQ(entry_of(""), "none");
  EXPECT_EQ(entry_of("machine a.example login ada password secret"), "ada:secret");
  EXPECT_EQ(entry_of("machine A.EXAMPLE\n\tlogin ada\n\tpassword secret\n"), "ada:secret");
  EXPECT_EQ(entry_of("machine b.example login x password y machine a.example login ada password secret"), "ada:secret");
  EXPECT_EQ(entry_of("machine b.example login x password y default login ada password secret"), "ada:secret");
  EXPECT_EQ(entry_of("machine b.example login x password y"), "none");
  EXPECT_EQ(entry_of("machine a.example password y"), "none") << "nobody is named";
  EXPECT_EQ(entry_of("machine a.example login first password 1 machine a.example login second password 2"), "first:1");
  EXPECT_EQ(entry_of("machine a.example login \"a b\" password \"c\\\"d\\\\e\""), "a b:c\"d\\e");
  EXPECT_EQ(entry_of("# machine a.example login x\nmachine a.example login ada password a#b"), "ada:a#b");
  EXPECT_EQ(entry_of("macdef m\nmachine a.example login x password y\n\nmachine a.example login ada password z"), "ada:z");
  EXPECT_EQ(entry_of("machine a.example account q login ada password z"), "ada:z");
  EXPECT_EQ(entry_of("machine"), "none");
  EXPECT_EQ(entry_of("machine a.example login"), "none");
  EXPECT_THROW(static_cast<void>(parley::login::from_netrc("/nonexistent/netrc", "a.example")), std::runtime_error);
}

}  // namespace
