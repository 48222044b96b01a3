#pragma once

#include "actors/lobby.hpp"
#include "actors/local_bridge.hpp"
#include "actors/redis_bridge.hpp"
#include "tests/actors/model_redis_bus.hpp"
#include "tests/actors/position_client.hpp"

#include <random>

namespace roomcast::actors {

/// A bridge and a lobby with its rooms.
struct small_node {
  size_t bridge_thread;
  size_t room_thread; // perhaps the same: then the bridge calls the room instead of sending to it
  std::shared_ptr<model_links> links; // null: the memory bus
  std::atomic<bool> ready{false};
  std::atomic<uint64_t> rooms{0};
  bridge_actor bridge;
  std::unique_ptr<bridge_ring> ring;
  lobby_actor lobby;
};

/// A room at one or two nodes and a bus that forgets and breaks, with clients that come and go: what a random
/// walk is made of, and the judgement at its end.
class position_world : public actor_fixture {
public:
  position_world(uint32_t seed, bool with_redis) :
      actor_fixture(with_redis ? 4 : 2),
      with_redis_(with_redis),
      random_(seed),
      ledger_(!with_redis, history_size),
      redis_(ledger_) {
    redis_.tells_its_run = draw(8) != 0;
    if (!redis_.tells_its_run) note("INFO is forbidden");
    redis_.on_published = [this](std::string_view where, std::string_view payload) {
      note("        redis publishes " + std::string{payload.substr(payload.find(';') + 1)});
      for (auto& n : nodes_) n->links->published(std::string{where}, payload);
    };
    publisher_ = own(sys.spawn([this](connection_actor::pointer) -> connection_actor::behavior_type {
      return {
          [](const deliver&) {},
          [this](const notice& m) {
            if (const auto* answer = std::get_if<published>(&m)) on_published(*answer);
          }};
    }));
    for (size_t i = 0; i < (with_redis ? 2 : 1); ++i) add_node(i * 2, i * 2 + draw(2));
    for (size_t i = 0; i < 5; ++i) {
      clients_.push_back(std::make_shared<position_client>(ledger_, redis_.tells_its_run, trace_));
      be_born(clients_.back());
    }
    settle();
    for (auto& n : nodes_)
      if (n->links) run_out(*n->links);
  }
  ~position_world() override {
    for (auto& c : everyone_) let_go(*c);
    end_all();
  }

  std::string fault() const {
    for (const auto& c : everyone_)
      if (!c->reader.fault().empty())
        return "client " + std::to_string(value(c->id)) + ": " + c->reader.fault();
    return fault_.empty() ? redis_.fault : fault_;
  }
  std::string trace() const {
    std::string out;
    for (const auto& line : trace_) (out += "\n  ") += line;
    return out;
  }
  position_reader::tally told() const {
    position_reader::tally sum;
    for (const auto& c : everyone_) sum += c->reader.told();
    return sum;
  }

protected:
  static constexpr uint32_t history_size = 12;
  static constexpr size_t past_bytes = 50; // some five messages: pages and tails are short
  static constexpr const char* channel = "p:ch:{r}";

  // -- the world ---------------------------------------------------------------------

  void add_node(size_t bridge_thread, size_t room_thread) {
    auto& n = *nodes_.emplace_back(std::make_unique<small_node>());
    n.bridge_thread = bridge_thread;
    n.room_thread = room_thread;
    const room_options options{1s, slow_policy::disconnect, {history_size, 1h}, {}, past_bytes};
    if (with_redis_) {
      n.links = std::make_shared<model_links>(redis_);
      n.bridge = own(bridge_actor{sys.spawn<redis_bridge>(
          unit(bridge_thread), std::make_unique<model_redis_bus>(n.links), std::string{"model"},
          channel_naming::make("p:", "{prefix}ch:{%}"), room_rules{options},
          boot_id{"b00t" + std::to_string(bridge_thread)}, std::ref(n.ready))});
    } else {
      n.bridge = own(
          bridge_actor{sys.spawn<local_bridge>(unit(bridge_thread), room_rules{options}, std::ref(n.ready))});
    }
    n.ring = std::make_unique<bridge_ring>(std::vector<bridge_ring::server>{{"", n.bridge}});
    n.lobby = own(lobby_actor{sys.spawn<lobby>(
        std::vector<actor_host*>{&host(room_thread)}, std::cref(*n.ring), room_rules{options},
        std::ref(n.rooms))});
  }
  void be_born(const std::shared_ptr<position_client>& one) {
    one->id = connection_id{++connections_};
    one->node = draw(static_cast<uint32_t>(nodes_.size()));
    one->handle = own(sys.spawn([one](connection_actor::pointer) -> connection_actor::behavior_type {
      return {
          [one](const deliver& m) { one->hear(m); },
          [one](const notice& m) { std::visit([&](const auto& told) { one->hear(told); }, m); }};
    }));
    everyone_.push_back(one);
  }

