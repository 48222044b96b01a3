#include "net/redis_sentinel.hpp"

#include "core/limits.hpp"
#include "net/io_thread.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>

namespace roomcast::net {

namespace {

constexpr resp_limits answer_limits{512, 512, 2'048, 8, 2}; // of an address, or of an error

std::string describe(const boost::system::error_code& failed) {
  return failed == boost::asio::error::eof ? "closed by the sentinel" : failed.message();
}

} // namespace

void sentinel_order::answered(size_t index) {
  const auto chosen = all_.begin() + static_cast<std::ptrdiff_t>(index);
  std::rotate(all_.begin(), chosen, chosen + 1);
}

result<redis_address, std::string> read_master_address(const resp_value& reply) {
  if (reply.is_error()) return std::string{reply.text()};
  if (reply.is_null()) return std::string{"does not know this master"};
  const auto host = reply[0].text();
  const auto port = reply[1].integer().value_or(0);
  if (reply.size() != 2 || host.empty() || port < 1 || port > 65'535)
    return std::string{"does not answer like a sentinel"};
  return redis_address{std::string{host}, static_cast<uint16_t>(port)};
}

// -- the search --------------------------------------------------------------

sentinel_search::sentinel_search(
    io_thread& where, const redis_endpoint& endpoint, std::shared_ptr<sentinel_order> order) :
    where_(where), endpoint_(endpoint), order_(std::move(order)) {}

void sentinel_search::start(std::function<void(const answer& found)> done) {
  done_ = std::move(done);
  ask();
}

void sentinel_search::cancel() {
  done_ = nullptr;
  timer::cancel();
  if (const auto last = std::exchange(stream_, nullptr)) last->close();
}

void sentinel_search::finish(const answer& found) {
  const auto done = std::exchange(done_, nullptr);
  cancel();
  done(found);
}

void sentinel_search::ask() {
  stream_ = std::make_shared<redis_stream>(where_, order_->at(asked_), endpoint_);
  stream_->open([self = shared_from_this()](const std::string& problem) { self->on_open(problem); });
}

void sentinel_search::give_up_on_this(const std::string& reason) {
  timer::cancel();
  stream_->close();
  problems_ += (problems_.empty() ? "" : "; ") + order_->at(asked_).name() + ": " + reason;
  if (++asked_ < order_->size()) return ask();
  finish("no sentinel tells where " + endpoint_.master_name + " is: " + problems_);
}

void sentinel_search::on_timer() {
  const auto self = shared_from_this();
  give_up_on_this("no answer");
}

void sentinel_search::on_open(const std::string& problem) {
  if (!problem.empty()) return give_up_on_this(problem);
  where_.timers().set(*this, limits::redis_step_timeout);
  input_.clear();
  output_.clear();
  append_command(output_, {"SENTINEL", "get-master-addr-by-name", endpoint_.master_name});
  // So few bytes go in one piece; if not, the answer never comes.
  stream_->write_some(output_, [self = shared_from_this()](error_code, size_t) {});
  read();
}

void sentinel_search::read() {
  stream_->read_some(block_, [self = shared_from_this(), to = stream_](error_code failed, size_t bytes) {
    if (self->stream_ == to) self->on_read(failed, bytes);
  });
}

void sentinel_search::on_read(error_code failed, size_t bytes) {
  if (failed) return give_up_on_this(describe(failed));
  input_.append(block_.data(), bytes);
  resp_parser parser{answer_limits};
  const auto status = parser.parse(input_);
  if (status == resp_parser::status::incomplete) return read();
  if (status == resp_parser::status::malformed) return give_up_on_this("does not answer like a sentinel");
  const auto found = read_master_address(parser.value());
  if (!found) return give_up_on_this(found.failure());
  order_->answered(asked_);
  finish(found);
}

} // namespace roomcast::net
