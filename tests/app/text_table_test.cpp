#define CAF_SUITE text_table
#include "app/text_table.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast::app;

CAF_TEST(texts stand left and numbers right) {
  text_table table;
  table.column("name", text_table::align::left);
  table.column("n", text_table::align::right);
  table.column("state", text_table::align::left);
  table.row({"a", "5", "live"});
  table.row({"longer", "1234", ""});
  CAF_CHECK_EQUAL(
      table.render(), "name       n  state\n"
                      "a          5  live\n"
                      "longer  1234\n");
}

CAF_TEST(a code point is one cell) {
  text_table table;
  table.column("room", text_table::align::left);
  table.column("n", text_table::align::right);
  table.row({"k\xC3\xB6ln", "1"});
  table.row({"\xD0\xBA\xD0\xBE\xD0\xBC\xD0\xBD\xD0\xB0\xD1\x82\xD0\xB0", "2"});
  CAF_CHECK_EQUAL(
      table.render(), "room     n\n"
                      "k\xC3\xB6ln     1\n"
                      "\xD0\xBA\xD0\xBE\xD0\xBC\xD0\xBD\xD0\xB0\xD1\x82\xD0\xB0  2\n");
}

CAF_TEST(control characters do not reach the terminal) {
  CAF_CHECK_EQUAL(cell_text("a\x1b[2Jb\n\x7F"), "a?[2Jb??");
  CAF_CHECK_EQUAL(
      cell_text("a\xC2\x9B"
                "2Jb"),
      "a?2Jb");
  CAF_CHECK_EQUAL(cell_text("k\xC3\xB6ln \xC2\xA9"), "k\xC3\xB6ln \xC2\xA9");
  CAF_CHECK_EQUAL(cell_text("cut \xC2"), "cut \xC2");
}

CAF_TEST(bytes have binary units) {
  CAF_CHECK_EQUAL(human_bytes(0), "0 B");
  CAF_CHECK_EQUAL(human_bytes(1'023), "1023 B");
  CAF_CHECK_EQUAL(human_bytes(1'024), "1.0 KiB");
  CAF_CHECK_EQUAL(human_bytes(65'536), "64.0 KiB");
  CAF_CHECK_EQUAL(human_bytes(1'048'575), "1.0 MiB");
  CAF_CHECK_EQUAL(human_bytes(3.5 * 1024 * 1024 * 1024), "3.5 GiB");
}

CAF_TEST(times have the unit that fits) {
  CAF_CHECK_EQUAL(human_seconds(12), "12s");
  CAF_CHECK_EQUAL(human_seconds(185), "3m05s");
  CAF_CHECK_EQUAL(human_seconds(3'725), "1h02m");
  CAF_CHECK_EQUAL(human_seconds(183'600), "2d03h");
  CAF_CHECK_EQUAL(human_seconds(1e300), "11574074d01h");
  CAF_CHECK_EQUAL(human_milliseconds(0), "0 ms");
  CAF_CHECK_EQUAL(human_milliseconds(0.35), "0.35 ms");
  CAF_CHECK_EQUAL(human_milliseconds(340), "340 ms");
  CAF_CHECK_EQUAL(human_milliseconds(1'200), "1.2 s");
}
