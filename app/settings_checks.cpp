#include "app/settings_checks.hpp"

#include "net/redis_bus.hpp"

namespace roomcast::app {

config::url_check redis_url_check() {
  return [](std::string_view url) -> config::checked_url {
    auto endpoint = net::redis_endpoint::parse(url);
    if (!endpoint) return {{}, endpoint.failure()};
    return {endpoint->name(), {}};
  };
}

result<config::configuration, std::string> load_settings(std::vector<std::string> args) {
  return config::load({std::move(args), config::process_environment(), redis_url_check()});
}

} // namespace roomcast::app
