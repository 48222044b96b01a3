#pragma once

#include "net/redis_link.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace roomcast::test {

/// Counts how often a link came up, and writes down why it went.
struct link_recorder final : net::redis_link_handler {
  void enter(net::function_ref<void()> turn) override { turn(); }
  void on_link_up() override { ++ups; }
  void on_link_reply(const net::resp_value&) override {}
  void on_link_read_end() override {}
  void on_link_down(std::string_view reason) override { downs.emplace_back(reason); }

  size_t ups = 0;
  std::vector<std::string> downs;
};

} // namespace roomcast::test
