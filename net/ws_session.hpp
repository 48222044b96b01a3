#pragma once

#include "net/session.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string_view>

namespace roomcast::net {

class io_thread;
struct server_state;

/// The socket type of this server: a concrete executor, which saves an allocation per operation.
using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// A server session on a socket from `peer` whose upgrade was answered. `already_read` are bytes that came
/// behind the handshake. `state` outlives the session; it has counted the socket, the session takes it back.
/// On the I/O thread; the session ends or is deleted before its io_thread.
std::unique_ptr<session> make_ws_session(
    io_thread& where, tcp_socket socket, const boost::asio::ip::tcp::endpoint& peer,
    std::string_view already_read, server_state& state);

} // namespace roomcast::net
