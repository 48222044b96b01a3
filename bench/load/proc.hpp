#pragma once

#include <cstdint>
#include <vector>

/// What Linux says of processes and of the machine. Any thread; a process that is gone counts nothing.
namespace roomcast::bench {

/// User and system time of all threads, in seconds.
double cpu_seconds(const std::vector<int>& pids);
/// The same of this process.
double own_cpu_seconds();

/// Proportional set size in bytes: pages of several processes are divided among them.
uint64_t pss_bytes(const std::vector<int>& pids);
/// Resident set size in bytes; cheaper to ask for.
uint64_t rss_bytes(const std::vector<int>& pids);

/// The whole machine since boot, in seconds over all processors.
struct machine_cpu {
  double busy;   ///< used by anybody
  double stolen; ///< taken by the host
};
machine_cpu machine_cpu_seconds();

/// How fast is the machine just now? CPU microseconds of one send and recv of 128 bytes over loopback within
/// this thread: the median of 9 rounds of 500, about 20 ms in all. 0 if it cannot tell.
double calibrate();

} // namespace roomcast::bench
