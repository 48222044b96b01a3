#pragma once

#include "core/error.hpp"
#include "net/redis_endpoint.hpp"
#include "net/redis_stream.hpp"
#include "net/resp.hpp"
#include "net/timer_wheel.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace roomcast::net {

class io_thread;

/// The sentinels of one master in the order in which to ask them.
class sentinel_order {
public:
  explicit sentinel_order(std::vector<redis_address> all) : all_(std::move(all)) {}

  size_t size() const noexcept { return all_.size(); }
  const redis_address& at(size_t index) const { return all_[index]; }
  /// The one at `index` has answered: next time it comes first; the others keep their order.
  void answered(size_t index);

private:
  std::vector<redis_address> all_;
};

/// The answer to `SENTINEL get-master-addr-by-name` (https://redis.io/docs/reference/sentinel-clients), or
/// what is wrong with it.
result<redis_address, std::string> read_master_address(const resp_value& reply);

/// Asks the sentinels of an endpoint, one after the other, for the address of its master, until one knows it.
/// It lives as long as one of its operations is pending; after cancel() it calls nobody. I/O thread.
class sentinel_search final : public std::enable_shared_from_this<sentinel_search>,
                              private timer_wheel::timer {
public:
  using answer = result<redis_address, std::string>;

  /// `order` is changed by who answers.
  sentinel_search(io_thread& where, const redis_endpoint& endpoint, std::shared_ptr<sentinel_order> order);

  /// Calls `done` once, later. The error names every sentinel and what was wrong with it.
  void start(std::function<void(const answer& found)> done);
  void cancel();

private:
  using error_code = boost::system::error_code;

  void on_timer() override;
  void ask();
  void on_open(const std::string& problem);
  void read();
  void on_read(error_code failed, size_t bytes);
  void give_up_on_this(const std::string& reason);
  void finish(const answer& found);

  io_thread& where_;
  const redis_endpoint endpoint_;
  const std::shared_ptr<sentinel_order> order_;
  std::function<void(const answer&)> done_;
  size_t asked_ = 0; // index of the one that is asked
  std::string problems_;
  std::shared_ptr<redis_stream> stream_; // to it
  std::string output_;
  std::string input_;
  std::array<char, 1'024> block_{};
};

} // namespace roomcast::net
