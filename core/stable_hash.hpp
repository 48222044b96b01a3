#pragma once

#include <cstdint>
#include <string_view>

namespace roomcast {

/// 64 bits of a text that are the same on every node, build and platform, unlike std::hash: FNV-1a and then
/// the finalizer of MurmurHash3, without which texts that differ at their ends lie close together. Nothing
/// secret. Any thread.
constexpr uint64_t stable_hash(std::string_view bytes) noexcept {
  uint64_t h = 0xcbf29ce484222325;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}

} // namespace roomcast
