#define CAF_SUITE http_edge
#include "net/http_edge.hpp"

#include "net/endpoint.hpp"
#include "net/http_reader.hpp"
#include "net/http_render.hpp"

#include <caf/test/dsl.hpp>

#include <string>
#include <vector>

using namespace roomcast::net;

namespace {

using boost::asio::ip::make_address;
using boost::asio::ip::tcp;

const tcp::endpoint near{make_address("127.0.0.1"), 4'711};
const tcp::endpoint far{make_address("203.0.113.7"), 4'711};

edge_verdict judge(const std::string& head, const tcp::endpoint& peer = far) {
  http_reader reader;
  auto step = reader.feed(head + "\r\n");
  if (step.what != http_reader::status::complete) CAF_FAIL("no complete request: " + head);
  return reader.judge(peer);
}

/// The example of RFC 6455 section 1.2, some fields replaced or (with "") left out.
struct handshake {
  std::string line = "GET /ws?a=b HTTP/1.1";
  std::string host = "Host: server.example.com";
  std::string upgrade = "Upgrade: websocket";
  std::string connection = "Connection: Upgrade";
  std::string version = "Sec-WebSocket-Version: 13";
  std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  std::string more;

  edge_verdict judged() const {
    std::string head;
    for (const auto& part : {line, host, upgrade, connection, version, key, more})
      if (!part.empty()) head += part + "\r\n";
    return judge(head);
  }
};

unsigned refusal_of(const handshake& h) {
  auto verdict = h.judged();
  return verdict.kind == request_kind::refused ? verdict.refusal.status : 0;
}

bool accepted(const handshake& h) { return h.judged().kind == request_kind::upgrade; }

bool has_field(const http_response& response, const std::string& name, const std::string& value) {
  for (const auto& field : response.headers)
    if (field.first == name && field.second == value) return true;
  return false;
}

} // namespace

CAF_TEST(the handshake of the RFC is accepted with the key of the RFC) {
  auto verdict = handshake{}.judged();
  CAF_CHECK(verdict.kind == request_kind::upgrade);
  CAF_CHECK_EQUAL(verdict.accept_key, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CAF_CHECK_EQUAL(verdict.request.path, "/ws");
  CAF_CHECK_EQUAL(verdict.request.query, "a=b");
  CAF_CHECK_EQUAL(verdict.request.remote_address, "203.0.113.7:4711");
}

CAF_TEST(fields are lists and words know no case) {
  CAF_CHECK(accepted({.upgrade = "uPgRaDe: h2c , WebSocket"}));
  CAF_CHECK(accepted({.connection = "CONNECTION: keep-alive, UPGRADE"}));
  CAF_CHECK(accepted({.connection = "Connection: keep-alive", .more = "Connection: upgrade"}));
}

CAF_TEST(each broken handshake has its status) {
  CAF_CHECK_EQUAL(refusal_of({.line = "POST /ws HTTP/1.1"}), 405u);
  CAF_CHECK_EQUAL(refusal_of({.line = "GET /ws HTTP/1.0"}), 400u);
  CAF_CHECK_EQUAL(refusal_of({.host = ""}), 400u);
  CAF_CHECK_EQUAL(refusal_of({.more = "Host: another"}), 400u);
  CAF_CHECK_EQUAL(refusal_of({.connection = ""}), 400u);
  CAF_CHECK_EQUAL(refusal_of({.connection = "Connection: close"}), 400u);
  CAF_CHECK_EQUAL(refusal_of({.upgrade = ""}), 426u);
  CAF_CHECK_EQUAL(refusal_of({.version = ""}), 426u);
  CAF_CHECK_EQUAL(refusal_of({.version = "Sec-WebSocket-Version: 8"}), 426u);
  CAF_CHECK_EQUAL(refusal_of({.key = ""}), 400u);
  CAF_CHECK_EQUAL(refusal_of({.more = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}), 400u);
  CAF_CHECK_EQUAL(refusal_of({.key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"}), 400u);
  CAF_CHECK_EQUAL(refusal_of({.key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ==="}), 400u);
  CAF_CHECK_EQUAL(refusal_of({.key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE="}), 400u);
  CAF_CHECK_EQUAL(refusal_of({.key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub2.jZQ=="}), 400u);
}

CAF_TEST(a wrong version is told the right one) {
  auto verdict = handshake{.version = "Sec-WebSocket-Version: 12"}.judged();
  CAF_CHECK(has_field(verdict.refusal, "Sec-WebSocket-Version", "13"));
  CAF_CHECK(has_field(verdict.refusal, "Upgrade", "websocket"));
}

CAF_TEST(upgrades to other protocols are plain requests) {
  auto verdict = judge("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                       "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n");
  CAF_CHECK(verdict.kind == request_kind::plain);
}

CAF_TEST(offered subprotocols keep their order over several fields) {
  auto request =
      handshake{
          .more = "Sec-WebSocket-Protocol: roomcast.v1, chat\r\n"
                  "Sec-WebSocket-Protocol: ,b@d, last"}
          .judged()
          .request;
  std::vector<std::string> expected{"roomcast.v1", "chat", "last"};
  CAF_CHECK_EQUAL(request.subprotocols, expected);
}

CAF_TEST(targets come as paths and as URLs) {
  auto path = [](const std::string& target) {
    auto verdict = judge("GET " + target + " HTTP/1.1\r\nHost: h\r\n");
    if (verdict.kind == request_kind::refused) return std::to_string(verdict.refusal.status);
    return verdict.request.path + '|' + verdict.request.query;
  };
  CAF_CHECK_EQUAL(path("/"), "/|");
  CAF_CHECK_EQUAL(path("/a/b?c?d"), "/a/b|c?d");
  CAF_CHECK_EQUAL(path("/?"), "/|");
  CAF_CHECK_EQUAL(path("http://h:80/a?b"), "/a|b");
  CAF_CHECK_EQUAL(path("http://h"), "/|");
  CAF_CHECK_EQUAL(path("*"), "*|");
  CAF_CHECK_EQUAL(path("a"), "400");
  CAF_CHECK_EQUAL(path("h:443"), "400");
}

CAF_TEST(loopback is the address of the peer and nothing a proxy passes on) {
  auto is_local = [](const std::string& address, const std::string& field) {
    tcp::endpoint peer{make_address(address), 1};
    return judge("GET / HTTP/1.1\r\nHost: h\r\n" + field, peer).request.from_loopback;
  };
  CAF_CHECK(is_local("127.0.0.1", ""));
  CAF_CHECK(is_local("127.8.9.10", ""));
  CAF_CHECK(is_local("::1", ""));
  CAF_CHECK(is_local("::ffff:127.0.0.1", ""));
  CAF_CHECK(!is_local("::ffff:128.0.0.1", ""));
  CAF_CHECK(!is_local("10.0.0.1", ""));
  CAF_CHECK(!is_local("127.0.0.1", "forwarded: for=10.0.0.1\r\n"));
  for (std::string name : {"X-Forwarded-For", "x-forwarded-host", "X-FORWARDED-PROTO", "X-Forwarded-Port"})
    CAF_CHECK(!is_local("127.0.0.1", name + ": v\r\n"));
}

CAF_TEST(addresses are written as people write them) {
  auto text = [](const std::string& address) { return endpoint_text({make_address(address), 50'312}); };
  CAF_CHECK_EQUAL(text("203.0.113.7"), "203.0.113.7:50312");
  CAF_CHECK_EQUAL(text("::ffff:203.0.113.7"), "203.0.113.7:50312");
  CAF_CHECK_EQUAL(text("2001:db8::1"), "[2001:db8::1]:50312");
}

CAF_TEST(the authorization is passed on and HTTP 1.0 needs no host) {
  auto verdict = judge("GET / HTTP/1.0\r\nAuthorization: Bearer x\r\n", near);
  CAF_CHECK(verdict.kind == request_kind::plain);
  CAF_CHECK_EQUAL(verdict.request.authorization, "Bearer x");
}

CAF_TEST(a response cannot smuggle fields) {
  http_response response;
  response.headers = {{"X-A", "b\r\nX-Evil: 1"}, {"X-Good", "c"}};
  auto text = render_response(response, true, false);
  CAF_CHECK(text.find("Evil") == std::string::npos);
  CAF_CHECK(text.find("X-Good: c\r\n") != std::string::npos);
  CAF_CHECK(render_upgrade("k", "a\r\nX-Evil: 1").find("Evil") == std::string::npos);
}

CAF_TEST(a response says how long it is and whether the connection goes on) {
  http_response response{.body = "hello"};
  CAF_CHECK_EQUAL(
      render_response(response, true, false),
      "HTTP/1.1 200 OK\r\nServer: roomcast\r\nX-Content-Type-Options: nosniff\r\n"
      "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello");
  auto head = render_response(response, false, true);
  CAF_CHECK(head.find("Connection: close\r\n") != std::string::npos);
  CAF_CHECK(head.find("Content-Length: 5\r\n") != std::string::npos);
  CAF_CHECK(head.ends_with("\r\n\r\n"));
  CAF_CHECK(render_response({.status = 204}, true, false).find("Content-Length") == std::string::npos);
}

// -- http_reader -----------------------------------------------------------------

namespace {

/// Feeds `text` in pieces of `size`, as a connection would; returns `method path` of each request, or the
/// status that ended it.
std::string read_all(const std::string& text, size_t size) {
  http_reader reader;
  std::string kept;
  std::string out;
  for (size_t at = 0; at < text.size(); at += size) {
    kept += text.substr(at, size);
    for (;;) {
      auto step = reader.feed(kept);
      kept.erase(0, step.consumed);
      if (step.what == http_reader::status::failed) return out + std::to_string(step.error);
      if (step.what == http_reader::status::need_more) break;
      auto request = reader.judge(near).request;
      out += request.method + ' ' + request.path + ';';
      reader.next();
    }
  }
  return out;
}

} // namespace

CAF_TEST(requests are read alike however they are cut) {
  std::string text = "\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n"
                     "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
                     "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "5;x=y\r\nhello\r\n0\r\nTrailer: t\r\n\r\n\r\n"
                     "DELETE /d HTTP/1.1\r\nHost: h\r\n\r\n";
  for (size_t size = 1; size <= text.size(); ++size)
    CAF_CHECK_EQUAL(read_all(text, size), "GET /a;POST /b;PUT /c;DELETE /d;");
}

CAF_TEST(what is not HTTP is refused at the first byte) {
  CAF_CHECK_EQUAL(read_all("\x16\x03\x01", 1), "400"); // TLS
  CAF_CHECK_EQUAL(read_all(std::string(1, '\0'), 1), "400");
  CAF_CHECK_EQUAL(read_all("GET / HTTP/1.1\nHost: h\n\r\n\r\n", 100), "400");
  CAF_CHECK_EQUAL(read_all("GET / HTTP/3.0\r\n\r\n", 100), "400");
  CAF_CHECK_EQUAL(
      read_all("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 100),
      "400");
}

CAF_TEST(headers and bodies are bounded) {
  auto header = [](size_t bytes) { return "GET / HTTP/1.1\r\nX: " + std::string(bytes, 'x'); };
  CAF_CHECK_EQUAL(read_all(header(8'000) + "\r\n\r\n", 100), " ;"); // no Host, but read
  CAF_CHECK_EQUAL(read_all(header(8'200) + "\r\n\r\n", 100), "431");
  CAF_CHECK_EQUAL(read_all(header(8'200) + "\r\n\r\n", 10'000), "431");
  CAF_CHECK_EQUAL(read_all(header(9'000), 1), "431");
  auto post = [](size_t bytes) { return "POST / HTTP/1.1\r\nContent-Length: " + std::to_string(bytes); };
  CAF_CHECK_EQUAL(read_all(post(65'536) + "\r\n\r\n" + std::string(65'536, 'x'), 1'000), " ;");
  CAF_CHECK_EQUAL(read_all(post(65'537) + "\r\n\r\n", 1'000), "413");
  std::string chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  CAF_CHECK_EQUAL(read_all(chunked + "10001\r\n" + std::string(65'537, 'x') + "\r\n", 1'000), "413");
  CAF_CHECK_EQUAL(read_all(chunked + "1;" + std::string(10'000, 'x'), 1'000), "431");
}

CAF_TEST(a client that waits for 100 is told once) {
  http_reader reader;
  auto first = reader.feed("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
  CAF_CHECK(first.wants_continue);
  auto second = reader.feed("o");
  CAF_CHECK(!second.wants_continue);
  CAF_CHECK(reader.feed("k").what == http_reader::status::complete);
}
