#include "actors/publish_queue.hpp"

#include "core/limits.hpp"
#include "wire/bus_payload.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace roomcast::actors {

publish_queue::publish_queue(
    net::redis_bus& bus, redis_log& log, const channel_naming& naming, const room_rules& rules,
    const boot_id& boot) :
    bus_(bus), log_(log), naming_(naming), rules_(rules), boot_(boot) {}

void publish_queue::publish(actors::publish& message) {
  const auto cookie = next_cookie();
  const bool kept = !message.is_notice && rules_.of(message.room.view()).history.size > 0;
  const bool keyed = !message.key.empty();
  if (kept) { // all of it stays here: Redis may not know the script
    auto& added = entries_.emplace_back(entry{std::move(message), true, keyed, cookie});
    if (!holding_) return send(cookie);
    if (held_bytes_ + added.wanted.text.size() <= limits::max_unanswered_bytes) return hold(added);
    ++refused_;
    settle(added, publish_outcome::unavailable, nullptr);
    return drop_settled();
  }
  actors::publish rest{
      std::move(message.room), {}, {}, std::move(message.publisher), std::move(message.request_id)};
  rest.settled = message.settled;
  rest.answer = message.answer;
  const auto channel = channel_of(rest.room);
  entries_.push_back({std::move(rest), false, keyed, cookie});
  if (keyed)
    log_.publish_once(entries_.back().wanted.room, message.key, channel, message.text, cookie);
  else if (message.excluded != connection_id{} && naming_.headers)
    bus_.publish(channel, wire::exclude(boot_, message.excluded, message.text), cookie);
  else
    bus_.publish(channel, message.text, cookie);
}

void publish_queue::on_published(uint64_t cookie, net::publish_result outcome, const net::resp_value* reply) {
  static_assert(static_cast<int>(net::publish_result::taken) == static_cast<int>(publish_outcome::taken));
  static_assert(
      static_cast<int>(net::publish_result::refused) == static_cast<int>(publish_outcome::unavailable));
  static_assert(static_cast<int>(net::publish_result::unknown) == static_cast<int>(publish_outcome::unknown));
  auto& answered = at(cookie);
  if (answered.kept && is_unknown_script(reply)) {
    if (!std::exchange(holding_, true)) {
      last_sent_ = next_cookie() - 1;
      awaited_ = static_cast<size_t>(
          std::count_if(entries_.begin(), entries_.end(), [](const entry& e) { return !e.settled; }));
    }
    hold(answered);
  } else {
    if (holding_ && answered.kept && outcome != net::publish_result::refused) refuse_overtaken(cookie);
    settle(answered, static_cast<publish_outcome>(outcome), reply);
  }
  if (holding_ && cookie <= last_sent_ && --awaited_ == 0) send_held();
  drop_settled();
}

// -- helpers -----------------------------------------------------------------------

std::string_view publish_queue::channel_of(const room_name& room) {
  channel_.clear();
  naming_.append_channel(channel_, room.view());
  return channel_;
}

void publish_queue::send(uint64_t cookie) {
  const auto& wanted = at(cookie).wanted;
  const bool as_text = std::exchange(introduce_, false);
  log_.publish(wanted, rules_.of(wanted.room.view()).history, channel_of(wanted.room), cookie, as_text);
}

void publish_queue::hold(entry& which) {
  which.held = true;
  held_bytes_ += which.wanted.text.size();
}

/// Whatever was sent before is answered: what is held goes now, in its order, the first one as text.
void publish_queue::send_held() {
  holding_ = false;
  introduce_ = true;
  held_bytes_ = 0;
  const auto end = next_cookie();
  for (auto cookie = first_cookie_; cookie < end; ++cookie)
    // The bus may refuse it at once, and then it is gone.
    if (cookie >= first_cookie_ && std::exchange(at(cookie).held, false)) send(cookie);
}

/// Redis has learnt the script from somebody else in between and took this one, or perhaps took it: the same
/// publisher's earlier messages to the room would come behind it.
void publish_queue::refuse_overtaken(uint64_t cookie) {
  const auto& taken = at(cookie).wanted;
  for (auto earlier = first_cookie_; earlier < cookie; ++earlier) {
    auto& one = at(earlier);
    if (!one.held || !(one.wanted.room == taken.room) || one.wanted.publisher != taken.publisher) continue;
    one.held = false;
    held_bytes_ -= one.wanted.text.size();
    ++refused_;
    settle(one, publish_outcome::unavailable, nullptr);
  }
}

bool publish_queue::read(const entry& which, const net::resp_value& reply, published& answer) {
  if (which.kept) return redis_log::read_outcome(reply, which.cookie, answer.at, answer.repeated);
  return !which.keyed || redis_log::read_once(reply, answer.repeated);
}

void publish_queue::settle(entry& which, publish_outcome outcome, const net::resp_value* reply) {
  which.settled = true;
  auto& wanted = which.wanted;
  published answer{std::move(wanted.room), std::move(wanted.request_id), wanted.settled, outcome};
  if (outcome == publish_outcome::taken && !read(which, *reply, answer))
    answer.outcome = publish_outcome::unknown; // not what the script answers
  if (answer.at) log_.saw(answer.room, answer.at);
  if (answer.at && !answer.repeated) log_.took(answer.room); // a known key did not get as far
  if (!wanted.publisher || (answer.outcome == publish_outcome::taken && !wanted.answer)) return;
  caf::anon_send(wanted.publisher, notice{std::move(answer)});
}

void publish_queue::drop_settled() {
  while (!entries_.empty() && entries_.front().settled) {
    entries_.pop_front();
    ++first_cookie_;
  }
}

} // namespace roomcast::actors
