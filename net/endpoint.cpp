#include "net/endpoint.hpp"

namespace roomcast::net {

namespace ip = boost::asio::ip;

ip::address unmapped(const ip::address& address) noexcept {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

std::string endpoint_text(const ip::tcp::endpoint& endpoint) {
  auto address = unmapped(endpoint.address());
  auto text = address.to_string();
  if (address.is_v6()) text = '[' + text + ']';
  return text + ':' + std::to_string(endpoint.port());
}

bool is_loopback(const ip::address& address) noexcept { return unmapped(address).is_loopback(); }

} // namespace roomcast::net
