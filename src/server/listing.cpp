#include "server/listing.hpp"

#include <parley/uri.hpp>

#include "base/ascii.hpp"
#include "semantics/escape.hpp"
#include "server/file_access.hpp"

#include <dirent.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>

namespace parley::server_room {

namespace {

struct folder_closer {
  void operator()(DIR* d) const { ::closedir(d); }
};

bool is_shown(std::string_view name, bool top) { return !name.starts_with('.') || (top && name == ".well-known"); }

void sort_for_people(std::vector<listed_name>& names) {
  std::ranges::sort(names, [](const listed_name& a, const listed_name& b) {
    if (a.is_folder != b.is_folder) return a.is_folder;
    const int order = base::to_lower(a.name).compare(base::to_lower(b.name));
    return order != 0 ? order < 0 : a.name < b.name;
  });
}

// The marks that turn the direction of text (U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069) could make one name look like
// another.
bool turns_direction(std::string_view sequence) {
  if (sequence.size() != 3 || sequence[0] != '\xe2') return false;
  const auto second = static_cast<unsigned char>(sequence[1]);
  const auto third = static_cast<unsigned char>(sequence[2]);
  if (second == 0x80) return third == 0x8e || third == 0x8f || (third >= 0xaa && third <= 0xae);
  return second == 0x81 && third >= 0xa6 && third <= 0xa9;
}

void append_name(std::string& out, std::string_view name) {
  std::string plain;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t length = std::max<std::size_t>(1, semantics::utf8_length(name.substr(at)));
    const std::string_view piece = name.substr(at, length);
    if (turns_direction(piece)) {
      for (const char c : piece) semantics::append_printable(plain, std::string_view(&c, 1));  // alone it is no UTF-8
    } else {
      semantics::append_printable(plain, piece);
    }
    at += length;
  }
  semantics::append_html(out, plain);
}

void append_size(std::string& out, std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> units{"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) {
    out += std::to_string(bytes) + " B";
    return;
  }
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.5; value /= 1000) ++unit;
  char text[16];
  std::snprintf(text, sizeof text, value < 9.95 ? "%.1f" : "%.0f", value);
  out.append(text).append(" ").append(units[unit]);
}

void append_time(std::string& out, std::chrono::sys_seconds time) {
  static constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const auto number = [](auto n) { return static_cast<int>(n); };
  const int year = number(date.year());
  const unsigned month = static_cast<unsigned>(date.month());
  const unsigned of_month = static_cast<unsigned>(date.day());
  char text[160];
  std::snprintf(text, sizeof text,
                "<time datetime=\"%04d-%02u-%02uT%02d:%02d:%02dZ\">%u&nbsp;%s&nbsp;%d<span class=\"h\"> %02d:%02d</span></time>",
                year, month, of_month, number(clock.hours().count()), number(clock.minutes().count()),
                number(clock.seconds().count()), of_month, months[month - 1], year, number(clock.hours().count()),
                number(clock.minutes().count()));
  out += text;
}

