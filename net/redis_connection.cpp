#include "net/redis_connection.hpp"

#include "core/limits.hpp"
#include "net/io_thread.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace roomcast::net {

namespace asio = boost::asio;

namespace {

constexpr size_t kept_output_bytes = 1'048'576; // memory that an output buffer keeps between bursts

/// What an operator can act on, not what a library calls it.
std::string describe(const boost::system::error_code& failed) {
  if (failed == asio::error::eof) return "closed by Redis";
  return failed.message();
}

/// An error reply within the handshake, with what to do about it.
std::string describe_refusal(std::string_view text, bool with_password) {
  std::string reason{text};
  if (text.starts_with("NOAUTH")) reason += " (give the password in the URL: redis://:PASSWORD@host)";
  if (text.starts_with("WRONGPASS") || text.starts_with("ERR AUTH")
      || text.starts_with("ERR invalid password"))
    reason += with_password ? " (check user and password in the URL)" : "";
  return reason;
}

} // namespace

redis_connection::redis_connection(
    io_thread& where, const redis_endpoint& endpoint, const std::string& client_name,
    std::shared_ptr<sentinel_order> sentinels, redis_connection_owner& owner) :
    where_(where),
    owner_(&owner),
    endpoint_(endpoint),
    client_name_(client_name),
    pause_(where.context().get_executor()),
    sentinels_(std::move(sentinels)),
    input_(limits::redis_buffer_bytes) {}

void redis_connection::start(std::chrono::milliseconds pause) {
  if (pause == pause.zero()) return dial();
  pause_.expires_after(pause);
  pause_.async_wait([self = shared_from_this()](error_code failed) {
    if (!failed && self->owner_) self->dial();
  });
}

void redis_connection::close() {
  owner_ = nullptr;
  step_ = step::closed;
  cancel();
  pause_.cancel();
  if (search_) search_->cancel();
  if (stream_) stream_->close();
}

void redis_connection::fail(std::string_view reason) {
  owner_->enter([&] { fail_in_turn(reason); });
}

void redis_connection::fail_in_turn(std::string_view reason) {
  auto* owner = owner_;
  if (!owner) return;
  close();
  if (master_.empty()) return owner->on_down(reason);
  owner->on_down("master " + master_ + ": " + std::string{reason});
}

// -- dialling ----------------------------------------------------------------

void redis_connection::on_timer() {
  const auto self = shared_from_this();
  fail("connected, but nothing answers like Redis");
}

void redis_connection::dial() {
  if (!endpoint_.sentinels.empty()) return search();
  open({endpoint_.host, endpoint_.port});
}

void redis_connection::search() {
  step_ = step::searching;
  search_ = std::make_shared<sentinel_search>(where_, endpoint_, sentinels_);
  search_->start([self = shared_from_this()](const sentinel_search::answer& found) {
    if (!found) return self->fail(found.failure());
    self->master_ = found->name();
    self->open(*found);
  });
}

void redis_connection::open(const redis_address& at) {
  step_ = step::opening;
  stream_ = std::make_shared<redis_stream>(where_, at, endpoint_);
  stream_->open([self = shared_from_this()](const std::string& problem) {
    if (!problem.empty()) return self->fail(problem);
    self->shake_hands();
  });
}

void redis_connection::shake_hands() {
  step_ = step::handshake;
  where_.timers().set(*this, limits::redis_step_timeout);
  if (!endpoint_.password.empty()) {
    if (endpoint_.user.empty())
      say(handshake_reply::auth, {"AUTH", endpoint_.password});
    else
      say(handshake_reply::auth, {"AUTH", endpoint_.user, endpoint_.password});
  }
  say(handshake_reply::name, {"CLIENT", "SETNAME", client_name_});
  if (endpoint_.database != 0) say(handshake_reply::select, {"SELECT", std::to_string(endpoint_.database)});
  // What Sentinel says may be old: until it has noticed, a master that was replaced still has the name.
  if (!endpoint_.sentinels.empty()) say(handshake_reply::role, {"ROLE"});
  say(handshake_reply::ping, {"PING"});
  flush();
  read();
}

