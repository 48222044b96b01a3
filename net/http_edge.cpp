#include "net/http_edge.hpp"

#include "net/endpoint.hpp"

#include <boost/beast/websocket/detail/hybi13.hpp>

#include <algorithm>
#include <string_view>

namespace roomcast::net {

namespace http = boost::beast::http;

namespace {

std::string_view view(boost::beast::string_view text) noexcept { return {text.data(), text.size()}; }

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool starts_with_word(std::string_view text, std::string_view prefix) noexcept {
  return same_word(text.substr(0, prefix.size()), prefix);
}

bool is_alphanumeric(char c) noexcept {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

/// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) noexcept {
  auto fits = [](char c) {
    return is_alphanumeric(c) || std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, fits);
}

std::string_view trimmed(std::string_view text) noexcept {
  auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Calls `visit` for each member of a comma-separated list, over all fields of that name.
template <class Visit> void for_each_item(const request_head& head, http::field name, Visit visit) {
  auto [at, end] = head.equal_range(name);
  for (; at != end; ++at) {
    auto rest = view(at->value());
    while (!rest.empty()) {
      auto comma = std::min(rest.find(','), rest.size());
      if (auto item = trimmed(rest.substr(0, comma)); !item.empty()) visit(item);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
}

bool lists(const request_head& head, http::field name, std::string_view word) {
  bool found = false;
  for_each_item(head, name, [&](std::string_view item) { found = found || same_word(item, word); });
  return found;
}

/// Whether a proxy said so: then the peer's address says nothing about the client's.
bool came_through_proxy(const request_head& head) {
  return std::ranges::any_of(head, [](const auto& field) {
    auto name = view(field.name_string());
    return same_word(name, "Forwarded") || starts_with_word(name, "X-Forwarded-");
  });
}

/// The target without the `http://authority` of an absolute form; empty: not a target of ours.
std::string_view origin_form(std::string_view target) noexcept {
  if (target.starts_with('/') || target == "*") return target;
  for (std::string_view scheme : {"http://", "https://", "ws://", "wss://"}) {
    if (!starts_with_word(target, scheme)) continue;
    auto slash = target.find('/', scheme.size());
    return slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  return {};
}

http_request
describe(const request_head& head, std::string_view target, const boost::asio::ip::tcp::endpoint& peer) {
  http_request request;
  request.method = view(head.method_string());
  auto mark = std::min(target.find('?'), target.size());
  request.path = target.substr(0, mark);
  request.query = target.substr(std::min(mark + 1, target.size()));
  request.authorization = view(head[http::field::authorization]);
  request.remote_address = endpoint_text(peer);
  request.from_loopback = is_loopback(peer.address()) && !came_through_proxy(head);
  for_each_item(head, http::field::sec_websocket_protocol, [&](std::string_view item) {
    if (is_token(item)) request.subprotocols.emplace_back(item);
  });
  return request;
}

edge_verdict refuse(unsigned status, std::string why) {
  edge_verdict verdict;
  verdict.kind = request_kind::refused;
  verdict.refusal.status = status;
  verdict.refusal.body = std::move(why) + '\n';
  return verdict;
}

edge_verdict require_upgrade(std::string why) {
  auto verdict = refuse(426, std::move(why));
  verdict.refusal.headers = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  return verdict;
}

/// Base64 of 16 bytes: 22 characters of the alphabet and two of padding.
bool is_websocket_key(std::string_view key) noexcept {
  auto fits = [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; };
  return key.size() == 24 && key.ends_with("==") && std::ranges::all_of(key.substr(0, 22), fits);
}

// Beast's own helper, though it lives in a `detail` namespace: it is compiled in anyway with Beast's
// WebSocket code, does SHA-1 and base64 in one call without allocating, and has been the same since
// Beast 1.66. The example of RFC 6455 in the tests guards it against an upgrade of Boost.
std::string accept_key(std::string_view key) {
  namespace detail = boost::beast::websocket::detail;
  detail::sec_ws_accept_type accept;
  detail::make_sec_ws_accept(accept, {key.data(), key.size()});
  return {accept.data(), accept.size()};
}

/// RFC 6455 section 4.2.1; `head` names websocket in Upgrade.
edge_verdict judge_handshake(const request_head& head, http_request request) {
  if (head.method() != http::verb::get) {
    auto verdict = refuse(405, "a WebSocket handshake is a GET");
    verdict.refusal.headers = {{"Allow", "GET"}};
    return verdict;
  }
  if (head.version() < 11) return refuse(400, "a WebSocket handshake needs HTTP/1.1");
  if (!lists(head, http::field::connection, "upgrade"))
    return refuse(
        400,
        "the Connection field does not name upgrade: a proxy on the way has to pass it on for WebSockets");
  if (trimmed(view(head[http::field::sec_websocket_version])) != "13")
    return require_upgrade("this server speaks WebSocket version 13");
  auto key = trimmed(view(head[http::field::sec_websocket_key]));
  if (head.count(http::field::sec_websocket_key) != 1 || !is_websocket_key(key))
    return refuse(400, "Sec-WebSocket-Key is not the base64 of 16 bytes");
  edge_verdict verdict;
  verdict.kind = request_kind::upgrade;
  verdict.request = std::move(request);
  verdict.accept_key = accept_key(key);
  return verdict;
}

} // namespace

edge_verdict judge_request(const request_head& head, const boost::asio::ip::tcp::endpoint& peer) {
  auto target = origin_form(view(head.target()));
  if (target.empty()) return refuse(400, "the request target is neither a path nor a URL");
  auto hosts = head.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && head.version() >= 11)) return refuse(400, "one Host field is required");
  auto request = describe(head, target, peer);
  if (lists(head, http::field::upgrade, "websocket")) return judge_handshake(head, std::move(request));
  // Browsers let no page send this field by hand: a handshake whose Upgrade field was lost on the way.
  if (head.count(http::field::sec_websocket_key) > 0)
    return require_upgrade(
        "the Upgrade field is missing: a proxy on the way has to pass it on for WebSockets");
  edge_verdict verdict;
  verdict.request = std::move(request);
  return verdict;
}

} // namespace roomcast::net
