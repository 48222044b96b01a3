#define CAF_SUITE sha1
#include "net/sha1.hpp"

#include <caf/test/dsl.hpp>

using roomcast::net::sha1_hex;

CAF_TEST(the digests of FIPS 180 come out) {
  CAF_CHECK_EQUAL(sha1_hex(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CAF_CHECK_EQUAL(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  CAF_CHECK_EQUAL(sha1_hex(std::string(1'000'000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

CAF_TEST(zero bytes count) { CAF_CHECK(sha1_hex(std::string(1, '\0')) != sha1_hex(std::string(2, '\0'))); }
