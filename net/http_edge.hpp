#pragma once

#include "net/server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>

#include <cstdint>
#include <string>

namespace roomcast::net {

/// The head of one HTTP request as Beast parsed it.
using request_head = boost::beast::http::request_header<boost::beast::http::fields>;

/// What a request turned out to be.
enum class request_kind : uint8_t {
  plain,   ///< for server_handler::on_request
  upgrade, ///< a valid WebSocket handshake, for server_handler::on_upgrade
  refused, ///< to be answered with `refusal`
};

struct edge_verdict {
  request_kind kind = request_kind::plain;
  http_request request;
  std::string accept_key; ///< `upgrade`: the value of Sec-WebSocket-Accept
  http_response refusal;  ///< `refused`
};

/// Judges the head of a request: RFC 9112 section 3 (target, Host) and RFC 6455 section 4.2.1 (handshake).
/// Upgrades to anything but WebSocket are plain requests. Pure; any thread; throws only std::bad_alloc.
edge_verdict judge_request(const request_head& head, const boost::asio::ip::tcp::endpoint& peer);

} // namespace roomcast::net
