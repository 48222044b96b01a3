#define CAF_SUITE bridge_ring
#include "actors/bridge_ring.hpp"

#include "tests/actors/probes.hpp"

#include <algorithm>
#include <map>
#include <memory>

using namespace roomcast;
using namespace roomcast::actors;

namespace {

using names = std::vector<std::string>;

struct fixture : actor_fixture {
  ~fixture() override { end_all(); }

  /// The bridge to a server, the same in every ring.
  bridge_actor bridge(const std::string& server) {
    auto& known = bridges[server];
    if (!known) known = std::make_unique<bridge_probe>(*this);
    return known->handle;
  }

  bridge_ring ring(const names& servers) {
    std::vector<bridge_ring::server> all;
    for (const auto& each : servers) all.push_back({each, bridge(each)});
    return bridge_ring{std::move(all)};
  }

  static names servers(int count) {
    names all;
    for (int i = 1; i <= count; ++i) all.push_back("10.0.0." + std::to_string(i) + ":6379/0");
    return all;
  }

  static const std::vector<room_name>& rooms() {
    static const auto all = [] {
      std::vector<room_name> list;
      for (int i = 0; i < 10'000; ++i) list.push_back(named("room-" + std::to_string(i)));
      return list;
    }();
    return all;
  }

  std::map<std::string, std::unique_ptr<bridge_probe>> bridges;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(bridge_ring_tests, fixture)

CAF_TEST(one server has all rooms) {
  const auto one = ring({"a:1/0"});
  for (const auto& room : rooms()) CAF_REQUIRE(one.of(room) == bridge("a:1/0"));
  CAF_CHECK_EQUAL(one.all().size(), 1u);
}

CAF_TEST(rooms are spread evenly) {
  const auto eight = ring(servers(8));
  std::map<bridge_actor, size_t> count;
  for (const auto& room : rooms()) ++count[eight.of(room)];
  CAF_CHECK_EQUAL(count.size(), 8u);
  for (const auto& [server, n] : count) {
    CAF_CHECK_GREATER(n, 937u); // a quarter less than the 1,250 of an equal share
    CAF_CHECK_LESS(n, 1'563u);
  }
}

CAF_TEST(a server more moves few rooms and only to itself) {
  for (int n = 1; n < 16; ++n) {
    const auto before = ring(servers(n));
    const auto after = ring(servers(n + 1));
    size_t moved = 0;
    for (const auto& room : rooms()) {
      if (before.of(room) == after.of(room)) continue;
      ++moved;
      CAF_REQUIRE(after.of(room) == bridge(servers(n + 1).back()));
    }
    CAF_CHECK_GREATER(moved, 0u);
    CAF_CHECK_LESS(moved * static_cast<size_t>(n + 1) * 2, rooms().size() * 3); // 1.5 shares of n + 1
  }
}

CAF_TEST(the order of the list does not matter) {
  auto list = servers(5);
  const auto one = ring(list);
  std::reverse(list.begin(), list.end());
  const auto other = ring(list);
  for (const auto& room : rooms()) CAF_REQUIRE(one.of(room) == other.of(room));
  CAF_CHECK_EQUAL(one.fingerprint(), other.fingerprint());
  CAF_CHECK(one.all() == other.all());
  CAF_CHECK(one.all().front() == bridge("10.0.0.1:6379/0"));
}

// Nodes of different builds must agree: a change of these splits running clusters.
CAF_TEST(where a room belongs never changes) {
  const auto three = ring({"a:6379/0", "b:6379/0", "c:6379/0"});
  lines where;
  for (const char* room : {"lobby", "room1", "room2", "chat:42", "r\xC3\xA4ume"})
    for (const auto& [name, probe] : bridges)
      if (three.of(named(room)) == probe->handle) where.push_back(name);
  CAF_CHECK_EQUAL(where, (lines{"b:6379/0", "c:6379/0", "b:6379/0", "c:6379/0", "b:6379/0"}));
  CAF_CHECK_EQUAL(three.fingerprint(), "629ce3c3d5f9adbc");
}

CAF_TEST(other servers make another fingerprint) {
  CAF_CHECK(ring(servers(3)).fingerprint() != ring(servers(4)).fingerprint());
  CAF_CHECK(ring(servers(2)).fingerprint() != ring(servers(1)).fingerprint());
}

CAF_TEST(a single server has one fingerprint under all its names and the memory bus none) {
  const auto fingerprint = [this](const char* name) { return std::string{ring({name}).fingerprint()}; };
  CAF_CHECK_EQUAL(fingerprint("redis:6379/0"), "single");
  CAF_CHECK_EQUAL(fingerprint("127.0.0.1:6379/0"), "single");
  CAF_CHECK_EQUAL(fingerprint(""), "");
}

CAF_TEST_FIXTURE_SCOPE_END()
