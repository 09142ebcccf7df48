#include "file_pages.hpp"

#include "page.hpp"
#include "shelf.hpp"

#include <parley/files.hpp>
#include <parley/form.hpp>
#include <parley/uri.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace demo {
namespace {

using parley::request;
using parley::response;
using parley::task;

/// `2026-11-23 19:12`, UTC.
std::string date_text(std::chrono::sys_seconds time) {
  const auto two = [](auto n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return std::to_string(static_cast<int>(date.year())) + "-" + two(static_cast<unsigned>(date.month())) + "-" +
         two(static_cast<unsigned>(date.day())) + " " + two(clock.hours().count()) + ":" + two(clock.minutes().count());
}

markup table_of(const std::vector<shelf::entry>& files, const markup& token) {
  if (files.empty()) return fill(asset("empty.html"), {{"text", "No files yet. Send one."}});
  markup rows;
  for (const shelf::entry& each : files) {
    rows += fill(asset("files_row.html"), {{"name", each.name},
                                           {"path", parley::percent_encode(each.name)},
                                           {"size", size_text(each.size)},
                                           {"date", date_text(each.modified)},
                                           {"hidden", token}});
  }
  return fill(asset("files_table.html"), {{"rows", rows}});
}

task<response> show(std::shared_ptr<shelf> files, request& req, markup message) {
  auto listing = parley::blocking([files] { return files->list(); });
  const std::vector<shelf::entry> all = co_await listing;
  std::uint64_t used = 0;
  for (const shelf::entry& each : all) used += each.size;
  const std::string room = size_text(used) + " of " + size_text(shelf::most_bytes) + " are used.";
  const markup token = token_field(req);
  co_return page(req, "Files", "/files",
                 fill(asset("files.html"), {{"notice", message},
                                            {"hidden", token},
                                            {"largest", size_text(shelf::largest_file)},
                                            {"table", table_of(all, token)},
                                            {"room", room},
                                            {"trust", trust_option(req)},
                                            {"origin", shown_origin(req)}}));
}

markup done_notice(const request& req) {
  const std::string done = req.query("done").value_or("");
  if (done == "sent") return notice("The file has arrived.");
  if (done == "removed") return notice("The file was removed.");
  return {};
}

task<response> refuse(std::shared_ptr<shelf> files, request& req, std::string_view why) {
  auto showing = show(std::move(files), req, warning(why));
  response answer = co_await showing;
  answer.status(422);
  co_return answer;
}

/// Room is reserved before the first byte is read, so what many send at once cannot fill the disk either.
task<response> take(std::shared_ptr<shelf> files, request& req) {
  const std::uint64_t size = std::min(req.body().length().value_or(shelf::largest_file), shelf::largest_file);
  auto reserving = parley::blocking([files, size] { return files->reserve(size); });
  const std::shared_ptr<const void> room = co_await reserving;

  auto reading = req.form(parley::form_options().files(1).file_bytes(shelf::largest_file).folder(files->folder()));
  parley::form sent = co_await reading;
  parley::uploaded_file* const file = sent.file("file");
  if (file == nullptr) {
    auto refusing = refuse(files, req, "Choose a file first.");
    response answer = co_await refusing;
    co_return answer;
  }
  const std::string name = file->file_name();  // no folders, no leading dot
  if (name.size() > shelf::longest_name) {
    auto refusing = refuse(files, req, "The file's name is too long. Give it one of at most 120 bytes.");
    response answer = co_await refusing;
    co_return answer;
  }
  auto saving = file->save(files->path_of(name));
  co_await saving;
  co_return parley::redirect("/files?done=sent");
}

/// What visitors sent is for saving: no browser shows it as a page of this site, or runs what is in it.
task<response> download(const parley::files& folder, request& req) {
  auto finding = folder(req);
  response answer = co_await finding;
  answer.header("Content-Disposition", "attachment");
  answer.header("Content-Security-Policy", "sandbox; default-src 'none'").header("X-Content-Type-Options", "nosniff");
  co_return answer;
}

task<response> remove_file(std::shared_ptr<shelf> files, request& req) {
  auto reading = req.form();
  const parley::form sent = co_await reading;
  auto removing = parley::blocking([files, name = sent.text("name")] { return files->remove(name); });
  const bool removed = co_await removing;
  if (!removed) throw parley::problem_error(404, "There is no such file.");
  co_return parley::redirect("/files?done=removed");
}

}  // namespace

void add_files(parley::server& app, const std::string& folder) {
  const auto files = std::make_shared<shelf>(folder);
  const parley::files content = parley::files(folder).index("");
  app.route("GET /files", [files](request& req) { return show(files, req, done_notice(req)); });
  app.route("POST /files", [files](request& req) { return take(files, req); });
  app.route("GET /files/{path...}", [content](request& req) { return download(content, req); });
  app.route("POST /files/remove", [files](request& req) { return remove_file(files, req); });
}

}  // namespace demo
