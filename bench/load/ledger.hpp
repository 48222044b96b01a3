#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace roomcast::bench {

/// What a delivery is, judged by its sequence number.
enum class verdict : uint8_t {
  in_order,
  late,      ///< was missing: later ones came before it
  duplicate, ///< came before
};

/// Keeps account of every stream, that is of every (member, publisher, room): 4 bytes each as long as nothing
/// is missing. One thread.
class delivery_ledger {
public:
  void resize(size_t streams) { next_.assign(streams, 0); }

  verdict record(uint32_t stream, uint32_t sequence);

private:
  using range = std::pair<uint32_t, uint32_t>; // [first, second)

  bool fill_gap(uint32_t stream, uint32_t sequence);

  std::vector<uint32_t> next_;                            // what each stream should bring next
  std::unordered_map<uint32_t, std::vector<range>> gaps_; // what it has left out
};

} // namespace roomcast::bench
