#include "net/server.hpp"

#include "core/limits.hpp"
#include "net/http_shard.hpp"
#include "net/io_thread.hpp"
#include "net/listener.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>

#include <sys/resource.h>

#include <algorithm>

namespace roomcast::net {

namespace {

/// Holds what sessions refer to for as long as their io_context lives: they may outlive the server.
class state_keeper final : public boost::asio::io_context::service {
public:
  inline static boost::asio::io_context::id id;

  explicit state_keeper(boost::asio::io_context& owner) : service(owner) {}
  void hold(std::shared_ptr<server_state> state) { held_.push_back(std::move(state)); }

private:
  void shutdown() override {} // sessions still go down after this; the destructor comes last

  std::vector<std::shared_ptr<server_state>> held_;
};

void keep_for(io_thread& where, std::shared_ptr<server_state> state) {
  auto& context = where.context();
  if (!boost::asio::has_service<state_keeper>(context))
    boost::asio::add_service(context, new state_keeper{context});
  boost::asio::use_service<state_keeper>(context).hold(std::move(state));
}

/// Raises the limit on open files as far as it goes; returns what it is now.
size_t raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1'024;
  auto before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

size_t connection_bound(size_t wanted) noexcept {
  auto descriptors = raise_descriptor_limit();
  if (wanted != 0) return wanted;
  return descriptors > limits::reserved_descriptors ? descriptors - limits::reserved_descriptors : 1;
}

using shard_list = std::vector<std::shared_ptr<http_shard>>;

/// Deals sockets to the shards in turn, one post per shard and batch.
class dealer {
public:
  dealer(std::shared_ptr<server_state> state, shard_list shards) :
      state_(std::move(state)), shards_(std::move(shards)) {}

  void operator()(std::vector<accepted_socket> batch) {
    std::vector<std::vector<accepted_socket>> hands(shards_.size());
    for (auto& socket : batch) {
      hands[next_].push_back(std::move(socket));
      next_ = (next_ + 1) % shards_.size();
    }
    for (size_t i = 0; i < hands.size(); ++i)
      if (!hands[i].empty()) give(shards_[i], std::move(hands[i]));
  }

private:
  void give(const std::shared_ptr<http_shard>& shard, std::vector<accepted_socket> hand) {
    if (shard->where().is_current()) return shard->adopt(std::move(hand));
    auto shared = std::make_shared<std::vector<accepted_socket>>(std::move(hand)); // std::function copies
    shard->post([shard, shared] { shard->adopt(std::move(*shared)); });
  }

  std::shared_ptr<server_state> state_; // for the listener, which counts in it
  shard_list shards_;
  size_t next_ = 0;
};

class tcp_server final : public server {
public:
  tcp_server(
      std::vector<io_thread*> threads, listen_socket socket, server_handler& handler,
      const server_options& options) :
      port_(socket.port), threads_(std::move(threads)), state_(std::make_shared<server_state>()) {
    state_->options = options;
    for (auto* thread : threads_) {
      keep_for(*thread, state_);
      shards_.push_back(std::make_shared<http_shard>(*thread, handler, *state_));
    }
    listener_ = std::make_shared<listener>(
        *threads_.front(), std::move(socket), connection_bound(options.max_connections), *state_,
        dealer{state_, shards_});
  }

  ~tcp_server() override {
    close_listener();
    for (auto& shard : shards_) shard->shut();
  }

  void start() override {
    threads_.front()->post([accepting = listener_] { accepting->start(); });
  }

  void stop_accepting() override {
    close_listener();
    for (auto& shard : shards_) shard->where().post([shard] { shard->drain(); });
  }

  uint16_t port() const noexcept override { return port_; }
  const server_counters& counters() const noexcept override { return state_->counters; }

private:
  void close_listener() {
    if (threads_.front()->is_current()) return listener_->stop();
    threads_.front()->post([accepting = listener_] { accepting->stop(); });
  }

  const uint16_t port_;
  std::vector<io_thread*> threads_;
  std::shared_ptr<server_state> state_;
  shard_list shards_;
  std::shared_ptr<listener> listener_;
};

} // namespace

result<std::unique_ptr<server>, std::string>
server::open(const server_options& options, std::vector<io_thread*> threads, server_handler& handler) {
  if (threads.empty()) return std::string{"a server needs at least one I/O thread"};
  auto socket = open_listen_socket(options.host, options.port);
  if (!socket) return std::move(socket).failure();
  return std::unique_ptr<server>{
      std::make_unique<tcp_server>(std::move(threads), std::move(*socket), handler, options)};
}

} // namespace roomcast::net
