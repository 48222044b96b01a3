#pragma once

#include "actors/batch.hpp"

#include <vector>

namespace roomcast::actors {

/// Events of a room that are in no history, kept for those who read the past: each of them gets what came
/// behind its own mark. What lies between two marks is one batch, encoded once for all. Belongs to a room.
class kept_events {
public:
  explicit kept_events(room_name room);

  void append(std::string_view text, connection_id excluded);
  /// Of the longer spelling.
  size_t bytes() const noexcept { return sealed_bytes_ + open_.bytes(); }

  /// The end of what is there now; never 0.
  uint64_t mark();
  /// What came behind the mark, oldest first, up to now.
  template <class F> void for_each_behind(uint64_t mark, F&& f) {
    close();
    for (auto at = mark < first_ ? 0 : mark - first_; at < sealed_.size(); ++at) f(sealed_[at]);
  }
  /// Nobody needs any of it; marks stay what they are.
  void clear();

private:
  void close();

  const room_name room_;
  uint64_t first_ = 1; // the number of the oldest batch
  std::vector<ref<batch>> sealed_;
  size_t sealed_bytes_ = 0;
  batch_builder open_;
};

} // namespace roomcast::actors