  // -- what happens ------------------------------------------------------------------

  struct text {
    uint64_t number;
    std::string key;
  };
  /// A new one, or one with a key that was sent before.
  text message() {
    if (!keyed_.empty() && draw(6) == 0) return {keyed_[draw(static_cast<uint32_t>(keyed_.size()))], "again"};
    const auto number = ++messages_;
    if (draw(4) != 0) return {number, ""};
    keyed_.push_back(number);
    return {number, "key"};
  }
  static std::string key_of(const text& t) { return t.key.empty() ? "" : 'k' + std::to_string(t.number); }
  static std::string json_of(const text& t) { return R"({"n":)" + std::to_string(t.number) + '}'; }
  void publish_at(size_t node, const text& what) {
    note("publish " + std::to_string(what.number) + " " + what.key + " at " + std::to_string(node));
    ledger_.one_more();
    publish request{room_, json_of(what), {}, publisher_, std::to_string(what.number), 0, true};
    request.key = key_of(what);
    ++unanswered_;
    caf::anon_send(nodes_[node]->bridge, std::move(request));
  }
  /// By a node that has no member in the room.
  void publish_elsewhere() {
    if (draw(10) == 0) return redis_.on_published(channel, R"({"x":0})");
    const auto what = message();
    note("elsewhere " + std::to_string(what.number) + " " + what.key);
    const auto key = what.key.empty() ? std::string{} : "p:key:{r}:" + key_of(what); // as in redis_log
    const auto json = json_of(what);
    const auto fresh = to_string(random_epoch_of_ours());
    const auto size = std::to_string(history_size);
    std::vector<std::string_view> words{"EVAL", lua::publish, key.empty() ? "2" : "3", "m", "l"};
    if (!key.empty()) words.push_back(key);
    const bool first = introduced_in_ != ledger_.run();
    for (std::string_view word :
         {std::string_view{channel}, std::string_view{json}, std::string_view{size}, std::string_view{"9"},
          std::string_view{fresh}, std::string_view{"9"}, std::string_view{"9"}, std::string_view{},
          std::string_view{"0"}, std::string_view{first ? "1" : "0"}})
      words.push_back(word);
    if (redis_.execute(words).ends_with(" 0\r\n")) introduced_in_ = ledger_.run();
  }
  void go(position_client& c, std::string reason) {
    caf::anon_send(nodes_[c.node]->lobby, leave{c.id, room_, std::exchange(c.slot, no_slot), {}, reason});
    c.in = c.joining = false;
    let_go(c);
  }
  static void take_next_page(position_client& c) {
    const auto from = caf::actor_cast<room_actor>(c.pages_from.front());
    c.pages_from.pop_front();
    caf::anon_send(from, room_notice{replay_taken{c.id}});
  }
  static void let_go(position_client& c) {
    c.unsent.clear();
    c.pages_from.clear();
  }

  // -- answers --------------------------------------------------------------------------

  void on_published(const published& answer) {
    --unanswered_;
    const auto number = std::stoull(answer.request_id);
    if (answer.outcome == publish_outcome::taken && !ledger_.find(answer.at, number))
      fail("acknowledged elsewhere: " + answer.request_id);
    const bool keyed = std::find(keyed_.begin(), keyed_.end(), number) != keyed_.end();
    if (answer.outcome == publish_outcome::unavailable && !keyed && ledger_.times(number) > 0)
      fail("refused and taken: " + answer.request_id);
    if (answer.outcome == publish_outcome::taken) acknowledged_ = std::max(acknowledged_, answer.at.seq);
  }

  // -- the end -----------------------------------------------------------------------------

