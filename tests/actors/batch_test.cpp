#define CAF_SUITE batch
#include "actors/batch.hpp"

#include "tests/actors/support.hpp"

using namespace roomcast;
using namespace roomcast::actors;

namespace {

constexpr connection_id ann{1};
constexpr connection_id bob{2};
constexpr connection_id eve{3};

/// What a server sends for these texts, byte for byte.
std::string frames_of(std::initializer_list<std::string_view> texts) {
  std::string out;
  for (auto text : texts) net::append_frame(out, net::opcode::text, text);
  return out;
}

struct fixture : actor_fixture {
  batch_builder builder;
  int flushes = 0;
  // A room that only counts.
  room_actor owner = own(sys.spawn([this](room_actor::pointer) -> room_actor::behavior_type {
    return {
        [](const events&) {}, [this](const flushed&) { ++flushes; }, [](const join&) {}, [](const leave&) {},
        [](const room_notice&) {}};
  }));

  ~fixture() override { end_all(); }

  void add(std::initializer_list<event> list) {
    const auto gathered = events_of(list);
    gathered.list->for_each(
        [this](const event_batch::event& e) { builder.append(e.text, e.at.seq, e.excluded); });
    builder.keep(gathered.list->take_credit());
  }
  ref<batch> seal() { return builder.seal(named("r"), caf::actor_cast<caf::strong_actor_ptr>(owner)); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(batch_tests, fixture)

CAF_TEST(members get finished frames in order) {
  const std::string large(70'000, 'x');
  const std::string middle(200, 'y');
  add({{"{}"}, {middle}});
  add({{large}});
  const auto sealed = seal();
  const auto [frames, count] = sealed->share_of(ann, variant::plain);
  CAF_CHECK(frames.view() == frames_of({"{}", middle, large}));
  CAF_CHECK_EQUAL(count, 3u);
  CAF_CHECK(builder.empty());
  CAF_CHECK_EQUAL(builder.bytes(), 0u);
}

CAF_TEST(all members share one buffer) {
  add({{"{}"}});
  const auto sealed = seal();
  CAF_CHECK(
      sealed->share_of(ann, variant::plain).frames.data()
      == sealed->share_of(bob, variant::plain).frames.data());
}

CAF_TEST(an excluded member gets a copy without its own events) {
  add({{"1", ann}, {"2"}, {"3", bob}, {"4", ann}, {"5"}, {"6", ann}});
  const auto sealed = seal();
  CAF_CHECK(sealed->share_of(ann, variant::plain).frames.view() == frames_of({"2", "3", "5"}));
  CAF_CHECK_EQUAL(sealed->share_of(ann, variant::plain).count, 3u);
  CAF_CHECK(sealed->share_of(bob, variant::plain).frames.view() == frames_of({"1", "2", "4", "5", "6"}));
  CAF_CHECK_EQUAL(sealed->share_of(bob, variant::plain).count, 5u);
  CAF_CHECK(sealed->share_of(eve, variant::plain).frames.view() == frames_of({"1", "2", "3", "4", "5", "6"}));
  CAF_CHECK_EQUAL(sealed->share_of(eve, variant::plain).count, 6u);
}

CAF_TEST(who is excluded from everything gets nothing) {
  add({{"1", ann}, {"2", ann}});
  const auto sealed = seal();
  CAF_CHECK(sealed->share_of(ann, variant::plain).frames.empty());
  CAF_CHECK_EQUAL(sealed->share_of(ann, variant::plain).count, 0u);
}

CAF_TEST(exclusions do not outlive their batch) {
  add({{"1", ann}});
  seal();
  add({{"2"}});
  CAF_CHECK(seal()->share_of(ann, variant::plain).frames.view() == frames_of({"2"}));
}

CAF_TEST(members that know numbers have frames of their own) {
  builder.wants(true, true);
  add({{R"({"a":1})", {}, {epoch_id{1}, 7}}, {"{}"}, {R"({"b":2})", ann, {epoch_id{1}, 8}}});
  builder.append_numbered_only("gap");
  const auto sealed = seal();
  CAF_CHECK(sealed->frames(variant::plain).view() == frames_of({R"({"a":1})", "{}", R"({"b":2})"}));
  CAF_CHECK(
      sealed->frames(variant::numbered).view()
      == frames_of({R"({"a":1,"seq":7})", "{}", R"({"b":2,"seq":8})", "gap"}));
  CAF_CHECK(sealed->share_of(ann, variant::plain).frames.view() == frames_of({R"({"a":1})", "{}"}));
  CAF_CHECK(
      sealed->share_of(ann, variant::numbered).frames.view()
      == frames_of({R"({"a":1,"seq":7})", "{}", "gap"}));
  CAF_CHECK_EQUAL(sealed->count(variant::plain), 3u);
  CAF_CHECK_EQUAL(sealed->count(variant::numbered), 4u);
  CAF_CHECK_EQUAL(sealed->share_of(ann, variant::plain).count, 2u);
  CAF_CHECK_EQUAL(sealed->share_of(ann, variant::numbered).count, 3u);
}

CAF_TEST(a variant that nobody wants is not encoded) {
  builder.wants(false, true);
  add({{R"({"a":1})", {}, {epoch_id{1}, 7}}});
  CAF_CHECK(seal()->frames(variant::plain).empty());
  builder.wants(true, false);
  add({{R"({"a":1})", {}, {epoch_id{1}, 8}}});
  const auto sealed = seal();
  CAF_CHECK(sealed->frames(variant::numbered).empty());
  CAF_CHECK(sealed->frames(variant::plain).view() == frames_of({R"({"a":1})"}));
}

CAF_TEST(the owner is told when the last reference goes and not before) {
  add({{"1"}});
  auto sealed = seal();
  auto second = sealed;
  const auto bytes = sealed->share_of(ann, variant::plain).frames;
  sealed.reset();
  settle();
  CAF_CHECK_EQUAL(flushes, 0);
  second.reset();
  settle();
  CAF_CHECK_EQUAL(flushes, 1);
  CAF_CHECK(bytes.view() == frames_of({"1"})); // who keeps the bytes does not keep the batch
}

CAF_TEST(the credit of all its events is given back with it) {
  add({{"12345"}});
  add({{"678"}});
  auto sealed = seal();
  CAF_CHECK_EQUAL(unflushed->sum(), 8u);
  add({{"9"}});
  sealed.reset();
  CAF_CHECK_EQUAL(unflushed->sum(), 1u);
  seal();
  CAF_CHECK_EQUAL(unflushed->sum(), 0u);
}

CAF_TEST(a batch that was let go tells nobody and is used again) {
  add({{"1", bob}});
  auto sealed = seal();
  auto* const place = sealed.get();
  const auto bytes = sealed->share_of(ann, variant::plain).frames;
  sealed->let_go();
  CAF_CHECK_EQUAL(unflushed->sum(), 0u);
  add({{"22"}});
  sealed = builder.seal(named("r"), caf::actor_cast<caf::strong_actor_ptr>(owner), std::move(sealed));
  CAF_CHECK(sealed.get() == place);
  CAF_CHECK(sealed->share_of(bob, variant::plain).frames.view() == frames_of({"22"}));
  CAF_CHECK_EQUAL(sealed->count(variant::plain), 1u);
  CAF_CHECK_EQUAL(unflushed->sum(), 2u);
  CAF_CHECK(bytes.view() == frames_of({"1"})); // of whoever has them still
  settle();
  CAF_CHECK_EQUAL(flushes, 0);
  sealed.reset();
  settle();
  CAF_CHECK_EQUAL(flushes, 1);
}

CAF_TEST(a batch whose room is gone goes quietly) {
  add({{"1"}});
  auto sealed = seal();
  crash(owner);
  sealed.reset();
  settle();
  CAF_CHECK_EQUAL(flushes, 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
