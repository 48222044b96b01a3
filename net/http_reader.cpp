#include "net/http_reader.hpp"

#include "core/limits.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>

namespace roomcast::net {

namespace http = boost::beast::http;

namespace {

/// A Beast Body whose reader drops what it is given.
struct dropped_body {
  struct value_type {};

  class reader {
  public:
    template <bool IsRequest, class Fields> reader(http::header<IsRequest, Fields>&, value_type&) {}

    void init(const boost::optional<uint64_t>&, boost::beast::error_code& ec) { ec = {}; }
    template <class Buffers> size_t put(const Buffers& buffers, boost::beast::error_code& ec) {
      ec = {};
      return boost::asio::buffer_size(buffers);
    }
    void finish(boost::beast::error_code& ec) { ec = {}; }
  };
};

/// Methods are upper-case letters in practice and tokens by RFC 9110: this tells HTTP from TLS and noise at
/// the first byte, instead of waiting for the end of a header that never comes.
bool may_begin_method(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
         || std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
}

unsigned status_for(boost::beast::error_code failure) noexcept {
  if (failure == http::error::header_limit) return 431;
  if (failure == http::error::body_limit) return 413;
  return 400;
}

} // namespace

struct http_reader::state {
  state() {
    parser.header_limit(limits::max_http_header_bytes);
    parser.body_limit(limits::max_http_body_bytes);
    parser.eager(true);
  }

  bool waits_for_continue() {
    if (continue_said || !parser.is_header_done() || parser.is_done()) return false;
    continue_said = parser.get().version() >= 11
                    && boost::beast::iequals(parser.get()[http::field::expect], "100-continue");
    return continue_said;
  }

  http::request_parser<dropped_body> parser;
  bool continue_said = false;
};

http_reader::http_reader() noexcept = default;

http_reader::~http_reader() = default;

http_reader::step http_reader::feed(std::string_view bytes) {
  // RFC 9112 section 2.2: empty lines before a request are skipped.
  size_t skipped = 0;
  if (!started_) {
    skipped = std::min(bytes.find_first_not_of("\r\n"), bytes.size());
    bytes.remove_prefix(skipped);
  }
  if (bytes.empty()) return {.consumed = skipped};
  if (!started_ && !may_begin_method(bytes.front())) return {.what = status::failed, .error = 400};
  started_ = true;
  if (!state_) state_ = std::make_unique<state>();
  auto done = parse(bytes);
  done.consumed += skipped;
  return done;
}

http_reader::step http_reader::parse(std::string_view bytes) {
  auto& parser = state_->parser;
  boost::beast::error_code failure;
  step done;
  done.consumed = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), failure);
  if (failure && failure != http::error::need_more) {
    done.what = status::failed;
    done.error = status_for(failure);
  } else if (parser.is_done()) {
    done.what = status::complete;
  } else if (bytes.size() - done.consumed > limits::max_http_header_bytes) {
    // Beast sets no bound to the line that announces a chunk.
    done.what = status::failed;
    done.error = 431;
  } else {
    done.wants_continue = state_->waits_for_continue();
  }
  return done;
}

edge_verdict http_reader::judge(const boost::asio::ip::tcp::endpoint& peer) const {
  return judge_request(state_->parser.get(), peer);
}

// HTTP/1.0 asks for it by an extension we do not speak (RFC 9112 appendix C.2.2): always closed.
bool http_reader::keep_alive() const {
  return state_->parser.get().version() >= 11 && state_->parser.keep_alive();
}

bool http_reader::is_head() const { return state_->parser.get().method() == http::verb::head; }

void http_reader::next() noexcept {
  state_.reset();
  started_ = false;
}

} // namespace roomcast::net
