#define CAF_SUITE shipped_files
#include "config/loader.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::config;

namespace {

configuration shipped(const std::string& name) {
  auto loaded = load({{"--config-file=" ROOMCAST_CONFIG_FOLDER "/" + name}, {}, {}, {}});
  if (!loaded) CAF_FAIL(loaded.failure());
  return *loaded;
}

// The lines of effective() without the comments that name the sources.
std::string values_of(const configuration& loaded) {
  std::string out;
  auto text = effective(loaded);
  for (size_t begin = 0; begin < text.size();) {
    auto end = text.find('\n', begin);
    auto line = text.substr(begin, end - begin);
    out += line.substr(0, line.find("  ; ")) + "\n";
    begin = end + 1;
  }
  return out;
}

} // namespace

CAF_TEST(the documented file holds every key with its default) {
  auto documented = shipped("caf-application.conf");
  CAF_CHECK_EQUAL(values_of(documented), values_of(configuration{}));
  auto text = effective(documented);
  CAF_CHECK(text.find("; default") == std::string::npos);
}

CAF_TEST(the files of the cluster differ in the name of the node) {
  for (auto name : {"node1", "node2", "node3"}) {
    auto node = shipped(std::string{"cluster/"} + name + ".conf");
    CAF_CHECK_EQUAL(node.values.server.node_id, name);
    CAF_CHECK(node.values.server.bus == bus_kind::redis);
    CAF_CHECK_EQUAL(node.values.redis.urls.at(0), "redis://redis:6379");
  }
}
