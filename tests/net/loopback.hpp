#pragma once

#include "net/io_thread.hpp"
#include "net/server.hpp"
#include "net/timer_wheel.hpp"
#include "net/unique_fd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

/// A server on real loopback sockets whose I/O thread the test polls by hand: nothing happens but in poll().
namespace roomcast::net::loopback {

/// The key and its answer from RFC 6455 section 1.3.
inline constexpr std::string_view handshake = "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
                                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
inline constexpr std::string_view accept_field = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

struct sink final : session_handler {
  void enter(function_ref<void()> turn) override { turn(); }
  void on_message(std::string_view text) override { messages.emplace_back(text); }
  void on_closed(close_code) override { closed = true; }
  std::vector<std::string> messages;
  bool closed = false;
};

/// Answers `/hold` when the test does, `/drop` never, everything else at once with what was asked.
/// Handshakes are accepted on `/ws`.
struct recorder final : server_handler {
  void on_request(io_thread&, http_request request, http_responder respond) override {
    seen.push_back(request.method + ' ' + request.path + ' ' + request.query);
    if (request.path == "/hold") {
      held.push_back(std::move(respond));
    } else if (request.path == "/large") {
      respond({.body = std::string(8'000'000, 'x')});
    } else if (request.path != "/drop") {
      respond({.body = seen.back()});
    }
  }
  result<upgrade_accept, http_response> on_upgrade(const http_request& request) override {
    if (request.path != "/ws") return http_response{.status = 404};
    return upgrade_accept{request.subprotocols.empty() ? "" : request.subprotocols.front()};
  }
  void on_open(io_thread&, std::unique_ptr<session> opened, const http_request&) override {
    opened->start(events);
    sessions.push_back(std::move(opened));
  }

  std::vector<std::string> seen;
  std::vector<http_responder> held;
  sink events;
  std::vector<std::unique_ptr<session>> sessions;
};

struct node {
  explicit node(server_options options = {}) {
    options.host = "127.0.0.1";
    options.port = 0;
    served = std::move(*server::open(options, {&io}, handler));
    served->start();
    io.poll();
  }

  /// Polls until `done`; false if nothing comes of it for long.
  bool until(const std::function<bool()>& done) {
    auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (!done()) {
      if (io.poll() == 0) std::this_thread::yield();
      if (std::chrono::steady_clock::now() > give_up) return false;
    }
    return true;
  }

  /// Runs what is ready, until nothing is: enough after a loopback peer has written.
  void settle() {
    while (io.poll() > 0) {}
  }

  void pass(std::chrono::milliseconds time) {
    settle();
    io.timers().advance(io.timers().now_ms() + static_cast<uint64_t>(time.count()));
    settle();
  }

  const server_counters& counters() const { return served->counters(); }

  io_thread io{0};
  recorder handler;
  std::unique_ptr<server> served;
};

class client {
public:
  explicit client(node& to) : node_(to), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(to.served->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }

  void send(std::string_view text) {
    while (!text.empty()) {
      auto n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0) text.remove_prefix(static_cast<size_t>(n));
      if (n < 0 && errno != EAGAIN) return;
      node_.io.poll();
    }
  }

  /// Reads what is there; `ended` says whether that was the end.
  void take() {
    std::array<char, 65'536> buffer;
    for (;;) {
      auto n = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (n > 0) {
        text_.append(buffer.data(), static_cast<size_t>(n));
        continue;
      }
      if (n == 0 || errno != EAGAIN) ended_ = true;
      return;
    }
  }

  /// One whole response (header and body by Content-Length), or "" when the stream ends before.
  std::string response() {
    size_t size = 0;
    node_.until([&] {
      take();
      size = response_size();
      return size > 0 || ended_;
    });
    auto out = text_.substr(0, size);
    text_.erase(0, size);
    return out;
  }

  bool ended() {
    return node_.until([&] {
      take();
      return ended_;
    });
  }
  /// What was received and not yet returned.
  const std::string& rest() {
    take();
    return text_;
  }
  void close() { fd_ = unique_fd{}; }

  bool connected = false;

private:
  size_t response_size() const {
    auto end = text_.find("\r\n\r\n");
    if (end == std::string::npos) return 0;
    size_t body = 0;
    if (auto at = text_.find("Content-Length: "); at < end) body = std::stoul(text_.substr(at + 16, 12));
    return text_.size() >= end + 4 + body ? end + 4 + body : 0;
  }

  node& node_;
  unique_fd fd_;
  std::string text_;
  bool ended_ = false;
};

// -- texts -----------------------------------------------------------------------

inline std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n";
}

inline std::string url_of(uint16_t port, std::string_view path = "") {
  std::string url{"http://127.0.0.1:"};
  return url.append(std::to_string(port)).append(path);
}

inline bool starts(const std::string& text, const std::string& prefix) { return text.starts_with(prefix); }
inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

} // namespace roomcast::net::loopback
