#pragma once

#include "bench/load/client.hpp"
#include "bench/load/plan.hpp"
#include "bench/load/proc.hpp"
#include "bench/load/run_state.hpp"
#include "bench/load/worker.hpp"

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace roomcast::bench {

/// Where all counts stood at one moment.
struct snapshot {
  uint64_t at_ns = 0;
  uint64_t delivered = 0;
  uint64_t published = 0;
  double server_cpu = 0; ///< seconds, like all CPU here
  double broker_cpu = 0;
  double own_cpu = 0;
  machine_cpu machine{};
};

struct memory_figures {
  uint64_t pss = 0;
  uint64_t rss = 0;
  uint64_t broker_rss = 0;
};

/// What a run found out besides what its workers counted.
struct run_record {
  snapshot start;
  snapshot joined;
  snapshot window_begin;
  snapshot window_end;
  memory_figures before;
  memory_figures at_joined;
  memory_figures after;
  std::vector<uint64_t> rss_each_second;
  std::vector<uint64_t> delivered_each_second;
  double connect_s = 0;
  double settle_s = 0;
  uint64_t settle_missing = 0;
  uint64_t stalled = 0;
  uint64_t left_unclosed = 0;
  double calibration_before = 0;
  double calibration_after = 0;
};

/// One run from the first connection to the last: the phases, on the main thread, while workers do the work.
class load_run {
public:
  explicit load_run(const options& o);

  /// Everything; once.
  void execute();

  // What came of it, after execute().
  const run_plan& plan() const noexcept { return plan_; }
  const run_record& record() const noexcept { return record_; }
  const std::vector<std::unique_ptr<worker>>& workers() const noexcept { return workers_; }
  uint64_t total(counter counters::*which) const noexcept;
  /// Deliveries that the stalled members should have had.
  uint64_t expected_by_stalled() const;

private:
  void create_clients();
  void appoint_witnesses();
  void wait_until_joined();
  void count_memberships();
  void settle();
  uint64_t missing_probes() const noexcept;
  void hold_idle();
  void measure();
  void watch_window(uint64_t begin, uint64_t end);
  void drain();
  void resume_stalled();
  void close();
  snapshot take_snapshot() const;
  memory_figures take_memory() const;
  void say(const char* format, ...) const __attribute__((format(printf, 2, 3)));

  run_plan plan_;
  const options& options_;
  run_state state_;
  std::vector<std::unique_ptr<client>> clients_;
  std::vector<std::unique_ptr<worker>> workers_;
  run_record record_;
};

} // namespace roomcast::bench
