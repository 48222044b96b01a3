#define CAF_SUITE event_batch
#include "actors/event_batch.hpp"

#include <caf/test/dsl.hpp>

#include <string>
#include <vector>

using namespace roomcast;
using namespace roomcast::actors;

namespace {

struct fixture {
  ref<unflushed_bytes> pool = ref<unflushed_bytes>::make(1'000'000, [] {});
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(event_batch_tests, fixture)

CAF_TEST(events come out as they went in and in order) {
  event_batch gathered{pool};
  const std::vector<std::string> texts{"{}", R"({"a":1})", std::string(70'000, 'x'), "{\"odd length\":0}"};
  for (size_t i = 0; i < texts.size(); ++i) gathered.append({texts[i], connection_id{i}, {epoch_id{9}, i}});
  size_t i = 0;
  gathered.for_each([&](const event_batch::event& e) {
    CAF_CHECK(e.text == texts[i]);
    CAF_CHECK_EQUAL(value(e.excluded), i);
    CAF_CHECK(e.at == (position{epoch_id{9}, i}));
    CAF_CHECK(gathered.share(e.text).view() == texts[i]);
    ++i;
  });
  CAF_CHECK_EQUAL(i, texts.size());
  CAF_CHECK_EQUAL(gathered.count(), 4u);
  CAF_CHECK_EQUAL(gathered.text_bytes(), 2u + 7u + 70'000u + 16u);
}

CAF_TEST(an empty batch has nothing to visit) {
  event_batch gathered{pool};
  gathered.for_each([](const event_batch::event&) { CAF_FAIL("nothing was added"); });
  CAF_CHECK_EQUAL(gathered.text_bytes(), 0u);
}

CAF_TEST(the bytes of the texts count as unflushed until the credit goes) {
  flush_credit kept;
  {
    event_batch gathered{pool};
    gathered.append({"12345"});
    gathered.append({"678"});
    CAF_CHECK_EQUAL(pool->sum(), 8u);
    kept = gathered.take_credit();
  }
  CAF_CHECK_EQUAL(pool->sum(), 8u);
  kept = flush_credit{};
  CAF_CHECK_EQUAL(pool->sum(), 0u);
}

CAF_TEST(a batch nobody took gives its bytes back) {
  ref<event_batch>::make(pool)->append({"12345"});
  CAF_CHECK_EQUAL(pool->sum(), 0u);
}

CAF_TEST(a cleared batch is as new and writes into the memory it has) {
  event_batch gathered{pool};
  const auto place_of = [&](std::string_view text) {
    gathered.append({text});
    const char* place = nullptr;
    gathered.for_each([&](const event_batch::event& e) {
      CAF_CHECK(e.text == text);
      place = e.text.data();
    });
    return place;
  };
  const auto* first = place_of("12345");
  gathered.clear(pool);
  CAF_CHECK_EQUAL(pool->sum(), 0u);
  CAF_CHECK_EQUAL(gathered.count(), 0u);
  CAF_CHECK(place_of("678") == first);
  CAF_CHECK_EQUAL(pool->sum(), 3u); // counted again
  const auto kept = gathered.share({first, 3});
  gathered.clear(pool);
  CAF_CHECK(place_of("9") != first); // somebody has the memory
  CAF_CHECK(kept.view() == "678");
}

CAF_TEST_FIXTURE_SCOPE_END()
