#include "app/cli_check_config.hpp"

#include <ostream>

namespace roomcast::app {

int run_check_config(config::load_request request, std::ostream& out, std::ostream& err) {
  auto& args = request.args;
  if (!args.empty() && !args.front().starts_with('-')) args.front().insert(0, "--config-file=");
  auto loaded = config::load(request);
  if (!loaded) {
    err << "roomcast: " << loaded.failure() << '\n';
    return 2;
  }
  for (const auto& warning : loaded->warnings) err << "roomcast: warning: " << warning << '\n';
  out << config::effective(*loaded) << "ok\n";
  return 0;
}

} // namespace roomcast::app
