#define CAF_SUITE suggest
#include "config/suggest.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::config;

namespace {

const std::vector<std::string> names{
    "server.host", "server.port", "server.io-threads", "redis.prefix", "scheduler.max-threads"};

} // namespace

CAF_TEST(a typing error finds the nearest name) {
  CAF_CHECK_EQUAL(suggest("server.prot", names), "server.port");
  CAF_CHECK_EQUAL(suggest("sever.host", names), "server.host");
  CAF_CHECK_EQUAL(suggest("server.io_threads", names), "server.io-threads");
}

CAF_TEST(a name without its group finds the only key of that name) {
  CAF_CHECK_EQUAL(suggest("port", names), "server.port");
  CAF_CHECK_EQUAL(suggest("limits.prefix", names), "redis.prefix");
}

CAF_TEST(a name unlike any finds nothing) {
  CAF_CHECK_EQUAL(suggest("", names), "");
  CAF_CHECK_EQUAL(suggest("rooms.history-size", names), "");
  CAF_CHECK_EQUAL(suggest(std::string(5'000, 'x'), names), "");
}
