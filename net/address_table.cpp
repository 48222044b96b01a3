#include "net/address_table.hpp"

#include "net/endpoint.hpp"

namespace roomcast::net {
namespace {

namespace ip = boost::asio::ip;

/// An IPv4 address in a range that no IPv6 network is in (`0:ffff::/32`), or the upper half of an IPv6 one.
uint64_t key_of(const ip::address& given) noexcept {
  constexpr uint64_t ipv4 = 0x0000'FFFF'0000'0000;
  const auto address = unmapped(given);
  if (address.is_v4()) return ipv4 | address.to_v4().to_uint();
  uint64_t upper = 0;
  const auto bytes = address.to_v6().to_bytes();
  for (size_t i = 0; i < 8; ++i) upper = upper << 8 | bytes[i];
  return upper;
}

} // namespace

size_t address_table::enter(const ip::address& address, size_t most) {
  std::lock_guard guard{gate_};
  auto& count = open_[key_of(address)];
  if (count >= most) return 0; // `most` is at least 1, so the entry was there before
  return ++count;
}

void address_table::leave(const ip::address& address) noexcept {
  std::lock_guard guard{gate_};
  const auto known = open_.find(key_of(address));
  if (known != open_.end() && --known->second == 0) open_.erase(known);
}

} // namespace roomcast::net
