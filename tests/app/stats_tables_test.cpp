#define CAF_SUITE stats_tables
#include "app/stats_tables.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::app;

namespace {

std::string rendered(stats_view view, std::string_view document, table_options options = {}) {
  auto text = render_stats(view, document, options);
  return text ? *text : "(nothing)";
}

constexpr std::string_view rooms = R"({"rooms":[
  {"room":"lobby","members":1200,"users":1100,"seq":88000,"messages":90000,"bytes":123456789,"pending_bytes":0,"state":"live"},
  {"room":"кухня","members":3,"users":3,"seq":0,"messages":7,"bytes":512,"pending_bytes":2048,"state":"attaching"},
  {"room":"den","members":40,"users":40,"seq":7,"messages":7,"bytes":1024,"pending_bytes":0,"state":"live"}],"missing":0})";

} // namespace

CAF_TEST(rooms are a table) {
  CAF_CHECK_EQUAL(
      rendered(stats_view::rooms, rooms),
      "room   members  users    seq  messages      bytes  pending  state\n"
      "lobby     1200   1100  88000     90000  117.7 MiB      0 B  live\n"
      "кухня        3      3      0         7      512 B  2.0 KiB  attaching\n"
      "den         40     40      7         7    1.0 KiB      0 B  live\n");
}

CAF_TEST(numbers sort descending and texts ascending) {
  CAF_CHECK_EQUAL(
      rendered(stats_view::rooms, rooms, {0, "bytes"}),
      "room   members  users    seq  messages      bytes  pending  state\n"
      "lobby     1200   1100  88000     90000  117.7 MiB      0 B  live\n"
      "den         40     40      7         7    1.0 KiB      0 B  live\n"
      "кухня        3      3      0         7      512 B  2.0 KiB  attaching\n");
  auto by_name = rendered(stats_view::rooms, rooms, {0, "room"});
  CAF_CHECK(by_name.find("den") < by_name.find("lobby"));
  CAF_CHECK(by_name.find("lobby") < by_name.find("кухня"));
}

CAF_TEST(equal rows keep their order) {
  auto text = rendered(stats_view::rooms, rooms, {0, "messages"});
  CAF_CHECK(text.find("кухня") < text.find("den"));
}

CAF_TEST(top cuts after sorting) {
  CAF_CHECK_EQUAL(
      rendered(stats_view::rooms, rooms, {1, "pending_bytes"}),
      "room   members  users  seq  messages  bytes  pending  state\n"
      "кухня        3      3    0         7  512 B  2.0 KiB  attaching\n");
}

CAF_TEST(connections are a table) {
  CAF_CHECK_EQUAL(
      rendered(
          stats_view::connections,
          R"({"connections":[{"id":7,"address":"[::1]:5000","rooms":2,"queue_bytes":70000,"messages_in":5,
              "messages_out":900,"dropped_events":12,"age_s":3725,"dialect":"rooms"}],"missing":0})"),
      "id  address     rooms     queue  in  out  dropped    age  dialect\n"
      " 7  [::1]:5000      2  68.4 KiB   5  900       12  1h02m  rooms\n");
}

CAF_TEST(actors are a table that says who did not answer) {
  CAF_CHECK_EQUAL(
      rendered(
          stats_view::actors,
          R"({"actors":[{"kind":"lobby","id":12,"name":"lobby","mailbox":0,"handled":1234,"state":"serving"},
              {"kind":"room","id":3,"name":"den","mailbox":17,"handled":5,"state":"live"}],"missing":2})"),
      "kind   id  name   mailbox  handled  state\n"
      "lobby  12  lobby        0     1234  serving\n"
      "room    3  den         17        5  live\n"
      "2 actors did not answer in time\n");
}

CAF_TEST(the cluster marks the node that answered) {
  CAF_CHECK_EQUAL(
      rendered(
          stats_view::cluster,
          R"({"nodes":[{"id":"n1","boot":"00ff","age_ms":340,"connections":10,"rooms":2,"messages_in_per_s":1.26,
              "messages_out_per_s":120,"resident_bytes":10485760,"state":"serving","version":"0.1.0","self":true},
              {"id":"n2","boot":"11ee","age_ms":5200,"connections":0,"rooms":0,"messages_in_per_s":0,
              "messages_out_per_s":0,"resident_bytes":1048576,"state":"draining","version":"0.1.0"}],"missing":1})"),
      "node  state     connections  rooms  in/s  out/s    memory    seen  version  boot  ring\n"
      "n1 *  serving            10      2   1.3  120.0  10.0 MiB  340 ms  0.1.0    00ff  -\n"
      "n2    draining            0      0   0.0    0.0   1.0 MiB   5.2 s  0.1.0    11ee  -\n"
      "1 actor did not answer in time\n");
}

CAF_TEST(the cluster marks nodes with other servers and says what that means) {
  const auto text = rendered(
      stats_view::cluster,
      R"({"nodes":[{"id":"n1","ring":"aa","self":true,"ring_differs":false},
          {"id":"n2","ring":"bb","ring_differs":true}]})");
  CAF_CHECK(text.find("  aa\n") != std::string::npos);
  CAF_CHECK(text.find("  bb !\n") != std::string::npos);
  CAF_CHECK(text.find("\n! other redis.urls than the node that answered") != std::string::npos);
}

