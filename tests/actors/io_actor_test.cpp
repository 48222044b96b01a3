#define CAF_SUITE io_actor
#include "actors/io_actor.hpp"

#include "tests/actors/support.hpp"

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

using namespace roomcast;
using namespace roomcast::actors;

namespace {

/// What happened to a probe, told from outside.
struct events_seen {
  std::atomic<int> handled{0};
  std::atomic<int> off_thread{0};
  std::atomic<int> exits{0};
  std::atomic<int> drained{0};
  std::atomic<bool> gone{false};
  std::function<void()> on_drained;
  std::function<void()> on_handled;
};

/// Any typed actor will do; `flushed` is a message without content.
class probe final : public io_actor<room_actor::base> {
public:
  probe(caf::actor_config& config, io_unit& where, events_seen& seen) :
      io_actor(config, where), seen_(seen) {}
  ~probe() override { seen_.gone = true; }

  void on_exit() override {
    ++seen_.exits;
    check_thread();
  }
  /// What a socket would do.
  void from_network(net::function_ref<void()> turn) { as_actor(turn); }
  /// What a room does to its members.
  bool from_neighbour(std::function<void()> turn = {}) {
    return hand_over([&] { turn ? turn() : handle(); });
  }

protected:
  behavior_type make_behavior() override {
    return {
        [this](const events&) { handle(); }, [this](const flushed&) { handle(); },
        [this](const join&) { handle(); }, [this](const leave&) { handle(); },
        [this](const room_notice& m) { std::visit([this](const auto& told) { on(told); }, m); }};
  }
  void on_drained() override {
    ++seen_.drained;
    if (seen_.on_drained) seen_.on_drained();
  }

private:
  void on(const bus_lost&) { throw std::runtime_error("thrown on purpose"); }
  void on(const retire_ok&) { quit(); }
  void on(const hurry&) {
    from_network([this] { quit(); }), handle();
  }
  template <class Other> void on(const Other&) { handle(); }
  void handle() {
    ++seen_.handled;
    check_thread();
    if (seen_.on_handled) seen_.on_handled();
  }
  void check_thread() {
    if (!unit().thread().is_current()) ++seen_.off_thread;
  }

  events_seen& seen_;
};

struct fixture : actor_fixture {
  events_seen seen;
  room_actor handle = own(sys.spawn<probe>(unit(), std::ref(seen)));
  probe& object = deref<probe>(handle);

