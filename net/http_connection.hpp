#pragma once

#include "net/http_reader.hpp"
#include "net/http_shard.hpp"
#include "net/timer_wheel.hpp"
#include "net/ws_session.hpp"

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <string_view>

namespace roomcast::net {

/// One client that speaks HTTP, until its upgrade or its end. Requests are answered one by one, in order;
/// while one is being answered nothing is read. Owned by its shard; runs on the shard's I/O thread.
class http_connection final : public std::enable_shared_from_this<http_connection>,
                              private timer_wheel::timer {
public:
  using place_in_list = std::list<std::shared_ptr<http_connection>>::iterator;

  /// Beyond a bound of connections it may ask one thing, but not upgrade.
  http_connection(http_shard& shard, const boost::asio::ip::tcp::endpoint& peer, admission admitted);
  ~http_connection() override;

  /// Begins to read; `place` is where the shard's list has it.
  void start(place_in_list place, unique_fd socket);
  place_in_list place() const noexcept { return place_; }

  /// Closes if it rests between two requests; otherwise after the next answer, or soon if none is asked for.
  void drain();
  /// The answer to the request that waits for one; otherwise ignored.
  void answer(const http_response& response);
  /// Closes the socket and leaves the shard: the last reference but the caller's is gone.
  void close();

private:
  enum class phase : uint8_t {
    reading,   // a request, or the time between two
    answering, // the handler has the request
    writing,
    lingering, // said goodbye; dropping what comes until the peer closes
    closed,
  };
  enum class afterwards : uint8_t { read_on, linger, open_session };

  void on_timer() override;

  // -- reading ---------------------------------------------------------------

  void wait_readable();
  void on_readable();
  void on_bytes(std::string_view fresh);
  void read_on();
  void consume(std::string_view bytes);
  void say_continue();
  void keep(std::string_view rest);
  void set_read_deadline(bool request_began);

  // -- one request -----------------------------------------------------------

  void on_request();
  void serve(http_request request);
  void upgrade(edge_verdict verdict);
  bool refuse_overload();
  void refuse(std::atomic<uint64_t>& counter, std::string_view sentence);
  void open_session();
  void fail(unsigned status);
  void respond(const http_response& response, bool keep_alive);

  // -- writing ---------------------------------------------------------------

  void send(std::string text, afterwards then);
  void continue_writing();
  void wait_writable();
  void on_written();
  void linger();

  http_shard& shard_;
  tcp_socket socket_;
  const boost::asio::ip::tcp::endpoint peer_;
  place_in_list place_;
  phase phase_ = phase::reading;
  afterwards afterwards_ = afterwards::read_on;
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool first_request_ = true;
  bool handed_over_ = false;
  const admission admitted_;

  http_reader reader_;
  std::string kept_; // read and not yet consumed: part of a header, or pipelined requests
  size_t kept_begin_ = 0;
  std::string out_;
  size_t out_begin_ = 0;
  size_t lingered_bytes_ = 0;
  std::unique_ptr<http_request> handshake_; // between the handler's yes and the session
};

} // namespace roomcast::net
