#define CAF_SUITE stable_hash
#include "core/stable_hash.hpp"

#include <caf/test/dsl.hpp>

#include <bit>
#include <string>

using roomcast::stable_hash;
using namespace std::string_view_literals;

// Nodes of different builds must agree: a change of any of these answers splits running clusters.
CAF_TEST(the answers are the same on every node) {
  CAF_CHECK_EQUAL(stable_hash(""), 0xefd01f60ba992926u);
  CAF_CHECK_EQUAL(stable_hash("a"), 0x82a2a958a9bece5bu);
  CAF_CHECK_EQUAL(stable_hash("lobby"), 0xb4eaf00bb6c1c767u);
  CAF_CHECK_EQUAL(stable_hash("127.0.0.1:6379/0"), 0x57d294e69d3c149eu);
}

CAF_TEST(bytes above 127 and zeros count as they are) {
  CAF_CHECK_EQUAL(stable_hash("\xff\0\x80"sv), 0x07b5cbebc9388e00u);
  CAF_CHECK_EQUAL(stable_hash("r\xC3\xA4ume"), 0x3d39cbf5304a5af5u);
  CAF_CHECK(stable_hash("a\0"sv) != stable_hash("a"));
}

CAF_TEST(one more at the end changes half of the bits) {
  int changed = 0;
  for (int i = 0; i < 1'000; ++i)
    changed += std::popcount(
        stable_hash("room-" + std::to_string(i)) ^ stable_hash("room-" + std::to_string(i + 1)));
  CAF_CHECK_GREATER(changed, 31'000);
  CAF_CHECK_LESS(changed, 33'000);
}
