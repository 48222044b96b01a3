#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace roomcast::net {

/// `203.0.113.7:50312` or `[2001:db8::1]:50312`. IPv4 that came over a dual-stack socket is written as IPv4.
std::string endpoint_text(const boost::asio::ip::tcp::endpoint& endpoint);

/// An IPv4 address that came over a dual-stack socket as such; any other as it is.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address) noexcept;

/// Whether the address is in 127.0.0.0/8, also within IPv6, or is ::1.
bool is_loopback(const boost::asio::ip::address& address) noexcept;

} // namespace roomcast::net
