#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roomcast::app {

/// What `roomcast stats` can ask for.
enum class stats_view : uint8_t { node, rooms, connections, actors, cluster };

std::optional<stats_view> parse_stats_view(std::string_view name);

/// `/api/v1/stats` and what belongs to the view.
std::string stats_path(stats_view view);

/// Empty if the view's table can be sorted by `key` (a heading, or its name in the document), or one line
/// that lists the columns.
std::string check_sort_key(stats_view view, std::string_view key);

struct table_options {
  size_t top = 0;   ///< at most so many rows; 0: all
  std::string sort; ///< checked by check_sort_key(); empty: the node's order
};

/// The document of a view as aligned tables, one row a line: numbers to the right, sizes and times in human
/// units, a field that is missing as `-`. Control characters are replaced: a name cannot steer the terminal.
/// Nothing if `document` is not what a node answers. Pure; never throws for what the document says.
std::optional<std::string>
render_stats(stats_view view, std::string_view document, const table_options& options);

} // namespace roomcast::app
