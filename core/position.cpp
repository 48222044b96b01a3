#include "core/position.hpp"

#include <charconv>
#include <random>

namespace roomcast {

std::string to_string(epoch_id epoch) {
  static constexpr char digits[] = "0123456789abcdef";
  auto rest = static_cast<uint64_t>(epoch);
  std::string text(16, '0');
  for (auto place = text.rbegin(); place != text.rend(); ++place, rest >>= 4) *place = digits[rest & 15];
  return text;
}

std::optional<epoch_id> parse_epoch(std::string_view text) noexcept {
  if (text.size() != 16 || text.find_first_not_of("0123456789abcdef") != text.npos) return {};
  uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (number == 0) return {};
  return epoch_id{number};
}

epoch_id random_epoch() {
  thread_local std::mt19937_64 numbers = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64{seed};
  }();
  for (;;)
    if (const epoch_id epoch{numbers()}; epoch != no_epoch) return epoch;
}

} // namespace roomcast
