#include "server/listing.hpp"
#include "server/served_file.hpp"

#include "semantics/ready_lines.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>

// From a name to the file that is meant, and to what stands beside it in a coding.

namespace parley::server_room {

namespace {

// The page is made again when it is asked for later than a cache believes it: what it shows has no identity of its own.
found_file find_listing(int root, const std::string& path, const file_choices& how) {
  found_file found;
  const folder_list list = read_folder(root, path);
  found.error = list.error;
  if (found.error != 0) return found;
  auto made = std::make_shared<served_file>();
  made->bytes = listing_page(path, list);
  made->entity_tag = tag_of_content(made->bytes);
  made->ranges = false;  // it may be another one the next time
  fields lines{{"Content-Type", "text/html; charset=utf-8"},
               {"ETag", made->entity_tag},
               {"X-Content-Type-Options", "nosniff"},
               {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:"},
               {"Content-Language", "en"}};
  if (!how.cache_control.empty()) lines.add("Cache-Control", how.cache_control);
  made->lines = detail::ready_lines(std::move(lines));
  made->unchanged = detail::ready_lines(unchanged_fields(made->entity_tag, how.cache_control));
  found.small = std::move(made);
  return found;
}

struct sibling_name {
  coding::content_coding coding;
  std::string_view ending;
};
// The order counts where a client has no favourite.
constexpr std::array<sibling_name, most_siblings> sibling_names{sibling_name{coding::content_coding::br, ".br"},
                                                                sibling_name{coding::content_coding::zstd, ".zst"},
                                                                sibling_name{coding::content_coding::gzip, ".gz"}};

// Of a file that may be sent in its stead; the descriptor is none where there is no such file, or it is older than the file itself.
opened_file open_sibling(int root, const std::string& path, const sibling_name& name, const file_identity& of, reach far) {
  opened_file beside = open_beneath(root, path + std::string(name.ending), far);
  if (beside.is_folder || (beside.error == 0 && beside.identity.modified < of.modified)) beside.descriptor = {};
  return beside;
}

file_identity identity_beside(const opened_file& seen) { return seen.error == 0 ? seen.identity : file_identity(); }

// EAGAIN: with `reach::memory` it cannot be told.
int add_small_siblings(int root, const std::string& path, found_file& found, const file_choices& how, reach far) {
  auto made = std::make_shared<served_file>(*found.small);
  for (const sibling_name& name : sibling_names) {
    opened_file beside = open_sibling(root, path, name, made->identity, far);
    if (beside.error == EAGAIN) return EAGAIN;
    made->beside.push_back(identity_beside(beside));
    if (beside.error != 0 || !beside.descriptor) continue;
    made->settled = made->settled && is_settled(beside.identity, std::chrono::system_clock::now());
    const found_file coded = load_file(std::move(beside), path, how, far);
    if (coded.error == EAGAIN) return EAGAIN;
    if (!coded.small) continue;
    made->siblings.emplace_back(name.coding, in_coding(*found.small, name.coding, coded.small->bytes, coded.small->entity_tag));
  }
  if (!made->siblings.empty()) {
    auto varied = with_vary(*made);
    found.small = std::move(varied);
  } else {
    found.small = std::move(made);
  }
  return 0;
}

int add_large_siblings(int root, const std::string& path, found_file& found, reach far) {
  for (const sibling_name& name : sibling_names) {
    opened_file beside = open_sibling(root, path, name, found.large.identity, far);
    if (beside.error == EAGAIN) return EAGAIN;
    if (beside.error != 0 || !beside.descriptor) continue;
    found.siblings.push_back({name.coding, std::move(beside)});
  }
  return 0;
}

found_file find_plain_file(int root, opened_file file, const std::string& path, const file_choices& how, reach far) {
  found_file found = load_file(std::move(file), path, how, far);
  if (!how.precompressed || found.error != 0) return found;
  found.error = found.small ? add_small_siblings(root, path, found, how, far) : add_large_siblings(root, path, found, far);
  return found;
}

}  // namespace

std::optional<bool> is_as_before(int root, const served_file& file) {
  if (!file.settled) return false;
  const auto seen = look_beneath(root, file.path, reach::memory);
  if (seen.error == EAGAIN) return std::nullopt;
  if (seen.error != 0 || seen.identity != file.identity) return false;
  for (std::size_t i = 0; i < file.beside.size(); ++i) {
    const auto beside = look_beneath(root, file.path + std::string(sibling_names[i].ending), reach::memory);
    if (beside.error == EAGAIN) return std::nullopt;
    if (identity_beside(beside) != file.beside[i]) return false;
  }
  return true;
}

found_file find_file(int root, const std::string& path, const file_choices& how, reach far) {
  opened_file file = open_beneath(root, path, far);
  if (!file.is_folder) return find_plain_file(root, std::move(file), path, how, far);
  found_file found;
  if (!path.empty() && !path.ends_with('/')) {
    found.redirect = true;
    return found;
  }
  found.error = ENOENT;
  if (!how.index.empty()) {
    const std::string inside = path + how.index;
    found = find_plain_file(root, open_beneath(root, inside, far), inside, how, far);
  }
  if (found.error != ENOENT || !how.listing) return found;
  if (far == reach::memory) {
    found.error = EAGAIN;
    return found;
  }
  return find_listing(root, path, how);
}

}  // namespace parley::server_room
