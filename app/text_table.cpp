#include "app/text_table.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace roomcast::app {

namespace {

size_t cells_of(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

template <class... Ts> std::string print(const char* layout, Ts... values) {
  std::array<char, 64> buffer{};
  auto length = std::snprintf(buffer.data(), buffer.size(), layout, values...);
  return {buffer.data(), std::min(static_cast<size_t>(std::max(length, 0)), buffer.size() - 1)};
}

} // namespace

void text_table::column(std::string heading, align side) {
  auto width = cells_of(heading);
  heads_.push_back({std::move(heading), side, width});
}

void text_table::row(std::vector<std::string> cells) {
  cells.resize(heads_.size());
  for (size_t i = 0; i < cells.size(); ++i) heads_[i].width = std::max(heads_[i].width, cells_of(cells[i]));
  rows_.push_back(std::move(cells));
}

std::string text_table::render() const {
  std::string out;
  std::vector<std::string_view> cells;
  for (const auto& each : heads_) cells.push_back(each.text);
  append(out, cells);
  for (const auto& row : rows_) append(out, {row.begin(), row.end()});
  return out;
}

void text_table::append(std::string& out, const std::vector<std::string_view>& cells) const {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += "  ";
    std::string padding(heads_[i].width - cells_of(cells[i]), ' ');
    if (heads_[i].side == align::right) out += padding;
    out += cells[i];
    if (heads_[i].side == align::left && i + 1 < cells.size()) out += padding;
  }
  out.erase(out.find_last_not_of(' ') + 1);
  out += '\n';
}

std::string cell_text(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (c == 0xC2 && next >= 0x80 && next < 0xA0)
      ++i; // U+0080 to U+009F
    else if (c >= 0x20 && c != 0x7F) {
      clean += text[i];
      continue;
    }
    clean += '?';
  }
  return clean;
}

std::string human_bytes(double bytes) {
  if (bytes < 1024) return print("%.0f B", bytes);
  constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  for (bytes /= 1024; bytes >= 1023.95 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  return print("%.1f %s", bytes, units[unit]);
}

std::string human_seconds(double seconds) {
  // A double of any size is converted below: bound it first.
  auto all = static_cast<long long>(std::clamp(seconds, 0.0, 1e12));
  if (all < 60) return print("%llds", all);
  if (all < 3'600) return print("%lldm%02llds", all / 60, all % 60);
  if (all < 86'400) return print("%lldh%02lldm", all / 3'600, all % 3'600 / 60);
  return print("%lldd%02lldh", all / 86'400, all % 86'400 / 3'600);
}

std::string human_milliseconds(double value) {
  if (value > 0 && value < 10) return print("%.2f ms", value);
  if (value < 1'000) return print("%.0f ms", value);
  return print("%.1f s", std::min(value / 1'000, 1e12));
}

std::string human_rate(double per_second) { return print("%.1f", std::min(per_second, 1e18)); }

} // namespace roomcast::app
