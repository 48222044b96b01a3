// ws_echo [--port N]: sends every message back, text and binary, one frame each. A conformance suite for
// RFC 6455 can be run against it; it serves the same net/server as the node. Ends at SIGTERM or SIGINT.
#include "net/io_thread.hpp"
#include "net/server.hpp"
#include "net/ws_frame.hpp"

#include <pthread.h>
#include <signal.h>

#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

using namespace roomcast;
using namespace roomcast::net;

namespace {

constexpr size_t max_message_bytes = 64 * 1'048'576; // suites send up to 16 MiB
constexpr unsigned io_threads = 2;

class echo;
using echoes = std::unordered_map<echo*, std::unique_ptr<echo>>;

/// One connection; owned by the table of its I/O thread.
class echo final : public session_handler {
public:
  echo(std::unique_ptr<session> opened, echoes& table) : session_(std::move(opened)), table_(table) {}
  void start() { session_->start(*this); }

  void enter(function_ref<void()> turn) override { turn(); }
  void on_message(std::string_view text) override { session_->queue_text(text); }
  bool on_binary(std::string_view bytes) override {
    bytes_builder frame;
    append_frame(frame, opcode::binary, bytes);
    session_->queue(frame.finish());
    return true;
  }
  void on_closed(close_code) override { table_.erase(this); }

private:
  std::unique_ptr<session> session_;
  echoes& table_;
};

class echo_server final : public server_handler {
public:
  void on_request(io_thread&, http_request, http_responder respond) override {
    respond({.status = 426, .body = "this is a WebSocket echo server\n"});
  }
  result<upgrade_accept, http_response> on_upgrade(const http_request&) override { return upgrade_accept{}; }
  void on_open(io_thread& where, std::unique_ptr<session> opened, const http_request&) override {
    auto& table = tables_[where.index()];
    auto one = std::make_unique<echo>(std::move(opened), table);
    auto* key = one.get();
    table.emplace(key, std::move(one));
    key->start();
  }
  /// When the threads stand still.
  void drop_all() {
    for (auto& table : tables_) table.clear();
  }

private:
  std::vector<echoes> tables_ = std::vector<echoes>(io_threads);
};

std::optional<uint16_t> parse_port(int argc, char** argv) {
  uint16_t port = 0;
  if (argc == 1) return port;
  if (argc != 3 || std::string_view{argv[1]} != "--port") return {};
  const std::string_view text{argv[2]};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (problem != std::errc{} || end != text.data() + text.size()) return {};
  return port;
}

int serve(uint16_t port) {
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  echo_server handler;
  io_thread first{0}, second{1};
  auto opened = server::open(
      {.host = "127.0.0.1",
       .port = port,
       .max_message_bytes = max_message_bytes,
       .max_queue_bytes = 2 * max_message_bytes},
      {&first, &second}, handler);
  if (!opened) {
    std::fprintf(stderr, "ws_echo: %s\n", opened.failure().c_str());
    return 1;
  }
  const auto server = std::move(*opened);
  first.start();
  second.start();
  server->start();
  std::printf("listening port=%u\n", server->port());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&stop_signals, &signal);
  first.stop();
  second.stop();
  handler.drop_all(); // sessions end before their threads are gone
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  const auto port = parse_port(argc, argv);
  if (port) return serve(*port);
  std::fprintf(stderr, "usage: ws_echo [--port N]\n");
  return 2;
}