constexpr std::string_view style = R"(
:root{color-scheme:light dark;--line:#d9dde3;--soft:#5b6470;--back:#fff;--text:#16191d;--link:#0b57b7;--over:#f3f6fa;--mark:#c98a12}
@media (prefers-color-scheme:dark){:root{--line:#33393f;--soft:#a3adb8;--back:#15181b;--text:#e9edf1;--link:#86b7ff;--over:#1e2328;--mark:#e6b450}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:1rem/1.5 system-ui,sans-serif}
main{max-width:56rem;margin:0 auto;padding:2rem clamp(1rem,4vw,2.5rem) 4rem}
h1{font-size:1.35rem;line-height:1.35;font-weight:600;margin:0 0 1.25rem;overflow-wrap:anywhere}
h1 .s{color:var(--soft);font-weight:400;padding:0 .3em}
a{color:var(--link);text-decoration:none}
a:hover{text-decoration:underline}
a:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:3px}
table{width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th{font-size:.8rem;font-weight:600;color:var(--soft);text-align:left;border-bottom:1px solid var(--line);padding:.4rem .5rem}
td{border-bottom:1px solid var(--line);padding:.5rem;vertical-align:baseline}
tbody tr:hover{background:var(--over)}
td:first-child{overflow-wrap:anywhere}
td:first-child a{display:block;padding-left:1.75rem;background:no-repeat 0 .2em/1.1rem}
th:nth-child(n+2),td:nth-child(n+2){text-align:right;white-space:nowrap;width:1%;padding-left:1.25rem}
td:nth-child(n+2){color:var(--soft);font-size:.9rem}
a::before{content:"";float:left;width:1rem;height:.8rem;margin:.35rem 0 0 -1.6rem}
h1 a::before{content:none}
.d::before{background:var(--mark);border-radius:2px;clip-path:polygon(0 0,40% 0,50% 16%,100% 16%,100% 100%,0 100%)}
.f::before{width:.75rem;height:.95rem;margin:.25rem 0 0 -1.5rem;border:1.5px solid var(--soft);border-radius:2px}
.u::before{width:.6rem;height:.6rem;margin:.5rem 0 0 -1.35rem;border:solid var(--soft);border-width:2px 0 0 2px;transform:rotate(45deg)}
p{color:var(--soft);margin:1.25rem 0 0}
@media (max-width:34rem){.h{display:none}th:nth-child(n+2),td:nth-child(n+2){padding-left:.5rem}main{padding-top:1.25rem}}
)";

// The way from the top to here, each part a link but the last.
void append_way(std::string& out, std::string_view path) {
  std::size_t depth = static_cast<std::size_t>(std::ranges::count(path, '/'));
  const auto part = [&](std::string_view name, bool top) {
    const bool here = depth == 0;
    if (!here) {
      out += "<a href=\"";
      for (std::size_t i = 0; i < depth; ++i) out += "../";
      out += "\">";
    }
    if (top) {
      out += "Files";
    } else {
      out += "<bdi>";
      append_name(out, name);
      out += "</bdi>";
    }
    if (!here) out += "</a><span class=\"s\">/</span>";
  };
  part({}, true);
  while (!path.empty()) {
    --depth;
    const std::size_t slash = path.find('/');
    part(path.substr(0, slash), false);
    path.remove_prefix(slash + 1);
  }
}

void append_row(std::string& out, const listed_name& n) {
  out += n.is_folder ? "<tr><td><a class=\"d\" href=\"./" : "<tr><td><a class=\"f\" href=\"./";
  out += percent_encode(n.name);
  out += n.is_folder ? "/\"><bdi>" : "\"><bdi>";
  append_name(out, n.name);
  out += n.is_folder ? "/</bdi></a></td><td>" : "</bdi></a></td><td>";
  if (!n.is_folder) append_size(out, n.size);
  out += "</td><td>";
  append_time(out, n.modified);
  out += "</td></tr>\n";
}

}  // namespace

folder_list read_folder(int root, const std::string& path) {
  folder_list list;
  opened_file opened = open_beneath(root, path);
  if (!opened.is_folder) {
    list.error = opened.error != 0 ? opened.error : ENOTDIR;
    return list;
  }
  const std::unique_ptr<DIR, folder_closer> folder(::fdopendir(opened.descriptor.get()));
  if (!folder) {
    list.error = errno;
    return list;
  }
  (void)opened.descriptor.release();  // it is the stream's now
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (!is_shown(name, path.empty())) continue;
    if (list.names.size() == most_listed) {
      list.cut = true;
      break;
    }
    const opened_file seen = look_beneath(root, path + name);
    if (seen.error != 0 && !seen.is_folder) continue;
    list.names.push_back({name, seen.is_folder, seen.identity.size, seen.modified});
  }
  sort_for_people(list.names);
  return list;
}

std::string listing_page(std::string_view path, const folder_list& list) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Files in /";
  append_name(page, path);
  page.append("</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>").append(style);
  page += "</style>\n</head>\n<body>\n<main>\n<h1>";
  append_way(page, path);
  page +=
      "</h1>\n<table>\n<caption>The folder's content</caption>\n<thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Size</th>"
      "<th scope=\"col\">Modified (UTC)</th></tr></thead>\n<tbody>\n";
  if (!path.empty()) page += "<tr><td><a class=\"u\" href=\"../\">Up one folder</a></td><td></td><td></td></tr>\n";
  bool cut = list.cut;
  for (const listed_name& n : list.names) {
    cut = cut || page.size() > most_listing_bytes;
    if (page.size() > most_listing_bytes) break;
    append_row(page, n);
  }
  page += "</tbody>\n</table>\n";
  if (list.names.empty()) page += "<p>This folder is empty.</p>\n";
  if (cut) page += "<p>There is more in this folder than is listed here.</p>\n";
  return page + "</main>\n</body>\n</html>\n";
}

}  // namespace parley::server_room
