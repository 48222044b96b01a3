#pragma once

#include "core/ids.hpp"
#include "core/position.hpp"
#include "core/shared_bytes.hpp"

#include <cstdint>
#include <vector>

namespace roomcast::actors {

/// One message of a room's log.
struct log_entry {
  uint64_t seq;
  shared_bytes text; ///< as members receive it
};

/// Messages behind a place in the log, oldest first.
struct log_page {
  position top;       ///< of the room when the page was read; without epoch: the room has none
  uint64_t after = 0; ///< entries behind this one: what was asked for, or less
  std::vector<log_entry> entries;
  bool more = false; ///< the page was full: there is more behind it
};

/// Puts the numbered messages of one room into one unbroken order, whatever the bus does: drops what comes
/// twice, holds back what comes too early and reads the hole from the log first, finds out after an outage
/// what was missed, notices a new epoch. A plain value without I/O: what happened goes in, events and the
/// next read come out.
///
/// The rules: it delivers only `at().seq + 1`. One read is under way at a time. While the place itself is
/// unknown (at the beginning, after an outage, on an event of another epoch) everything is held.
class timeline {
public:
  /// What comes out, in order.
  class output {
  public:
    virtual void on_event(const shared_bytes& text, uint64_t seq, connection_id excluded) = 0;
    /// Messages `from` to `to` are lost for good; with to = from - 1 none is, but an epoch begins.
    virtual void on_gap(epoch_id epoch, uint64_t from, uint64_t to) = 0;

  protected:
    ~output() = default;
  };

  /// What has to be read next.
  enum class read : uint8_t {
    nothing,
    place,     ///< epoch and newest number
    entries,   ///< a page of the log behind `after`
    new_epoch, ///< the bus is behind `after`: it lost messages that were delivered; a new epoch, unless it
               ///< has one
  };
  struct order {
    read what = read::nothing;
    uint32_t ticket = 0; ///< comes back with the answer
    position after{};
  };

  /// The bus has confirmed the subscription, for the first time or again.
  void attached();
  /// The bus is away: what was under way is void.
  void lost();

  /// The place may be behind the bus: it has to be read anew.
  void suspect() noexcept { search(); }
  /// Of the latest read; a later one answers a doubt that comes up now.
  uint32_t latest_ticket() const noexcept { return ticket_; }

  void event(const shared_bytes& text, position where, connection_id excluded, output& out);
  /// Answers to read::place and read::new_epoch. A stale ticket is ignored, here and below.
  void place_read(uint32_t ticket, position top, output& out);
  void page_read(uint32_t ticket, const log_page& page, output& out);
  /// The read failed; ask next() again later. False if the ticket is stale.
  bool read_failed(uint32_t ticket) noexcept;

  /// What to read now; `nothing` while a read is under way. Whoever asks carries it out.
  order next();

  /// Whether the place is known: members may come in.
  bool ready() const noexcept { return known_ && !searching_; }
  /// Everything up to here has come out.
  position at() const noexcept { return at_; }
  size_t held_bytes() const noexcept { return held_bytes_; }
  /// Messages that came out of the log instead of the bus, and those that never will.
  uint64_t repaired() const noexcept { return repaired_; }
  uint64_t lost_for_good() const noexcept { return lost_for_good_; }

private:
  struct held {
    shared_bytes text;
    position where;
    connection_id excluded;
    uint32_t ticket = 0; // of the latest read when it came
  };

  bool accept(const held& event, output& out);
  void hold(held event);
  void drain(output& out);
  void catch_up(position top, output& out);
  void search() noexcept;
  void renumber() noexcept;
  void skip_to(uint64_t seq, output& out);
  bool is_current(uint32_t ticket) noexcept;

  position at_;
  bool known_ = false;     // at_ was read once
  bool searching_ = false; // at_ may be behind: everything is held
  read wanted_ = read::nothing;
  read under_way_ = read::nothing;
  uint32_t ticket_ = 0;
  uint32_t placed_ = 0;    // of the latest answer about the place
  std::vector<held> held_; // in the order of the bus
  size_t held_bytes_ = 0;
  bool overflowed_ = false; // held events were dropped: they are read from the log
  uint64_t repaired_ = 0;
  uint64_t lost_for_good_ = 0;
};

} // namespace roomcast::actors
