#define CAF_SUITE presence_scripts
#include "actors/presence_scripts.hpp"

#include "core/limits.hpp"
#include "core/log.hpp"
#include "tests/net/hand_polled.hpp"
#include "tests/support/redis_server.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast;
using namespace roomcast::actors;
namespace scripts = roomcast::actors::presence_scripts;

namespace {

using lines = std::vector<std::string>;

presence_op enters(uint64_t who, const std::string& user, const std::string& more = "") {
  const auto id = '"' + user + '"';
  return {presence_step::enter, connection_id{who}, id, R"({"id":)" + id + more + "}", {}};
}
presence_op departs(uint64_t who, std::string reason = {}) {
  return {presence_step::depart, connection_id{who}, {}, {}, std::move(reason)};
}
presence_op keeps(uint64_t who) { return {presence_step::keep, connection_id{who}, {}, {}, {}}; }

std::string came(const std::string& user) {
  return R"({"type":"join","roomId":"r","user":{"id":")" + user + "\"}}";
}
std::string gone(const std::string& user, const std::string& reason = "") {
  const auto end = reason.empty() ? "" : R"(,"reason":")" + reason + '"';
  return R"({"type":"exit","roomId":"r","user":{"id":")" + user + "\"}" + end + "}";
}

/// A real Redis, a bus, and a subscriber of the room's channel.
struct fixture : test::hand_polled, net::redis_bus_handler {
  test::redis_server redis;
  channel_naming naming = channel_naming::make("p:", "{prefix}ch:{%}");
  std::unique_ptr<net::redis_bus> bus;
  std::optional<script_runner> runner;
  scripts::node_run a{"a", "aaaa"};
  scripts::node_run b{"b", "bbbb"};
  lines notices;
  bool ready = false;
  bool subscribed = false;

  fixture() {
    log::configure(log::level::off, log::format::text, "");
    net::redis_endpoint endpoint{.host = "127.0.0.1"};
    endpoint.port = redis.port();
    bus = net::redis_bus::make(thread, endpoint, "n", "probe:n");
    runner.emplace(*bus);
    bus->start(*this);
    bus->subscribe("p:ch:{r}", this);
    CAF_REQUIRE(run_until([this] { return ready && subscribed; }));
  }
  virtual ~fixture() {
    bus.reset();
    settle();
  }

  void enter(net::function_ref<void()> turn) override {
    turn();
    bus->flush();
  }
  void on_ready(bool now, std::string_view) override { ready = now; }
  void on_subscribed(void*) override { subscribed = true; }
  void on_message(void*, std::string_view payload) override { notices.emplace_back(payload); }
  void on_read_end() override {}
  void on_published(uint64_t, net::publish_result, const net::resp_value*) override {}
  void on_reply(uint64_t cookie, const net::resp_value* reply) override { runner->on_reply(cookie, reply); }

  /// Runs a script; what its reply decodes to.
  template <class Decode> auto run(script_call call, Decode decode) {
    decltype(decode(nullptr)) out;
    bool done = false;
    runner->run(std::move(call), [&](const net::resp_value* reply) {
      out = decode(reply);
      done = true;
    });
    bus->flush();
    CAF_REQUIRE(run_until([&] { return done; }));
    return out;
  }

