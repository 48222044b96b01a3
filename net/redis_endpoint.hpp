#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::net {

/// Where a server listens.
struct redis_address {
  std::string host; ///< a name or an address, without brackets
  uint16_t port = 0;

  /// `host:port`, IPv6 in brackets.
  std::string name() const;
  bool operator==(const redis_address&) const = default;
};

/// One Redis server by its address, `redis://[user[:password]@]host[:port][/db]`; or the master that Sentinel
/// knows by a name, `redis+sentinel://[user[:password]@]host[:port][,host[:port]...]/MASTER_NAME[/db]`. With
/// `rediss` in place of `redis` all of them are spoken to by TLS. User and password are for Redis; Sentinel
/// gets none.
struct redis_endpoint {
  std::string host;
  uint16_t port = 6379;
  std::string user;
  std::string password;
  unsigned database = 0;
  bool tls = false;
  std::string ca_file;                  ///< PEM, whom to trust; empty: whom the system trusts
  bool verify_peer = true;              ///< false: encrypted, and nobody knows with whom
  std::vector<redis_address> sentinels; ///< if any, they are asked for the address; host and port are unused
  std::string master_name;              ///< for the sentinels

  /// The error says what is wrong with the URL and never repeats a password.
  static result<redis_endpoint, std::string> parse(std::string_view url);
  /// `host:port/db` or `sentinel MASTER_NAME/db`: for logs, no credentials.
  std::string name() const;
};

} // namespace roomcast::net
