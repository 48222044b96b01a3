#define CAF_SUITE channel_naming
#include "actors/channel_naming.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::actors;

CAF_TEST(the default template puts the room in braces behind the prefix) {
  const auto naming = channel_naming::make("roomcast:", "{prefix}ch:{%}");
  CAF_CHECK_EQUAL(naming.before, "roomcast:ch:{");
  CAF_CHECK_EQUAL(naming.after, "}");
  CAF_CHECK_EQUAL(naming.prefix, "roomcast:");
  CAF_CHECK(naming.headers);
}

CAF_TEST(a bare percent sign is the plain room name without headers) {
  const auto naming = channel_naming::make("roomcast:", "%");
  CAF_CHECK_EQUAL(naming.before + "|" + naming.after, "|");
  CAF_CHECK(!naming.headers);
}

CAF_TEST(the prefix may stand anywhere and more than once) {
  const auto naming = channel_naming::make("p", "{prefix}.%.{prefix}{prefix}");
  CAF_CHECK_EQUAL(naming.before, "p.");
  CAF_CHECK_EQUAL(naming.after, ".pp");
}

CAF_TEST(a prefix that looks like the placeholder is taken as it is) {
  const auto naming = channel_naming::make("{prefix}", "{prefix}%");
  CAF_CHECK_EQUAL(naming.before, "{prefix}");
}
