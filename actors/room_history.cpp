#include "actors/room_history.hpp"

#include "net/ws_frame.hpp"
#include "wire/dialect.hpp"

#include <algorithm>
#include <utility>

namespace roomcast::actors {
namespace {

/// Tells our two kinds of reads apart: the timeline's own tickets are below.
constexpr uint32_t recovery_ticket = 0x8000'0000;

/// Gathers frames of the past in one spelling.
class past_writer {
public:
  explicit past_writer(variant spelling) : spelling_(spelling) {}

  void message(const log_entry& entry) {
    scratch_.clear();
    if (spelling_ == variant::numbered)
      wire::append_numbered(scratch_, entry.text.view(), entry.seq);
    else
      scratch_ = entry.text.view();
    frame();
    ++count_;
  }
  void gap(const room_name& room, epoch_id epoch, uint64_t from, uint64_t to) {
    if (spelling_ == variant::plain) return;
    scratch_ = wire::gap_notice(room.view(), epoch, from, to);
    frame();
  }
  replay finish() { return {out_.finish(), count_, nullptr}; }

private:
  void frame() { net::append_frame(out_, net::opcode::text, scratch_); }

  const variant spelling_;
  bytes_builder out_;
  std::string scratch_;
  uint32_t count_ = 0;
};

} // namespace

room_history::room_history(owner& room, room_name name, history_rule rule, size_t max_tail_bytes) :
    room_(room), name_(std::move(name)), tail_(rule.size, max_tail_bytes) {}

// -- what happens ------------------------------------------------------------------

void room_history::attached() {
  line_.attached();
  pump();
}

void room_history::lost() {
  line_.lost();
  reading_ = false;
  refuse_ungreeted();
}

void room_history::refuse_ungreeted() {
  for (auto next = recovering_.begin(); next != recovering_.end();) {
    const auto one = next++;
    auto& r = one->second;
    if (const auto refused = r.greeted ? std::exchange(r.next, std::nullopt) : r.request)
      room_.refuse(*refused);
    if (!r.greeted) recovering_.erase(one);
  }
}

void room_history::give_up_keeping() {
  for (auto next = recovering_.begin(); next != recovering_.end();) {
    const auto one = next++;
    auto& r = one->second;
    if (r.greeted) {
      room_.hand_over_kept(r.request);
    } else if (r.request.behind != 0) {
      room_.refuse(r.request);
      recovering_.erase(one);
    }
  }
}

void room_history::event(const event_batch& list, const event_batch::event& arrived) {
  line_.event(list.share(arrived.text), arrived.at, arrived.excluded, *this);
  pump();
}

void room_history::on_answer(const log_answer& answer) {
  if (answer.ticket >= recovery_ticket) {
    if (!reading_ || answer.ticket != ticket_) return;
    reading_ = false;
    if (!answer.ok) {
      refuse_ungreeted();
      return room_.retry_later();
    }
    on_page(answer.page);
    return advance();
  }
  if (!answer.ok) {
    if (line_.read_failed(answer.ticket)) room_.retry_later();
    return;
  }
  if (answer.what == log_read::entries)
    line_.page_read(answer.ticket, answer.page, *this);
  else {
    placed_ticket_ = answer.ticket;
    placed_ = answer.page.top;
    line_.place_read(answer.ticket, answer.page.top, *this);
  }
  pump();
  advance();
}

void room_history::retry() {
  pump();
  advance();
}

void room_history::pump() {
  const auto order = line_.next();
  switch (order.what) {
  case timeline::read::nothing: return;
  case timeline::read::place: return room_.ask(log_read::place, order.ticket, order.after);
  case timeline::read::entries: return room_.ask(log_read::entries, order.ticket, order.after);
  case timeline::read::new_epoch: return room_.ask(log_read::new_epoch, order.ticket, order.after);
  }
}

void room_history::on_event(const shared_bytes& text, uint64_t seq, connection_id excluded) {
  tail_.push(seq, text);
  latest_ = {};
  room_.append(text.view(), seq, excluded);
}

void room_history::on_gap(epoch_id epoch, uint64_t from, uint64_t to) {
  tail_.clear();
  latest_ = {};
  room_.append_gap(wire::gap_notice(name_.view(), epoch, from, to));
  if (to >= from) return;
  for (auto& [id, r] : recovering_) { // its numbers mean nothing any more
    r.cursor = 0;
    r.strict = false;
    r.new_epoch = r.greeted;
  }
}

// -- members that come back -----------------------------------------------------------

/// A member stays one until its past begins: if that cannot be read, its join is refused and nothing else
/// has changed.
void room_history::admit(const join& request) {
  if (const auto known = recovering_.find(request.id); known != recovering_.end() && known->second.greeted) {
    known->second.next = request;
    return;
  }
  forget(request.id); // its earlier wish
  recovery one{request, 0, false};
  locate(one);
  if (request.purpose.recover && !one.strict) {
    // Further than we are: numbers that were lost, or news that has not reached this node.
    one.doubtful = true;
    one.doubt = line_.latest_ticket();
    line_.suspect();
    pump();
  } else if (tail_.covers(one.cursor, at().seq)) {
    return answer(one);
  }
  step_alone(recovering_.emplace(request.id, std::move(one)).first);
}

/// Where the member stands, in the room as it is now.
void room_history::locate(recovery& one) const {
  const auto& wish = one.request.purpose;
  const auto top = at();
  one.strict = wish.recover && wish.recover->epoch == top.epoch && wish.recover->seq <= top.seq;
  one.cursor = one.strict ? wish.recover->seq : top.seq - std::min<uint64_t>(wish.newest, top.seq);
}

/// Messages that came while it waited move the place that its answer will name, and with it the newest it
/// wants.
void room_history::keep_up(recovery& one) const noexcept {
  if (one.strict || one.greeted) return;
  const auto top = at().seq;
  one.cursor = std::max(one.cursor, top - std::min<uint64_t>(one.request.purpose.newest, top));
}

/// Whether the place was read since the doubt came up, and everything up to it has come out.
bool room_history::is_clear(const recovery& one) const noexcept {
  return placed_ticket_ > one.doubt && at().epoch == placed_.epoch && at().seq >= placed_.seq;
}

void room_history::advance() {
  if (!ready()) return;
  std::optional<uint64_t> lowest;
  for (auto next = recovering_.begin(); next != recovering_.end();) {
    const auto after = step(next++);
    if (after) lowest = std::min(*after, lowest.value_or(*after));
  }
  if (lowest) read_for_recoveries(*lowest);
}

/// What happened concerns nobody else.
void room_history::step_alone(recoveries::iterator which) {
  if (!ready()) return;
  if (const auto after = step(which)) read_for_recoveries(*after);
}

/// Lets the member be live, if it can, and it is no recovery any more; or returns behind which place it needs
/// the log.
std::optional<uint64_t> room_history::step(recoveries::iterator which) {
  auto& r = which->second;
  if (r.doubtful && is_clear(r)) {
    r.doubtful = false;
    locate(r);
  }
  if (r.with_member || r.doubtful) return {};
  keep_up(r);
  if (!tail_.covers(r.cursor, at().seq)) return r.cursor;
  if (room_.admitting()) finish(which);
  return {};
}

void room_history::read_for_recoveries(uint64_t after) {
  if (std::exchange(reading_, true)) return;
  ticket_ = recovery_ticket | (ticket_ + 1);
  // Who comes next may have been away for longer: one page serves them, too, if it can.
  room_.ask(log_read::entries_around, ticket_, {at().epoch, after});
}

void room_history::on_page(const log_page& page) {
  if (page.top.epoch != at().epoch) return line_.suspect(), pump(); // the timeline finds out what happened
  tail_.prepend(page.entries, at().seq);                            // for the next ones who come back
  for (auto& [id, r] : recovering_) {
    if (r.with_member || r.doubtful) continue;
    keep_up(r);
    if (r.cursor >= page.after && r.cursor < at().seq && reaches(r, page)) send_page(r, page);
  }
}

/// Whether the page has what comes behind the cursor. Otherwise that is lost: the member is told, or, if it
/// was promised nothing yet, simply begins where the log begins or at the present.
bool room_history::reaches(recovery& one, const log_page& page) const {
  const auto next = std::find_if(
      page.entries.begin(), page.entries.end(), [&](const log_entry& e) { return e.seq > one.cursor; });
  if (next == page.entries.end()) {
    if (page.more) return false; // it is behind this page
    if (!one.greeted) one.strict = false, one.cursor = at().seq;
    return one.greeted;
  }
  if (next->seq == one.cursor + 1 || one.greeted) return true;
  if (!one.strict) {
    one.cursor = std::min(next->seq - 1, at().seq); // what is behind that comes live
    return one.cursor < at().seq;
  }
  one.strict = false;
  one.cursor = at().seq - std::min<uint64_t>(one.request.purpose.newest, at().seq);
  return one.cursor >= page.after && one.cursor < at().seq && reaches(one, page);
}

void room_history::send_page(recovery& one, const log_page& page) {
  past_writer writer{one.spelling()};
  const auto top = at();
  if (std::exchange(one.new_epoch, false)) writer.gap(name_, top.epoch, 1, 0);
  for (const auto& entry : page.entries) {
    if (entry.seq > top.seq) break; // that one comes live
    if (entry.seq <= one.cursor) continue;
    if (entry.seq > one.cursor + 1) writer.gap(name_, top.epoch, one.cursor + 1, entry.seq - 1);
    writer.message(entry);
    one.cursor = entry.seq;
  }
  if (!page.more && one.cursor < page.top.seq && page.top.seq <= top.seq) { // the end of the log is gone
    writer.gap(name_, top.epoch, one.cursor + 1, page.top.seq);
    one.cursor = page.top.seq;
  }
  one.with_member = true;
  auto past = writer.finish();
  if (std::exchange(one.greeted, true)) return room_.send_page(one.request, std::move(past));
  room_.greet(one.request, {one.spelling(), top, one.strict, std::move(past)});
  one.request.slot = no_slot; // greet() has freed its seat
  one.request.again = false;
}

void room_history::finish(recoveries::iterator which) {
  auto one = std::move(which->second);
  recovering_.erase(which);
  answer(one);
  if (one.next) admit(*one.next);
}

void room_history::answer(recovery& one) {
  auto past = tail_behind(one);
  if (one.greeted)
    room_.seat_behind(one.request, one.spelling(), std::move(past));
  else
    room_.seat(one.request, {one.spelling(), at(), one.strict, std::move(past)});
}

replay room_history::tail_behind(const recovery& one) {
  const auto top = at();
  if (one.cursor >= top.seq && !one.new_epoch) return {};
  const bool known =
      latest_.to == top.seq && latest_.after == one.cursor && latest_.spelling == one.spelling();
  if (known && !one.new_epoch) return {latest_.frames, latest_.count, nullptr};
  past_writer writer{one.spelling()};
  if (one.new_epoch) writer.gap(name_, top.epoch, 1, 0);
  tail_.for_each_after(one.cursor, [&](const log_entry& entry) { writer.message(entry); });
  auto past = writer.finish();
  if (!one.new_epoch) latest_ = {one.cursor, top.seq, one.spelling(), past.frames, past.count};
  return past;
}

void room_history::on_taken(connection_id member) {
  const auto known = recovering_.find(member);
  if (known == recovering_.end()) return;
  known->second.with_member = false;
  step_alone(known);
}

bool room_history::forget(connection_id member) {
  const bool greeted = is_promised(member);
  recovering_.erase(member);
  return greeted;
}

bool room_history::is_promised(connection_id member) const {
  const auto known = recovering_.find(member);
  return known != recovering_.end() && known->second.greeted;
}

} // namespace roomcast::actors
