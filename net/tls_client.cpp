#include "net/tls_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

namespace roomcast::net {

namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using boost::system::error_code;

/// "" or why nobody could be believed.
std::string load(ssl::context& into, const tls_client::trust& whom) {
  error_code failed;
  if (SSL_CTX_set_min_proto_version(into.native_handle(), TLS1_2_VERSION) != 1)
    return "this OpenSSL has no TLS 1.2";
  if (!whom.verify) return {};
  if (whom.ca_file.empty())
    into.set_default_verify_paths(failed);
  else
    into.load_verify_file(whom.ca_file, failed);
  if (!failed) return {};
  const auto file = whom.ca_file.empty() ? "the system's" : "the file " + whom.ca_file;
  return "cannot read the trusted certificates of " + file + ": " + failed.message();
}

class openssl_client final : public tls_client {
public:
  openssl_client(socket& wire, ssl::context trusted, const trust& whom) :
      context_(std::move(trusted)), stream_(wire, context_), named_(expect(whom)) {}

  /// Whether OpenSSL knows whom to expect; without that it would believe any name.
  bool is_named() const noexcept { return named_; }

  void shake_hands(std::function<void(const std::string& problem)> done) override {
    stream_.async_handshake(ssl::stream_base::client, [this, done = std::move(done)](error_code failed) {
      done(failed ? describe(failed) : std::string{});
    });
  }

  void read_some(std::span<char> room, io_handler done) override {
    stream_.async_read_some(
        asio::buffer(room.data(), room.size()), [done = std::move(done)](error_code failed, size_t bytes) {
          if (failed == ssl::error::stream_truncated) failed = asio::error::eof;
          done(failed, bytes);
        });
  }

  void write_some(std::string_view bytes, io_handler done) override {
    stream_.async_write_some(asio::buffer(bytes.data(), bytes.size()), std::move(done));
  }

private:
  bool expect(const trust& whom) {
    auto* session = stream_.native_handle();
    const auto host = whom.host.substr(0, whom.host.find('%')); // without the zone of a link-local address
    error_code no_address;
    asio::ip::make_address(host, no_address);
    // The hello names no addresses (RFC 6066 section 3).
    if (no_address && SSL_set_tlsext_host_name(session, host.c_str()) != 1) return false;
    if (!whom.verify) return true;
    SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);
    return (no_address ? SSL_set1_host(session, host.c_str())
                       : X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()))
           == 1;
  }

  std::string describe(error_code failed) {
    const auto verdict = SSL_get_verify_result(stream_.native_handle());
    if (verdict != X509_V_OK && SSL_get_verify_mode(stream_.native_handle()) != SSL_VERIFY_NONE)
      return std::string{"certificate verify failed: "} + X509_verify_cert_error_string(verdict);
    if (failed == ssl::error::stream_truncated || failed == asio::error::eof)
      return "closed within the TLS handshake";
    if (failed.category() != asio::error::get_ssl_category()) return failed.message();
    const bool no_tls =
        ERR_GET_REASON(static_cast<unsigned long>(failed.value())) == SSL_R_WRONG_VERSION_NUMBER;
    return "TLS handshake: " + failed.message() + (no_tls ? "; does that port speak TLS?" : "");
  }

  ssl::context context_;
  ssl::stream<socket&> stream_;
  bool named_;
};

} // namespace

result<std::unique_ptr<tls_client>, std::string> tls_client::make(socket& wire, const trust& whom) {
  ssl::context context{ssl::context::tls_client};
  if (auto problem = load(context, whom); !problem.empty()) return problem;
  auto client = std::make_unique<openssl_client>(wire, std::move(context), whom);
  if (!client->is_named()) return "TLS cannot expect the name " + whom.host;
  return std::unique_ptr<tls_client>{std::move(client)};
}

} // namespace roomcast::net
