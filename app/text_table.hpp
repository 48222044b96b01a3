#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::app {

/// Rows of texts to aligned lines. A code point counts as one cell.
class text_table {
public:
  enum class align : uint8_t { left, right };

  void column(std::string heading, align side);
  /// As many cells as there are columns.
  void row(std::vector<std::string> cells);
  /// Header line and rows, two blanks between columns, no blanks at the end of a line.
  std::string render() const;

private:
  struct head {
    std::string text;
    align side;
    size_t width;
  };

  void append(std::string& out, const std::vector<std::string_view>& cells) const;

  std::vector<head> heads_;
  std::vector<std::vector<std::string>> rows_;
};

/// One cell of it: control characters (C0, DEL, C1) become `?`.
std::string cell_text(std::string_view text);

// Human units.
std::string human_bytes(double bytes);        ///< `512 B`, `64.0 KiB`
std::string human_seconds(double seconds);    ///< `12s`, `3m05s`, `1h02m`, `2d03h`
std::string human_milliseconds(double value); ///< `0.35 ms`, `340 ms`, `1.2 s`
std::string human_rate(double per_second);    ///< `12.3`

} // namespace roomcast::app
