#define CAF_SUITE output_queue_shed
#include "net/output_queue.hpp"

#include <caf/test/dsl.hpp>

#include <random>
#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::net;

namespace {

using lines = std::vector<std::string>;

/// A queue whose events have ten bytes of payload, twelve with the header.
struct fixture {
  static constexpr size_t event_bytes = 12;

  /// An event's text: a room's letter and a number.
  static std::string event(char room, int number) {
    auto text = room + std::to_string(number);
    text.resize(10, '.');
    return text;
  }

  /// A batch of `count` events, numbered from `first` on.
  void batch(char room, int first, int count, slow_policy policy) {
    bytes_builder frames;
    for (int i = 0; i < count; ++i) append_frame(frames, opcode::text, event(room, first + i));
    const auto sealed = frames.finish();
    if (policy == slow_policy::disconnect) return queue.push(sealed);
    queue.push(sealed, {*room_name::parse({&room, 1}), static_cast<uint32_t>(count), policy});
  }

  uint64_t shed(size_t target) {
    return queue.shed(target, [](const room_name& room, uint64_t events) {
      return "gap " + std::string{room.view()} + " " + std::to_string(events);
    });
  }

  /// The next `bytes` leave.
  void write(size_t bytes) {
    while (bytes > 0) {
      iovec part{};
      CAF_REQUIRE_EQUAL(queue.gather({&part, 1}), 1u);
      const size_t n = std::min(bytes, part.iov_len);
      written.append(static_cast<const char*>(part.iov_base), n);
      queue.consume(n);
      bytes -= n;
    }
  }

  /// Everything that left and leaves, as a client sees it: letters and numbers of events, other texts whole.
  lines seen() {
    write(queue.bytes());
    CAF_CHECK(queue.empty());
    auto copy = written;
    std::span<char> bytes{copy};
    ws_decoder decoder{ws_decoder::sender::server, 1u << 20};
    lines out;
    for (auto e = decoder.next(bytes); e.kind != frame_event::none; e = decoder.next(bytes)) {
      CAF_REQUIRE(e.kind == frame_event::message || e.kind == frame_event::pong);
      out.emplace_back(e.payload.substr(0, e.payload.find('.')));
    }
    return out;
  }

  output_queue queue;
  std::string written;
};

constexpr auto oldest = slow_policy::drop_oldest;
constexpr auto latest = slow_policy::latest_only;
constexpr auto never = slow_policy::disconnect;

} // namespace

CAF_TEST_FIXTURE_SCOPE(shed_tests, fixture)

CAF_TEST(a queue without events that may go stays as it is) {
  CAF_CHECK_EQUAL(shed(0), 0u);
  batch('a', 1, 3, never);
  queue.push_frame(opcode::text, "answer");
  CAF_CHECK_EQUAL(shed(0), 0u);
  CAF_CHECK_EQUAL(seen(), lines({"a1", "a2", "a3", "answer"}));
}

CAF_TEST(the oldest batches go and a notice takes their place) {
  for (int i = 1; i <= 9; i += 2) batch('a', i, 2, oldest);
  CAF_CHECK_EQUAL(shed(4 * event_bytes), 6u);
  CAF_CHECK_EQUAL(seen(), lines({"gap a 6", "a7", "a8", "a9", "a10"}));
}

CAF_TEST(a queue that fits loses nothing) {
  batch('a', 1, 2, oldest);
  CAF_CHECK_EQUAL(shed(2 * event_bytes), 0u);
  CAF_CHECK_EQUAL(seen(), lines({"a1", "a2"}));
}

CAF_TEST(only rooms that allow it lose events) {
  batch('a', 1, 1, oldest);
  batch('n', 1, 1, never);
  batch('a', 2, 1, oldest);
  queue.push_frame(opcode::text, "answer");
  queue.push_frame(opcode::pong, "pong");
  batch('a', 3, 1, oldest);
  CAF_CHECK_EQUAL(shed(0), 3u);
  CAF_CHECK_EQUAL(seen(), lines({"gap a 3", "n1", "answer", "pong"}));
}

CAF_TEST(each room has its own notice) {
  batch('a', 1, 1, oldest);
  batch('b', 1, 2, oldest);
  batch('a', 2, 1, oldest);
  batch('b', 3, 1, oldest);
  CAF_CHECK_EQUAL(shed(event_bytes), 4u);
  CAF_CHECK_EQUAL(seen(), lines({"gap a 2", "gap b 2", "b3"}));
}

CAF_TEST(a stretch that goes on is one notice and counts on) {
  for (int i = 1; i <= 4; ++i) batch('a', i, 1, oldest);
  shed(2 * event_bytes);
  for (int i = 5; i <= 6; ++i) batch('a', i, 1, oldest);
  CAF_CHECK_EQUAL(shed(2 * event_bytes + 11), 2u); // the notice `gap a 2` has 9 bytes
  CAF_CHECK_EQUAL(seen(), lines({"gap a 4", "a5", "a6"}));
}

