#pragma once

#include "actors/flush_credit.hpp"
#include "core/ids.hpp"
#include "core/position.hpp"
#include "core/ref.hpp"
#include "core/shared_bytes.hpp"

#include <cstdint>
#include <string_view>

namespace roomcast::actors {

/// Events of one room as a bridge hands them over: all that one read brought, in order. Written by the
/// bridge, then read by the room alone.
class event_batch final : public ref_counted {
public:
  /// One event.
  struct event {
    std::string_view text;    ///< JSON for the members
    connection_id excluded{}; ///< this node's connection that gets no copy; 0: nobody
    position at{};            ///< in the room's history; without epoch: not in it
  };

  explicit event_batch(ref<unflushed_bytes> pool) noexcept : credit_(std::move(pool)) {}

  /// Copies the event's text.
  void append(const event& added);

  uint32_t count() const noexcept { return count_; }
  /// Bytes of all texts.
  size_t text_bytes() const noexcept { return text_bytes_; }

  /// Calls `visit(event)` for each event in order.
  template <class Visitor> void for_each(Visitor visit) {
    freeze();
    for (auto rest = records_.view(); !rest.empty();) visit(take(rest));
  }

  /// The text of one of these events, for who keeps it longer than the visit.
  shared_bytes share(std::string_view text) const noexcept {
    return records_.slice(static_cast<size_t>(text.data() - records_.data()), text.size());
  }

  /// The share that the room keeps until all members have the events. Once.
  flush_credit take_credit() noexcept { return std::move(credit_); }

  /// Forgets all events, gives the share back where nobody took it, and is as new, with the memory it has.
  /// For the only owner.
  void clear(ref<unflushed_bytes> pool) noexcept;

private:
  struct record_header {
    connection_id excluded;
    position at;
    uint64_t size;
  };

  static event take(std::string_view& rest) noexcept;
  void freeze() noexcept {
    if (!writing_.empty()) records_ = writing_.finish();
  }

  bytes_builder writing_; // until it is read for the first time
  shared_bytes records_;
  flush_credit credit_;
  size_t text_bytes_ = 0;
  uint32_t count_ = 0;
};

} // namespace roomcast::actors
