#pragma once

#include "actors/interfaces.hpp"
#include "actors/log_tail.hpp"
#include "actors/room_rules.hpp"
#include "actors/timeline.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace roomcast::actors {

/// How a member comes in.
struct admission {
  variant spelling = variant::plain;
  position at{};          ///< live messages follow from here
  bool recovered = false; ///< all that was asked for is in `past` and behind it
  replay past{};
};

/// The past of one room: keeps its messages in one unbroken order (timeline), and brings members that were
/// away up to it: what they missed from the node's own tail or else from the log, page by page, then they are
/// live, with no hole and nothing twice between. However many recover, one page is read at a time and serves
/// all who need it. Belongs to its room, one thread.
class room_history final : private timeline::output {
public:
  /// What it wants of its room.
  class owner {
  public:
    /// An event for the members, in order; `seq` is its number.
    virtual void append(std::string_view text, uint64_t seq, connection_id excluded) = 0;
    /// A notice for the members that know numbers.
    virtual void append_gap(const std::string& text) = 0;
    /// Reads the log; the answer goes to on_answer().
    virtual void ask(log_read what, uint32_t ticket, position after) = 0;
    /// Calls retry(), later.
    virtual void retry_later() = 0;
    /// Whether a member may become live now: nothing is waiting to be sent.
    virtual bool admitting() const = 0;
    /// The member is live.
    virtual void seat(join& request, admission how) = 0;
    /// A page for a member that is not live yet: the first one answers its join. A member that was live is
    /// not any more.
    virtual void greet(join& request, admission how) = 0;
    virtual void send_page(const join& request, replay page) = 0;
    /// The last page: the member is live.
    virtual void seat_behind(join& request, variant spelling, replay page) = 0;
    /// Brings what has no number and was kept for this join; from now on more may be.
    virtual void hand_over_kept(join& request) = 0;
    virtual void refuse(const join& request) = 0;

  protected:
    ~owner() = default;
  };

  room_history(
      owner& room, room_name name, history_rule rule, size_t max_tail_bytes = limits::max_tail_bytes);

  // -- what happens ----------------------------------------------------------------

  void attached();
  void lost();
  /// An event with a place.
  void event(const event_batch& list, const event_batch::event& arrived);
  void on_answer(const log_answer& answer);
  void retry();

  /// Lets the member in, perhaps later; the room is admitting().
  void admit(const join& request);
  /// The room is admitting() again.
  void advance();
  void on_taken(connection_id member);
  /// The connection wants in no more; whether it was on its way and its join had been answered.
  bool forget(connection_id member);
  /// Nothing more can be kept for joins that read the past: those not answered yet are refused.
  void give_up_keeping();
  /// Whether the connection's join is answered and it reads the past.
  bool is_promised(connection_id member) const;

  /// Whether the place in history is known.
  bool ready() const noexcept { return line_.ready(); }
  position at() const noexcept { return line_.at(); }
  /// Members that read the past.
  size_t recovering() const noexcept { return recovering_.size(); }
  const timeline& line() const noexcept { return line_; }

private:
  /// A member that is not live yet.
  struct recovery {
    join request;
    uint64_t cursor;          // it has everything up to here
    bool strict;              // all or nothing: `recover`, not `history`
    bool greeted = false;     // its join is answered
    bool with_member = false; // a page is on its way: it says when the next may come
    bool new_epoch = false;   // it has to be told
    bool doubtful = false;    // it was further than we are: `doubt` has to be cleared up first
    uint32_t doubt = 0;       // by a read of the place after this one
    std::optional<join> next; // it joined again meanwhile: after the past that it was promised

    variant spelling() const noexcept {
      return request.purpose.recoverable ? variant::numbered : variant::plain;
    }
  };
  using recoveries = std::map<connection_id, recovery>;
  /// Frames of the past, kept because many members miss the same.
  struct encoded {
    uint64_t after = 0;
    uint64_t to = 0;
    variant spelling = variant::plain;
    shared_bytes frames;
    uint32_t count = 0;
  };

  void on_event(const shared_bytes& text, uint64_t seq, connection_id excluded) override;
  void on_gap(epoch_id epoch, uint64_t from, uint64_t to) override;

  void pump();
  void locate(recovery& one) const;
  void keep_up(recovery& one) const noexcept;
  bool is_clear(const recovery& one) const noexcept;
  void refuse_ungreeted();
  std::optional<uint64_t> step(recoveries::iterator which);
  void step_alone(recoveries::iterator which);
  void read_for_recoveries(uint64_t after);
  void on_page(const log_page& page);
  bool reaches(recovery& one, const log_page& page) const;
  void send_page(recovery& one, const log_page& page);
  void answer(recovery& one);
  void finish(recoveries::iterator which);
  replay tail_behind(const recovery& one);

  owner& room_;
  const room_name name_;
  timeline line_;
  log_tail tail_;
  recoveries recovering_;
  uint32_t placed_ticket_ = 0; // of the latest read of the place
  position placed_;            // what it said
  bool reading_ = false;       // a page for recoveries
  uint32_t ticket_ = 0;
  encoded latest_;
};

} // namespace roomcast::actors
