#include <parley/hidden_state.hpp>

#include "../support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace parley::testing {
namespace {

using namespace std::chrono_literals;
using fault = hidden_state::fault;

const hidden_state::values choices{{"size", "large"}, {"note", "a&b=c \"<ü>\""}, {"size", "again"}};

TEST(hidden_state, comes_back_as_it_went) {
  const hidden_state order(secret_keys(), "order");
  const auto found = order.open(order.seal(choices));
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, choices);
  EXPECT_EQ(find_value(*found, "size"), "large");
  EXPECT_FALSE(find_value(*found, "none"));
  EXPECT_EQ(order.open(order.seal({}))->size(), 0u);
  EXPECT_TRUE(order.field("st\"", choices).starts_with("<input type=\"hidden\" name=\"st&quot;\" value=\""));
}

TEST(hidden_state, whatever_is_changed_shows) {
  const hidden_state order(secret_keys(), "order");
  const std::string sealed = order.seal(choices);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const auto found = order.open(changed);
    ASSERT_FALSE(found) << i;
    EXPECT_EQ(found.error(), fault::tampered);
    EXPECT_FALSE(order.open(sealed.substr(0, i)));
  }
  EXPECT_FALSE(order.open(sealed + "A"));
  EXPECT_FALSE(hidden_state(secret_keys(), "other").open(sealed)) << "another purpose";
  EXPECT_FALSE(order.open(sealed, "ada")) << "bound to nothing";
  const std::string bound = order.seal(choices, "ada");
  EXPECT_TRUE(order.open(bound, "ada"));
  EXPECT_FALSE(order.open(bound, "bob"));
  EXPECT_FALSE(hidden_state(secret_keys(), "orderada").open(bound));
}

TEST(hidden_state, expiry_is_told_from_tampering) {
  std::chrono::sys_seconds now{1'800'000'000s};
  hidden_state order(secret_keys(), "order");
  order.lifetime(10min).clock([&] { return now; });
  const std::string sealed = order.seal(choices);
  now += 599s;
  EXPECT_TRUE(order.open(sealed));
  now += 1s;
  ASSERT_FALSE(order.open(sealed));
  EXPECT_EQ(order.open(sealed).error(), fault::expired);
}

TEST(secret_keys, lie_in_a_private_file_and_turn) {
  const test::scratch_folder folder;
  const std::string file = folder / "new/form.key";
  secret_keys keys = secret_keys::in_file(file);
  struct stat about{};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat((folder / "new").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700u);
  const hidden_state order(keys, "order");
  const std::string sealed = order.seal(choices);
  EXPECT_TRUE(hidden_state(secret_keys::in_file(file), "order").open(sealed));
  EXPECT_FALSE(hidden_state(secret_keys(), "order").open(sealed));
  keys.rotate();
  EXPECT_TRUE(order.open(sealed)) << "the old key still opens";
  EXPECT_TRUE(hidden_state(secret_keys::in_file(file), "order").open(sealed));
  EXPECT_TRUE(hidden_state(secret_keys::in_file(file), "order").open(order.seal(choices)));
  for (int i = 0; i < 3; ++i) keys.rotate();
  EXPECT_FALSE(order.open(sealed)) << "five keys later it is gone";
  std::size_t names = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "new")) names += entry.exists() ? 1 : 0;
  EXPECT_EQ(names, 1u);
}

TEST(secret_keys, refuses_files_that_are_not_private_or_no_keys) {
  const test::scratch_folder folder;
  const std::string file = folder / "form.key";
  (void)secret_keys::in_file(file);
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_THROW((void)secret_keys::in_file(file), std::runtime_error);
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  std::ofstream(file) << "secret\n";
  EXPECT_THROW((void)secret_keys::in_file(file), std::runtime_error);
  EXPECT_THROW((void)secret_keys::in_file(""), std::runtime_error);
}

}  // namespace
}  // namespace parley::testing
