#pragma once

#include "net/function_ref.hpp"
#include "net/listener.hpp"
#include "net/server_state.hpp"

#include <functional>
#include <list>
#include <memory>
#include <mutex>

namespace roomcast::net {

class http_connection;

/// What one I/O thread keeps for a server: its HTTP connections, and the way to the handler. Runs on that
/// thread, except where noted. Two gates let the server end at any moment from another thread: behind
/// shut() nobody is called and nothing is posted.
class http_shard : public std::enable_shared_from_this<http_shard> {
public:
  http_shard(io_thread& where, server_handler& handler, server_state& state);
  ~http_shard();

  /// Serves HTTP on these sockets.
  void adopt(std::vector<accepted_socket> sockets);
  /// Closes idle connections; the others after their next answer.
  void drain();

  bool draining() const noexcept { return draining_; }
  io_thread& where() noexcept { return where_; }
  server_state& state() noexcept { return state_; }
  server_counters& counters() noexcept { return state_.counters; }

  /// Calls the handler; false: the server is gone and nothing was called.
  bool call(function_ref<void(server_handler&)> what);

  /// Forgets a connection; it dies when its last caller returns.
  void remove(http_connection& gone);

  /// Runs `task` on the I/O thread; dropped if the server is gone. Any thread.
  void post(std::function<void()> task);
  /// Ends the service: waits for a handler call that runs now, then closes all connections. Any thread, but
  /// not from within a handler call.
  void shut();

private:
  void close_all();

  io_thread& where_;
  server_state& state_;
  bool draining_ = false;
  std::list<std::shared_ptr<http_connection>> connections_;

  std::mutex handler_gate_; // held while the handler is called; contended only by shut()
  server_handler* handler_;
  std::mutex post_gate_;
  bool open_ = true;
};

} // namespace roomcast::net
