#pragma once

#include "core/limits.hpp"
#include "net/ring_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace roomcast::net {

/// Which channels one subscriber link wants, which of them Redis has confirmed, and what to say to Redis so
/// that the two agree. Sans-I/O: commands out, answers in. One thread.
///
/// A channel is idle, subscribing, confirmed or unsubscribing. While a command for it is unanswered nothing
/// more is said about it, so a channel that is given up and wanted again quickly costs one command at a time,
/// and an attach during unsubscribing waits for a confirmation of its own. About 120 bytes per channel.
class subscription_set {
public:
  /// `batch`: channels per command; `window`: channels in commands that Redis has not answered.
  explicit subscription_set(
      size_t batch = limits::subscribe_batch, size_t window = limits::subscribe_window) :
      batch_(batch), window_(window) {}
  subscription_set(const subscription_set&) = delete;
  subscription_set& operator=(const subscription_set&) = delete;

  // -- what is wanted --------------------------------------------------------

  /// Wants `channel` for `owner` (not null), which replaces the owner it had. Every call is followed by a
  /// confirmation; until then a new owner gets no messages, while a repeat by the same owner misses none.
  void subscribe(std::string_view channel, void* owner);
  /// Gives `channel` up, if `owner` has it; otherwise nothing happens and the answer is false.
  bool unsubscribe(std::string_view channel, void* owner);
  /// Who gets a message on `channel`; nullptr: nobody (given up, replaced and not confirmed again, foreign).
  void* owner_of(std::string_view channel) const noexcept;

  // -- the link --------------------------------------------------------------

  /// The link is up: everything wanted is to be subscribed again, `first` before all others and by itself.
  void connected(std::string_view first = {});
  /// The link is gone, with every subscription on it.
  void disconnected();
  /// Appends the commands that are due, in batches, as far as the window allows. True if it appended any.
  bool write_commands(std::string& out);

  // -- what Redis answers ----------------------------------------------------

  /// What one answer means.
  struct confirmation {
    bool expected = false; ///< false: not the answer that was due; the link is out of step
    void* owner = nullptr; ///< to be told that its subscription is confirmed; nullptr: nobody
  };

  /// `subscribe CHANNEL n`, in the order of the commands.
  confirmation on_subscribed(std::string_view channel);
  /// `unsubscribe CHANNEL n`, in the order of the commands. Nobody has to be told.
  confirmation on_unsubscribed(std::string_view channel);
  /// An error in place of the answers to one command: its channels stay as they were. Redis refuses all of a
  /// command because of one channel: where it has confirmed others, each half is said by itself, down to
  /// those that are to blame. What is refused is asked for again on subscribe(), by ask_refused_again() or
  /// when the link is up again. The number of channels; 0: no command was due.
  size_t on_error();
  /// Whether an answer is due.
  bool awaits_answer() const noexcept { return !unanswered_.empty(); }
  /// What Redis has refused is to be said once more. Costs nothing if that is nothing.
  void ask_refused_again();

  size_t wanted() const noexcept { return wanted_; }       ///< channels with an owner
  size_t confirmed() const noexcept { return confirmed_; } ///< of these, confirmed on this link
  size_t size() const noexcept { return channels_.size(); }

private:
  enum class state : uint8_t { idle, subscribing, confirmed, unsubscribing };
  enum class need : uint8_t { nothing, subscribe, unsubscribe };

  static constexpr uint16_t any_share = UINT16_MAX;

  struct channel_state {
    void* owner = nullptr;
    state now = state::idle;    // what Redis knows
    bool live = false;          // Redis said it is subscribed
    bool told = false;          // the owner had its confirmation on this link
    bool repeat = false;        // confirmed, and somebody waits for a confirmation of his own
    bool queued = false;        // in due_
    bool refused = false;       // Redis answered by an error: nothing is due before it is to be said again
    uint16_t share = any_share; // how many channels a command with this one may have
  };

  struct text_hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  using map = std::unordered_map<std::string, channel_state, text_hash, std::equal_to<>>;
  using entry = map::value_type; // stays where it is until erased

  static need what_is_due(const channel_state& c) noexcept;
  void own(channel_state& c, void* owner) noexcept;
  void tell(channel_state& c, bool told) noexcept;
  void refuse(channel_state& c, bool refused) noexcept;
  void settle(entry& e);
  void forget_stale();
  bool write_batch(std::string& out);
  need pick_batch();
  entry* answered(std::string_view channel, need kind);

  map channels_;
  std::deque<entry*> due_;        // a command is due, or was when they were put here; each channel once
  size_t stale_ = 0;              // of these, given up before anything was said about them
  std::vector<entry*> picked_;    // of the batch that is being written
  ring_queue<entry*> unanswered_; // in the order of the commands sent
  struct command {
    need kind = need::nothing;
    uint32_t remaining = 0;
  };
  ring_queue<command> commands_; // groups unanswered_
  size_t batch_;
  size_t window_;
  size_t wanted_ = 0;
  size_t confirmed_ = 0;
  size_t refused_ = 0;
  bool connected_ = false;
};

} // namespace roomcast::net
