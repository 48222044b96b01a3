#include "net/http_shard.hpp"

#include "net/http_connection.hpp"
#include "net/io_thread.hpp"

namespace roomcast::net {

http_shard::http_shard(io_thread& where, server_handler& handler, server_state& state) :
    where_(where), state_(state), handler_(&handler) {}

http_shard::~http_shard() = default;

void http_shard::adopt(std::vector<accepted_socket> sockets) {
  for (auto& socket : sockets) {
    auto added = std::make_shared<http_connection>(*this, socket.peer, socket.admitted);
    connections_.push_front(added);
    added->start(connections_.begin(), std::move(socket.fd));
  }
}

void http_shard::drain() {
  draining_ = true;
  for (auto at = connections_.begin(); at != connections_.end();) {
    auto connection = *at++; // drain() may take it off the list
    connection->drain();
  }
}

bool http_shard::call(function_ref<void(server_handler&)> what) {
  std::lock_guard guard{handler_gate_};
  if (!handler_) return false;
  what(*handler_);
  return true;
}

void http_shard::remove(http_connection& gone) { connections_.erase(gone.place()); }

void http_shard::post(std::function<void()> task) {
  std::lock_guard guard{post_gate_};
  if (open_) where_.post(std::move(task));
}

void http_shard::shut() {
  {
    std::lock_guard guard{handler_gate_};
    handler_ = nullptr;
  }
  std::lock_guard guard{post_gate_};
  open_ = false;
  if (where_.is_current())
    close_all();
  else
    where_.post([self = shared_from_this()] { self->close_all(); });
}

void http_shard::close_all() {
  draining_ = true;
  while (!connections_.empty()) {
    auto connection = connections_.front();
    connection->close();
  }
}

} // namespace roomcast::net
