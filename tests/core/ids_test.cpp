#define CAF_SUITE ids
#include "core/ids.hpp"

#include <caf/test/dsl.hpp>

#include <set>
#include <string>
#include <string_view>
#include <unordered_set>

using namespace roomcast;

namespace {

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == text.npos; }

} // namespace

CAF_TEST(random hex has two digits for each byte) {
  for (size_t bytes : {0u, 1u, 3u, 4u, 5u, 8u, 33u}) {
    const auto text = random_hex(bytes);
    CAF_CHECK_EQUAL(text.size(), bytes * 2);
    CAF_CHECK(is_hex(text));
  }
}

CAF_TEST(random hex does not repeat itself) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(random_hex(8));
  CAF_CHECK_EQUAL(seen.size(), 1'000u);
}

CAF_TEST(a UUID says that it is random) {
  for (int i = 0; i < 200; ++i) {
    const auto uuid = random_uuid();
    CAF_REQUIRE_EQUAL(uuid.size(), 36u);
    for (size_t at : {8u, 13u, 18u, 23u}) CAF_CHECK_EQUAL(uuid[at], '-');
    auto digits = uuid;
    std::erase(digits, '-');
    CAF_CHECK(digits.size() == 32 && is_hex(digits));
    CAF_CHECK_EQUAL(uuid[14], '4');
    CAF_CHECK(std::string_view{"89ab"}.find(uuid[19]) != std::string_view::npos);
  }
}

CAF_TEST(connections are told apart in containers) {
  const std::unordered_set<connection_id> ids{connection_id{1}, connection_id{2}, connection_id{1}};
  CAF_CHECK_EQUAL(ids.size(), 2u);
  CAF_CHECK_EQUAL(value(connection_id{7}), 7u);
  CAF_CHECK(connection_id{1} < connection_id{2});
}
