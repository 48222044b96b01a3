#define CAF_SUITE stats_document
#include "wire/stats_document.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::wire;

namespace {

cluster_node some_node() {
  cluster_node node;
  node.id = "a";
  node.boot = "b00t";
  node.version = "1.2.3";
  node.state = "serving";
  node.connections = 12;
  node.rooms = 3;
  node.messages_in_per_s = 1.26;
  node.messages_out_per_s = 40;
  node.resident_bytes = 1'000'000;
  node.ring = "00ff";
  node.age_ms = 70;
  node.self = true;
  return node;
}

} // namespace

CAF_TEST(empty lists say that nothing is missing) {
  CAF_CHECK_EQUAL(rooms_document({}, 0), R"({"rooms":[],"missing":0})");
  CAF_CHECK_EQUAL(connections_document({}, 1), R"({"connections":[],"missing":1})");
  CAF_CHECK_EQUAL(actors_document({}, 2), R"({"actors":[],"missing":2})");
  CAF_CHECK_EQUAL(cluster_document({}, 3), R"({"nodes":[],"missing":3})");
}

CAF_TEST(a room is one row) {
  CAF_CHECK_EQUAL(
      rooms_document({{"say \"hi\"", 1, 2, 3, 4, 5, "live", 6, 7, 8}}, 0),
      R"({"rooms":[{"room":"say \"hi\"","members":1,"users":2,"messages":3,"bytes":4,"pending_bytes":5,)"
      R"("state":"live","seq":6,"repaired":7,"missed":8}],"missing":0})");
}

CAF_TEST(a connection is one row) {
  CAF_CHECK_EQUAL(
      connections_document({{7, "203.0.113.7:1", 2, 3, 4, 5, 6, "rooms", 8}}, 0),
      R"({"connections":[{"id":7,"address":"203.0.113.7:1","rooms":2,"queue_bytes":3,"messages_in":4,)"
      R"("messages_out":5,"age_s":6,"dropped_events":8,"dialect":"rooms"}],"missing":0})");
}

CAF_TEST(an actor is one row) {
  CAF_CHECK_EQUAL(
      actors_document({{"room", 9, "r", 1, 2, "live"}}, 0),
      R"({"actors":[{"kind":"room","id":9,"name":"r","mailbox":1,"handled":2,"state":"live"}],"missing":0})");
}

CAF_TEST(rates have one decimal) {
  CAF_CHECK_EQUAL(
      cluster_document({some_node()}, 0),
      R"({"nodes":[{"id":"a","boot":"b00t","version":"1.2.3","state":"serving","connections":12,"rooms":3,)"
      R"("messages_in_per_s":1.3,"messages_out_per_s":40.0,"resident_bytes":1000000,"ring":"00ff",)"
      R"("age_ms":70,"self":true,"ring_differs":false}],"missing":0})");
}

CAF_TEST(the node document has the node and its bus) {
  node_figures node;
  node.id = "me";
  node.counters = {{"accepted", 4}, {"refused", 1}};
  bus_figures bus;
  bus.kind = "memory";
  const auto text = node_document(node, {bus}, 0);
  CAF_CHECK(text.starts_with(R"({"node":{"id":"me",)"));
  CAF_CHECK(text.find(R"("counters":{"accepted":4,"refused":1}})") != text.npos);
  CAF_CHECK(text.find(R"("bus":{"kind":"memory",)") != text.npos);
  CAF_CHECK(text.find(R"("buses":[{"kind":"memory",)") != text.npos);
  CAF_CHECK(text.ends_with(R"("missing":0})"));
}

CAF_TEST(heartbeats of several servers become one row for each run of a node) {
  auto late = some_node();
  late.age_ms = 900;
  auto again = some_node(); // the same id after a restart
  again.boot = "c00l";
  auto other = some_node();
  other.id = "0";
  other.ring = "11ee";
  auto older = some_node(); // a version that says nothing of its servers
  older.id = "z";
  older.ring = "";
  const auto nodes = merge_heartbeats({late, older, again, some_node(), other}, "00ff");
  CAF_REQUIRE_EQUAL(nodes.size(), 4u);
  CAF_CHECK_EQUAL(nodes[0].id, "0");
  CAF_CHECK(nodes[0].ring_differs);
  CAF_CHECK_EQUAL(nodes[1].boot, "b00t");
  CAF_CHECK_EQUAL(nodes[1].age_ms, 70);
  CAF_CHECK_EQUAL(nodes[2].boot, "c00l");
  CAF_CHECK(!nodes[1].ring_differs && !nodes[2].ring_differs && !nodes[3].ring_differs);
}

CAF_TEST(without counters the node document still has the object) {
  CAF_CHECK(node_document({}, {{}}, 0).find(R"("counters":{})") != std::string::npos);
}

CAF_TEST(what is not UTF - 8 is replaced) {
  const auto text = rooms_document({{"a\xFF", 0, 0, 0, 0, 0, ""}}, 0);
  CAF_CHECK(text.find("\"a\xEF\xBF\xBD\"") != text.npos);
}

CAF_TEST(a heartbeat comes back as it was written but for age and self) {
  cluster_node back;
  CAF_REQUIRE(decode_heartbeat(encode_heartbeat(some_node()), back));
  CAF_CHECK_EQUAL(back.id, "a");
  CAF_CHECK_EQUAL(back.boot, "b00t");
  CAF_CHECK_EQUAL(back.version, "1.2.3");
  CAF_CHECK_EQUAL(back.state, "serving");
  CAF_CHECK_EQUAL(back.connections, 12u);
  CAF_CHECK_EQUAL(back.rooms, 3u);
  CAF_CHECK_EQUAL(back.messages_in_per_s, 1.3);
  CAF_CHECK_EQUAL(back.resident_bytes, 1'000'000u);
  CAF_CHECK_EQUAL(back.ring, "00ff");
  CAF_CHECK_EQUAL(back.age_ms, 0);
  CAF_CHECK(!back.self);
}

CAF_TEST(a foreign heartbeat is refused and never throws) {
  cluster_node node;
  for (const char* text :
       {"", "x", "[]", "7", "{}", R"({"id":7})", R"({"id":"a","rooms":"many"})", "{\"id\":\"\xFF\"}"})
    CAF_CHECK(!decode_heartbeat(text, node));
}
