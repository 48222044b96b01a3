#include "actors/channel_naming.hpp"

namespace roomcast::actors {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

} // namespace

channel_naming channel_naming::make(std::string_view prefix, std::string_view channel_template) {
  const auto percent = channel_template.find('%');
  channel_naming naming;
  naming.before = channel_template.substr(0, percent);
  naming.after = channel_template.substr(percent + 1);
  naming.headers = channel_template.find("{prefix}") != std::string_view::npos;
  naming.prefix = prefix;
  replace_all(naming.before, "{prefix}", prefix);
  replace_all(naming.after, "{prefix}", prefix);
  return naming;
}

} // namespace roomcast::actors
