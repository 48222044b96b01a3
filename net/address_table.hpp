#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace roomcast::net {

/// How many sockets each client address has open. An IPv6 client counts by its /64: that is what one
/// subscriber gets, and it holds as many addresses as anybody wants. Any thread. Holds nothing for addresses
/// without sockets.
class address_table {
public:
  /// Counts one more socket of `address` and returns how many it has now; 0: it has `most` already.
  size_t enter(const boost::asio::ip::address& address, size_t most);
  /// Takes back what a successful enter() counted.
  void leave(const boost::asio::ip::address& address) noexcept;

private:
  std::mutex gate_; // held for one look-up, once per accept and once per close
  std::unordered_map<uint64_t, size_t> open_;
};

} // namespace roomcast::net
