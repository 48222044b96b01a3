#define CAF_SUITE attendance
#include "actors/attendance.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast;
using namespace roomcast::actors;

namespace {

constexpr connection_id first{1};
constexpr connection_id second{2};
constexpr connection_id third{3};

std::string joined_users(const wire::roster& page) {
  std::string out;
  for (const auto& user : page.users) out += user;
  return out;
}

} // namespace

CAF_TEST(a user is new with the first connection and goes with the last) {
  attendance here;
  CAF_CHECK(here.enter(first, "{ann}", "ann"));
  CAF_CHECK(!here.enter(second, "{ann}", "ann"));
  CAF_CHECK_EQUAL(here.connections(), 2u);
  CAF_CHECK_EQUAL(here.users(), 1u);
  const auto one_left = here.leave(first);
  CAF_CHECK(one_left.known && !one_left.last);
  const auto gone = here.leave(second);
  CAF_CHECK(gone.known && gone.last);
  CAF_CHECK_EQUAL(gone.user, "{ann}");
  CAF_CHECK_EQUAL(here.connections() + here.users(), 0u);
}

CAF_TEST(who never entered is not known) {
  attendance here;
  CAF_CHECK(!here.leave(first).known);
  here.enter(first, "{ann}", "ann");
  here.leave(first);
  CAF_CHECK(!here.leave(first).known);
}

CAF_TEST(a connection is the user it entered as) {
  attendance here;
  here.enter(first, "{ann}", "ann");
  CAF_CHECK(here.refresh(first, "ann", "{}"));
  CAF_CHECK(!here.refresh(first, "bob", "{}"));
  CAF_CHECK(!here.refresh(second, "ann", "{}"));
}

CAF_TEST(the latest description of a user counts) {
  attendance here;
  here.enter(first, "{ann}", "ann");
  here.enter(second, "{ann, renamed}", "ann");
  CAF_CHECK_EQUAL(joined_users(here.page("", 10)), "{ann, renamed}");
}

CAF_TEST(pages come in order of arrival and say whether there is more) {
  attendance here;
  here.enter(third, "{c}", "c");
  here.enter(first, "{a}", "a");
  here.enter(second, "{b}", "b");
  const auto page = here.page("", 2);
  CAF_CHECK_EQUAL(joined_users(page), "{c}{a}");
  CAF_CHECK(page.more);
  CAF_CHECK_EQUAL(page.count, 3u);
  const auto rest = here.page("a", 2);
  CAF_CHECK_EQUAL(joined_users(rest), "{b}");
  CAF_CHECK(!rest.more);
  CAF_CHECK_EQUAL(joined_users(here.page("b", 2)), "");
}

CAF_TEST(a page behind somebody who is gone begins anew) {
  attendance here;
  here.enter(first, "{a}", "a");
  CAF_CHECK_EQUAL(joined_users(here.page("nobody", 5)), "{a}");
  CAF_CHECK_EQUAL(joined_users(here.page("", 0)), "");
  CAF_CHECK(here.page("", 0).more);
}

CAF_TEST(a user who comes back is the last of all) {
  attendance here;
  here.enter(first, "{a}", "a");
  here.enter(second, "{b}", "b");
  here.leave(first);
  here.enter(first, "{a}", "a");
  CAF_CHECK_EQUAL(joined_users(here.page("", 5)), "{b}{a}");
}
