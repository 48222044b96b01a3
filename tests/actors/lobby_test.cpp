#define CAF_SUITE lobby
#include "actors/lobby.hpp"

#include "core/limits.hpp"
#include "tests/actors/fake_session.hpp"
#include "tests/actors/probes.hpp"

#include <random>

using namespace roomcast;
using namespace roomcast::actors;

namespace {

struct fixture : actor_fixture {
  fixture() : actor_fixture(2) {
    bridge.confirm_at_once();
    bridge.enter_at_once();
  }
  ~fixture() override { end_all(); }

  std::atomic<uint64_t> rooms{0};
  const std::atomic<bool> draining{false};
  bridge_probe bridge{*this};
  lobby_actor handle =
      own(sys.spawn<lobby>(hosts(), std::cref(bridge.ring()), room_options{1s}, std::ref(rooms)));
  member_probe ann{*this, 1};
  member_probe bob{*this, 2};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(lobby_tests, fixture)

CAF_TEST(a join makes the room and the next join finds it) {
  tell(handle, ann.wants(named("r")));
  tell(handle, bob.wants(named("r")));
  CAF_CHECK_EQUAL(ann.heard(), lines{"joined r"});
  CAF_CHECK_EQUAL(bob.heard(), lines{"joined r"});
  CAF_CHECK(ann.instance().same_instance(bob.instance()));
  CAF_CHECK_EQUAL(bridge.heard(), lines{"attach r 1"});
  CAF_CHECK_EQUAL(rooms, 1u);
}

CAF_TEST(rooms of different names are different rooms) {
  tell(handle, ann.wants(named("r")));
  tell(handle, bob.wants(named("s")));
  CAF_CHECK_EQUAL(rooms, 2u);
  CAF_CHECK(!ann.instance().same_instance(bob.instance()));
}

CAF_TEST(a room attaches to the bridge that its name belongs to) {
  bridge_probe other{*this};
  other.confirm_at_once();
  const bridge_ring both{{{"a:1/0", bridge.handle}, {"b:1/0", other.handle}}};
  auto two = own(sys.spawn<lobby>(hosts(), std::cref(both), room_options{0s}, std::ref(rooms)));
  lines here;
  lines there;
  for (int i = 0; i < 20; ++i) {
    const auto name = "r" + std::to_string(i);
    (both.of(named(name)) == other.handle ? there : here).push_back("attach " + name + " 1");
    tell(two, ann.wants(named(name)));
  }
  CAF_CHECK(!here.empty());
  CAF_CHECK(!there.empty());
  CAF_CHECK_EQUAL(bridge.heard(), here);
  CAF_CHECK_EQUAL(other.heard(), there);
  caf::anon_send_exit(two, caf::exit_reason::kill); // before its bridges
  settle();
}

CAF_TEST(joins and leaves of one connection arrive in order) {
  for (int i = 0; i < 3; ++i) {
    caf::anon_send(handle, join{ann.handle, ann.id, named("r"), no_slot, as_user("a")});
    caf::anon_send(handle, leave{ann.id, named("r"), no_slot, {}, {}});
  }
  caf::anon_send(handle, join{ann.handle, ann.id, named("r"), no_slot, as_user("a")});
  settle();
  const auto heard = ann.heard();
  CAF_REQUIRE(!heard.empty());
  CAF_CHECK_EQUAL(heard.back(), R"(joined r 1 [{"id":"a"}])");
  CAF_CHECK(!bridge.change().last);
}

CAF_TEST(a leave of an unknown room is ignored) {
  tell(handle, ann.leaves(named("r")));
  CAF_CHECK_EQUAL(rooms, 0u);
}

CAF_TEST(an empty room ends after its linger time and the next join makes another) {
  tell(handle, ann.wants(named("r")));
  const auto first = ann.instance();
  tell(handle, ann.leaves(named("r")));
  pass(1s);
  CAF_CHECK_EQUAL(rooms, 0u);
  CAF_CHECK_EQUAL(bridge.heard(), (lines{"attach r 1", "detach r"}));
  tell(handle, ann.wants(named("r")));
  CAF_CHECK_EQUAL(ann.heard(), (lines{"joined r", "joined r"}));
  CAF_CHECK(!ann.instance().same_instance(first));
}

CAF_TEST(no join is lost whatever the order in which everybody runs) {
  std::mt19937 random{20261121};
  const auto pick = [&](unsigned n) { return random() % n; };
  const std::vector<room_name> names{named("r"), named("s"), named("t")};
  std::vector<std::unique_ptr<member_probe>> members;
  for (uint64_t id = 10; id < 16; ++id) members.push_back(std::make_unique<member_probe>(*this, id));
  enum where_t { out, joining, in };
  std::vector<std::pair<where_t, room_name>> where(members.size(), {out, {}});
  size_t joins = 0;
  size_t answers = 0;
  const auto listen = [&](size_t m) {
    for (const auto& line : members[m]->heard()) {
      CAF_REQUIRE(where[m].first == joining);
      where[m].first = line.starts_with("joined") ? in : out;
      ++answers;
    }
  };
  while (joins < 3'000) {
    switch (pick(8)) {
    case 0: host(0).thread().poll(); break;
    case 1: host(1).thread().poll(); break;
    case 2: consume_message(); break;
    case 3: advance_time(std::chrono::milliseconds{pick(1'200)}); break;
    case 4: pick(4) == 0 ? bridge.refuse_at_once() : bridge.confirm_at_once(); break;
    default:
      const auto m = pick(static_cast<unsigned>(members.size()));
      listen(m);
      if (where[m].first == in) {
        caf::anon_send(handle, members[m]->leaves(where[m].second));
        where[m].first = out;
      } else if (where[m].first == out) {
        where[m] = {joining, names[pick(3)]};
        caf::anon_send(handle, members[m]->wants(where[m].second));
        ++joins;
      }
    }
  }
  settle();
  for (size_t m = 0; m < members.size(); ++m) listen(m);
  CAF_CHECK_EQUAL(answers, joins);
  for (size_t m = 0; m < members.size(); ++m)
    if (where[m].first == in) caf::anon_send(handle, members[m]->leaves(where[m].second));
  settle();
  for (int i = 0; i < 7; ++i) pass(1s); // linger and join timeouts
  CAF_CHECK_EQUAL(rooms, 0u);
}

// -- a room that fails -------------------------------------------------------------------

CAF_TEST(all connections of all threads hear of a room that failed) {
  const connection_services services{handle, bridge.ring(), {255, 32}, 100, limits::max_queue_bytes,
                                     false,  draining};
  std::vector<client> clients;
  for (size_t i : {0u, 1u}) {
    clients.push_back(connect(*this, services, 10 + i, i));
    clients.back()->says(R"({"type":"SUBSCRIBE","room":"r","id":1})");
    settle();
    CAF_CHECK_EQUAL(clients.back()->heard(), lines{R"({"type":"ack","id":1,"room":"r"})"});
  }
  crash(bridge.attach().from);
  for (auto& c : clients) {
    const auto heard = c->heard();
    CAF_REQUIRE_EQUAL(heard.size(), 1u);
    CAF_CHECK(heard[0].starts_with(R"({"type":"error","code":"internal")"));
    CAF_CHECK(heard[0].ends_with(R"("room":"r"})"));
  }
  CAF_CHECK_EQUAL(rooms, 0u);
  clients[0]->says(R"({"type":"SUBSCRIBE","room":"r","id":2})");
  settle();
  CAF_CHECK_EQUAL(clients[0]->heard(), lines{R"({"type":"ack","id":2,"room":"r"})"});
  CAF_CHECK_EQUAL(rooms, 1u);
  for (auto& c : clients) c->goes();
  settle();
}

CAF_TEST(the first life of a room may still end when the second has begun) {
  tell(handle, ann.wants(named("r")));
  const auto first = bridge.attach().from;
  tell(handle, ann.leaves(named("r")));
  pass(1s);
  tell(handle, ann.wants(named("r")));
  const auto second = bridge.attach().from;
  CAF_CHECK(first != second);
  tell(handle, retire{named("r"), first, 1}); // a stale request with the right number
  CAF_CHECK_EQUAL(rooms, 1u);
  CAF_CHECK(is_alive(second));
}

// -- the end ---------------------------------------------------------------------------------

CAF_TEST(draining ends empty rooms at once and the others when they become empty) {
  tell(handle, ann.wants(named("r")));
  tell(handle, bob.wants(named("s")));
  tell(handle, bob.leaves(named("s")));
  int empty = 0;
  tell(handle, drain_rooms{[&] { ++empty; }});
  CAF_CHECK_EQUAL(rooms, 1u);
  CAF_CHECK_EQUAL(empty, 0);
  tell(handle, ann.leaves(named("r")));
  CAF_CHECK_EQUAL(rooms, 0u);
  CAF_CHECK_EQUAL(empty, 1);
}

CAF_TEST(draining without rooms is done at once) {
  int empty = 0;
  tell(handle, drain_rooms{[&] { ++empty; }});
  CAF_CHECK_EQUAL(empty, 1);
}

CAF_TEST(a room that fails while draining counts as ended) {
  tell(handle, ann.wants(named("r")));
  int empty = 0;
  tell(handle, drain_rooms{[&] { ++empty; }});
  crash(bridge.attach().from);
  CAF_CHECK_EQUAL(empty, 1);
}

CAF_TEST(rooms end with their lobby) {
  tell(handle, ann.wants(named("r")));
  const auto room = bridge.attach().from;
  crash(handle);
  CAF_CHECK(!is_alive(room));
  CAF_CHECK_EQUAL(bridge.heard(), (lines{"attach r 1", "detach r"}));
}

CAF_TEST_FIXTURE_SCOPE_END()
