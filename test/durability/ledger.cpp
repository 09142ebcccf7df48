#include "durability/ledger.hpp"

#include <algorithm>
#include <utility>

namespace parley::test {
namespace {

const char* word_for(deed what) {
  static constexpr const char* words[] = {"put", "insert", "modify", "remove", "start_count", "count_up"};
  return words[static_cast<int>(what)];
}

std::string sentence(const report& what, const std::string& about) {
  return std::string(word_for(what.what)) + " " + std::to_string(what.number) + " of record " + std::to_string(what.id) + ": " +
         about;
}

}  // namespace

void ledger::note(const report& what) {
  if (what.when == report::moment::failed) {
    complain("the writer failed");
  } else if (what.when == report::moment::begun) {
    doubts_[what.worker] = {what, what.what == deed::start_count ? "0" : document_of(what.number), highest_};
  } else {
    const doubt begun = doubts_[what.worker];
    doubts_.erase(what.worker);
    ++acknowledged_;
    note_end(what, begun);
  }
}

void ledger::note_end(const report& what, const doubt& begun) {
  if (what.number != begun.what.number) complain(sentence(what, "acknowledged, not begun"));
  const bool was_there = known_.contains(what.id);
  switch (what.what) {
    case deed::put:
    case deed::start_count:
      if ((what.answer == 1) == was_there) complain(sentence(what, "created and updated are confused"));
      known_[what.id] = begun.document;
      highest_ = std::max(highest_, what.id);
      break;
    case deed::insert:
      if (was_there || what.id <= begun.highest_before) complain(sentence(what, "its id was used before"));
      known_[what.id] = begun.document;
      highest_ = std::max(highest_, what.id);
      break;
    case deed::modify:
      if ((what.answer == 1) != was_there) complain(sentence(what, "wrong about whether it was there"));
      if (was_there) known_[what.id] = begun.document;
      break;
    case deed::remove:
      if ((what.answer == 1) != was_there) complain(sentence(what, "wrong about whether it was there"));
      known_.erase(what.id);
      break;
    case deed::count_up:
      if (!counts_.insert(what.answer).second) complain(sentence(what, "a count was given twice"));
      count_ = std::max(count_, what.answer);
      break;
  }
}

/// Whether a record may look like this (null: not be there).
bool ledger::may_be(std::int64_t id, const std::string* document) const {
  const auto known = known_.find(id);
  if (document == nullptr ? known == known_.end() : known != known_.end() && known->second == *document) return true;
  return std::ranges::any_of(doubts_, [&](const auto& each) {
    const auto& [what, written, highest_before] = each.second;
    if (what.what == deed::count_up) return false;
    if (what.what == deed::remove) return what.id == id && document == nullptr;
    const bool this_one = what.what == deed::insert ? id > highest_before : what.id == id;
    const bool needs_it = what.what == deed::modify;
    return this_one && document != nullptr && *document == written && (!needs_it || known != known_.end());
  });
}

void ledger::settle_count(const records& found) {
  const auto counted = found.find(count_id);
  if (counted == found.end()) {
    if (!may_be(count_id, nullptr)) complain("the counted record is lost");
    return;
  }
  const auto in_doubt = std::ranges::count_if(doubts_, [](const auto& each) { return each.second.what.what == deed::count_up; });
  const std::int64_t count = std::stoll(counted->second);
  if (count < count_)
    complain("counts are lost: " + std::to_string(count_) + " was acknowledged, " + counted->second + " is there");
  if (count > count_ + in_doubt) complain("more was counted than begun: " + counted->second);
  count_ = count;
}

void ledger::settle(const records& found) {
  settle_count(found);
  for (const auto& [id, document] : found) {
    if (id != count_id && !may_be(id, &document)) {
      complain("record " + std::to_string(id) + " is not what was written: " + document.substr(0, 40) + ", " +
               std::to_string(document.size()) + " bytes");
    }
    highest_ = std::max(highest_, id);
  }
  for (const auto& [id, document] : known_) {
    if (id != count_id && !found.contains(id) && !may_be(id, nullptr)) complain("record " + std::to_string(id) + " is lost");
  }
  known_ = found;
  doubts_.clear();
  counts_.clear();
}

}  // namespace parley::test
