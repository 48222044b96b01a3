#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Texts to values and back. Pure functions, any thread; nothing throws for what the text says.
namespace roomcast::config {

/// A non-negative decimal integer without sign or blanks; nothing where the text is no such number or does
/// not fit.
std::optional<uint64_t> parse_number(std::string_view text) noexcept;

/// CAF's timespans: digits and one of `ns us ms s min h`, a whole number of milliseconds; nothing otherwise.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;

/// The shortest form that parse_duration() reads: `1h`, `30s`, `1500ms`.
std::string format_duration(std::chrono::milliseconds value);

// What an error says of a value outside its range.
std::string allowed_number(uint64_t min, uint64_t max);
std::string allowed_duration(std::chrono::milliseconds min, std::chrono::milliseconds max);

/// A Redis URL fit for printing: everything before the last `@` and after a `?` becomes `***`.
std::string mask_url(std::string_view url);

/// One line of at most `max` bytes: control characters become `?`, what is cut is marked `...`.
std::string printable(std::string_view text, size_t max = 300);

/// printable() in double quotes, as the file syntax writes it.
std::string quoted(std::string_view text);

} // namespace roomcast::config
