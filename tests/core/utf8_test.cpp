#define CAF_SUITE utf8
#include "core/utf8.hpp"

#include <caf/test/dsl.hpp>

#include <string>
#include <vector>

using namespace roomcast;

namespace {

const std::vector<std::string> good{
    "",
    "plain ascii, long enough for the fast path",
    "\xC2\x80",
    "\xDF\xBF",
    "\xE0\xA0\x80",
    "\xED\x9F\xBF",
    "\xEE\x80\x80",
    "\xEF\xBF\xBF",
    "\xF0\x90\x80\x80",
    "\xF4\x8F\xBF\xBF",
    "k\xC3\xB6lsch \xF0\x9F\x8D\xBA and more text"};

const std::vector<std::string> bad{
    "\x80",
    "\xBF",
    "\xC0\x80",
    "\xC1\xBF",
    "\xC2",
    "\xC2\x41",
    "\xE0\x80\x80",
    "\xE0\x9F\xBF",
    "\xE2\x82",
    "\xED\xA0\x80",
    "\xED\xBF\xBF",
    "\xF0\x8F\xBF\xBF",
    "\xF0\x90\x80",
    "\xF4\x90\x80\x80",
    "\xF5\x80\x80\x80",
    "\xFE",
    "\xFF",
    "sixteen bytes of ascii and then \xFF"};

} // namespace

CAF_TEST(valid text is accepted) {
  for (const auto& text : good) CAF_CHECK(is_utf8(text));
}

CAF_TEST(overlong forms and surrogates and stray bytes are refused) {
  for (const auto& text : bad) CAF_CHECK(!is_utf8(text));
}

CAF_TEST(a split at every byte changes nothing) {
  auto split = [](const std::string& text, size_t at) {
    utf8_validator validator;
    return validator.feed(std::string_view{text}.substr(0, at))
           && validator.feed(std::string_view{text}.substr(at)) && validator.complete();
  };
  for (const auto& text : good)
    for (size_t at = 0; at <= text.size(); ++at) CAF_CHECK(split(text, at));
  for (const auto& text : bad)
    for (size_t at = 0; at <= text.size(); ++at) CAF_CHECK(!split(text, at));
}
