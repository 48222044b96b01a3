#pragma once

#include "core/error.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace roomcast::net {

/// The client's side of TLS 1.2 or later over a socket that is connected, with the server's name in the hello
/// (RFC 6066 section 3). It must outlive its operations. What OpenSSL costs to compile stays in its .cpp. I/O
/// thread.
class tls_client {
public:
  using socket =
      boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
  using io_handler = std::function<void(boost::system::error_code, size_t)>;

  /// Whom to believe. The server must be `host`, a name or an address, by a certificate that leads to one of
  /// the file `ca_file` (PEM; empty: to one the system trusts). Without `verify` everybody is believed.
  struct trust {
    std::string host;
    std::string ca_file;
    bool verify = true;
  };

  /// `wire` must outlive it. The error is for people: the file cannot be read.
  static result<std::unique_ptr<tls_client>, std::string> make(socket& wire, const trust& whom);
  virtual ~tls_client() = default;

  /// `done` gets "" or why not, for people.
  virtual void shake_hands(std::function<void(const std::string& problem)> done) = 0;
  /// As of the socket; one read and one write at a time. An end without TLS' own farewell is an end of file
  /// too: what is read has its own marks of completeness.
  virtual void read_some(std::span<char> room, io_handler done) = 0;
  virtual void write_some(std::string_view bytes, io_handler done) = 0;
};

} // namespace roomcast::net
