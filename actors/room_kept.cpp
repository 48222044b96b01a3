// What is in no history (notices, payloads of others) and comes while members read the past.
#include "actors/room.hpp"
#include "core/limits.hpp"

#include <caf/send.hpp>

#include <utility>

namespace roomcast::actors {

/// Also for joins that wait: they may have a list of users already.
void room::keep_for_recovering(event_batch& list) {
  if (!history_ || (history_->recovering() == 0 && waiting_.empty())) return;
  list.for_each([this](const event_batch::event& event) {
    if (!event.at) kept_->append(event.text, event.excluded);
  });
  if (kept_->bytes() > limits::max_meanwhile_bytes) give_up_keeping();
}

/// Who is answered gets it now, between pages, as a member would; the others are refused.
void room::give_up_keeping() {
  history_->give_up_keeping();
  for (auto& request : std::exchange(waiting_, {})) {
    if (request.behind == 0)
      waiting_.push_back(std::move(request));
    else
      refuse(request);
  }
  kept_->clear();
}

void room::hand_over_kept(join& request) {
  if (request.behind == 0) return;
  kept_->for_each_behind(
      request.behind, [&](const ref<batch>& events) { caf::anon_send(request.member, deliver{events}); });
  request.behind = kept_->mark();
}

void room::forget_kept() {
  if (history_ && history_->recovering() == 0 && waiting_.empty()) kept_->clear();
}

} // namespace roomcast::actors
