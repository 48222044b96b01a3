#pragma once

#include "bench/load/client.hpp"
#include "bench/load/counters.hpp"
#include "bench/load/frames.hpp"
#include "bench/load/histogram.hpp"
#include "bench/load/ledger.hpp"
#include "bench/load/run_state.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::bench {

/// One thread with its share of the connections (every n-th), on its own epoll. Set up and read out while its
/// thread does not run, counters aside.
class alignas(64) worker {
public:
  worker(const run_plan& plan, run_state& run, uint32_t index);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// Takes on a connection; all before run().
  void adopt(client& c);
  /// Serves its connections until phase::quit.
  void serve();

  counters counts;
  histogram latency;         ///< ns, of messages sent within the measurement
  histogram connect_latency; ///< ns, from connect to joined
  histogram send_lag;        ///< ns, open loop: how late we were ourselves
  std::string first_error;
  uint64_t last_join_ns = 0;

private:
  // -- the loop (worker.cpp)
  void enter(phase next);
  uint64_t step(phase current);
  uint64_t connect_more();
  void probe();
  uint64_t publish_what_is_due();
  void prime_stuck_publishers();
  void check_deadlines();
  uint64_t churn();
  void begin_to_leave(client& c);
  void close_all();
  void wait(uint64_t ns);
  void on_event(client& c, uint32_t what);

  // -- a connection's life and its output (worker_life.cpp)
  void start(client& c);
  bool open_socket(client& c);
  void on_connected(client& c);
  void log_in(client& c);
  void join(client& c);
  void became_live(client& c);
  void failed(client& c, const std::string& why);
  void lost(client& c, const std::string& why);
  void lost_in_use(client& c, const std::string& why);
  void drop(client& c);
  void note(const client& c, const std::string& why);
  void watch(client& c);
  void send_frame(client& c, opcode op, std::string_view body);
  void touch(client& c);
  void flush(client& c);
  void flush_all();
  uint32_t random() noexcept;

  // -- input (worker_input.cpp)
  void on_readable(client& c);
  size_t consume(client& c, std::string_view bytes, uint64_t now);
  size_t upgrade(client& c, std::string_view bytes);
  size_t frames(client& c, std::string_view bytes, uint64_t now);
  void on_frame(client& c, const server_frame& frame, uint64_t now);
  void on_fragment(client& c, const server_frame& frame, uint64_t now);
  void on_close(client& c, std::string_view body);
  void on_text(client& c, std::string_view text, uint64_t now);
  void on_other_text(client& c, std::string_view text);
  size_t on_payload(client& c, std::string_view text, uint64_t now);
  void on_mark(client& c, const mark& m, uint64_t now);
  void on_message(client& c, const mark& m, uint32_t slot, uint32_t stream, uint64_t now);
  bool deaf(const client& c) const noexcept;

  // -- publishing (worker.cpp)
  void came_back(client& c, uint64_t now);
  void fill_window(client& c);
  void publish(client& c, uint64_t sent_ns);

  const run_plan& plan_;
  const options& options_;
  const dialect& dialect_;
  run_state& run_;
  uint32_t index_;
  int epoll_;

  std::vector<client*> clients_;
  std::vector<client*> publishers_;
  std::vector<client*> churners_;
  std::vector<client*> dirty_;
  delivery_ledger ledger_;
  uint32_t streams_ = 0;
  std::vector<uint8_t> probed_; // per connection and slot
  std::vector<char> buffer_;
  uint64_t random_state_;

  phase phase_ = phase::connect;
  size_t next_connect_ = 0;
  uint32_t in_flight_ = 0;
  uint32_t probe_round_ = 0;
  uint64_t phase_began_ns_;
  uint64_t next_check_ns_ = 0;
  uint64_t published_by_schedule_ = 0;
  uint64_t churn_steps_ = 0;
};

} // namespace roomcast::bench
