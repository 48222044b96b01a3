#define CAF_SUITE input_buffer
#include "net/input_buffer.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>
#include <string>

using roomcast::net::input_buffer;

namespace {

void put(input_buffer& buffer, std::string_view text, size_t wanted = 1) {
  while (!text.empty()) {
    const auto room = buffer.prepare(wanted);
    const auto size = std::min(room.size(), text.size());
    std::copy_n(text.data(), size, room.data());
    buffer.commit(size);
    text.remove_prefix(size);
  }
}

} // namespace

CAF_TEST(what was put comes out in order) {
  input_buffer buffer{64};
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const auto text = std::to_string(i) + ",";
    put(buffer, text);
    expected += text;
    CAF_REQUIRE_EQUAL(buffer.unread(), expected);
    const auto taken = expected.size() / 2;
    buffer.consume(taken);
    expected.erase(0, taken);
  }
  CAF_CHECK_EQUAL(buffer.capacity(), 64u);
}

CAF_TEST(it grows for what is unread and shrinks when that is gone) {
  input_buffer buffer{64};
  put(buffer, std::string(1000, 'x'), 1000);
  CAF_CHECK_EQUAL(buffer.unread(), std::string(1000, 'x'));
  CAF_CHECK(buffer.capacity() <= 2048);
  buffer.consume(990);
  CAF_CHECK(!buffer.prepare(1).empty());
  buffer.consume(10);
  CAF_CHECK(!buffer.prepare(1).empty());
  CAF_CHECK_EQUAL(buffer.capacity(), 64u);
}

CAF_TEST(an announcement alone takes no more than a doubling) {
  input_buffer buffer{64};
  put(buffer, "$1000000\r\n");
  CAF_CHECK(!buffer.prepare(1'000'012).empty());
  CAF_CHECK_EQUAL(buffer.capacity(), 128u);
}
