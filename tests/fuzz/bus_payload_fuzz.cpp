// Any bytes from the bus: what is passed on keeps its promises, and what we exclude is found again.

#include "core/utf8.hpp"
#include "wire/bus_payload.hpp"

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

using namespace roomcast;
using namespace roomcast::wire;

namespace {

void expect(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "violated: " << what << '\n';
  std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view payload{reinterpret_cast<const char*>(data), size};
  const auto decoded = decode_bus_payload(payload, 2'000);
  if (!decoded) {
    expect(!to_string(decoded.failure()).empty(), "a reason has a name");
    return 0;
  }
  const auto& [text, boot, connection, at] = *decoded;
  expect(size <= 2'000, "the size is bounded");
  expect(text.starts_with('{') && is_utf8(text), "the text begins as an object does and is UTF-8");
  expect(payload.ends_with(text), "the text is the end of the payload");
  expect(static_cast<bool>(at) == (at.seq > 0), "epoch and number come together");
  expect(!at || (text.size() > 2 && text.ends_with('}')), "what has a place can be numbered");
  expect(boot.empty() == (value(connection) == 0), "a connection has a node");
  if (boot.empty()) return 0;
  const auto again = exclude(boot, connection, text);
  const auto second = decode_bus_payload(again, again.size());
  expect(second.ok() && second->text == text, "the text survives");
  expect(second->exclude_boot == boot && second->exclude_connection == connection, "the exclusion survives");
  return 0;
}
