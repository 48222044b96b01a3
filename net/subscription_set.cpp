#include "net/subscription_set.hpp"

#include "net/resp.hpp"

#include <algorithm>
#include <utility>

namespace roomcast::net {

// -- what is wanted ----------------------------------------------------------

void subscription_set::subscribe(std::string_view channel, void* owner) {
  auto found = channels_.find(channel);
  if (found == channels_.end()) found = channels_.emplace(channel, channel_state{}).first;
  auto& c = found->second;
  if (c.owner != owner) tell(c, false);
  if (c.queued && c.now == state::idle && !c.owner) --stale_;
  own(c, owner);
  c.repeat = c.now == state::confirmed;
  refuse(c, false);
  settle(*found);
}

bool subscription_set::unsubscribe(std::string_view channel, void* owner) {
  const auto found = channels_.find(channel);
  if (found == channels_.end() || !owner || found->second.owner != owner) return false;
  auto& c = found->second;
  tell(c, false);
  own(c, nullptr);
  c.repeat = false;
  refuse(c, false);
  if (c.queued && c.now == state::idle) ++stale_;
  settle(*found);
  forget_stale();
  return true;
}

void* subscription_set::owner_of(std::string_view channel) const noexcept {
  const auto found = channels_.find(channel);
  return found != channels_.end() && found->second.told ? found->second.owner : nullptr;
}

void subscription_set::own(channel_state& c, void* owner) noexcept {
  if (!c.owner && owner) ++wanted_;
  if (c.owner && !owner) --wanted_;
  c.owner = owner;
}

void subscription_set::tell(channel_state& c, bool told) noexcept {
  if (told && !c.told) ++confirmed_;
  if (!told && c.told) --confirmed_;
  c.told = told;
}

void subscription_set::refuse(channel_state& c, bool refused) noexcept {
  if (refused && !c.refused) ++refused_;
  if (!refused && c.refused) --refused_;
  c.refused = refused;
}

// -- what is due -------------------------------------------------------------

subscription_set::need subscription_set::what_is_due(const channel_state& c) noexcept {
  if (c.refused) return need::nothing;
  if (c.now == state::idle && c.owner) return need::subscribe;
  if (c.now == state::confirmed && !c.owner) return need::unsubscribe;
  if (c.now == state::confirmed && c.repeat) return need::subscribe;
  return need::nothing;
}

/// After a change: puts the channel on the list if a command is due, forgets it if nothing is left of it.
void subscription_set::settle(entry& e) {
  auto& c = e.second;
  if (c.queued) return;
  if (!c.owner && c.now == state::idle) {
    refuse(c, false);
    channels_.erase(channels_.find(e.first));
  } else if (connected_ && what_is_due(c) != need::nothing) {
    c.queued = true;
    due_.push_back(&e);
  }
}

bool subscription_set::write_commands(std::string& out) {
  bool any = false;
  while (write_batch(out)) any = true;
  return any;
}

/// Channels that come and go while Redis does not answer must not pile up.
void subscription_set::forget_stale() {
  if (stale_ <= batch_ || stale_ * 2 <= due_.size()) return;
  std::deque<entry*> listed;
  listed.swap(due_);
  stale_ = 0;
  for (auto* e : listed) {
    e->second.queued = false;
    settle(*e);
  }
}

bool subscription_set::write_batch(std::string& out) {
  const auto kind = pick_batch();
  if (picked_.empty()) return false;
  append_command_head(out, picked_.size() + 1);
  append_bulk(out, kind == need::subscribe ? "SUBSCRIBE" : "UNSUBSCRIBE");
  for (auto* e : picked_) {
    append_bulk(out, e->first);
    e->second.now = kind == need::subscribe ? state::subscribing : state::unsubscribing;
    e->second.repeat = false;
    unanswered_.push_back(e);
  }
  commands_.push_back({kind, static_cast<uint32_t>(picked_.size())});
  return true;
}

/// Takes the channels of the next command from the list; the answer says which command.
subscription_set::need subscription_set::pick_batch() {
  auto kind = need::nothing;
  auto most = batch_;
  picked_.clear();
  while (!due_.empty() && picked_.size() < most && unanswered_.size() + picked_.size() < window_) {
    auto& e = *due_.front();
    const auto wants = what_is_due(e.second);
    const bool fits = picked_.empty() || (wants == kind && picked_.size() < e.second.share);
    if (wants != need::nothing && !fits) break;
    due_.pop_front();
    e.second.queued = false;
    if (wants == need::nothing) {
      --stale_;
      settle(e);
    } else {
      kind = wants;
      most = std::min<size_t>(most, e.second.share);
      picked_.push_back(&e);
    }
  }
  return kind;
}

// -- the link ----------------------------------------------------------------

void subscription_set::connected(std::string_view first) {
  disconnected();
  connected_ = true;
  const auto urgent = channels_.find(first);
  if (urgent != channels_.end()) {
    urgent->second.share = 1; // the others' refusal is not its own
    settle(*urgent);
  }
  for (auto& e : channels_) settle(e);
}

void subscription_set::disconnected() {
  connected_ = false;
  due_ = {};
  stale_ = 0;
  unanswered_.clear();
  commands_.clear();
  confirmed_ = refused_ = 0;
  for (auto at = channels_.begin(); at != channels_.end();) {
    const auto owner = at->second.owner;
    at->second = {};
    at->second.owner = owner;
    at = owner ? std::next(at) : channels_.erase(at);
  }
}

// -- what Redis answers ------------------------------------------------------

/// The channel whose answer was due, if it is this one; nullptr otherwise.
subscription_set::entry* subscription_set::answered(std::string_view channel, need kind) {
  if (commands_.empty() || commands_.front().kind != kind || unanswered_.front()->first != channel)
    return nullptr;
  if (--commands_.front().remaining == 0) commands_.pop_front();
  return unanswered_.pop_front();
}

subscription_set::confirmation subscription_set::on_subscribed(std::string_view channel) {
  auto* e = answered(channel, need::subscribe);
  if (!e) return {};
  auto& c = e->second;
  c.now = state::confirmed;
  c.live = true;
  c.share = any_share;
  tell(c, c.owner != nullptr);
  auto* owner = c.owner;
  settle(*e);
  return {true, owner};
}

subscription_set::confirmation subscription_set::on_unsubscribed(std::string_view channel) {
  auto* e = answered(channel, need::unsubscribe);
  if (!e) return {};
  e->second.now = state::idle;
  e->second.live = false;
  settle(*e);
  return {true, nullptr};
}

size_t subscription_set::on_error() {
  if (commands_.empty()) return 0;
  const auto failed = commands_.pop_front();
  // With nothing confirmed it is not about single channels, and they would be many commands each time.
  const bool is_particular = confirmed_ > 0;
  for (uint32_t i = 0; i < failed.remaining; ++i) {
    auto* e = unanswered_.pop_front();
    auto& c = e->second;
    c.now = c.live ? state::confirmed : state::idle;
    c.repeat = c.live && c.owner; // who waits for a confirmation still does
    if (is_particular) c.share = static_cast<uint16_t>((failed.remaining + 1) / 2);
    if (!is_particular || failed.remaining == 1) refuse(c, true);
    settle(*e);
  }
  return failed.remaining;
}

void subscription_set::ask_refused_again() {
  if (refused_ == 0) return;
  for (auto& e : channels_) {
    if (!e.second.refused) continue;
    refuse(e.second, false);
    settle(e); // erases nothing: what is idle and refused has an owner
  }
}

} // namespace roomcast::net
