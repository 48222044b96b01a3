#include "app/http_api.hpp"

#include "net/io_thread.hpp"
#include "web/embedded.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace roomcast::app {
namespace {

constexpr std::string_view subprotocol = "roomcast.v1";

net::http_response plain(unsigned status, std::string text) {
  return {status, "text/plain; charset=utf-8", text + '\n', {}};
}

net::http_response problem(unsigned status, std::string_view sentence) {
  return {status, "application/json", "{\"error\":\"" + std::string{sentence} + "\"}\n", {}};
}

net::http_response page() {
  // The page is one document with its style and script inside; it talks to its own origin only.
  return {
      200,
      "text/html; charset=utf-8",
      std::string{web::chat_page()},
      {{"Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
        "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
       {"Cache-Control", "no-cache"},
       {"Referrer-Policy", "no-referrer"}}};
}

std::optional<actors::stats_view> view_of(std::string_view path) {
  using enum actors::stats_view;
  static constexpr std::array<std::pair<std::string_view, actors::stats_view>, 5> views{{
      {"/api/v1/stats", node},
      {"/api/v1/stats/rooms", rooms},
      {"/api/v1/stats/connections", connections},
      {"/api/v1/stats/actors", actors::stats_view::actors},
      {"/api/v1/stats/cluster", cluster},
  }};
  for (const auto& [known, view] : views)
    if (known == path) return view;
  return std::nullopt;
}

/// Takes the same time wherever the texts differ.
bool equal_secret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i] ^ b[b.empty() ? 0 : i % b.size()]);
  return difference == 0;
}

} // namespace

void http_api::on_request(net::io_thread&, net::http_request request, net::http_responder respond) {
  const auto& path = request.path;
  const bool known = path == "/" || path == "/healthz" || path == "/readyz" || path == "/ws" || view_of(path);
  if (!known) return respond(plain(404, "nothing here; the chat page is at /"));
  if (request.method != "GET" && request.method != "HEAD") {
    auto refusal = plain(405, "GET or HEAD only");
    refusal.headers.emplace_back("Allow", "GET, HEAD");
    return respond(std::move(refusal));
  }
  if (path == "/") return respond(page());
  if (path == "/healthz") return respond(plain(200, "ok"));
  if (path == "/readyz") return respond(ready());
  if (path == "/ws") {
    auto refusal = plain(426, "a WebSocket endpoint: connect with ws://");
    refusal.headers.emplace_back("Upgrade", "websocket");
    return respond(std::move(refusal));
  }
  stats(request, std::move(respond));
}

net::http_response http_api::ready() const {
  if (uses_.gauges.draining) return plain(503, "draining");
  const auto all = uses_.gauges.bus_ready.size();
  const auto working = uses_.gauges.ready_buses();
  const auto counted = std::to_string(working) + " of " + std::to_string(all) + " Redis servers work";
  if (working == 0) return plain(503, "the message bus is not available" + (all > 1 ? ": " + counted : ""));
  return plain(200, all > 1 ? "ready: " + counted : "ready");
}

void http_api::stats(const net::http_request& request, net::http_responder respond) const {
  if (!may_see_stats(request)) {
    if (request.authorization.empty())
      return respond(problem(403, "stats are for loopback, or with the admin token as bearer"));
    return respond(problem(401, "the admin token is wrong, or this node has none"));
  }
  if (!node_) return respond(problem(503, "the node is starting"));
  auto answer = [respond = std::move(respond)](std::string document) {
    respond({200, "application/json", std::move(document) + '\n', {{"Cache-Control", "no-store"}}});
  };
  caf::anon_send(node_, actors::stats_query{*view_of(request.path), std::move(answer)});
}

bool http_api::may_see_stats(const net::http_request& request) const {
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view given = request.authorization;
  if (given.empty()) return request.from_loopback;
  return !uses_.admin_token.empty() && given.substr(0, scheme.size()) == scheme
         && equal_secret(given.substr(scheme.size()), uses_.admin_token);
}

result<net::upgrade_accept, net::http_response> http_api::on_upgrade(const net::http_request& request) {
  if (request.path != "/" && request.path != "/ws") return plain(404, "WebSocket is at / and /ws");
  if (uses_.gauges.draining) {
    uses_.gauges.refused_by_drain.fetch_add(1, std::memory_order_relaxed);
    auto refusal = plain(503, "this node is draining");
    refusal.headers.emplace_back("Retry-After", "1");
    return refusal;
  }
  const auto& offered = request.subprotocols;
  if (offered.empty()) return net::upgrade_accept{};
  // An unknown offer is answered with its first, as classic servers do: their clients depend on it.
  const bool ours = std::find(offered.begin(), offered.end(), subprotocol) != offered.end();
  return net::upgrade_accept{ours ? std::string{subprotocol} : offered.front()};
}

void http_api::on_open(
    net::io_thread& where, std::unique_ptr<net::session> opened, const net::http_request&) {
  const connection_id id{++last_connection_};
  auto& host = *uses_.hosts[where.index()];
  uses_.system.spawn<actors::connection>(
      host, uses_.connections, std::move(opened), id, wire::rooms_dialect());
}

} // namespace roomcast::app
