#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace roomcast::test {

/// A redis-server of a test's own: a free loopback port, nothing on disk, gone with the object (and with the
/// test process, should that crash). Blocking; throws std::runtime_error when it cannot be had. One thread.
class redis_server {
public:
  /// In the arguments this word stands for another free port, second_port().
  static constexpr const char* second = "{second port}";

  /// Starts it and waits until it accepts connections. `arguments` go to redis-server, such as
  /// {"--requirepass", "secret"}.
  explicit redis_server(std::vector<std::string> arguments = {});
  redis_server(const redis_server&) = delete;
  redis_server& operator=(const redis_server&) = delete;
  ~redis_server();

  uint16_t port() const noexcept { return port_; }
  uint16_t second_port() const noexcept { return second_port_; }
  /// `redis://127.0.0.1:PORT`
  std::string url() const;

  /// Ends it as by kill -9; its port stays reserved for start() by convention only.
  void kill();
  /// Starts it again on the same port, empty.
  void start();
  /// SIGSTOP: it accepts connections (the kernel does) and answers nothing. SIGCONT.
  void freeze();
  void thaw();

  /// Sends one command on a connection of its own and returns the answer as it comes, RESP included.
  std::string command(const std::vector<std::string>& words) const;

private:
  bool launch();
  void wait_for_exit() noexcept;

  std::vector<std::string> arguments_;
  uint16_t port_ = 0;
  uint16_t second_port_ = 0;
  pid_t pid_ = -1;
};

} // namespace roomcast::test
