// Any bytes as a request: judged as nlohmann judges them, and whatever comes back is JSON again.

#include "core/limits.hpp"
#include "wire/dialect.hpp"
#include "wire/json_scan.hpp"

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

using namespace roomcast;
using namespace roomcast::wire;
using nlohmann::json;

namespace {

void expect(bool condition, const char* what) {
  if (condition) return;
  std::cerr << "violated: " << what << '\n';
  std::abort();
}

void check_scan(std::string_view text) {
  json_scan scan{text, json_scan::depth_bound};
  json members = json::object();
  for (json_member member; scan.next(member);) {
    const auto key =
        json::parse(std::string_view{member.key.data() - 1, member.key.size() + 2}, nullptr, false);
    expect(key.is_string(), "a key is a JSON string");
    expect(member.key_escaped == (member.key.find('\\') != member.key.npos), "escaped keys are told");
    members[key.get<std::string>()] = json::parse(member.value, nullptr, false);
    expect(json::accept(member.value), "a value is JSON");
  }
  if (scan.fault().why == "nested too deeply") return;
  expect(scan.fault().at <= text.size(), "a fault is inside the text");
  const bool valid = json::accept(text) && text.find('\0') == text.npos;
  expect(scan.ok() == valid, "accepts what nlohmann accepts");
  if (!valid) return;
  const auto whole = json::parse(text);
  expect(scan.is_object() == whole.is_object(), "tells objects");
  if (whole.is_object()) expect(members == whole, "extents parse to the same value");
}

void check_request(const request& r) {
  if (r.kind != request_kind::publish) return;
  const auto event = json::parse(event_text(r), nullptr, false);
  expect(event.is_object(), "an event is a JSON object");
  expect(
      event["type"] == std::string{r.type} && event["roomId"] == std::string{r.room},
      "type and room survive");
  expect(event["message"] == json::parse(r.message), "the message survives");
  expect(event.contains("user") == (r.type == "chat"), "chat has a user");
}

void check_answers(std::string_view id, std::string_view room) {
  std::string out;
  rooms_dialect().ack(out, id, room, {});
  expect(json::accept(out), "an ack is JSON");
}

void check_decode(std::string_view text) {
  std::string scratch;
  const decode_limits limits{limits::max_room_name_bytes, limits::max_json_depth};
  const auto decoded = rooms_dialect().decode(text, limits, scratch);
  if (decoded) {
    check_request(*decoded);
    return check_answers(decoded->id, decoded->room);
  }
  const auto& failure = decoded.failure();
  std::string out;
  rooms_dialect().failed(out, failure.what, failure.id, failure.room);
  expect(json::accept(out), "an error is JSON");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_scan(text);
  check_decode(text);
  return 0;
}
