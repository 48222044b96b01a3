#define CAF_SUITE output_queue
#include "net/output_queue.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::net;

namespace {

std::string frame(std::string_view payload, opcode op = opcode::text) {
  std::string out;
  append_frame(out, op, payload);
  return out;
}

/// The front of the queue as one write would take it.
std::string front(const output_queue& queue, size_t parts = 64) {
  std::vector<iovec> places(parts);
  const size_t count = queue.gather(places);
  std::string out;
  for (size_t i = 0; i < count; ++i)
    out.append(static_cast<const char*>(places[i].iov_base), places[i].iov_len);
  return out;
}

size_t part_count(const output_queue& queue) {
  std::array<iovec, 64> parts;
  return queue.gather(parts);
}

} // namespace

CAF_TEST(an empty queue is small and has nothing to write) {
  output_queue queue;
  CAF_CHECK(sizeof queue <= 24);
  CAF_CHECK(queue.empty());
  CAF_CHECK_EQUAL(part_count(queue), 0u);
  queue.push({});
  CAF_CHECK(queue.empty());
  CAF_CHECK_EQUAL(queue.drop_unbegun(), 0u);
}

CAF_TEST(frames leave in order and shared ones are not copied) {
  const shared_bytes shared{frame("shared")};
  output_queue queue;
  queue.push_frame(opcode::text, "first");
  queue.push(shared);
  queue.push_frame(opcode::pong, "last");
  CAF_CHECK_EQUAL(front(queue), frame("first") + frame("shared") + frame("last", opcode::pong));
  CAF_CHECK_EQUAL(queue.bytes(), front(queue).size());
  std::array<iovec, 64> parts;
  CAF_CHECK_EQUAL(queue.gather(parts), 3u);
  CAF_CHECK_EQUAL(parts[1].iov_base, static_cast<const void*>(shared.data()));
}

CAF_TEST(own frames in a row are one part) {
  output_queue queue;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    queue.push_frame(opcode::text, std::to_string(i));
    expected += frame(std::to_string(i));
  }
  CAF_CHECK_EQUAL(part_count(queue), 1u);
  CAF_CHECK_EQUAL(front(queue), expected);
}

CAF_TEST(one write gathers no more parts than asked for) {
  output_queue queue;
  for (int i = 0; i < 10; ++i) queue.push(shared_bytes{frame(std::to_string(i))});
  CAF_CHECK_EQUAL(front(queue, 2), frame("0") + frame("1"));
}

CAF_TEST(a write may stop at any byte and frames may follow) {
  const shared_bytes shared{frame("shared one") + frame("shared two")};
  const auto all = frame("own") + std::string{shared.view()} + frame("own again");
  for (size_t cut = 0; cut <= all.size(); ++cut) {
    output_queue queue;
    queue.push_frame(opcode::text, "own");
    queue.push(shared);
    queue.push_frame(opcode::text, "own again");
    queue.consume(cut);
    CAF_CHECK_EQUAL(queue.bytes(), all.size() - cut);
    CAF_CHECK_EQUAL(front(queue), all.substr(cut));
    queue.push_frame(opcode::text, "more");
    queue.push(shared);
    CAF_CHECK_EQUAL(front(queue), all.substr(cut) + frame("more") + std::string{shared.view()});
  }
}

CAF_TEST(random pushes and writes keep every byte in order) {
  std::mt19937 random{4'711};
  output_queue queue;
  std::string model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string payload(random() % 40, static_cast<char>('a' + step % 26));
    switch (random() % 4) {
    case 0: queue.push(shared_bytes{frame(payload)}), model += frame(payload); break;
    case 1: queue.push_frame(opcode::text, payload), model += frame(payload); break;
    default:
      const size_t n = random() % (std::min<size_t>(model.size(), 60) + 1);
      queue.consume(n);
      model.erase(0, n);
    }
    CAF_REQUIRE_EQUAL(queue.bytes(), model.size());
    if (step % 50 == 0) CAF_REQUIRE_EQUAL(front(queue, model.size() + 1), model);
  }
}

CAF_TEST(a drained queue holds no reference to shared frames) {
  auto block = byte_block::make(2);
  write_frame_header(block->data(), opcode::text, 0);
  output_queue queue;
  queue.push({block, 0, 2});
  CAF_CHECK(!block->unique());
  queue.consume(2);
  CAF_CHECK(block->unique());
}

CAF_TEST(what is written is released while more is queued) {
  auto block = byte_block::make(2);
  write_frame_header(block->data(), opcode::text, 0);
  output_queue queue;
  queue.push({block, 0, 2});
  queue.push(shared_bytes{frame("more")});
  queue.consume(3);
  CAF_CHECK(block->unique());
}

CAF_TEST(dropping keeps exactly the rest of the half written frame) {
  // Entries of many frames, own frames, all three header sizes, empty frames.
  const std::vector<std::string> first{frame(""), frame("a"), frame(std::string(200, 'b')), frame("")};
  const std::vector<std::string> second{frame(std::string(65'536, 'c')), frame("d")};
  const std::vector<std::string> own{frame("own"), frame("own too")};
  std::vector<size_t> ends{0};
  std::string all;
  for (const auto* group : {&first, &second, &own})
    for (const auto& one : *group) all += one, ends.push_back(all.size());

  const size_t big = ends[5];
  for (size_t cut = 0; cut < all.size(); ++cut) {
    if (cut > ends[4] + 20 && cut + 20 < big) cut = big - 20; // the inside of the large frame is all alike
    output_queue queue;
    queue.push(shared_bytes{first[0] + first[1] + first[2] + first[3]});
    queue.push(shared_bytes{second[0] + second[1]});
    queue.push_frame(opcode::text, "own");
    queue.push_frame(opcode::text, "own too");
    queue.consume(cut);

    const size_t end = *std::lower_bound(ends.begin(), ends.end(), cut);
    CAF_CHECK_EQUAL(queue.drop_unbegun(), all.size() - end);
    CAF_CHECK_EQUAL(front(queue), all.substr(cut, end - cut));
    CAF_CHECK_EQUAL(queue.bytes(), end - cut);

    queue.push_frame(opcode::close, close_payload(close_code::slow_consumer, ""));
    const auto closing = frame(close_payload(close_code::slow_consumer, ""), opcode::close);
    CAF_CHECK_EQUAL(front(queue), all.substr(cut, end - cut) + closing);
  }
}

CAF_TEST(dropping twice keeps what the first time kept) {
  output_queue queue;
  queue.push(shared_bytes{frame("one") + frame("two") + frame("three")});
  queue.consume(7); // "one" and two bytes of "two"
  queue.drop_unbegun();
  queue.consume(1);
  queue.push_frame(opcode::close, "");
  CAF_CHECK_EQUAL(queue.drop_unbegun(), 2u);
  CAF_CHECK_EQUAL(front(queue), "wo");
}

CAF_TEST(a queue can be dropped as a whole) {
  output_queue queue;
  queue.push_frame(opcode::text, "x");
  queue.clear();
  CAF_CHECK(queue.empty());
  CAF_CHECK_EQUAL(part_count(queue), 0u);
}
