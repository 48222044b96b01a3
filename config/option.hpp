#pragma once

#include "config/config_text.hpp"
#include "config/loader.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::config {

using texts = std::vector<std::string>;

/// One key: how to write it, how to read it, what it means. Values travel as texts, so that file,
/// environment and flags share one check.
struct option {
  std::string name; ///< `server.port`
  value_kind kind;
  std::string hint;  ///< what --help shows for the value: `N`
  std::string about; ///< one line for --help
  bool secret = false;
  /// Sets the value, or says what is allowed: `must be 0 to 65535`; empty: done.
  std::function<std::string(configuration&, const texts&)> assign;
  /// The present value as assign() takes it.
  std::function<texts(const configuration&)> show;

  std::string group() const { return name.substr(0, name.find('.')); }
  std::string key() const { return name.substr(name.find('.') + 1); }
  /// `ROOMCAST_SERVER_PORT`.
  std::string variable() const;
  /// For people: secrets masked, control characters replaced, one line.
  std::string printed(const texts& value) const;
};

/// All keys, by group, in the order of the documentation.
const std::vector<option>& options();

const option* find_option(std::string_view name);

/// `server.port = 99999: must be 0 to 65535`.
std::string wrong_value(const option& which, const texts& value, std::string_view allowed);

} // namespace roomcast::config
