#include "bench/load/proc.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace roomcast::bench {
namespace {

std::string content(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream out;
  out << file.rdbuf();
  return out.str();
}

std::string proc_file(int pid, const char* name) {
  return content("/proc/" + std::to_string(pid) + "/" + name);
}

double ticks_to_seconds(uint64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

/// Both ends of a TCP connection to ourselves.
class loopback_pair {
public:
  loopback_pair() {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    near_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, any, size) == 0 && listen(listener, 1) == 0 && getsockname(listener, any, &size) == 0
        && connect(near_, any, size) == 0)
      far_ = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    const int on = 1;
    setsockopt(near_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::close(listener);
  }
  loopback_pair(const loopback_pair&) = delete;
  loopback_pair& operator=(const loopback_pair&) = delete;
  ~loopback_pair() {
    ::close(near_);
    ::close(far_);
  }

  bool connected() const { return far_ >= 0; }

  bool pass(std::array<char, 128>& bytes) {
    constexpr ssize_t all = sizeof bytes;
    return send(near_, bytes.data(), sizeof bytes, MSG_NOSIGNAL) == all
           && recv(far_, bytes.data(), sizeof bytes, MSG_WAITALL) == all;
  }

private:
  int near_ = -1;
  int far_ = -1;
};

double thread_cpu_us() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

} // namespace

double cpu_seconds(const std::vector<int>& pids) {
  double sum = 0;
  for (const int pid : pids) {
    const auto text = proc_file(pid, "stat");
    const auto name_end = text.rfind(')'); // the name may contain anything
    if (name_end == std::string::npos) continue;
    std::istringstream fields{text.substr(name_end + 2)};
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    uint64_t user = 0;
    uint64_t system = 0;
    if (fields >> user >> system) sum += ticks_to_seconds(user + system);
  }
  return sum;
}

double own_cpu_seconds() {
  rusage use;
  getrusage(RUSAGE_SELF, &use);
  return static_cast<double>(use.ru_utime.tv_sec + use.ru_stime.tv_sec)
         + static_cast<double>(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

uint64_t pss_bytes(const std::vector<int>& pids) {
  constexpr std::string_view label = "\nPss:";
  uint64_t sum = 0;
  for (const int pid : pids) {
    const auto text = proc_file(pid, "smaps_rollup");
    const auto at = text.find(label);
    if (at != std::string::npos) sum += std::strtoull(text.c_str() + at + label.size(), nullptr, 10) * 1024;
  }
  return sum;
}

uint64_t rss_bytes(const std::vector<int>& pids) {
  uint64_t pages = 0;
  for (const int pid : pids) {
    std::istringstream fields{proc_file(pid, "statm")};
    uint64_t total = 0;
    uint64_t resident = 0;
    if (fields >> total >> resident) pages += resident;
  }
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

machine_cpu machine_cpu_seconds() {
  std::ifstream file{"/proc/stat"};
  std::string name;
  std::array<uint64_t, 8> t{}; // user nice system idle iowait irq softirq steal
  file >> name;
  for (auto& ticks : t) file >> ticks;
  return {ticks_to_seconds(t[0] + t[1] + t[2] + t[5] + t[6]), ticks_to_seconds(t[7])};
}

double calibrate() {
  constexpr int passes = 500;
  loopback_pair pair;
  if (!pair.connected()) return 0;
  std::array<char, 128> bytes{};
  std::vector<double> rounds;
  for (int round = 0; round < 10; ++round) {
    const auto before = thread_cpu_us();
    for (int i = 0; i < passes; ++i)
      if (!pair.pass(bytes)) return 0;
    if (round > 0) rounds.push_back((thread_cpu_us() - before) / passes); // the first one warms up
  }
  const auto middle = rounds.begin() + static_cast<ptrdiff_t>(rounds.size() / 2);
  std::nth_element(rounds.begin(), middle, rounds.end());
  return *middle;
}

} // namespace roomcast::bench
