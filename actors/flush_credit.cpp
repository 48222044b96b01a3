#include "actors/flush_credit.hpp"

namespace roomcast::actors {

void unflushed_bytes::remove(size_t n) {
  const auto before = sum_.fetch_sub(n);
  if (before - n <= bound_ / 2) relieve();
}

bool unflushed_bytes::over() {
  if (sum_.load() <= bound_) return false;
  waiting_.store(true);
  // Everything may have been given back between the two: then nobody else would call on_relief.
  if (sum_.load() <= bound_ / 2) relieve();
  return true;
}

void unflushed_bytes::relieve() {
  if (waiting_.load() && waiting_.exchange(false)) on_relief_();
}

} // namespace roomcast::actors
