#pragma once

#include "tests/support/temporary_directory.hpp"

#include <string>

namespace roomcast::test {

/// A certificate authority of a test's own and a certificate by it, in PEM files that go with the object.
/// Made by the openssl command; throws std::runtime_error when that fails. One thread.
class certificates {
public:
  /// For a server known by `name`, such as `IP:127.0.0.1` or `DNS:localhost`.
  explicit certificates(const std::string& name);

  std::string authority() const { return directory_.path("authority.pem"); }
  std::string certificate() const { return directory_.path("server.pem"); }
  std::string key() const { return directory_.path("server.key"); }

private:
  temporary_directory directory_;
};

} // namespace roomcast::test
