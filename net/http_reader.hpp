#pragma once

#include "net/http_edge.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace roomcast::net {

/// HTTP/1.1 requests out of a stream of bytes, one after the other, by Beast's parser; bodies are read and
/// dropped. Sans-I/O, one thread. Bounds: limits::max_http_header_bytes and limits::max_http_body_bytes.
class http_reader {
public:
  enum class status : uint8_t {
    need_more, ///< feed again, beginning with the first byte that was not consumed
    complete,  ///< one request is read: look at it, then next()
    failed,    ///< answer with `error` and close
  };

  struct step {
    status what = status::need_more;
    size_t consumed = 0;
    unsigned error = 0;          ///< `failed`: 400, 413 or 431
    bool wants_continue = false; ///< the client waits for `100 Continue`; said once per request
  };

  http_reader() noexcept;
  ~http_reader();

  /// Reads on. Bytes behind a complete request are not consumed. Not after `failed`, nor between `complete`
  /// and next(). Throws only std::bad_alloc.
  step feed(std::string_view bytes);

  /// Whether a part of a request was fed, be it incomplete.
  bool started() const noexcept { return started_; }

  // -- only after `complete` -------------------------------------------------

  edge_verdict judge(const boost::asio::ip::tcp::endpoint& peer) const;
  /// Whether the client wants to go on after this request.
  bool keep_alive() const;
  bool is_head() const;
  /// Forgets the request; frees its memory.
  void next() noexcept;

private:
  struct state;

  step parse(std::string_view bytes);

  std::unique_ptr<state> state_; // only while a request is being read
  bool started_ = false;
};

} // namespace roomcast::net
