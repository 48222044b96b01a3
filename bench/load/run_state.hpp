#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace roomcast::bench {

/// What all workers do now; always forward.
enum class phase : uint8_t {
  connect, ///< connect and join
  settle,  ///< probe each room until every member has seen one
  run,     ///< publish
  stop,    ///< publish no more, still read
  resume,  ///< stalled members read again
  close,   ///< close frames
  quit,
};

/// Stalled members do not read during these.
constexpr bool stalled_are_deaf(phase p) noexcept { return p == phase::run || p == phase::stop; }

/// What the controller tells the workers, and their answers about probes. The plain vectors are written
/// before the phase that reads them begins.
struct run_state {
  explicit run_state(uint32_t rooms) :
      probe_seen(std::make_unique<std::atomic<uint32_t>[]>(rooms)),
      probe_wanted(rooms),
      readers(rooms),
      prober(rooms, nobody) {}

  static constexpr uint32_t nobody = std::numeric_limits<uint32_t>::max();

  std::atomic<phase> now{phase::connect};
  /// The measurement, now_ns() from and to.
  std::atomic<uint64_t> window_begin{std::numeric_limits<uint64_t>::max()};
  std::atomic<uint64_t> window_end{std::numeric_limits<uint64_t>::max()};
  std::atomic<uint32_t> probe_round{0};
  std::unique_ptr<std::atomic<uint32_t>[]> probe_seen; ///< per room: members that saw a probe
  std::vector<uint32_t> probe_wanted;                  ///< per room: members that should
  std::vector<uint32_t> readers;                       ///< per room: members whose deliveries are expected
  std::vector<uint32_t> prober;                        ///< per room: the connection that sends them
};

} // namespace roomcast::bench
