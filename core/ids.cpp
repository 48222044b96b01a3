#include "core/ids.hpp"

#include <random>

namespace roomcast {

std::string random_hex(size_t bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::random_device device; // getrandom(2) or RDRAND: no seed to get wrong
  std::string out;
  out.reserve(bytes * 2);
  while (out.size() < bytes * 2) {
    uint32_t word = device();
    for (int i = 0; i < 8 && out.size() < bytes * 2; ++i, word >>= 4) out.push_back(digits[word & 15]);
  }
  return out;
}

std::string random_uuid() {
  auto hex = random_hex(16);
  hex[12] = '4';
  hex[16] = "89ab"[(hex[16] <= '9' ? hex[16] - '0' : hex[16] - 'a' + 10) & 3];
  for (size_t at : {8u, 13u, 18u, 23u}) hex.insert(at, 1, '-');
  return hex;
}

} // namespace roomcast