CAF_TEST(several servers are one line each) {
  const auto text = rendered(
      stats_view::node,
      R"({"node":{"id":"n1"},"bus":{"kind":"redis"},
          "buses":[{"server":"a:1/0","state":"up","ready":true,"round_trip_us":350,"published":7,
          "subscriptions_wanted":3,"subscriptions_confirmed":2},{"server":"b:1/0","state":"down","ready":false}]})");
  CAF_CHECK_EQUAL(
      text, "node  value\n"
            "id       n1\n"
            "\n"
            "bus    state  ready  round trip  published  received  refused  unknown  reconnects  unanswered  "
            "unflushed  wanted  confirmed  dropped\n"
            "a:1/0  up     yes       0.35 ms          7         -        -        -           -           -  "
            "        -       3          2        -\n"
            "b:1/0  down   no              -          -         -        -        -           -           -  "
            "        -       -          -        -\n");
}

CAF_TEST(the node shows itself and its bus and its counters) {
  CAF_CHECK_EQUAL(
      rendered(
          stats_view::node,
          R"({"node":{"id":"n1","boot":"00ff","version":"0.1.0","uptime_s":75,"state":"serving","connections":3,
              "rooms":2,"messages_in":10,"messages_out":30,"messages_in_per_s":0.5,"messages_out_per_s":1.5,
              "bytes_in":100,"bytes_out":2048,"queue_bytes":0,"resident_bytes":10485760,"io_threads":2,
              "counters":{"accepted":3,"slow_consumers":0}},
              "bus":{"kind":"redis","server":"127.0.0.1:6379/0","state":"up","ready":true,"round_trip_us":350,
              "published":10,"received":10,"refused":0,"unknown":0,"reconnects":1,"unanswered_bytes":0,
              "unflushed_bytes":0,"subscriptions_wanted":2,"subscriptions_confirmed":2,"dropped_payloads":0,"refused_questions":0},
              "missing":0})"),
      "node               value\n"
      "id                    n1\n"
      "state            serving\n"
      "version            0.1.0\n"
      "boot                00ff\n"
      "uptime             1m15s\n"
      "connections            3\n"
      "rooms                  2\n"
      "messages in           10\n"
      "messages out          30\n"
      "messages in/s        0.5\n"
      "messages out/s       1.5\n"
      "bytes in           100 B\n"
      "bytes out        2.0 KiB\n"
      "output queues        0 B\n"
      "memory          10.0 MiB\n"
      "I/O threads            2\n"
      "\n"
      "bus                                 value\n"
      "kind                                redis\n"
      "server                   127.0.0.1:6379/0\n"
      "state                                  up\n"
      "ready                                 yes\n"
      "round trip                        0.35 ms\n"
      "published                              10\n"
      "received                               10\n"
      "refused                                 0\n"
      "unknown outcome                         0\n"
      "reconnects                              1\n"
      "unanswered                            0 B\n"
      "unflushed                             0 B\n"
      "subscriptions wanted                    2\n"
      "subscriptions confirmed                 2\n"
      "dropped payloads                        0\n"
      "refused questions                       0\n"
      "\n"
      "counter         value\n"
      "accepted            3\n"
      "slow consumers      0\n");
}

CAF_TEST(missing and odd fields are a dash) {
  CAF_CHECK_EQUAL(
      rendered(stats_view::rooms, R"({"rooms":[{"room":"a"},{"room":null,"members":[1],"state":""},5]})"),
      "room  members  users  seq  messages  bytes  pending  state\n"
      "a           -      -    -         -      -        -  -\n"
      "-           -      -    -         -      -        -  -\n"
      "-           -      -    -         -      -        -  -\n");
  CAF_CHECK_EQUAL(rendered(stats_view::node, R"({"node":{"id":"n1"}})"), "node  value\nid       n1\n");
}

CAF_TEST(rows without the sorted field come last) {
  auto text =
      rendered(stats_view::rooms, R"({"rooms":[{"room":"x"},{"room":"y","members":1}]})", {0, "members"});
  CAF_CHECK(text.find("\ny") < text.find("\nx"));
}

CAF_TEST(a table without rows is its header) {
  CAF_CHECK_EQUAL(
      rendered(stats_view::actors, R"({"actors":[],"missing":0})"),
      "kind  id  name  mailbox  handled  state\n");
}

CAF_TEST(names cannot steer the terminal) {
  auto text = rendered(stats_view::rooms, "{\"rooms\":[{\"room\":\"a\\u001b[2J\\u009bx\"}]}");
  CAF_CHECK(text.find("a?[2J?x") != std::string::npos);
}

CAF_TEST(what is no stats document is nothing) {
  for (auto view : {stats_view::node, stats_view::rooms, stats_view::cluster})
    for (auto text : {"", "hello", "[]", "{}", "5", "{\"node\":5}", "{\"rooms\":{}}", "{\"nodes\":\"x\"}"})
      CAF_CHECK(!render_stats(view, text, {}));
}

CAF_TEST(columns are known by heading and by field) {
  CAF_CHECK_EQUAL(check_sort_key(stats_view::rooms, "pending"), "");
  CAF_CHECK_EQUAL(check_sort_key(stats_view::rooms, "pending_bytes"), "");
  CAF_CHECK_EQUAL(
      check_sort_key(stats_view::rooms, "size"),
      "unknown column size; rooms has room, members, users, seq, messages, bytes, pending, state");
  CAF_CHECK_EQUAL(
      check_sort_key(stats_view::node, "id"), "--sort needs one of rooms, connections, actors, cluster");
}

CAF_TEST(each view has its path) {
  CAF_CHECK_EQUAL(stats_path(stats_view::node), "/api/v1/stats");
  CAF_CHECK_EQUAL(stats_path(stats_view::cluster), "/api/v1/stats/cluster");
  CAF_CHECK(parse_stats_view("rooms") == stats_view::rooms);
  CAF_CHECK(parse_stats_view("cluster") == stats_view::cluster);
  CAF_CHECK(!parse_stats_view("node"));
}