  /// All links are well, everybody answers.
  void come_to_rest() {
    note("rest");
    redis_.full = false;
    run_out();
    if (with_redis_)
      publish_elsewhere_once();
    else
      publish_at(0, {++messages_, ""});
    run_out();
    if (!fault().empty()) return;
    for (const auto& c : clients_) judge(*c);
    for (const auto& n : nodes_) judge(*n);
    if (unanswered_ != 0) fail("publishes without answer");
    if (!with_redis_ || !fault().empty()) return;
    if (redis_.epochs() > 1 + disasters_) fail("an epoch began without need");
    for (uint64_t number = 1; disasters_ == 0 && number <= messages_; ++number)
      if (ledger_.times(number) > 1) fail("published twice: " + std::to_string(number));
  }
  void publish_elsewhere_once() {
    const auto before = messages_;
    while (messages_ == before) publish_elsewhere();
  }
  void run_out() {
    for (int round = 0; round < 25; ++round) {
      for (auto& n : nodes_)
        if (n->links) run_out(*n->links);
      settle();
      for (auto& c : everyone_) {
        c->unsent.clear();
        while (!c->pages_from.empty()) take_next_page(*c);
      }
      pass(300ms);
    }
  }
  static void run_out(model_links& l) {
    l.commands_come_up();
    l.subscriber_comes_up();
    for (bool moved = true; moved;) {
      moved = l.redis_reads();
      moved = l.answer_arrives() || moved;
      moved = l.redis_subscribes() || moved;
      moved = l.messages_arrive(9) || moved;
      l.probes_come_back();
    }
  }
  position top() const { return with_redis_ ? redis_.top() : position{no_epoch, acknowledged_}; }
  void judge(const position_client& c) {
    const auto who = "client " + std::to_string(value(c.id));
    if (c.joining) return fail(who + " has no answer");
    if (!c.in) return;
    if (c.reader.newest_message() != messages_) fail(who + " has not heard the last message");
    const auto at = c.reader.at();
    if (c.spelling == variant::numbered && (at.seq != top().seq || (with_redis_ && at.epoch != top().epoch)))
      fail(who + " is at " + text_of(at) + ", not " + text_of(top()));
  }
  void judge(const small_node& n) {
    std::vector<figures> seen;
    auto collector = own(sys.spawn([&seen](collector_actor::pointer) -> collector_actor::behavior_type {
      return {
          [&seen](const figures& f) { seen.push_back(f); }, [](const cluster_figures&) {},
          [](const expected_answers&) {}, [](const stats_deadline&) {}};
    }));
    caf::anon_send(n.lobby, ask_figures{collector});
    caf::anon_send(n.bridge, ask_figures{collector});
    settle();
    caf::anon_send_exit(collector, caf::exit_reason::kill);
    settle();
    for (const auto& f : seen) {
      if (const auto* r = std::get_if<wire::room_figures>(&f.own); r && r->seq != top().seq)
        fail("a room is at " + std::to_string(r->seq));
      if (const auto* b = std::get_if<wire::bus_figures>(&f.own); b && b->unflushed_bytes != 0)
        fail("bytes are not flushed");
    }
  }

  // -- helpers -----------------------------------------------------------------------------

  uint32_t draw(uint32_t below) { return std::uniform_int_distribution<uint32_t>{0, below - 1}(random_); }
  position_client& any_client() { return *clients_[draw(static_cast<uint32_t>(clients_.size()))]; }
  epoch_id random_epoch_of_ours() { return epoch_id{(uint64_t{random_()} << 16) | 1}; }
  static std::string text_of(position at) {
    return to_string(at.epoch).substr(12) + '/' + std::to_string(at.seq);
  }
  void note(std::string what) { trace_.push_back(std::move(what)); }
  void fail(std::string what) {
    if (fault_.empty()) fault_ = std::move(what);
  }

  const bool with_redis_;
  const room_name room_ = named("r");
  lines trace_;
  std::mt19937 random_;
  position_ledger ledger_;
  model_redis redis_;
  std::vector<std::unique_ptr<small_node>> nodes_;
  size_t latest_node_ = 0;
  std::vector<std::shared_ptr<position_client>> clients_;  // as they are now
  std::vector<std::shared_ptr<position_client>> everyone_; // with their former connections
  connection_actor publisher_;
  uint64_t connections_ = 0;
  uint64_t messages_ = 0;
  uint64_t acknowledged_ = 0;
  int64_t unanswered_ = 0;
  std::vector<uint64_t> keyed_;
  unsigned introduced_in_ = 0; // run of Redis
  std::vector<model_redis::data> saved_;
  size_t disasters_ = 0;
  std::string fault_;
};

} // namespace roomcast::actors
