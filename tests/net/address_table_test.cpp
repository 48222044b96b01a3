#define CAF_SUITE address_table
#include "net/address_table.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::net;

namespace {

boost::asio::ip::address at(const char* text) { return boost::asio::ip::make_address(text); }

} // namespace

CAF_TEST(an address may have so many sockets and no more) {
  address_table table;
  CAF_CHECK(table.enter(at("192.0.2.1"), 2));
  CAF_CHECK(table.enter(at("192.0.2.1"), 2));
  CAF_CHECK(!table.enter(at("192.0.2.1"), 2));
  CAF_CHECK(table.enter(at("192.0.2.2"), 2));
  table.leave(at("192.0.2.1"));
  CAF_CHECK(table.enter(at("192.0.2.1"), 2));
  CAF_CHECK(!table.enter(at("192.0.2.1"), 2));
}

CAF_TEST(IPv4 over a dual stack socket is the same address) {
  address_table table;
  CAF_CHECK(table.enter(at("::ffff:192.0.2.1"), 1));
  CAF_CHECK(!table.enter(at("192.0.2.1"), 1));
  CAF_CHECK(table.enter(at("192.0.2.2"), 1));
}

CAF_TEST(IPv6 counts by its network of 64 bits) {
  address_table table;
  CAF_CHECK(table.enter(at("2001:db8:0:1::1"), 1));
  CAF_CHECK(!table.enter(at("2001:db8:0:1:ffff::2"), 1));
  CAF_CHECK(table.enter(at("2001:db8:0:2::1"), 1));
  table.leave(at("2001:db8:0:1::7"));
  CAF_CHECK(table.enter(at("2001:db8:0:1::1"), 1));
}

CAF_TEST(leaving without having entered changes nothing) {
  address_table table;
  table.leave(at("192.0.2.1"));
  CAF_CHECK(table.enter(at("192.0.2.1"), 1));
  CAF_CHECK(!table.enter(at("192.0.2.1"), 1));
}
