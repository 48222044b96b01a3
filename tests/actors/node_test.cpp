#define CAF_SUITE node
#include "tests/actors/node_fixture.hpp"

CAF_TEST_FIXTURE_SCOPE(node_tests, fixture)

// -- figures -----------------------------------------------------------------------------

CAF_TEST(a heartbeat goes out at once and every second) {
  CAF_CHECK_EQUAL(bridge.heard(), lines{"heartbeat serving"});
  pass(999ms);
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  pass(1ms);
  CAF_CHECK_EQUAL(bridge.heard(), lines{"heartbeat serving"});
  CAF_CHECK_EQUAL(bridge.beat().id, "me");
  CAF_CHECK_EQUAL(bridge.beat().boot, "b00t");
  CAF_CHECK(bridge.beat().self);
}

CAF_TEST(the node view has the node and its bus) {
  connect_many(3);
  clients[0]->says(R"({"type":"SUBSCRIBE","room":"r"})");
  settle();
  const auto document = ask(stats_view::node);
  CAF_CHECK_EQUAL(document.at("missing"), 0);
  CAF_CHECK_EQUAL(document.at("bus").at("kind"), "probe");
  const auto& me = document.at("node");
  CAF_CHECK_EQUAL(me.at("id"), "me");
  CAF_CHECK_EQUAL(me.at("version"), "1.2.3");
  CAF_CHECK_EQUAL(me.at("state"), "serving");
  CAF_CHECK_EQUAL(me.at("connections"), 3);
  CAF_CHECK_EQUAL(me.at("rooms"), 1);
  CAF_CHECK_EQUAL(me.at("messages_in"), 1);
  CAF_CHECK_EQUAL(me.at("io_threads"), 2);
  CAF_CHECK_EQUAL(me.at("queue_bytes"), 5);
  CAF_CHECK_EQUAL(
      me.at("counters").dump(),
      R"({"accepted":3,"failed_requests":0,"flood_pauses":0,"paused_reads":0,"rate_limited":0,"refused_joins":0})");
  CAF_CHECK_GREATER(me.at("resident_bytes").get<uint64_t>(), 0u);
}

CAF_TEST(the connections view has those of all threads in order) {
  connect_many(5);
  const auto document = ask(stats_view::connections);
  CAF_CHECK_EQUAL(column<uint64_t>(document.at("connections"), "id"), (std::vector<uint64_t>{1, 2, 3, 4, 5}));
  CAF_CHECK_EQUAL(document.at("missing"), 0);
}

CAF_TEST(the rooms view has all rooms by name) {
  connect_many(2);
  for (const char* room : {"b", "a", "c"}) {
    clients[0]->says(R"({"type":"SUBSCRIBE","room":")" + std::string{room} + "\"}");
    settle();
  }
  bridge.enter_at_once();
  clients[1]->says(R"({"type":"join","room":"a","user":{"id":1}})");
  settle();
  const auto document = ask(stats_view::rooms);
  const auto& rooms = document.at("rooms");
  CAF_CHECK_EQUAL(column<std::string>(rooms, "room"), (lines{"a", "b", "c"}));
  CAF_CHECK_EQUAL(column<uint64_t>(rooms, "members"), (std::vector<uint64_t>{2, 1, 1}));
  CAF_CHECK_EQUAL(column<uint64_t>(rooms, "users"), (std::vector<uint64_t>{1, 0, 0}));
  CAF_CHECK_EQUAL(column<std::string>(rooms, "state"), (lines{"live", "live", "live"}));
}

CAF_TEST(without rooms and connections the views are empty and complete) {
  CAF_CHECK_EQUAL(ask(stats_view::rooms).dump(), R"({"missing":0,"rooms":[]})");
  CAF_CHECK_EQUAL(ask(stats_view::connections).dump(), R"({"connections":[],"missing":0})");
}

CAF_TEST(the actors view has every actor) {
  connect_many(2);
  clients[0]->says(R"({"type":"SUBSCRIBE","room":"r"})");
  settle();
  const auto document = ask(stats_view::actors);
  auto kinds = column<std::string>(document.at("actors"), "kind");
  std::sort(kinds.begin(), kinds.end());
  CAF_CHECK_EQUAL(kinds, (lines{"bridge", "connection", "connection", "lobby", "node", "room"}));
  CAF_CHECK_EQUAL(document.at("missing"), 0);
}

CAF_TEST(the cluster view is what the bridge says) {
  const auto document = ask(stats_view::cluster);
  CAF_CHECK_EQUAL(column<std::string>(document.at("nodes"), "id"), lines{"me"});
}

CAF_TEST(who does not answer in a second is missing) {
  bridge.answer_figures(false);
  for (auto view : {stats_view::node, stats_view::cluster, stats_view::actors}) {
    CAF_CHECK(ask(view).is_null());
    pass(limits::stats_deadline - 1ms);
    CAF_CHECK(answer.is_null());
    pass(1ms);
    CAF_REQUIRE(!answer.is_null());
    CAF_CHECK_EQUAL(answer.at("missing"), 1);
  }
}

CAF_TEST(a group that does not even say how many it is counts as one) {
  const lobby_probe silent{*this};
  handle = start(30s, silent.handle);
  CAF_CHECK(ask(stats_view::rooms).is_null());
  pass(limits::stats_deadline);
  CAF_REQUIRE(!answer.is_null());
  CAF_CHECK_EQUAL(answer.dump(), R"({"missing":1,"rooms":[]})");
}

// -- stopping ------------------------------------------------------------------------------