  /// `2 {ann}{bob}`, or `-` for an error.
  static std::string text_of(const std::optional<wire::roster>& who) {
    if (!who) return "-";
    std::string out = std::to_string(who->count) + ' ';
    for (const auto& user : who->users) out += user;
    return out + (who->more ? "..." : "");
  }
  std::string
  change(const scripts::node_run& node, std::vector<presence_op> ops, bool whole = false, bool last = false) {
    const change_presence wanted{*room_name::parse("r"), {}, 1, whole, std::move(ops), last};
    return text_of(run(scripts::change(naming, node, wanted), scripts::decode_roster));
  }
  std::string page(const std::string& after = "", size_t most = 100) {
    return text_of(run(scripts::page(naming, "r", after, most), scripts::decode_roster));
  }
  scripts::beat beat(const scripts::node_run& node) {
    return *run(scripts::heartbeat(naming, node, "figures of " + node.id), scripts::decode_beat);
  }
  scripts::condemned condemn(const scripts::node_run& node, bool at_once = false) {
    return *run(scripts::condemn(naming, node.name(), at_once), scripts::decode_condemned);
  }
  std::string reap(const scripts::node_run& node, const char* room = "r") {
    return text_of(run(scripts::reap(naming, node.name(), room), scripts::decode_roster));
  }
  /// The node's last heartbeat was a minute ago.
  void age(const scripts::node_run& node) { redis.command({"ZADD", "p:nodes", "1000", node.name()}); }
  /// What was published so far.
  lines heard() {
    bus->publish("p:ch:{r}", "end", 0);
    bus->flush();
    CAF_REQUIRE(run_until([this] { return !notices.empty() && notices.back() == "end"; }));
    notices.pop_back();
    return std::exchange(notices, {});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(presence_scripts_tests, fixture)

// -- users -----------------------------------------------------------------------------

CAF_TEST(users are listed in order of arrival and announced to all but themselves) {
  CAF_CHECK_EQUAL(change(a, {enters(1, "ann")}), R"(1 {"id":"ann"})");
  CAF_CHECK_EQUAL(
      change(b, {enters(1, "zoe"), enters(2, "bob")}), R"(3 {"id":"ann"}{"id":"zoe"}{"id":"bob"})");
  CAF_CHECK_EQUAL(page(), R"(3 {"id":"ann"}{"id":"zoe"}{"id":"bob"})");
  CAF_CHECK_EQUAL(
      heard(),
      (lines{
          "\x01x=aaaa.1\n" + came("ann"), "\x01x=bbbb.1\n" + came("zoe"), "\x01x=bbbb.2\n" + came("bob")}));
}

CAF_TEST(a user comes with the first connection and goes with the last on whichever node) {
  change(a, {enters(1, "ann")});
  CAF_CHECK_EQUAL(change(b, {enters(1, "ann")}), R"(2 {"id":"ann"})");
  heard();
  CAF_CHECK_EQUAL(change(a, {departs(1)}, false, true), "1 ");
  CAF_CHECK_EQUAL(heard(), lines{});
  change(b, {departs(1, "disconnect")}, false, true);
  CAF_CHECK_EQUAL(heard(), lines{gone("ann", "disconnect")});
  CAF_CHECK_EQUAL(page(), "0 ");
  CAF_CHECK_EQUAL(redis.command({"KEYS", "p:*:{r}"}), "*0\r\n");
}

CAF_TEST(the same again changes the text alone) {
  change(a, {enters(1, "ann")});
  heard();
  CAF_CHECK_EQUAL(change(a, {enters(1, "ann", R"(,"n":1)")}), R"(1 {"id":"ann","n":1})");
  CAF_CHECK_EQUAL(heard(), lines{});
}

CAF_TEST(a connection that enters as somebody else leaves as who it was) {
  change(a, {enters(1, "ann")});
  heard();
  CAF_CHECK_EQUAL(change(a, {enters(1, "bob")}), R"(1 {"id":"bob"})");
  CAF_CHECK_EQUAL(heard(), (lines{gone("ann"), "\x01x=aaaa.1\n" + came("bob")}));
}

CAF_TEST(who is not there departs in silence) {
  CAF_CHECK_EQUAL(change(a, {departs(7)}, false, true), "0 ");
  CAF_CHECK_EQUAL(heard(), lines{});
}

CAF_TEST(a whole list removes who is not named on this node and nobody else) {
  change(a, {enters(1, "ann"), enters(2, "bob"), enters(3, "cleo")});
  change(b, {enters(1, "dan")});
  heard();
  CAF_CHECK_EQUAL(
      change(a, {enters(3, "cleo"), keeps(2), enters(4, "eve")}, true),
      R"(4 {"id":"bob"}{"id":"cleo"}{"id":"dan"}{"id":"eve"})");
  CAF_CHECK_EQUAL(heard(), (lines{gone("ann", "disconnect"), "\x01x=aaaa.4\n" + came("eve")}));
}

CAF_TEST(a whole list is carried out twice with one effect) {
  for (int i = 0; i < 2; ++i) CAF_CHECK_EQUAL(change(a, {enters(1, "ann")}, true), R"(1 {"id":"ann"})");
  CAF_CHECK_EQUAL(heard().size(), 1u);
}

CAF_TEST(pages follow one another and an unknown user begins anew) {
  change(a, {enters(1, "a"), enters(2, "b"), enters(3, "c")});
  CAF_CHECK_EQUAL(page("", 2), R"(3 {"id":"a"}{"id":"b"}...)");
  CAF_CHECK_EQUAL(page(R"("b")", 2), R"(3 {"id":"c"})");
  CAF_CHECK_EQUAL(page(R"("c")", 2), "3 ");
  CAF_CHECK_EQUAL(page(R"("x")", 1), R"(3 {"id":"a"}...)");
}

CAF_TEST(texts of users and rooms are passed on as they are) {
  const presence_op odd{
      presence_step::enter, connection_id{1}, "7", "{\"id\":7,\"n\":\"5:{}%d\\n\n\xC3\xA4\"}", {}};
  CAF_CHECK_EQUAL(change(a, {odd}), "1 " + odd.user);
  change(a, {departs(1)});
  const auto all = heard();
  CAF_CHECK_EQUAL(all.back(), R"({"type":"exit","roomId":"r","user":)" + odd.user + "}");
  const change_presence braces{*room_name::parse("{}\""), {}, 1, false, {enters(1, "u")}, false};
  CAF_CHECK_EQUAL(
      text_of(run(scripts::change(naming, a, braces), scripts::decode_roster)), R"(1 {"id":"u"})");
}

CAF_TEST(a naming without headers sends none) {
  naming = channel_naming::make("p:", "p:ch:{%}");
  change(a, {enters(1, "ann")});
  CAF_CHECK_EQUAL(heard(), lines{came("ann")});
}

CAF_TEST(another type under a key is an error and nothing was changed) {
  redis.command({"SET", "p:who:{r}", "x"});
  CAF_CHECK_EQUAL(change(a, {enters(1, "ann")}), "-");
  CAF_CHECK_EQUAL(page(), "-");
}

// -- nodes -------------------------------------------------------------------------------

CAF_TEST(a heartbeat lists the node and finds those that are silent) {
  CAF_CHECK(beat(a).was_new);
  CAF_CHECK(!beat(a).was_new);
  CAF_CHECK(beat(b).was_new);
  CAF_CHECK_EQUAL(beat(a).silent, lines{});
  age(b);
  CAF_CHECK_EQUAL(beat(a).silent, lines{"b.bbbb"});
  CAF_CHECK(!beat(b).was_new);
  CAF_CHECK_EQUAL(redis.command({"GET", "p:node:a.aaaa"}), "$12\r\nfigures of a\r\n");
}

CAF_TEST(a node with users is listed even if it was forgotten) {
  change(a, {enters(1, "ann")});
  CAF_CHECK_EQUAL(beat(b).silent, lines{"a.aaaa"});
  CAF_CHECK(beat(a).was_new);
}

CAF_TEST(a living node is not condemned) {
  beat(b);
  change(b, {enters(1, "bob")});
  CAF_CHECK(condemn(b).state == scripts::condemned::alive);
  CAF_CHECK_EQUAL(reap(b), "-");
  CAF_CHECK_EQUAL(page(), R"(1 {"id":"bob"})");
}

CAF_TEST(the users of a dead node are removed and announced once however many reap) {
  beat(b);
  change(a, {enters(1, "ann"), enters(2, "both")});
  change(b, {enters(1, "bob"), enters(2, "both")});
  heard();
  age(b);
  for (int i = 0; i < 2; ++i) {
    const auto found = condemn(b);
    CAF_CHECK(found.state == scripts::condemned::has_rooms);
    CAF_CHECK_EQUAL(found.rooms, lines{"r"});
  }
  for (int i = 0; i < 2; ++i) CAF_CHECK_EQUAL(reap(b), "2 ");
  CAF_CHECK_EQUAL(heard(), lines{gone("bob", "disconnect")});
  CAF_CHECK(condemn(b).state == scripts::condemned::buried);
  CAF_CHECK(condemn(b).state == scripts::condemned::alive);
  CAF_CHECK_EQUAL(redis.command({"KEYS", "p:node:b*"}), "*0\r\n");
}

CAF_TEST(a node that comes back while it is reaped is left alone and told) {
  beat(b);
  change(b, {enters(1, "bob")});
  age(b);
  condemn(b);
  CAF_CHECK(beat(b).was_new);
  CAF_CHECK_EQUAL(reap(b), "-");
  CAF_CHECK_EQUAL(page(), R"(1 {"id":"bob"})");
}

CAF_TEST(a node that leaves needs no lease to be over) {
  beat(a);
  CAF_CHECK(condemn(a, true).state == scripts::condemned::buried);
  CAF_CHECK(beat(a).was_new);
}

CAF_TEST(rooms are named a portion at a time) {
  beat(b);
  for (size_t i = 0; i < limits::reap_portion + 1; ++i)
    redis.command({"SADD", "p:node:b.bbbb:rooms", "r" + std::to_string(i)});
  age(b);
  const auto found = condemn(b);
  CAF_CHECK_EQUAL(found.rooms.size(), limits::reap_portion);
  for (const auto& room : found.rooms) reap(b, room.c_str());
  CAF_CHECK_EQUAL(condemn(b).rooms.size(), 1u);
}

CAF_TEST(the cluster lists who has figures and forgets nobody) {
  beat(a);
  beat(b);
  redis.command({"DEL", "p:node:b.bbbb"});
  const auto size = run(scripts::cluster(naming), [](const net::resp_value* r) { return r ? r->size() : 0; });
  CAF_CHECK_EQUAL(size, 2u); // figures and time of one
  CAF_CHECK_EQUAL(redis.command({"ZCARD", "p:nodes"}), ":2\r\n");
}

// -- scripts ---------------------------------------------------------------------------------

CAF_TEST(a script that Redis does not know by its digest is sent as text and known from then on) {
  lua_script script{"return redis.call('INCR', KEYS[1]) + ARGV[1]"};
  const auto digest = redis.command({"SCRIPT", "LOAD", script.text}); // $40\r\n...\r\n
  script.sha1 = digest.substr(5, 40);
  redis.command({"SCRIPT", "FLUSH"});
  const auto text = [](const net::resp_value* r) { return std::string{r ? r->text() : "nothing"}; };
  CAF_CHECK_EQUAL(run(script_call{&script, {"n"}, {"10"}}, text), "11");
  CAF_CHECK_EQUAL(redis.command({"SCRIPT", "EXISTS", script.sha1}), "*1\r\n:1\r\n");
  CAF_CHECK_EQUAL(run(script_call{&script, {"n"}, {"10"}}, text), "12");
}

CAF_TEST(a call that was not sent is answered by nothing) {
  bus->stop();
  auto idle = net::redis_bus::make(thread, {.host = "127.0.0.1"}, "n", "probe:n");
  runner.emplace(*idle);
  idle->start(*this);
  lua_script script{"return 1"};
  bool nothing = false;
  runner->run({&script, {}, {}}, [&](const net::resp_value* r) { nothing = r == nullptr; });
  CAF_CHECK(nothing);
  idle.reset();
}

CAF_TEST_FIXTURE_SCOPE_END()
