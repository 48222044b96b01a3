#define CAF_SUITE parse_value
#include "config/parse_value.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::config;
using namespace std::chrono_literals;

CAF_TEST(numbers are plain decimal digits) {
  CAF_CHECK(parse_number("0") == 0u);
  CAF_CHECK(parse_number("65536") == 65'536u);
  CAF_CHECK(parse_number("18446744073709551615") == 18'446'744'073'709'551'615u);
  for (auto bad : {"", "-1", "+1", " 1", "1 ", "1k", "0x10", "1.5", "18446744073709551616"})
    CAF_CHECK(!parse_number(bad));
}

CAF_TEST(durations carry a unit and are whole milliseconds) {
  CAF_CHECK(parse_duration("30s") == 30s);
  CAF_CHECK(parse_duration("500ms") == 500ms);
  CAF_CHECK(parse_duration("2min") == 2min);
  CAF_CHECK(parse_duration("1h") == 1h);
  CAF_CHECK(parse_duration("2000us") == 2ms);
  CAF_CHECK(parse_duration("3000000ns") == 3ms);
  for (auto bad : {"", "30", "s", "-1s", "1.5s", "30 s", "1us", "1d", "9223372036854775807h"})
    CAF_CHECK(!parse_duration(bad));
}

CAF_TEST(a printed duration reads back as itself) {
  CAF_CHECK_EQUAL(format_duration(0ms), "0s");
  CAF_CHECK_EQUAL(format_duration(1500ms), "1500ms");
  CAF_CHECK_EQUAL(format_duration(30s), "30s");
  CAF_CHECK_EQUAL(format_duration(90s), "90s");
  CAF_CHECK_EQUAL(format_duration(2min), "2min");
  CAF_CHECK_EQUAL(format_duration(1h), "1h");
  for (auto span : {0ms, 1ms, 1500ms, 60'000ms, 3'600'000ms})
    CAF_CHECK(parse_duration(format_duration(span)) == span);
}

CAF_TEST(a masked URL shows neither user nor password nor query) {
  CAF_CHECK_EQUAL(mask_url("redis://10.0.0.1:6379/2"), "redis://10.0.0.1:6379/2");
  CAF_CHECK_EQUAL(mask_url("redis://:secret@host"), "redis://***@host");
  CAF_CHECK_EQUAL(mask_url("redis://me:sec@r/et@host:1/0"), "redis://***@host:1/0");
  CAF_CHECK_EQUAL(mask_url("me:secret@host"), "***@host");
  CAF_CHECK_EQUAL(mask_url("redis://host?password=secret"), "redis://host?***");
}

CAF_TEST(a printable text is one short line) {
  CAF_CHECK_EQUAL(printable("a\nb\x1b[2J"), "a?b?[2J");
  CAF_CHECK_EQUAL(printable("abcdef", 3), "abc...");
}