  fixture() {
    settle();
    seen.drained = 0;
  }
  ~fixture() override { end_all(); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(io_actor_tests, fixture)

CAF_TEST(messages wait until the io thread runs) {
  caf::anon_send(handle, flushed{});
  consume_messages();
  CAF_CHECK_EQUAL(seen.handled, 0);
  host().thread().poll();
  CAF_CHECK_EQUAL(seen.handled, 1);
}

CAF_TEST(a run of messages ends with one on_drained) {
  for (int i = 0; i < 10; ++i) caf::anon_send(handle, flushed{});
  settle();
  CAF_CHECK_EQUAL(seen.handled, 10);
  CAF_CHECK_EQUAL(seen.drained, 1);
}

CAF_TEST(a busy actor gives way after three hundred messages) {
  for (int i = 0; i < 1'000; ++i) caf::anon_send(handle, flushed{});
  settle();
  CAF_CHECK_EQUAL(seen.handled, 1'000);
  CAF_CHECK_EQUAL(seen.drained, 4);
}

CAF_TEST(what it sends to itself is handled in a later turn) {
  seen.on_handled = [&] {
    if (seen.handled < 5) caf::anon_send(handle, flushed{});
  };
  tell(handle, flushed{});
  CAF_CHECK_EQUAL(seen.handled, 5);
}

CAF_TEST(quit in a handler of the network ends the actor) {
  object.from_network([&] { object.quit(); });
  CAF_CHECK_EQUAL(seen.exits, 1);
  CAF_CHECK(!is_alive(handle));
  tell(handle, flushed{});
  CAF_CHECK_EQUAL(seen.handled, 0);
}

CAF_TEST(an exception in a handler of the network ends the actor) {
  object.from_network([] { throw std::runtime_error("thrown on purpose"); });
  CAF_CHECK_EQUAL(seen.exits, 1);
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST(an exception in a message handler ends the actor) {
  tell(handle, room_notice{bus_lost{}});
  CAF_CHECK_EQUAL(seen.exits, 1);
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST(an actor that has ended ignores the network) {
  object.from_network([&] { object.quit(); });
  bool ran = false;
  object.from_network([&] { ran = true; });
  CAF_CHECK(!ran);
  CAF_CHECK_EQUAL(seen.exits, 1);
}

CAF_TEST(a turn within a handler is a plain call that may quit) {
  tell(handle, room_notice{hurry{}});
  CAF_CHECK_EQUAL(seen.handled, 1);
  CAF_CHECK_EQUAL(seen.exits, 1);
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST(on_drained may end the actor) {
  seen.on_drained = [&] { object.from_network([&] { object.quit(); }); };
  tell(handle, flushed{});
  CAF_CHECK_EQUAL(seen.exits, 1);
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST(a plain quit in on_drained ends the actor too) {
  seen.on_drained = [&] { object.quit(); };
  tell(handle, flushed{});
  CAF_CHECK_EQUAL(seen.exits, 1);
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST(messages that wait when the actor ends are dropped) {
  caf::anon_send(handle, flushed{});
  caf::anon_send(handle, room_notice{retire_ok{}});
  caf::anon_send(handle, flushed{});
  settle();
  CAF_CHECK_EQUAL(seen.handled, 1);
  CAF_CHECK_EQUAL(seen.exits, 1);
}

CAF_TEST(a call takes the place of a message and is settled once with others) {
  for (int i = 0; i < 10; ++i) CAF_CHECK(object.from_neighbour());
  CAF_CHECK_EQUAL(seen.handled, 10);
  CAF_CHECK_EQUAL(seen.drained, 0);
  settle();
  CAF_CHECK_EQUAL(seen.drained, 1);
}

CAF_TEST(a call does not overtake a message) {
  caf::anon_send(handle, flushed{});
  CAF_CHECK(!object.from_neighbour());
  settle();
  CAF_CHECK_EQUAL(seen.handled, 1);
  CAF_CHECK(object.from_neighbour());
  CAF_CHECK_EQUAL(seen.handled, 2);
}

CAF_TEST(a call within a handler of the actor itself is refused) {
  bool taken = true;
  seen.on_handled = [&] { taken = object.from_neighbour(); };
  object.from_network([&] { object.from_neighbour(); });
  CAF_CHECK_EQUAL(seen.handled, 0);
  tell(handle, flushed{});
  CAF_CHECK(!taken);
  CAF_CHECK_EQUAL(seen.handled, 1);
}

CAF_TEST(an exception in a call ends the actor which takes none afterwards) {
  CAF_CHECK(object.from_neighbour([] { throw std::runtime_error("thrown on purpose"); }));
  CAF_CHECK_EQUAL(seen.exits, 1);
  CAF_CHECK(!is_alive(handle));
  CAF_CHECK(!object.from_neighbour());
  settle();
  CAF_CHECK_EQUAL(seen.handled, 0);
  CAF_CHECK_EQUAL(seen.drained, 0);
}

CAF_TEST(an actor that ends between a call and its settling is not settled) {
  CAF_CHECK(object.from_neighbour());
  object.from_network([&] { object.quit(); });
  settle();
  CAF_CHECK_EQUAL(seen.exits, 1);
  CAF_CHECK_EQUAL(seen.drained, 0);
  CAF_CHECK(!object.from_neighbour());
}

CAF_TEST(settling may end the actor) {
  seen.on_drained = [&] { object.quit(); };
  CAF_CHECK(object.from_neighbour());
  settle();
  CAF_CHECK_EQUAL(seen.exits, 1);
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST(what actors make ready runs before the sockets have their turn) {
  events_seen other;
  const room_actor next = own(sys.spawn<probe>(unit(), std::ref(other)));
  settle();
  std::vector<std::string> order;
  seen.on_handled = [&] {
    caf::anon_send(next, flushed{});
    host().thread().post([&] { order.emplace_back("a socket"); });
  };
  other.on_handled = [&] { order.emplace_back("the next actor"); };
  tell(handle, flushed{});
  CAF_CHECK_EQUAL(order, (std::vector<std::string>{"the next actor", "a socket"}));
  end_all(); // they refer to what ends here
}

CAF_TEST(a busy actor does not keep the sockets from their turn) {
  int handled_before = 0;
  seen.on_handled = [&] {
    if (seen.handled == 1) host().thread().post([&] { handled_before = seen.handled; });
  };
  for (int i = 0; i < 1'000; ++i) caf::anon_send(handle, flushed{});
  settle();
  CAF_CHECK_EQUAL(handled_before, 300);
  CAF_CHECK_EQUAL(seen.handled, 1'000);
}

CAF_TEST(an actor without a handle and without work is destroyed) {
  events_seen other;
  { const room_actor unnamed = sys.spawn<probe>(unit(), std::ref(other)); }
  settle();
  CAF_CHECK(other.gone);
}

CAF_TEST(a unit that goes gives up the actors that were ready) {
  events_seen other;
  {
    actor_host second{sys, host().thread()};
    const room_actor ready = sys.spawn<probe>(second.unit(), std::ref(other));
    while (host().thread().poll() > 0) {}
    CAF_CHECK(deref<probe>(ready).from_neighbour());
    caf::anon_send_exit(ready, caf::exit_reason::kill);
    while (host().thread().poll() > 0) {}
    CAF_CHECK_EQUAL(other.exits, 1);
  }
  CAF_CHECK(other.gone);
}

CAF_TEST(an actor of the scheduler woken by an io unit goes to the scheduler) {
  std::thread::id ran_on;
  auto plain = own(sys.spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](int) { ran_on = std::this_thread::get_id(); }};
  }));
  settle();
  auto& receiver = deref<caf::abstract_actor>(plain);
  receiver.enqueue(nullptr, caf::make_message_id(), caf::make_message(1), &unit());
  while (host().thread().poll() > 0) {}
  CAF_CHECK(ran_on == std::thread::id{});
  consume_messages();
  CAF_CHECK(ran_on == std::this_thread::get_id());
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST(messages of many threads are all handled on the io thread) {
  constexpr int senders = 4;
  constexpr int messages = 5'000;
  events_seen seen;
  std::promise<void> all;
  seen.on_handled = [&] {
    if (seen.handled == senders * messages) all.set_value();
  };
  {
    net::io_thread thread{0};
    caf::actor_system_config config;
    caf::actor_system system{config};
    actor_host host{system, thread};
    thread.start();
    {
      const room_actor handle = system.spawn<probe>(host.unit(), std::ref(seen));
      std::vector<std::thread> threads;
      for (int t = 0; t < senders; ++t)
        threads.emplace_back([&handle] {
          for (int i = 0; i < messages; ++i) caf::anon_send(handle, flushed{});
        });
      for (auto& t : threads) t.join();
      all.get_future().wait();
      caf::anon_send(handle, room_notice{retire_ok{}});
    }
    system.await_all_actors_done();
    thread.stop();
  }
  CAF_CHECK_EQUAL(seen.handled, senders * messages);
  CAF_CHECK_EQUAL(seen.off_thread, 0);
  CAF_CHECK_EQUAL(seen.exits, 1);
  CAF_CHECK(seen.gone);
}

CAF_TEST(actors of two io threads that talk to each other never meet on one) {
  constexpr int rounds = 5'000;
  events_seen here;
  events_seen there;
  std::promise<void> done;
  {
    net::io_thread first{0};
    net::io_thread second{1};
    caf::actor_system_config config;
    caf::actor_system system{config};
    actor_host first_host{system, first};
    actor_host second_host{system, second};
    {
      const room_actor ping = system.spawn<probe>(first_host.unit(), std::ref(here));
      const room_actor pong = system.spawn<probe>(second_host.unit(), std::ref(there));
      here.on_handled = [&, pong = caf::actor_cast<caf::actor_addr>(pong)] {
        if (here.handled < rounds) return caf::anon_send(caf::actor_cast<room_actor>(pong), flushed{});
        done.set_value();
      };
      there.on_handled = [ping = caf::actor_cast<caf::actor_addr>(ping)] {
        caf::anon_send(caf::actor_cast<room_actor>(ping), flushed{});
      };
      first.start();
      second.start();
      caf::anon_send(ping, flushed{});
      done.get_future().wait();
      caf::anon_send(ping, room_notice{retire_ok{}});
      caf::anon_send(pong, room_notice{retire_ok{}});
    }
    system.await_all_actors_done();
    first.stop();
    second.stop();
  }
  CAF_CHECK_EQUAL(here.off_thread + there.off_thread, 0);
  CAF_CHECK_EQUAL(here.handled, rounds);
  CAF_CHECK(here.gone && there.gone);
}
