#define CAF_SUITE shared_bytes
#include "core/shared_bytes.hpp"

#include <caf/test/dsl.hpp>

#include <algorithm>
#include <string>
#include <utility>

using namespace roomcast;

CAF_TEST(nothing is shared by an empty text) {
  const shared_bytes none;
  CAF_CHECK(none.empty() && none.size() == 0 && none.view().empty());
  const shared_bytes blank{std::string_view{}};
  CAF_CHECK(blank.empty() && blank.data() == nullptr);
}

CAF_TEST(copies share one block) {
  shared_bytes first{"hello"};
  const auto second = first;
  CAF_CHECK(second.view() == "hello");
  CAF_CHECK(second.data() == first.data());
  first.remove_prefix(2);
  CAF_CHECK(first.view() == "llo");
  CAF_CHECK(second.view() == "hello");
  first.remove_prefix(3);
  CAF_CHECK(first.empty());
}

CAF_TEST(a run outlives the builder and its other copies) {
  shared_bytes survivor;
  {
    bytes_builder builder;
    builder.append("hello");
    const auto whole = builder.finish();
    survivor = whole;
  }
  CAF_CHECK(survivor.view() == "hello");
}

CAF_TEST(a run may be a part of a block) {
  auto block = byte_block::make(6);
  CAF_CHECK_EQUAL(block->capacity(), 6u);
  std::copy_n("abcdef", 6, block->data());
  const shared_bytes middle{block, 2, 3};
  CAF_CHECK(!block->unique());
  CAF_CHECK(middle.view() == "cde");
}

CAF_TEST(a block tells its only owner) {
  auto block = byte_block::make(1);
  CAF_CHECK(block->unique());
  {
    const auto other = block;
    CAF_CHECK(!block->unique());
  }
  CAF_CHECK(block->unique());
}

CAF_TEST(a builder gathers bytes in order) {
  bytes_builder builder;
  CAF_CHECK(builder.empty() && builder.view().empty());
  builder.append("");
  CAF_CHECK(builder.empty());
  builder.append("ab");
  builder.push_back('c');
  std::copy_n("de", 2, builder.extend(2));
  CAF_CHECK(builder.view() == "abcde");
  CAF_CHECK_EQUAL(builder.size(), 5u);
}

CAF_TEST(a builder grows and keeps what it has) {
  bytes_builder builder{4};
  std::string expected;
  for (int i = 0; i < 5'000; ++i) {
    const auto piece = std::to_string(i);
    builder.append(piece);
    expected += piece;
  }
  CAF_CHECK(builder.view() == expected);
}

CAF_TEST(room that was reserved is not moved) {
  bytes_builder builder;
  builder.push_back('a');
  builder.reserve(1'000);
  const auto* before = builder.view().data();
  builder.append(std::string(999, 'b'));
  CAF_CHECK(builder.view().data() == before);
  builder.reserve(10);
  CAF_CHECK(builder.view().data() == before);
}

CAF_TEST(a builder starts anew after it has handed out its bytes) {
  bytes_builder builder;
  builder.append("first");
  const auto first = builder.finish();
  CAF_CHECK(builder.empty());
  builder.append("second");
  const auto second = builder.finish();
  CAF_CHECK(first.view() == "first");
  CAF_CHECK(second.view() == "second");
  CAF_CHECK(builder.finish().empty());
}

CAF_TEST(a builder takes a block back that nobody else has) {
  bytes_builder builder;
  builder.append("first");
  auto first = builder.finish();
  const char* const place = first.data();
  builder.reuse(std::move(first), 1'000);
  CAF_CHECK(builder.empty());
  builder.append("second");
  auto second = builder.finish();
  CAF_CHECK(second.data() == place);
  CAF_CHECK(second.view() == "second");
  const auto copy = second;
  builder.reuse(second, 1'000);
  builder.append("third");
  CAF_CHECK(builder.view().data() != place);
  CAF_CHECK(copy.view() == "second");
}

CAF_TEST(a builder takes no block back that is too large) {
  bytes_builder builder{1'000};
  builder.append("first");
  builder.reuse(builder.finish(), 999);
  builder.append("second");
  CAF_CHECK_EQUAL(builder.finish().capacity(), 256u);
}
