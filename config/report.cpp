#include "config/loader.hpp"
#include "config/option.hpp"

#include <algorithm>

namespace roomcast::config {

namespace {

std::string describe(const source& from) {
  switch (from.kind) {
  case source_kind::file: return "file " + from.detail;
  case source_kind::environment: return "environment " + from.detail;
  case source_kind::flag: return "flag";
  case source_kind::defaults: break;
  }
  return "default";
}

std::string pad(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

} // namespace

std::string effective(const configuration& loaded) {
  std::string out;
  std::string group;
  for (const auto& each : options()) {
    if (each.group() != group) {
      if (!group.empty()) out += "}\n";
      group = each.group();
      out += group + " {\n";
    }
    auto known = loaded.sources.find(each.name);
    auto from = known == loaded.sources.end() ? source{} : known->second;
    auto value = each.printed(each.show(loaded));
    if (value == "***") value = "\"***\"";
    out += pad("  " + each.key() + " = " + value, 44) + "  ; " + describe(from) + "\n";
  }
  return out + "}\n";
}

std::string flags_help() {
  std::string out = pad("  --config-file=FILE", 44) + "  default: caf-application.conf, if it exists\n";
  const configuration defaults;
  for (const auto& each : options()) {
    auto flag = "  --" + each.name + "=" + each.hint;
    auto value = each.printed(each.show(defaults));
    out += pad(flag, 44) + "  " + each.about + " (" + value + ")\n";
  }
  return out;
}

} // namespace roomcast::config
