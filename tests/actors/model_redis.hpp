#pragma once

#include "actors/redis_log_scripts.hpp"
#include "actors/script_runner.hpp"
#include "tests/actors/position_ledger.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::actors {

/// What the scripts of redis_log do in Redis, for one room, in memory: they are compared with the real ones
/// by model_redis_test.cpp. Tells the ledger of each number it gives and of each message that it
/// forgets.
class model_redis {
public:
  using words = std::span<const std::string_view>;
  struct meta_hash {
    std::string epoch;
    uint64_t seq = 0;
    std::string run;
    uint64_t began = 0;
  };
  struct entry {
    uint64_t seq;
    std::string text;
  };
  /// All that is kept.
  struct data {
    std::optional<meta_hash> meta;
    std::deque<entry> log;
    std::map<std::string, std::string> keys;
  };

  explicit model_redis(position_ledger& ledger) : ledger_(ledger) {}

  std::function<void(std::string_view channel, std::string_view payload)> on_published;
  bool full = false;         ///< refuses to write
  bool tells_its_run = true; ///< INFO is allowed
  std::string fault;         ///< what it saw and should not have

  /// The reply, in RESP.
  std::string execute(words command) {
    if (command[0] == "PUBLISH") return on_published(command[1], command[2]), ":1\r\n";
    const auto* script = script_of(command);
    if (!script) return "-NOSCRIPT No matching script.\r\n";
    const auto keys = static_cast<size_t>(number(command[2]));
    const auto arguments = command.subspan(3 + keys);
    if (script == &publish_) return publish(keys == 3 ? std::string{command[5]} : "", arguments);
    if (script == &place_) return place(arguments);
    if (script == &entries_) return entries(arguments);
    return "*0\r\n"; // of presence
  }

  const data& kept() const noexcept { return kept_; }
  position top() const {
    return kept_.meta ? position{*parse_epoch(kept_.meta->epoch), kept_.meta->seq} : position{};
  }
  size_t epochs() const noexcept { return epochs_; }

  void forget_scripts() { known_.clear(); }
  void drop_oldest(size_t count) {
    for (; count > 0 && !kept_.log.empty(); --count) drop_front();
  }
  /// The name of this run.
  void is_run(std::string name) { run_ = std::move(name); }
  /// As if another run had numbered last.
  void was_of_another_run() {
    if (kept_.meta) kept_.meta->run = "other";
  }
  /// With older data perhaps.
  void come_back(data with) {
    if (kept_.meta)
      for (const auto& e : kept_.log) {
        const bool stays = with.meta && with.meta->epoch == kept_.meta->epoch
                           && std::any_of(with.log.begin(), with.log.end(), [&](const entry& o) {
                                return o.seq == e.seq && o.text == e.text;
                              });
        if (!stays) ledger_.lose({*parse_epoch(kept_.meta->epoch), e.seq});
      }
    kept_ = std::move(with);
  }
  /// All keys go.
  void flush() { come_back(data{}); }
  /// Another run of it, or another server in its place, with older data perhaps.
  void restart(data with) {
    come_back(std::move(with));
    known_.clear();
    ledger_.restart(top());
    run_ = std::string(12, 'a') + std::to_string(1000 + ledger_.run());
  }

private:
  static uint64_t number(std::string_view text) {
    uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
  }
  static void bulk(std::string& out, std::string_view text) {
    ((out += '$') += std::to_string(text.size())) += "\r\n";
    (out += text) += "\r\n";
  }
  static std::string list(const std::vector<std::string>& items) {
    std::string out = '*' + std::to_string(items.size()) + "\r\n";
    for (const auto& item : items) bulk(out, item);
    return out;
  }
  static uint64_t message_in(std::string_view text) { return number(text.substr(text.find(':') + 1)); }

  const lua_script* script_of(words command) {
    for (const auto* each : {&publish_, &place_, &entries_}) {
      if (command[0] == "EVAL" && command[1] == each->text) return known_.insert(each->sha1), each;
      if (command[1] == each->sha1) return known_.contains(each->sha1) ? each : nullptr;
    }
    return &other_;
  }

  // -- the scripts -------------------------------------------------------------------

