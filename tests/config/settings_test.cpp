#define CAF_SUITE settings
#include "config/settings.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::config;
using namespace std::chrono_literals;

CAF_TEST(the defaults are valid) { CAF_CHECK_EQUAL(settings{}.validate(), ""); }

CAF_TEST(a wrong member is named with what is allowed) {
  settings wrong;
  wrong.server.io_threads = 65;
  CAF_CHECK_EQUAL(wrong.validate(), "server.io-threads = 65: must be a whole number, 0 to 64");
  wrong = {};
  wrong.server.node_id = "a b";
  CAF_CHECK_EQUAL(wrong.validate(), "server.node-id = \"a b\": must be at most 64 of A-Z a-z 0-9 . _ -");
  wrong = {};
  wrong.rooms.linger = -1ms;
  CAF_CHECK_EQUAL(wrong.validate(), "rooms.linger = -1ms: must be a duration such as 30s or 500ms, 0s to 1h");
  wrong = {};
  wrong.redis.prefix = "{a}";
  CAF_CHECK(wrong.validate().starts_with("redis.prefix = \"{a}\": must be"));
  wrong = {};
  wrong.redis.urls.clear();
  CAF_CHECK(wrong.validate().starts_with("redis.urls = []: must hold URLs"));
  wrong = {};
  wrong.rooms.history_ttl = 999ms;
  CAF_CHECK_EQUAL(
      wrong.validate(), "rooms.history-ttl = 999ms: must be a duration such as 30s or 500ms, 1s to 720h");
  wrong = {};
  wrong.limits.max_message_bytes = 127;
  CAF_CHECK_EQUAL(wrong.validate(), "limits.max-message-bytes = 127: must be a whole number, 128 to 1000000");
}

CAF_TEST(a channel without the prefix sends no headers) {
  redis_settings redis;
  CAF_CHECK(redis.headers());
  redis.channel = "chat.%";
  CAF_CHECK(!redis.headers());
}
