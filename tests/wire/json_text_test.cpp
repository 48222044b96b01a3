#define CAF_SUITE json_text
#include "wire/json_text.hpp"

#include <caf/test/dsl.hpp>
#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace roomcast::wire;

namespace {

std::string as_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

} // namespace

CAF_TEST(plain text is only put in quotes) {
  CAF_CHECK_EQUAL(as_json(""), R"("")");
  CAF_CHECK_EQUAL(as_json("lobby"), R"("lobby")");
  CAF_CHECK_EQUAL(as_json("k\xC3\xB6ln \xF0\x9F\x8D\xBA / \x7F"), "\"k\xC3\xB6ln \xF0\x9F\x8D\xBA / \x7F\"");
}

CAF_TEST(quotes and backslashes and control characters are escaped) {
  CAF_CHECK_EQUAL(as_json("a\"b\\c"), R"("a\"b\\c")");
  CAF_CHECK_EQUAL(as_json("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  CAF_CHECK_EQUAL(as_json(std::string_view{"\0\x01\x1F", 3}), R"("\u0000\u0001\u001f")");
}

CAF_TEST(every byte at every place of a word survives) {
  for (int c = 0; c < 0x80; ++c) {
    for (size_t at = 0; at < 17; ++at) {
      std::string text(17, 'x');
      text[at] = static_cast<char>(c);
      const auto text_json = as_json(text);
      CAF_CHECK_EQUAL(text_json.size(), json_string_size(text));
      CAF_CHECK(nlohmann::json::parse(text_json) == nlohmann::json(text));
      std::string back;
      append_unescaped(back, text_json);
      CAF_CHECK(back == text);
    }
  }
}

CAF_TEST(the scan for plain bytes stops at the first that is not) {
  for (int c = 0; c < 0x100; ++c) {
    for (size_t at = 0; at < 17; ++at) {
      std::string text(17, 'x');
      text[at] = static_cast<char>(c);
      text.back() = '"';
      const char* from = text.data();
      const bool special = c == '"' || c == '\\' || c < 0x20;
      const size_t ascii = special || c >= 0x80 ? at : 16;
      const size_t any = special ? at : 16;
      CAF_CHECK_EQUAL(skip_plain<true>(from, from + text.size()), from + ascii);
      CAF_CHECK_EQUAL(skip_plain<false>(from, from + text.size()), from + any);
    }
  }
}

CAF_TEST(unescaping appends) {
  std::string out = "a";
  append_unescaped(out, R"("\u0062\ud83c\udf7a\/")");
  CAF_CHECK_EQUAL(out, "ab\xF0\x9F\x8D\xBA/");
}
