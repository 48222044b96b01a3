#define CAF_SUITE close_code
#include "core/close_code.hpp"

#include <caf/test/dsl.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace roomcast;

namespace {

const std::vector<close_code> all{
    close_code::normal,           close_code::going_away,      close_code::protocol_error,
    close_code::unsupported_data, close_code::no_status,       close_code::abnormal,
    close_code::invalid_payload,  close_code::message_too_big, close_code::internal_error,
    close_code::service_restart,  close_code::try_again_later, close_code::slow_consumer,
    close_code::pong_timeout};

} // namespace

CAF_TEST(every code has a row of its own) {
  std::set<std::string_view> names;
  for (auto code : all) {
    CAF_CHECK(info(code).code == code);
    CAF_CHECK(!info(code).name.empty());
    names.insert(info(code).name);
  }
  CAF_CHECK_EQUAL(names.size(), all.size());
}

CAF_TEST(a reason fits into a close frame) {
  for (auto code : all) CAF_CHECK(info(code).reason.size() <= 123);
}

CAF_TEST(an unknown code is shown as abnormal) {
  CAF_CHECK(info(static_cast<close_code>(4'321)).code == close_code::abnormal);
}

CAF_TEST(clients come back when the node was the cause) {
  const std::set<close_code> back{close_code::going_away,      close_code::abnormal,
                                  close_code::internal_error,  close_code::service_restart,
                                  close_code::try_again_later, close_code::slow_consumer,
                                  close_code::pong_timeout};
  for (auto code : all) CAF_CHECK_EQUAL(info(code).come_back, back.count(code) == 1);
}

CAF_TEST(a peer may send what RFC 6455 and its registry allow) {
  for (int code :
       {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999})
    CAF_CHECK(may_be_received(static_cast<uint16_t>(code)));
  for (int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65'535})
    CAF_CHECK(!may_be_received(static_cast<uint16_t>(code)));
}
