#define CAF_SUITE room_rules
#include "actors/room_rules.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast;
using namespace roomcast::actors;
using namespace std::chrono_literals;

CAF_TEST(rooms without a namespace are as all rooms) {
  const room_rules rules{room_options{2s, slow_policy::latest_only}};
  CAF_CHECK(rules.of("anything").linger == 2s);
  CAF_CHECK(rules.of("anything").slow_consumer == slow_policy::latest_only);
}

CAF_TEST(the longest prefix that fits counts) {
  const room_rules rules{
      {2s},
      {{"a", {2s, slow_policy::latest_only}},
       {"a:b:", {2s, slow_policy::disconnect}},
       {"a:", {2s, slow_policy::drop_oldest, {7, 5s}, 3s}}}};
  CAF_CHECK(rules.of("a:b:c").slow_consumer == slow_policy::disconnect);
  CAF_CHECK(rules.of("a:b").slow_consumer == slow_policy::drop_oldest);
  CAF_CHECK(rules.of("a").slow_consumer == slow_policy::latest_only);
  CAF_CHECK(rules.of("b:a:").slow_consumer == slow_policy::disconnect);
  CAF_CHECK(rules.of("a:b:c").linger == 2s);
  CAF_CHECK_EQUAL(rules.of("a:b").history.size, 7u);
  CAF_CHECK(rules.of("a:b").history.ttl == 5s);
  CAF_CHECK(rules.of("a:b").presence_grace == 3s);
  CAF_CHECK_EQUAL(rules.of("a:b:c").history.size, 0u);
}

CAF_TEST(whether any room may have a history is known) {
  CAF_CHECK(!room_rules(room_options{1s}).any_history());
  CAF_CHECK(room_rules(room_options{1s, slow_policy::disconnect, {1, 1s}}).any_history());
  CAF_CHECK(room_rules({1s}, {{"a", {1s}}, {"b", {1s, slow_policy::disconnect, {1, 1s}}}}).any_history());
}
