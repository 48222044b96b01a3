#include "bench/load/dialect.hpp"

#include <algorithm>

namespace roomcast::bench {
namespace {

constexpr dialect dialects[] = {
    {"rooms", "/", "", "", "", R"({"type":"SUBSCRIBE","room":"%R"})", "",
     R"({"type":"sendMessage","roomId":"%R","message":"%P"})", "", true, "", true},
    {"rawrooms", "/", "", "", "", R"({"type":"SUBSCRIBE","room":"%R"})", "",
     R"({"type":"sendMessage","roomId":"%R","message":"%P"})", "", true, "", true},
    {"rooms-ack", "/", "", "", "", R"({"type":"SUBSCRIBE","room":"%R","id":%I})", R"("type":"ack")",
     R"({"type":"sendMessage","roomId":"%R","message":"%P"})", "", true, "", true},
    {"socketio", "/socket.io/?EIO=4&transport=websocket", "0{", "40", "40{", R"(42["join","%R"])", "",
     R"(42["msg","%R","%P"])", "2", true, "3", true},
    {"pusher", "/app/benchkey?protocol=7&client=wsload&version=1", "pusher:connection_established", "", "",
     R"({"event":"pusher:subscribe","data":{"channel":"%R"}})", "pusher_internal:subscription_succeeded",
     R"({"event":"client-msg","channel":"%R","data":"%P"})", "pusher:ping", false,
     R"({"event":"pusher:pong","data":{}})", false},
    {"centrifugo", "/connection/websocket", "", R"({"id":1,"connect":{}})", R"("connect":)",
     R"({"id":%I,"subscribe":{"channel":"%R"}})", R"("subscribe":)",
     R"({"id":%I,"publish":{"channel":"%R","data":{"m":"%P"}}})", "{}", true, "{}", true},
};

} // namespace

const dialect* find_dialect(std::string_view name) noexcept {
  const auto* found = std::find_if(
      std::begin(dialects), std::end(dialects), [name](const dialect& d) { return d.name == name; });
  return found == std::end(dialects) ? nullptr : found;
}

std::string dialect_names() {
  std::string names;
  for (const auto& d : dialects) names.append(names.empty() ? "" : " ").append(d.name);
  return names;
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

std::string expand(std::string_view text_template, std::string_view room, std::string_view payload) {
  return replaced(replaced(std::string{text_template}, "%R", room), "%P", payload);
}

} // namespace roomcast::bench