CAF_TEST(a drain closes connections in batches and then the rooms and the bridge) {
  connect_many(240);
  clients[0]->says(R"({"type":"SUBSCRIBE","room":"r"})");
  clients[239]->says(R"({"type":"SUBSCRIBE","room":"s"})");
  settle();
  bridge.heard();
  tell(handle, stop_node{});
  CAF_CHECK(gauges.draining);
  CAF_CHECK_EQUAL(accepting_stops, 1);
  CAF_CHECK_EQUAL(bridge.heard(), lines{"heartbeat draining"});
  CAF_CHECK_EQUAL(told_to_close(), 100u);
  pass(limits::drain_step);
  CAF_CHECK_EQUAL(told_to_close(), 200u);
  pass(limits::drain_step);
  CAF_CHECK_EQUAL(told_to_close(), 240u);
  for (auto& c : clients) {
    CAF_CHECK(c->closed_with() == close_code::service_restart);
    CAF_REQUIRE(c->close_reason().starts_with("retry-ms="));
    CAF_CHECK_LESS_OR_EQUAL(std::stoul(c->close_reason().substr(9)), 1'000u + 240 / 2);
  }
  bridge.heard();
  CAF_CHECK_EQUAL(gauges.rooms, 2u); // they linger
  pass(limits::drain_step);
  CAF_CHECK_EQUAL(gauges.rooms, 0u);
  auto heard = bridge.heard();
  std::sort(heard.begin(), heard.end());
  CAF_CHECK_EQUAL(heard, (lines{"detach r", "detach s", "stop"}));
  CAF_CHECK(stopped.empty());
  bridge.on_stopped()();
  settle();
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{true});
  CAF_CHECK(!is_alive(handle));
  CAF_CHECK_EQUAL(accepting_stops, 1);
}

CAF_TEST(an empty node stops at once) {
  tell(handle, stop_node{});
  bridge.on_stopped()();
  settle();
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{true});
}

CAF_TEST(a handshake under way is waited for and its connection closed) {
  all_closed = false;
  tell(handle, stop_node{});
  pass(limits::drain_step);
  CAF_CHECK_EQUAL(bridge.on_stopped() == nullptr, true);
  connect_many(1);
  pass(limits::drain_step);
  CAF_CHECK_EQUAL(told_to_close(), 1u);
  all_closed = true;
  pass(limits::drain_step);
  bridge.on_stopped()();
  settle();
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{true});
}

CAF_TEST(after the drain time all are closed) {
  caf::anon_send_exit(handle, caf::exit_reason::kill);
  settle();
  handle = start(0s, lobby_handle);
  connect_many(240);
  tell(handle, stop_node{});
  CAF_CHECK_EQUAL(told_to_close(), 240u);
}

CAF_TEST(a connection that never ends does not hold the node for ever) {
  connect_many(2);
  for (auto& c : clients) c->ignores_close();
  clients[0]->says(R"({"type":"SUBSCRIBE","room":"r"})");
  tell(handle, stop_node{});
  const std::chrono::milliseconds patience = 30s + limits::close_timeout + limits::drain_reserve;
  for (auto t = 0ms; t < patience; t += limits::drain_step) {
    CAF_REQUIRE(!clients[0]->is_aborted());
    pass(limits::drain_step);
  }
  for (auto& c : clients) CAF_CHECK(c->is_aborted());
  pass(limits::drain_step);
  CAF_REQUIRE(bridge.on_stopped() != nullptr);
  bridge.on_stopped()();
  settle();
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{true});
}

CAF_TEST(a second stop closes all the others now) {
  connect_many(240);
  for (auto& c : clients) c->ignores_close();
  tell(handle, stop_node{});
  tell(handle, stop_node{});
  size_t restarting = 0;
  size_t going_away = 0;
  for (auto& c : clients) {
    restarting += c->closed_with() == close_code::service_restart;
    going_away += c->closed_with() == close_code::going_away;
  }
  CAF_CHECK_EQUAL(restarting, 100u);
  CAF_CHECK_EQUAL(going_away, 140u);
  CAF_CHECK_EQUAL(accepting_stops, 1);
  CAF_CHECK(stopped.empty()); // they are still there
}

CAF_TEST(the drain goes on while clients do not answer) {
  connect_many(2);
  clients[0]->ignores_close();
  tell(handle, stop_node{});
  pass(limits::drain_step);
  pass(limits::drain_step);
  CAF_CHECK(stopped.empty());
  clients[0]->goes();
  pass(limits::drain_step);
  bridge.on_stopped()();
  settle();
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{true});
}

CAF_TEST_FIXTURE_SCOPE_END()

// -- supervision -----------------------------------------------------------------------------

CAF_TEST_FIXTURE_SCOPE(supervision_tests, fixture)

CAF_TEST(a node without its bridge ends) {
  crash(bridge.handle);
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{false});
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST(clients of a node that fails get a close frame) {
  connect_many(3);
  clients[0]->ignores_close();
  crash(bridge.handle);
  for (auto& c : clients) CAF_CHECK(c->closed_with() == close_code::internal_error);
  CAF_CHECK(gauges.draining);
  crash(lobby_handle); // they often fail together
  CAF_CHECK(stopped.empty());
  pass(limits::failure_patience);
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{false});
  CAF_CHECK(!is_alive(handle));
}

CAF_TEST(a node without its lobby ends) {
  crash(lobby_handle);
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{false});
}

CAF_TEST(a bridge that fails during the drain does not leave the node waiting) {
  connect_many(1);
  clients[0]->ignores_close();
  tell(handle, stop_node{});
  crash(bridge.handle);
  pass(limits::failure_patience);
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{false});
}

CAF_TEST_FIXTURE_SCOPE_END()
