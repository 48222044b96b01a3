#include "net/http_render.hpp"

#include <boost/beast/http/status.hpp>

#include <algorithm>

namespace roomcast::net {

namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
  auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  auto is_clean = [&](std::string_view text) { return std::ranges::none_of(text, is_control); };
  if (name.empty() || !is_clean(name) || !is_clean(value)) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

std::string_view reason(unsigned status) {
  auto text = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {text.data(), text.size()};
}

bool may_have_body(unsigned status) noexcept { return status >= 200 && status != 204 && status != 304; }

} // namespace

std::string render_response(const http_response& response, bool keep_alive, bool head_only) {
  bool with_body = may_have_body(response.status);
  std::string out;
  out.reserve(256 + (with_body && !head_only ? response.body.size() : 0));
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason(response.status)).append("\r\n");
  append_field(out, "Server", "roomcast");
  append_field(out, "X-Content-Type-Options", "nosniff");
  if (!keep_alive) append_field(out, "Connection", "close");
  for (const auto& [name, value] : response.headers) append_field(out, name, value);
  if (with_body) {
    append_field(out, "Content-Type", response.content_type);
    append_field(out, "Content-Length", std::to_string(response.body.size()));
  }
  out.append("\r\n");
  if (with_body && !head_only) out.append(response.body);
  return out;
}

std::string render_upgrade(std::string_view accept_key, std::string_view subprotocol) {
  std::string out;
  out.reserve(224);
  out.append("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
  append_field(out, "Sec-WebSocket-Accept", accept_key);
  if (!subprotocol.empty()) append_field(out, "Sec-WebSocket-Protocol", subprotocol);
  append_field(out, "Server", "roomcast");
  out.append("\r\n");
  return out;
}

http_response text_response(unsigned status, std::string_view sentence) {
  http_response response;
  response.status = status;
  response.body.assign(sentence).push_back('\n');
  return response;
}

http_response busy_response(std::string_view sentence) {
  auto response = text_response(503, sentence);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

} // namespace roomcast::net