  std::string publish(const std::string& key, words arguments) {
    const auto known = key.empty() ? kept_.keys.end() : kept_.keys.find(key);
    const auto ticket = arguments.size() > 10 ? ' ' + std::string{arguments[10]} : "";
    std::string answer;
    if (known != kept_.keys.end()) return bulk(answer, known->second + " 1" + ticket), answer;
    if (full) return "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
    const std::string fresh{arguments[4]};
    if (!kept_.meta) begin(fresh);
    auto& meta = *kept_.meta;
    const bool knows = arguments.size() > 7;
    if (knows && arguments[9] == "1" && tells_its_run && meta.run != run_) {
      meta.run = run_;
      meta.began = meta.seq;
    }
    if (knows && arguments[7] == meta.epoch && meta.seq < number(arguments[8])) renumber(fresh);
    append(std::string{arguments[1]});
    while (kept_.log.size() > number(arguments[2])) drop_front();
    const auto place = meta.epoch + ' ' + std::to_string(meta.seq);
    if (!key.empty()) kept_.keys[key] = place;
    on_published(
        arguments[0], "\x01"
                      "e=" + meta.epoch
                          + ";s=" + std::to_string(meta.seq) + "\n" + std::string{arguments[1]});
    return bulk(answer, place + " 0" + ticket), answer;
  }

  std::string place(words arguments) {
    const bool asked = kept_.meta && arguments.size() > 2 && arguments[2] == kept_.meta->epoch;
    const auto known = asked ? number(arguments[3]) : 0;
    const bool is_other = asked && tells_its_run && !arguments[4].empty() && arguments[4] != run_;
    const bool behind =
        asked
        && (kept_.meta->seq < known || (is_other && kept_.meta->run == run_ && kept_.meta->began < known));
    if ((behind || !kept_.meta) && full) return "-OOM command not allowed\r\n";
    if (behind) renumber(std::string{arguments[0]});
    if (!kept_.meta) begin(std::string{arguments[0]});
    return list({kept_.meta->epoch, std::to_string(kept_.meta->seq), tells_its_run ? run_ : ""});
  }

  std::string entries(words arguments) {
    const auto after = number(arguments[0]);
    auto left = static_cast<int64_t>(number(arguments[1]));
    std::vector<std::string> out{"", "0", "0"};
    if (kept_.meta) out = {kept_.meta->epoch, std::to_string(kept_.meta->seq), "0"};
    const auto add = [&](const entry& e) {
      left -= static_cast<int64_t>(e.text.size());
      out.push_back(std::to_string(e.seq) + "-0");
      out.push_back(e.text);
    };
    for (const auto& e : kept_.log) {
      if (e.seq <= after) continue;
      if (out.size() > 3 && left < static_cast<int64_t>(e.text.size())) {
        out[2] = "1";
        return list(out);
      }
      add(e);
    }
    if (arguments.size() < 3) return list(out);
    auto next = after;
    for (auto e = kept_.log.rbegin(); e != kept_.log.rend(); ++e) {
      if (e->seq > next) continue;
      if (left < static_cast<int64_t>(e->text.size()) || e->seq != next) break;
      add(*e);
      --next;
    }
    return list(out);
  }

  // -- the data ------------------------------------------------------------------------

  void begin(const std::string& epoch) {
    while (!kept_.log.empty()) drop_front();
    kept_.meta = meta_hash{epoch, 0, "", 0};
    ++epochs_;
  }
  void append(std::string text) {
    const position at{*parse_epoch(kept_.meta->epoch), ++kept_.meta->seq};
    ledger_.give(at, message_in(text));
    kept_.log.push_back({at.seq, std::move(text)});
  }
  void drop_front() {
    ledger_.lose({*parse_epoch(kept_.meta->epoch), kept_.log.front().seq});
    kept_.log.pop_front();
  }
  void renumber(const std::string& epoch) {
    auto& meta = *kept_.meta;
    std::deque<entry> moved;
    if (tells_its_run && meta.run == run_)
      for (auto& e : kept_.log)
        if (e.seq > meta.began) moved.push_back(e);
    look_for_dropped(moved);
    const auto run = meta.run;
    begin(epoch);
    kept_.meta->run = run;
    for (auto& e : moved) append(std::move(e.text));
  }
  /// What this run has taken is in the hands of whoever was told so.
  void look_for_dropped(const std::deque<entry>& moved) {
    if (!tells_its_run) return;
    for (const auto& e : kept_.log) {
      const auto* last = ledger_.latest({*parse_epoch(kept_.meta->epoch), e.seq});
      const bool stays =
          std::any_of(moved.begin(), moved.end(), [&](const entry& m) { return m.seq == e.seq; });
      if (last && last->run == ledger_.run() && !stays) fault = "a new epoch dropped " + e.text;
    }
  }

  const lua_script publish_{lua::publish};
  const lua_script place_{lua::place};
  const lua_script entries_{std::string{lua::entries}};
  const lua_script other_{""};
  position_ledger& ledger_;
  data kept_;
  std::set<std::string> known_; // scripts, by their digests
  std::string run_ = std::string(12, 'a') + "1001";
  size_t epochs_ = 0;
};

} // namespace roomcast::actors