CAF_TEST(a notice that was begun is not changed and the next stretch has its own) {
  for (int i = 1; i <= 4; ++i) batch('a', i, 1, oldest);
  shed(2 * event_bytes);
  write(3);
  for (int i = 5; i <= 6; ++i) batch('a', i, 1, oldest);
  CAF_CHECK(shed(2 * event_bytes) > 0);
  CAF_CHECK_EQUAL(seen(), lines({"gap a 2", "gap a 3", "a6"}));
}

CAF_TEST(of rooms with the latest only the newest event stays) {
  batch('a', 1, 2, latest);
  batch('b', 1, 1, latest);
  batch('a', 3, 3, latest);
  CAF_CHECK_EQUAL(shed(1'000), 4u);
  CAF_CHECK_EQUAL(seen(), lines({"gap a 4", "b1", "a5"}));
}

CAF_TEST(the latest goes before the oldest) {
  batch('o', 1, 1, oldest);
  batch('l', 1, 5, latest);
  batch('o', 2, 1, oldest);
  CAF_CHECK_EQUAL(shed(3 * event_bytes), 4u);
  CAF_CHECK_EQUAL(seen(), lines({"o1", "gap l 4", "l5", "o2"}));
}

CAF_TEST(the frame that is half written stays and what is behind it in its batch need not ) {
  batch('a', 1, 5, oldest);
  write(event_bytes + 5);
  batch('a', 6, 1, oldest);
  CAF_CHECK_EQUAL(shed(2 * event_bytes), 3u);
  CAF_CHECK_EQUAL(seen(), lines({"a1", "a2", "gap a 3", "a6"}));
}

CAF_TEST(a write that stopped between two frames leaves nothing half) {
  batch('a', 1, 3, latest);
  write(event_bytes);
  CAF_CHECK_EQUAL(shed(0), 1u);
  CAF_CHECK_EQUAL(seen(), lines({"a1", "gap a 1", "a3"}));
}

CAF_TEST(half of an answer stays too) {
  queue.push_frame(opcode::text, "answer");
  batch('a', 1, 2, oldest);
  write(4);
  CAF_CHECK_EQUAL(shed(0), 2u);
  CAF_CHECK_EQUAL(seen(), lines({"answer", "gap a 2"}));
}

CAF_TEST(without a text there is no notice) {
  batch('a', 1, 3, oldest);
  CAF_CHECK_EQUAL(queue.shed(0, [](const room_name&, uint64_t) { return std::string{}; }), 3u);
  CAF_CHECK(queue.empty());
}

CAF_TEST(a queue that has forgotten written entries still knows its rooms) {
  for (int i = 1; i <= 300; ++i) batch(i % 3 == 0 ? 'n' : 'a', i, 1, i % 3 == 0 ? never : oldest);
  write(200 * event_bytes);
  CAF_CHECK_EQUAL(shed(0), 66u);
  write(queue.bytes());
  CAF_CHECK(queue.empty());
  batch('a', 301, 1, oldest);
  auto all = seen();
  CAF_CHECK_EQUAL(all.size(), 200u + 34u + 1u + 1u);
  CAF_CHECK_EQUAL(all[201], "gap a 66");
  CAF_CHECK_EQUAL(all.back(), "a301");
}

CAF_TEST(whatever happens each room is whole but for its notices) {
  std::mt19937 random{20'261'121};
  const auto below = [&](unsigned n) { return std::uniform_int_distribution<unsigned>{0, n - 1}(random); };
  int next[3] = {1, 1, 1};
  uint64_t dropped = 0;
  for (int step = 0; step < 3'000; ++step) {
    const auto room = below(3);
    const int count = 1 + static_cast<int>(below(4));
    batch(static_cast<char>('a' + room), next[room], count, room == 0 ? oldest : room == 1 ? latest : never);
    next[room] += count;
    if (below(4) == 0) write(std::min<size_t>(queue.bytes(), below(120)));
    if (below(10) == 0) dropped += shed(300 + below(300));
  }
  int expected[3] = {1, 1, 1};
  uint64_t told = 0;
  for (const auto& text : seen()) {
    if (text.starts_with("gap ")) {
      told += std::stoul(text.substr(6));
      expected[text[4] - 'a'] += std::stoi(text.substr(6));
    } else {
      CAF_REQUIRE_EQUAL(std::stoi(text.substr(1)), expected[text[0] - 'a']);
      ++expected[text[0] - 'a'];
    }
  }
  for (int i = 0; i < 3; ++i) CAF_CHECK_EQUAL(expected[i], next[i]);
  CAF_CHECK(dropped > 0);
  CAF_CHECK_EQUAL(told, dropped);
}

CAF_TEST_FIXTURE_SCOPE_END()
