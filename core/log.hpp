#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

/// One line per event on standard error: `TIME LEVEL event key=value ...`, or the same as one JSON object.
/// Usage: `log::info("subscribed", {{"room", name.view()}})`. Any thread; a line is one write(2). Never a
/// message body.
namespace roomcast::log {

enum class level : uint8_t { debug, info, warning, error, off };
enum class format : uint8_t { text, json };

/// One `key=value`. Refers to its texts: build it in the call.
class field {
public:
  field(std::string_view key, std::string_view value) : key_(key), text_(value) {}
  field(std::string_view key, const char* value) : key_(key), text_(value) {}
  field(std::string_view key, const std::string& value) : key_(key), text_(value) {}
  field(std::string_view key, bool value) : key_(key), text_(value ? "true" : "false"), bare_(true) {}
  template <class T>
  requires(std::integral<T> && !std::same_as<T, bool>) field(std::string_view key, T value) :
      key_(key), number_(std::to_string(value)), text_(number_), bare_(true) {}
  field(const field&) = delete;

  std::string_view key() const noexcept { return key_; }
  std::string_view text() const noexcept { return text_; }
  bool bare() const noexcept { return bare_; } ///< a number or a boolean: no quotes in JSON

private:
  std::string_view key_;
  std::string number_;
  std::string_view text_;
  bool bare_ = false;
};

using fields = std::initializer_list<field>;

/// Set once before threads start, from the configuration.
void configure(level threshold, format layout, std::string_view node);

bool enabled(level severity) noexcept;
void write(level severity, std::string_view event, fields values);

inline void debug(std::string_view event, fields values = {}) { write(level::debug, event, values); }
inline void info(std::string_view event, fields values = {}) { write(level::info, event, values); }
inline void warning(std::string_view event, fields values = {}) { write(level::warning, event, values); }
inline void error(std::string_view event, fields values = {}) { write(level::error, event, values); }

/// The line without its newline, as `write` prints it (for tests).
std::string render(
    format layout, std::string_view time, level severity, std::string_view node, std::string_view event,
    fields values);

} // namespace roomcast::log