void redis_connection::say(handshake_reply awaited, std::initializer_list<std::string_view> words) {
  append_command(output_, words);
  awaited_.push_back(awaited);
}

void redis_connection::on_handshake_reply(const resp_value& reply) {
  const auto expected = awaited_[handshaken_++];
  // The name is for people: a user that may not set it, or an old server, is no reason to stay away.
  const auto text = reply.text();
  const bool only_the_name =
      expected == handshake_reply::name && (text.starts_with("NOPERM") || text.starts_with("ERR unknown"));
  if (reply.is_error() && !only_the_name)
    return fail_in_turn(describe_refusal(text, !endpoint_.password.empty()));
  if (expected == handshake_reply::role && reply[0].text() != "master")
    return fail_in_turn("is no master, its role is " + std::string{reply[0].text()});
  if (expected != handshake_reply::ping) return;
  if (text != "PONG") return fail_in_turn("connected, but nothing answers like Redis");
  cancel();
  step_ = step::up;
  owner_->on_up();
}

// -- reading -----------------------------------------------------------------

void redis_connection::read() {
  if (reading_ || paused_ || !owner_) return;
  reading_ = true;
  const auto room = input_.prepare(parser_.wanted());
  stream_->read_some(
      room, [self = shared_from_this()](error_code failed, size_t bytes) { self->on_read(failed, bytes); });
}

void redis_connection::on_read(error_code failed, size_t bytes) {
  reading_ = false;
  if (!owner_) return;
  if (failed) return fail(describe(failed));
  input_.commit(bytes);
  if (paused_) return; // handed over by resume_reading()
  owner_->enter([this] { hand_over_replies(); });
  read();
}

void redis_connection::hand_over_replies() {
  while (owner_ && !paused_) {
    const auto found = parser_.parse(input_.unread());
    if (found == resp_parser::status::incomplete) break;
    if (found == resp_parser::status::malformed)
      return fail_in_turn("no Redis protocol: " + std::string{parser_.problem()});
    const auto size = parser_.consumed();
    if (is_up())
      owner_->on_reply(parser_.value());
    else
      on_handshake_reply(parser_.value());
    input_.consume(size);
  }
  if (owner_ && is_up()) owner_->on_read_end();
}

void redis_connection::resume_reading() {
  if (!std::exchange(paused_, false)) return;
  // Later and in a turn of its own: the caller is in the middle of something.
  asio::post(where_.context(), [self = shared_from_this()] {
    if (!self->owner_ || self->paused_) return;
    // With a read under way its room must stay where it is; consuming from the front does not move it.
    self->owner_->enter([&] { self->hand_over_replies(); });
    self->read();
  });
}

// -- writing -----------------------------------------------------------------

void redis_connection::flush() {
  if (!sending_.empty() || output_.empty() || !owner_) return;
  sending_.swap(output_);
  sent_ = 0;
  write();
}

void redis_connection::write() {
  // Not async_write(): that would cut the buffer into calls of 64 KiB.
  stream_->write_some(
      std::string_view{sending_}.substr(sent_),
      [self = shared_from_this()](error_code failed, size_t bytes) { self->on_written(failed, bytes); });
}

void redis_connection::on_written(error_code failed, size_t bytes) {
  if (!owner_) return;
  if (failed) {
    // The read that is under way knows more: Redis says why before it closes. It fails as well, right after.
    if (!reading_) fail(describe(failed));
    return;
  }
  sent_ += bytes;
  if (sent_ < sending_.size()) return write();
  sent_ = 0;
  if (sending_.capacity() > kept_output_bytes)
    sending_ = {};
  else
    sending_.clear();
  flush();
}

} // namespace roomcast::net
