#include "app/stats_tables.hpp"

#include "app/text_table.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <span>
#include <vector>

namespace roomcast::app {

namespace {

using json = nlohmann::json;

enum class unit : uint8_t { text, count, bytes, rate, seconds, milliseconds, microseconds };

/// One column of a list, or one line of the node's view.
struct column {
  std::string_view heading;
  std::string_view field; ///< its name in the document
  unit kind;
};

// -- what the documents hold -------------------------------------------------

constexpr column room_columns[] = {
    {"room", "room", unit::text},
    {"members", "members", unit::count},
    {"users", "users", unit::count},
    {"seq", "seq", unit::count},
    {"messages", "messages", unit::count},
    {"bytes", "bytes", unit::bytes},
    {"pending", "pending_bytes", unit::bytes},
    {"state", "state", unit::text},
};

constexpr column connection_columns[] = {
    {"id", "id", unit::count},
    {"address", "address", unit::text},
    {"rooms", "rooms", unit::count},
    {"queue", "queue_bytes", unit::bytes},
    {"in", "messages_in", unit::count},
    {"out", "messages_out", unit::count},
    {"dropped", "dropped_events", unit::count},
    {"age", "age_s", unit::seconds},
    {"dialect", "dialect", unit::text},
};

constexpr column actor_columns[] = {
    {"kind", "kind", unit::text},        {"id", "id", unit::count},           {"name", "name", unit::text},
    {"mailbox", "mailbox", unit::count}, {"handled", "handled", unit::count}, {"state", "state", unit::text},
};

constexpr column node_columns[] = {
    {"node", "id", unit::text},
    {"state", "state", unit::text},
    {"connections", "connections", unit::count},
    {"rooms", "rooms", unit::count},
    {"in/s", "messages_in_per_s", unit::rate},
    {"out/s", "messages_out_per_s", unit::rate},
    {"memory", "resident_bytes", unit::bytes},
    {"seen", "age_ms", unit::milliseconds},
    {"version", "version", unit::text},
    {"boot", "boot", unit::text},
    {"ring", "ring", unit::text},
};

constexpr column node_lines[] = {
    {"id", "id", unit::text},
    {"state", "state", unit::text},
    {"version", "version", unit::text},
    {"boot", "boot", unit::text},
    {"uptime", "uptime_s", unit::seconds},
    {"connections", "connections", unit::count},
    {"rooms", "rooms", unit::count},
    {"messages in", "messages_in", unit::count},
    {"messages out", "messages_out", unit::count},
    {"messages in/s", "messages_in_per_s", unit::rate},
    {"messages out/s", "messages_out_per_s", unit::rate},
    {"bytes in", "bytes_in", unit::bytes},
    {"bytes out", "bytes_out", unit::bytes},
    {"output queues", "queue_bytes", unit::bytes},
    {"memory", "resident_bytes", unit::bytes},
    {"I/O threads", "io_threads", unit::count},
    {"ring", "ring", unit::text},
};

constexpr column bus_lines[] = {
    {"kind", "kind", unit::text},
    {"server", "server", unit::text},
    {"state", "state", unit::text},
    {"ready", "ready", unit::text},
    {"round trip", "round_trip_us", unit::microseconds},
    {"published", "published", unit::count},
    {"received", "received", unit::count},
    {"refused", "refused", unit::count},
    {"unknown outcome", "unknown", unit::count},
    {"reconnects", "reconnects", unit::count},
    {"unanswered", "unanswered_bytes", unit::bytes},
    {"unflushed", "unflushed_bytes", unit::bytes},
    {"subscriptions wanted", "subscriptions_wanted", unit::count},
    {"subscriptions confirmed", "subscriptions_confirmed", unit::count},
    {"dropped payloads", "dropped_payloads", unit::count},
    {"refused questions", "refused_questions", unit::count},
    {"evicted messages", "evicted_messages", unit::count},
};

// Of several servers, one a line.
constexpr column bus_columns[] = {
    {"bus", "server", unit::text},
    {"state", "state", unit::text},
    {"ready", "ready", unit::text},
    {"round trip", "round_trip_us", unit::microseconds},
    {"published", "published", unit::count},
    {"received", "received", unit::count},
    {"refused", "refused", unit::count},
    {"unknown", "unknown", unit::count},
    {"reconnects", "reconnects", unit::count},
    {"unanswered", "unanswered_bytes", unit::bytes},
    {"unflushed", "unflushed_bytes", unit::bytes},
    {"wanted", "subscriptions_wanted", unit::count},
    {"confirmed", "subscriptions_confirmed", unit::count},
    {"dropped", "dropped_payloads", unit::count},
};

struct list_layout {
  std::string_view name;  ///< on the command line and in the path
  std::string_view array; ///< in the document
  std::span<const column> columns;
};

const list_layout* layout_of(stats_view view) {
  static const list_layout rooms{"rooms", "rooms", room_columns};
  static const list_layout connections{"connections", "connections", connection_columns};
  static const list_layout actors{"actors", "actors", actor_columns};
  static const list_layout cluster{"cluster", "nodes", node_columns};
  switch (view) {
  case stats_view::rooms: return &rooms;
  case stats_view::connections: return &connections;
  case stats_view::actors: return &actors;
  case stats_view::cluster: return &cluster;
  case stats_view::node: break;
  }
  return nullptr;
}

constexpr stats_view list_views[] = {
    stats_view::rooms, stats_view::connections, stats_view::actors, stats_view::cluster};

const column* find_column(const list_layout& layout, std::string_view key) {
  for (const auto& each : layout.columns)
    if (each.heading == key || each.field == key) return &each;
  return nullptr;
}

// -- one value ---------------------------------------------------------------

/// Null if it is missing, so that a node of another version can still be read.
const json& field_of(const json& object, std::string_view name) {
  static const json none;
  if (!object.is_object()) return none;
  auto found = object.find(std::string{name});
  return found == object.end() ? none : *found;
}

std::string print_number(const json& value, unit kind) {
  auto number = value.get<double>();
  switch (kind) {
  case unit::bytes: return human_bytes(number);
  case unit::rate: return human_rate(number);
  case unit::seconds: return human_seconds(number);
  case unit::milliseconds: return human_milliseconds(number);
  case unit::microseconds: return number < 0 ? "-" : human_milliseconds(number / 1'000);
  case unit::text:
  case unit::count: break;
  }
  return value.is_number_integer() ? value.dump() : human_rate(number);
}

std::string print_value(const json& value, unit kind) {
  if (value.is_number()) return print_number(value, kind);
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_string() && value != "") return cell_text(value.get_ref<const std::string&>());
  return "-"; // missing, empty, or nothing a cell can show
}

// -- lists -------------------------------------------------------------------

bool comes_first(const json& a, const json& b) {
  if (a.is_number() && b.is_number()) return a.get<double>() > b.get<double>();
  if (a.is_string() && b.is_string())
    return a.get_ref<const std::string&>() < b.get_ref<const std::string&>();
  auto rank = [](const json& x) { return x.is_number() ? 0 : x.is_string() ? 1 : 2; }; // missing ones last
  return rank(a) < rank(b);
}

std::vector<const json*>
pick_rows(const json& array, const list_layout& layout, const table_options& options) {
  std::vector<const json*> rows;
  for (const auto& each : array) rows.push_back(&each);
  if (const auto* by = find_column(layout, options.sort))
    std::stable_sort(rows.begin(), rows.end(), [&](const json* a, const json* b) {
      return comes_first(field_of(*a, by->field), field_of(*b, by->field));
    });
  if (options.top > 0 && rows.size() > options.top) rows.resize(options.top);
  return rows;
}

std::string render_list(const json& array, const list_layout& layout, const table_options& options) {
  text_table table;
  for (const auto& each : layout.columns)
    table.column(
        std::string{each.heading},
        each.kind == unit::text ? text_table::align::left : text_table::align::right);
  for (const auto* row : pick_rows(array, layout, options)) {
    std::vector<std::string> cells;
    for (const auto& each : layout.columns)
      cells.push_back(print_value(field_of(*row, each.field), each.kind));
    if (field_of(*row, "self") == true) cells.front() += " *";        // the node that answered
    if (field_of(*row, "ring_differs") == true) cells.back() += " !"; // ring_line() says what it means
    table.row(std::move(cells));
  }
  return table.render();
}

// -- the node's own view -----------------------------------------------------

text_table two_columns(std::string heading) {
  text_table table;
  table.column(std::move(heading), text_table::align::left);
  table.column("value", text_table::align::right);
  return table;
}

std::string render_object(std::string heading, const json& object, std::span<const column> lines) {
  auto table = two_columns(std::move(heading));
  for (const auto& each : lines)
    if (object.contains(std::string{each.field}))
      table.row({std::string{each.heading}, print_value(field_of(object, each.field), each.kind)});
  return table.render();
}

// Whatever the node counts, under the names it gives.
std::string render_counters(const json& counters) {
  auto table = two_columns("counter");
  for (const auto& [name, value] : counters.items()) {
    auto label = cell_text(name);
    std::replace(label.begin(), label.end(), '_', ' ');
    table.row({label, print_value(value, unit::count)});
  }
  return table.render();
}

std::string render_bus(const json& document) {
  const auto& buses = field_of(document, "buses");
  if (buses.is_array() && buses.size() > 1) return '\n' + render_list(buses, {"", "buses", bus_columns}, {});
  const auto& bus = field_of(document, "bus");
  return bus.is_object() ? '\n' + render_object("bus", bus, bus_lines) : "";
}

std::optional<std::string> render_node(const json& document) {
  const auto& node = field_of(document, "node");
  if (!node.is_object()) return std::nullopt;
  auto out = render_object("node", node, node_lines) + render_bus(document);
  if (const auto& counters = field_of(node, "counters"); counters.is_object() && !counters.empty())
    out += '\n' + render_counters(counters);
  return out;
}

std::string ring_line(const json& array) {
  const auto differs = [](const json& row) { return field_of(row, "ring_differs") == true; };
  if (std::none_of(array.begin(), array.end(), differs)) return {};
  return "! other redis.urls than the node that answered: they look for the same room in different places\n";
}

std::string missing_line(const json& document) {
  const auto& missing = field_of(document, "missing");
  if (!missing.is_number_integer() || missing <= 0) return {};
  return missing.dump() + (missing == 1 ? " actor" : " actors") + " did not answer in time\n";
}

} // namespace

std::optional<stats_view> parse_stats_view(std::string_view name) {
  for (auto view : list_views)
    if (layout_of(view)->name == name) return view;
  return std::nullopt;
}

std::string stats_path(stats_view view) {
  std::string path{"/api/v1/stats"};
  if (const auto* layout = layout_of(view)) path += "/" + std::string{layout->name};
  return path;
}

std::string check_sort_key(stats_view view, std::string_view key) {
  const auto* layout = layout_of(view);
  if (!layout) return "--sort needs one of rooms, connections, actors, cluster";
  if (find_column(*layout, key)) return {};
  std::string known;
  for (const auto& each : layout->columns) known += (known.empty() ? "" : ", ") + std::string{each.heading};
  return "unknown column " + cell_text(key.substr(0, 60)) + "; " + std::string{layout->name} + " has "
         + known;
}

std::optional<std::string>
render_stats(stats_view view, std::string_view document, const table_options& options) {
  auto parsed = json::parse(document, nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  const auto* layout = layout_of(view);
  if (!layout) {
    auto out = render_node(parsed);
    return out ? std::optional{*out + missing_line(parsed)} : std::nullopt;
  }
  const auto& array = field_of(parsed, layout->array);
  if (!array.is_array()) return std::nullopt;
  return render_list(array, *layout, options) + ring_line(array) + missing_line(parsed);
}

} // namespace roomcast::app
