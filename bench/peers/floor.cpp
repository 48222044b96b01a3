// floor: the least that a room server can do with ordinary sockets on one thread. A yardstick, no product.
//
//     floor PORT [MAX_PENDING_BYTES]
//
// The rooms protocol, but no broker, no JSON (only the exact shapes that the load generator sends), no UTF-8
// check and no keep-alive. Each message is encoded once, and the frames of one turn of the loop reach each
// member in one send from one shared buffer. A member with more than MAX_PENDING_BYTES waiting (4 MiB) is
// reset.

#include "bench/load/accept_key.hpp"
#include "bench/peers/floor_frames.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>

using namespace roomcast::bench::floor;

namespace {

constexpr size_t max_message_bytes = 1u << 20;
constexpr int accepts_per_turn = 64;
struct room;

struct member {
  int fd = -1;
  bool open = false, wants_out = false, dead = false, closing = false;
  std::string output;                          // only what the kernel did not take
  size_t sent = 0;                             // of it
  std::string input;                           // of an incomplete frame
  std::vector<std::pair<room*, size_t>> rooms; // and the place among the room's members
};

struct room {
  std::string name;
  std::vector<member*> members;
  std::string batch; // the frames of this turn, for all members
};

struct text_hash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

class floor_server {
public:
  floor_server(int listener, size_t max_pending) :
      listener_(listener), epoll_(epoll_create1(0)), max_pending_(max_pending) {
    epoll_event event{};
    event.events = EPOLLIN;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  }

  [[noreturn]] void serve() {
    for (;;) {
      const int n = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), -1);
      for (int i = 0; i < n; ++i) on_event(events_[static_cast<size_t>(i)]);
      send_batches();
      bury();
    }
  }

