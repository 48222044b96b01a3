#include "bench/load/accept_key.hpp"

#include <array>
#include <bit>
#include <cstdint>

namespace roomcast::bench {
namespace {

uint32_t big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

std::array<uint32_t, 80> schedule(std::string_view block) {
  std::array<uint32_t, 80> w{};
  for (size_t i = 0; i < 16; ++i) w[i] = big_endian(block.substr(i * 4));
  for (size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  return w;
}

/// One round of SHA-1 (FIPS 180-4 section 6.1.2): function and constant together.
uint32_t round_term(size_t i, uint32_t b, uint32_t c, uint32_t d) {
  if (i < 20) return ((b & c) | (~b & d)) + 0x5A827999;
  if (i < 40) return (b ^ c ^ d) + 0x6ED9EBA1;
  if (i < 60) return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC;
  return (b ^ c ^ d) + 0xCA62C1D6;
}

void mix(std::array<uint32_t, 5>& hash, std::string_view block) {
  const auto w = schedule(block);
  auto [a, b, c, d, e] = hash;
  for (size_t i = 0; i < 80; ++i) {
    const uint32_t next = std::rotl(a, 5) + round_term(i, b, c, d) + e + w[i];
    e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
  }
  hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d, hash[4] += e;
}

std::string sha1(std::string text) {
  const uint64_t bits = text.size() * 8;
  text += static_cast<char>(0x80);
  while (text.size() % 64 != 56) text += '\0';
  for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(bits >> shift);
  std::array<uint32_t, 5> hash{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  for (size_t at = 0; at < text.size(); at += 64) mix(hash, std::string_view{text}.substr(at, 64));
  std::string digest;
  for (const auto word : hash)
    for (int shift = 24; shift >= 0; shift -= 8) digest += static_cast<char>(word >> shift);
  return digest;
}

} // namespace

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = i; k < i + 3; ++k)
      group = group << 8 | (k < bytes.size() ? static_cast<uint8_t>(bytes[k]) : 0u);
    for (int shift = 18; shift >= 0; shift -= 6) out += letters[group >> shift & 63];
  }
  const size_t padding = (3 - bytes.size() % 3) % 3;
  return out.replace(out.size() - padding, padding, padding, '=');
}

std::string accept_key(std::string_view key) {
  return base64(sha1(std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

} // namespace roomcast::bench
