#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::config {

enum class value_kind : uint8_t { text, number, duration, boolean, list, maps, group, other };

/// `a number`, `a duration`, ... for error lines.
std::string_view describe(value_kind kind) noexcept;

/// One `key = value` of a file, or one group.
struct file_entry {
  std::string name; ///< `server.port`; a group: `server`
  value_kind kind = value_kind::other;
  std::vector<std::string> texts; ///< one; of a list all: its texts, or each map as `{ key = value, ... }`
  unsigned line = 0;              ///< from 1
};

/// Reads CAF's configuration syntax with CAF's own parser, keeping the line of each entry and refusing what
/// CAF would pass over: an unclosed brace, a key that is set twice. `name` is what the error line calls the
/// text: `NAME:LINE: what is wrong`. Never repeats a value.
result<std::vector<file_entry>, std::string> parse_config_text(std::string_view text, std::string_view name);

/// The same for a file, which must be a readable regular file of at most 1 MiB.
result<std::vector<file_entry>, std::string> parse_config_file(const std::string& path);

} // namespace roomcast::config