private:
  // -- the loop

  void on_event(const epoll_event& event) {
    auto* m = static_cast<member*>(event.data.ptr);
    if (!m) return accept_some();
    if (m->dead) return;
    if (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) on_readable(*m);
    if (event.events & EPOLLOUT && !m->dead && !m->output.empty()) on_writable(*m);
  }

  void accept_some() {
    for (int i = 0; i < accepts_per_turn; ++i) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto* m = new member;
      m->fd = fd;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = m;
      epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }
  }

  void send_batches() {
    for (auto* r : touched_) {
      for (auto* m : r->members) write(*m, r->batch);
      r->batch.clear();
      if (r->members.empty()) rooms_.erase(rooms_.find(r->name));
    }
    touched_.clear();
  }

  // The dead leave their rooms only after the turn, so that members stay put while it sends.
  void bury() {
    for (auto* m : dead_)
      while (!m->rooms.empty()) leave(*m, m->rooms.size() - 1);
    for (auto* m : dead_) delete m;
    dead_.clear();
  }

  void end(member& m) {
    if (m.dead) return;
    m.dead = true;
    close(m.fd);
    dead_.push_back(&m);
  }

  // -- rooms

  void join(member& m, std::string_view name) {
    auto known = rooms_.find(name);
    if (known == rooms_.end()) {
      known = rooms_.emplace(name, std::make_unique<room>()).first;
      known->second->name = name;
    }
    auto* r = known->second.get();
    for (const auto& [mine, place] : m.rooms)
      if (mine == r) return;
    m.rooms.emplace_back(r, r->members.size());
    r->members.push_back(&m);
  }

  void leave(member& m, size_t index) {
    const auto [r, place] = m.rooms[index];
    auto* last = r->members.back();
    r->members[place] = last;
    for (auto& [mine, where] : last->rooms)
      if (mine == r) where = place;
    r->members.pop_back();
    m.rooms[index] = m.rooms.back();
    m.rooms.pop_back();
    if (r->members.empty() && r->batch.empty()) rooms_.erase(rooms_.find(r->name));
  }

  void leave(member& m, std::string_view name) {
    for (size_t i = 0; i < m.rooms.size(); ++i)
      if (m.rooms[i].first->name == name) return leave(m, i);
  }

  void publish(std::string_view name, std::string_view text) {
    const auto known = rooms_.find(name);
    if (known == rooms_.end()) return;
    auto& r = *known->second;
    if (r.batch.empty()) touched_.push_back(&r);
    append_frame(r.batch, op_text, text);
  }

  void on_text(member& m, std::string_view text) {
    constexpr std::string_view send_lead = R"({"type":"sendMessage","roomId":")";
    constexpr std::string_view join_lead = R"({"type":"SUBSCRIBE","room":")";
    constexpr std::string_view leave_lead = R"({"type":"UNSUBSCRIBE","room":")";
    auto name_behind = [text](std::string_view lead) {
      const auto rest = text.substr(lead.size());
      return rest.substr(0, rest.find('"'));
    };
    if (text.starts_with(send_lead))
      publish(name_behind(send_lead), text);
    else if (text.starts_with(join_lead))
      join(m, name_behind(join_lead));
    else if (text.starts_with(leave_lead))
      leave(m, name_behind(leave_lead));
  }

  // -- input

  void on_readable(member& m) {
    const auto n = recv(m.fd, buffer_.data(), buffer_.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) return end(m);
    const bool kept = !m.input.empty();
    char* bytes = buffer_.data();
    size_t size = static_cast<size_t>(n);
    if (kept) {
      m.input.append(bytes, size);
      bytes = m.input.data();
      size = m.input.size();
    }
    size_t used = m.open ? 0 : upgrade(m, {bytes, size});
    if (m.open) used += frames(m, bytes + used, size - used);
    if (m.dead) return;
    if (!kept) return void(m.input.assign(bytes + used, size - used));
    m.input.erase(0, used);
    if (m.input.empty()) std::string{}.swap(m.input);
  }

  size_t upgrade(member& m, std::string_view bytes) {
    constexpr std::string_view label = "Sec-WebSocket-Key: ";
    const auto head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string_view::npos) return 0;
    const auto at = bytes.substr(0, head_end).find(label);
    if (at == std::string_view::npos) return end(m), 0;
    const auto key = bytes.substr(at + label.size());
    const auto answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: "
                        + roomcast::bench::accept_key(key.substr(0, key.find('\r'))) + "\r\n\r\n";
    if (send(m.fd, answer.data(), answer.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(answer.size()))
      return end(m), 0;
    m.open = true;
    return head_end + 4;
  }

  /// Returns how many bytes were used.
  size_t frames(member& m, char* bytes, size_t size) {
    size_t used = 0;
    while (!m.closing && !m.dead) {
      const size_t frame = one_frame(m, bytes + used, size - used);
      if (frame == 0) break;
      used += frame;
    }
    return used;
  }

  size_t one_frame(member& m, char* bytes, size_t size) {
    const auto frame = read_frame(bytes, size, max_message_bytes);
    if (frame.broken) return end(m), 0;
    if (frame.size > 0) on_frame(m, frame.op, frame.body);
    return frame.size;
  }

  void on_frame(member& m, uint8_t op, std::string_view body) {
    if (op == op_text) return on_text(m, body);
    if (op != op_ping && op != op_close) return;
    std::string answer;
    append_frame(answer, op == op_ping ? op_pong : op_close, op == op_ping ? body : body.substr(0, 2));
    m.closing = op == op_close;
    write(m, answer);
  }

  // -- output

  /// One send; keeps what does not fit.
  void write(member& m, std::string_view bytes) {
    if (m.dead) return;
    if (m.output.empty()) {
      const auto n = send(m.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN && errno != EINTR) return end(m);
      bytes.remove_prefix(n > 0 ? static_cast<size_t>(n) : 0);
      if (bytes.empty()) {
        if (m.closing) end(m);
        return;
      }
    }
    m.output.append(bytes);
    if (m.output.size() - m.sent > max_pending_) return reset(m);
    watch_output(m, true);
  }

  // With a plain close the kernel would keep its part of the queue for a peer that does not read.
  void reset(member& m) {
    const linger at_once{1, 0};
    setsockopt(m.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    end(m);
  }

  void on_writable(member& m) {
    constexpr size_t worth_moving = 256 * 1024;
    const auto n = send(m.fd, m.output.data() + m.sent, m.output.size() - m.sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return end(m);
    if (n > 0) m.sent += static_cast<size_t>(n);
    if (m.sent == m.output.size()) {
      std::string{}.swap(m.output);
      m.sent = 0;
      watch_output(m, false);
      if (m.closing) end(m);
    } else if (m.sent > worth_moving) {
      m.output.erase(0, m.sent);
      m.sent = 0;
    }
  }

  void watch_output(member& m, bool on) {
    if (m.wants_out == on) return;
    m.wants_out = on;
    epoll_event event{};
    event.events = EPOLLIN | (on ? uint32_t{EPOLLOUT} : 0u);
    event.data.ptr = &m;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, m.fd, &event);
  }

  int listener_;
  int epoll_;
  size_t max_pending_;
  std::array<epoll_event, 1024> events_;
  std::vector<char> buffer_ = std::vector<char>(256 * 1024);
  std::unordered_map<std::string, std::unique_ptr<room>, text_hash, std::equal_to<>> rooms_;
  std::vector<room*> touched_; // with a batch
  std::vector<member*> dead_;
};

int listen_on(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* any = reinterpret_cast<const sockaddr*>(&address);
  return bind(fd, any, sizeof address) == 0 && listen(fd, 4096) == 0 ? fd : -1;
}

void allow_all_open_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: floor PORT [MAX_PENDING_BYTES]\n", stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  allow_all_open_files();
  const int listener = listen_on(static_cast<uint16_t>(std::atoi(argv[1])));
  if (listener < 0) {
    std::perror("floor: listen");
    return 1;
  }
  const size_t max_pending = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 4u << 20;
  auto server = std::make_unique<floor_server>(listener, max_pending);
  server->serve();
}
