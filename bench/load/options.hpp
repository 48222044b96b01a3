#pragma once

#include "bench/load/dialect.hpp"

#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <vector>

namespace roomcast::bench {

/// One node of the server under load.
struct node_address {
  sockaddr_in address{};
  std::string text; ///< as given, for the Host header
};

/// What to do; README.md says what each option means. Times in seconds, sizes in bytes, rates per second.
struct options {
  std::vector<node_address> nodes;
  const bench::dialect* dialect = nullptr;
  std::string path;
  std::string room_prefix; ///< empty: one of its own for each run
  std::string label;

  uint32_t connections = 100;
  uint32_t rooms = 1;
  uint32_t joins = 1; ///< rooms per connection
  uint32_t publishers = 1;
  uint32_t window = 1;
  uint32_t size = 128;
  uint32_t threads = 1;
  uint32_t in_flight = 256;
  uint32_t sources = 0; ///< loopback addresses to connect from
  uint32_t stalled = 0;
  int stalled_receive_buffer = 0;
  uint32_t churners = 0;
  double churn_rate = 10;

  double rate = 0; ///< of messages in total; 0: closed loop
  double connect_rate = 0;
  double warmup = 1;
  double duration = 5;
  double settle = 15;
  double drain = 10;
  double hold = 3;
  double stuck = 2;
  double connect_timeout = 30;

  std::vector<int> server_pids;
  std::vector<int> broker_pids;
  bool idle = false;
  bool json = false;
  bool quiet = false;

  bool open_loop() const noexcept { return rate > 0 && !idle; }
  bool closed_loop() const noexcept { return rate == 0 && !idle; }
};

/// Reads the command line. What is wrong with it goes to stderr, and the process ends with status 2.
options parse_options(int argc, char** argv);

/// Writes a message to stderr and ends the process with status 2.
[[noreturn]] void die(std::string_view message);

} // namespace roomcast::bench
