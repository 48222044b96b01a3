#include "core/log.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>
#include <unistd.h>

namespace roomcast::log {
namespace {

struct state {
  level threshold = level::info;
  format layout = format::text;
  std::string node;
};

state& global() {
  static state instance;
  return instance;
}

std::string_view name(level severity) {
  switch (severity) {
  case level::debug: return "debug";
  case level::info: return "info";
  case level::warning: return "warning";
  case level::error: return "error";
  case level::off: break;
  }
  return "off";
}

std::string utc_now() {
  using namespace std::chrono;
  const auto now = system_clock::now();
  const std::time_t seconds = system_clock::to_time_t(now);
  const auto millis = duration_cast<milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const auto n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + n, sizeof text - n, ".%03dZ", static_cast<int>(millis));
  return text;
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  out += '"';
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\' || c == 0x7F) return true;
  return false;
}

void append_text(std::string& out, std::string_view value) {
  if (needs_quotes(value))
    append_quoted(out, value);
  else
    out += value;
}

std::string render_text(
    std::string_view time, level severity, std::string_view node, std::string_view event, fields values) {
  std::string out{time};
  ((out += ' ') += name(severity)) += ' ';
  out += event;
  if (!node.empty()) append_text(out += " node=", node);
  for (const auto& f : values) append_text(((out += ' ') += f.key()) += '=', f.text());
  return out;
}

std::string render_json(
    std::string_view time, level severity, std::string_view node, std::string_view event, fields values) {
  std::string out = "{\"time\":";
  append_quoted(out, time);
  append_quoted(out += ",\"level\":", name(severity));
  append_quoted(out += ",\"event\":", event);
  if (!node.empty()) append_quoted(out += ",\"node\":", node);
  for (const auto& f : values) {
    append_quoted(out += ',', f.key());
    out += ':';
    if (f.bare())
      out += f.text();
    else
      append_quoted(out, f.text());
  }
  return out += '}';
}

} // namespace

void configure(level threshold, format layout, std::string_view node) {
  global() = {threshold, layout, std::string{node}};
}

bool enabled(level severity) noexcept { return severity >= global().threshold; }

std::string render(
    format layout, std::string_view time, level severity, std::string_view node, std::string_view event,
    fields values) {
  auto make = layout == format::json ? render_json : render_text;
  return make(time, severity, node, event, values);
}

void write(level severity, std::string_view event, fields values) {
  if (!enabled(severity)) return;
  auto line = render(global().layout, utc_now(), severity, global().node, event, values) + '\n';
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace roomcast::log
