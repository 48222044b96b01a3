#include "net/http_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace roomcast::net {

namespace {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr size_t max_body_bytes = 64 * 1'048'576; // stats of 100,000 connections fit
constexpr uint32_t max_header_bytes = 65'536;

struct target {
  std::string host; // without brackets
  std::string port = "80";
  std::string authority; // as in the URL, for the Host field
  std::string path;
};

bool is_port(std::string_view text) noexcept {
  uint16_t number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size() && number != 0;
}

bool has_only_visible_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

std::optional<target> parse(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme) || !has_only_visible_ascii(url)) return std::nullopt;
  url.remove_prefix(scheme.size());
  auto slash = std::min(url.find('/'), url.size());
  auto authority = url.substr(0, slash);
  target out;
  out.authority = authority;
  out.path = slash == url.size() ? "/" : url.substr(slash);
  bool in_brackets = authority.starts_with('[');
  auto host_end = in_brackets ? authority.find(']') : authority.find(':');
  if (in_brackets && host_end == std::string_view::npos) return std::nullopt;
  host_end = std::min(host_end, authority.size());
  out.host = authority.substr(in_brackets, host_end - in_brackets);
  auto rest = authority.substr(host_end + in_brackets);
  if (out.host.empty()) return std::nullopt;
  if (rest.empty()) return out;
  if (!rest.starts_with(':') || !is_port(rest.substr(1))) return std::nullopt;
  out.port = rest.substr(1);
  return out;
}

std::string request_text(const target& to, const std::string& bearer_token) {
  auto text = "GET " + to.path + " HTTP/1.1\r\nHost: " + to.authority
              + "\r\nUser-Agent: roomcast\r\nAccept: */*\r\nConnection: close\r\n";
  if (!bearer_token.empty()) text += "Authorization: Bearer " + bearer_token + "\r\n";
  return text + "\r\n";
}

/// One exchange on an io_context of its own: `on_x` completes, `do_x` starts.
class exchange {
public:
  exchange(const target& to, std::string request) : to_(to), request_(std::move(request)) {
    parser_.header_limit(max_header_bytes);
    parser_.body_limit(max_body_bytes);
    parser_.eager(true);
  }

  /// "" or what went wrong.
  std::string run(std::chrono::milliseconds timeout) {
    do_resolve();
    context_.run_for(timeout);
    if (!outcome_) return "no answer within " + std::to_string(timeout.count()) + " ms";
    return *outcome_ ? outcome_->message() : std::string{};
  }

  http_client_response take() {
    auto message = parser_.release();
    auto type = message[http::field::content_type];
    return {message.result_int(), std::string{type.data(), type.size()}, std::move(message.body())};
  }

private:
  void do_resolve() {
    resolver_.async_resolve(to_.host, to_.port, [this](error_code failed, tcp::resolver::results_type found) {
      if (failed) return finish(failed);
      boost::asio::async_connect(
          socket_, found, [this](error_code error, const tcp::endpoint&) { on_connected(error); });
    });
  }

  void on_connected(error_code failed) {
    if (failed) return finish(failed);
    boost::asio::async_write(socket_, boost::asio::buffer(request_), [this](error_code error, size_t) {
      if (error) return finish(error);
      do_read();
    });
  }

  void do_read() {
    socket_.async_read_some(boost::asio::buffer(chunk_), [this](error_code failed, size_t n) {
      if (failed == boost::asio::error::eof) return on_end();
      if (failed) return finish(failed);
      on_bytes({chunk_.data(), n});
    });
  }

  void on_bytes(std::string_view fresh) {
    pending_.append(fresh);
    error_code failed;
    auto used = parser_.put(boost::asio::buffer(pending_), failed);
    pending_.erase(0, used);
    if (failed && failed != http::error::need_more) return finish(failed);
    if (parser_.is_done()) return finish({});
    if (pending_.size() > max_header_bytes) return finish(http::error::header_limit);
    do_read();
  }

  void on_end() {
    error_code failed;
    if (!parser_.got_some()) return finish(http::error::end_of_stream);
    parser_.put_eof(failed);
    finish(failed);
  }

  void finish(error_code outcome) { outcome_ = outcome; }

  const target& to_;
  const std::string request_;
  boost::asio::io_context context_{1};
  tcp::resolver resolver_{context_};
  tcp::socket socket_{context_};
  http::response_parser<http::string_body> parser_;
  std::array<char, 16'384> chunk_{};
  std::string pending_;
  std::optional<error_code> outcome_;
};

} // namespace

result<http_client_response, std::string>
http_get(const std::string& url, std::chrono::milliseconds timeout, const std::string& bearer_token) {
  auto to = parse(url);
  if (!to) return "not a URL of the form http://host:port/path: " + url;
  if (!has_only_visible_ascii(bearer_token)) return std::string{"the token is not visible ASCII"};
  exchange one{*to, request_text(*to, bearer_token)};
  auto failure = one.run(timeout);
  if (!failure.empty()) return "cannot reach " + url + ": " + failure;
  return one.take();
}

} // namespace roomcast::net
