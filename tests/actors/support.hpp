#pragma once

#include "actors/actor_host.hpp"
#include "actors/connection.hpp"
#include "actors/interfaces.hpp"
#include "core/log.hpp"
#include "net/io_thread.hpp"
#include "net/timer_wheel.hpp"
#include "net/ws_frame.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <caf/test/dsl.hpp>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomcast::actors {

using namespace std::chrono_literals;

using lines = std::vector<std::string>;

/// What was gathered so far; empty afterwards.
inline lines take(lines& heard) { return std::exchange(heard, {}); }

inline room_name named(std::string_view text) { return *room_name::parse(text); }

/// The messages in finished server frames.
inline lines texts_of(std::string_view frames) {
  std::string copy{frames};
  std::span<char> bytes{copy};
  net::ws_decoder decoder{net::ws_decoder::sender::server, 1u << 30};
  lines out;
  for (auto event = decoder.next(bytes); event.kind != net::frame_event::none; event = decoder.next(bytes)) {
    CAF_REQUIRE(event.kind == net::frame_event::message);
    out.emplace_back(event.payload);
  }
  return out;
}

/// A deterministic node without a network: CAF's fake scheduler and clock, and I/O threads that are polled by
/// hand. Ends every actor at the end, so that leaks show.
class actor_fixture : public test_coordinator_fixture<> {
public:
  explicit actor_fixture(unsigned io_threads = 1) {
    log::configure(log::level::off, log::format::text, "test");
    for (unsigned i = 0; i < io_threads; ++i) {
      threads_.push_back(std::make_unique<net::io_thread>(i));
      hosts_.push_back(std::make_unique<actor_host>(sys, *threads_.back()));
    }
  }

  ~actor_fixture() override { end_all(); }

  /// Ends all actors. Derived fixtures whose members actors refer to call it in their destructor.
  void end_all() {
    for (auto& h : hosts_)
      for (auto* c : h->connections()) caf::anon_send_exit(connection_actor{c}, caf::exit_reason::kill);
    settle();
    for (auto& a : std::exchange(owned_, {})) caf::anon_send_exit(a, caf::exit_reason::kill);
    settle();
  }

  actor_host& host(size_t i = 0) { return *hosts_[i]; }
  io_unit& unit(size_t i = 0) { return hosts_[i]->unit(); }
  std::vector<actor_host*> hosts() const {
    std::vector<actor_host*> out;
    for (auto& h : hosts_) out.push_back(h.get());
    return out;
  }

  /// Ended with the fixture.
  template <class Handle> Handle own(Handle handle) {
    owned_.push_back(caf::actor_cast<caf::actor>(handle));
    return handle;
  }

  /// Runs scheduler and I/O threads until nothing moves; the clock stands still.
  void settle() {
    for (bool moved = true; moved;) {
      moved = consume_messages() > 0;
      for (auto& t : threads_) moved = t->poll() > 0 || moved;
    }
  }

  /// Lets the clock go on, and everything that is due run.
  void pass(caf::timespan time) {
    advance_time(time);
    settle();
  }

  template <class Handle, class Message> void tell(const Handle& to, Message message) {
    if constexpr (std::is_same_v<Handle, connection_actor> && !std::is_same_v<Message, deliver>)
      caf::anon_send(to, notice{std::move(message)});
    else
      caf::anon_send(to, std::move(message));
    settle();
  }

  /// Ends an actor as an unhandled exception would.
  template <class Handle> void crash(const Handle& who) {
    caf::anon_send(
        caf::actor_cast<caf::actor>(who),
        caf::exit_msg{caf::actor_addr{}, caf::make_error(caf::sec::runtime_error)});
    settle();
  }

  template <class Handle> bool is_alive(const Handle& who) {
    return !caf::actor_cast<caf::abstract_actor*>(who)->getf(caf::abstract_actor::is_cleaned_up_flag);
  }

  /// Events as a bridge hands them over.
  struct event {
    std::string text;
    connection_id excluded{};
    position at{};
  };
  events events_of(std::initializer_list<event> list) {
    auto gathered = ref<event_batch>::make(unflushed);
    for (const auto& e : list) gathered->append({e.text, e.excluded, e.at});
    return {std::move(gathered)};
  }

  ref<unflushed_bytes> unflushed = ref<unflushed_bytes>::make(size_t{1} << 30, [] {});

private:
  std::vector<std::unique_ptr<net::io_thread>> threads_;
  std::vector<std::unique_ptr<actor_host>> hosts_;
  std::vector<caf::actor> owned_;
};

} // namespace roomcast::actors
