// A node whose rooms are spread over several Redis servers.
#define CAF_SUITE node_servers
#include "tests/actors/node_fixture.hpp"

namespace {

wire::cluster_node stranger(const char* id, std::string ring, int64_t age_ms) {
  wire::cluster_node node;
  node.id = node.boot = id;
  node.ring = std::move(ring);
  node.age_ms = age_ms;
  return node;
}

/// A second node whose rooms are on two servers.
struct several : fixture {
  several() {
    second.confirm_at_once();
    caf::anon_send_exit(handle, caf::exit_reason::kill);
    settle();
    handle = start(30s, lobby_handle, both, flags);
    bridge.heard();
    second.heard();
  }
  ~several() override { end_all(); }

  bridge_probe second{*this};
  bridge_ring both{{{"b:1/0", second.handle}, {"a:1/0", bridge.handle}}};
  node_gauges flags{2};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(several_servers_tests, several)

CAF_TEST(every server gets the heartbeat) {
  pass(1s);
  CAF_CHECK_EQUAL(bridge.heard(), lines{"heartbeat serving"});
  CAF_CHECK_EQUAL(second.heard(), lines{"heartbeat serving"});
  CAF_CHECK_EQUAL(second.beat().ring, both.fingerprint());
}

CAF_TEST(the node view has every server) {
  const auto document = ask(stats_view::node);
  CAF_CHECK_EQUAL(document.at("missing"), 0);
  CAF_CHECK_EQUAL(document.at("buses").size(), 2u);
  CAF_CHECK_EQUAL(document.at("node").at("ring"), both.fingerprint());
}

CAF_TEST(the node stops when the last of its bridges has) {
  tell(handle, stop_node{});
  CAF_CHECK_EQUAL(bridge.heard(), (lines{"heartbeat draining", "stop"}));
  CAF_CHECK_EQUAL(second.heard(), (lines{"heartbeat draining", "stop"}));
  bridge.on_stopped()();
  settle();
  caf::anon_send_exit(bridge.handle, caf::exit_reason::user_shutdown); // as a bridge does
  settle();
  CAF_CHECK(stopped.empty());
  second.on_stopped()();
  settle();
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{true});
}

CAF_TEST(a bridge that ends without being asked ends the node) {
  crash(second.handle);
  CAF_CHECK_EQUAL(stopped, std::vector<bool>{false});
}

CAF_TEST(the cluster is asked through the servers that work) {
  flags.bus_ready[1] = true;
  ask(stats_view::cluster);
  CAF_CHECK_EQUAL(bridge.heard(), lines{});
  CAF_CHECK_EQUAL(second.heard(), lines{"cluster?"});
  CAF_CHECK_EQUAL(answer.at("missing"), 0);
  flags.bus_ready[0] = true;
  ask(stats_view::cluster);
  CAF_CHECK_EQUAL(bridge.heard(), lines{"cluster?"});
  CAF_CHECK_EQUAL(second.heard(), lines{"cluster?"});
}

CAF_TEST(nodes that some servers know are all there and each once) {
  bridge.sees({stranger("n2", both.fingerprint(), 900), stranger("n3", "else", 1)});
  second.sees({stranger("n2", both.fingerprint(), 20), stranger("n4", "", 1)});
  const auto rows = ask(stats_view::cluster).at("nodes");
  CAF_CHECK_EQUAL(column<std::string>(rows, "id"), (lines{"me", "n2", "n3", "n4"}));
  CAF_CHECK_EQUAL(rows.at(1).at("age_ms"), 20);
  CAF_CHECK_EQUAL(column<bool>(rows, "ring_differs"), (std::vector<bool>{false, false, true, false}));
}

CAF_TEST(the node looks now and then whether the others have its servers) {
  const auto asked_in = [this](unsigned beats) {
    for (unsigned i = 0; i < beats; ++i) pass(limits::heartbeat_interval);
    const auto heard = bridge.heard();
    return std::count(heard.begin(), heard.end(), "cluster?");
  };
  CAF_CHECK_EQUAL(asked_in(limits::ring_check_beats - 2), 0); // one beat was at the start
  CAF_CHECK_EQUAL(asked_in(1), 1);
  CAF_CHECK_EQUAL(asked_in(limits::ring_check_beats), 1);
}

CAF_TEST_FIXTURE_SCOPE_END()
