#include "tests/support/redis_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace roomcast::test {
namespace {

constexpr int patience_ms = 10'000; // on a loaded machine; a healthy start takes some 20 ms

class descriptor {
public:
  explicit descriptor(int fd = -1) noexcept : fd_(fd) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const noexcept { return fd_; }

private:
  int fd_;
};

sockaddr_in loopback(uint16_t port) noexcept {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

uint16_t free_port() {
  descriptor probe{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(probe.get(), reinterpret_cast<sockaddr*>(&address), size) != 0
      || ::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

/// Reads until `wanted` has come or the other side has ended.
bool read_until(int fd, std::string_view wanted) {
  std::string seen;
  char block[4096];
  pollfd waiting{fd, POLLIN, 0};
  while (seen.find(wanted) == std::string::npos) {
    if (::poll(&waiting, 1, patience_ms) <= 0) return false;
    const auto got = ::read(fd, block, sizeof block);
    if (got <= 0) return false;
    seen.append(block, static_cast<size_t>(got));
  }
  return true;
}

[[noreturn]] void become_redis(const std::vector<std::string>& arguments, int output) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(output, STDOUT_FILENO);
  std::vector<char*> words;
  for (const auto& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  ::_exit(127);
}

std::string bulk(const std::string& word) {
  return "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
}

} // namespace

redis_server::redis_server(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    port_ = free_port(); // somebody may be faster: then another one
    second_port_ = free_port();
    if (launch()) return;
  }
  throw std::runtime_error("redis-server does not start");
}

redis_server::~redis_server() { kill(); }

std::string redis_server::url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

void redis_server::start() {
  if (pid_ < 0 && !launch()) throw std::runtime_error("redis-server does not start again");
}

bool redis_server::launch() {
  std::vector<std::string> words{
      "redis-server", "--bind",     "127.0.0.1",    "--port",    std::to_string(port_),
      "--save",       "",           "--appendonly", "no",        "--daemonize",
      "no",           "--loglevel", "notice",       "--logfile", "",
      "--dir",        "/tmp"};
  for (const auto& each : arguments_) words.push_back(each == second ? std::to_string(second_port_) : each);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  const descriptor log{ends[0]};
  {
    const descriptor output{ends[1]};
    pid_ = ::fork();
    if (pid_ == 0) become_redis(words, output.get());
  }
  // Its own word instead of asking again and again. The pipe is closed afterwards; Redis ignores SIGPIPE.
  if (pid_ > 0 && read_until(log.get(), "Ready to accept connections")) return true;
  kill();
  return false;
}

void redis_server::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait_for_exit();
}

void redis_server::wait_for_exit() noexcept {
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void redis_server::freeze() {
  ::kill(pid_, SIGSTOP);
  int status = 0;
  ::waitpid(pid_, &status, WUNTRACED); // until it really stands still
}

void redis_server::thaw() { ::kill(pid_, SIGCONT); }

std::string redis_server::command(const std::vector<std::string>& words) const {
  const descriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto address = loopback(port_);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("redis-server is not there");
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const auto& word : words) out += bulk(word);
  out += "*1\r\n$4\r\nQUIT\r\n"; // so that the end of the answer is the end of the connection
  if (::send(socket.get(), out.data(), out.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(out.size()))
    throw std::runtime_error("redis-server does not listen");
  std::string answer;
  char block[4096];
  for (ssize_t got; (got = ::read(socket.get(), block, sizeof block)) > 0;)
    answer.append(block, static_cast<size_t>(got));
  constexpr std::string_view farewell = "+OK\r\n";
  if (answer.ends_with(farewell)) answer.resize(answer.size() - farewell.size());
  return answer;
}

} // namespace roomcast::test
