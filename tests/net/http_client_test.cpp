#define CAF_SUITE http_client
#include "net/http_client.hpp"

#include "net/listen_socket.hpp"

#include "tests/net/loopback.hpp"

#include <caf/test/dsl.hpp>

using namespace roomcast;
using namespace roomcast::net;
using namespace roomcast::net::loopback;
using namespace std::chrono_literals;

CAF_TEST(the HTTP client says in one line what went wrong) {
  auto failure = [](const std::string& url) {
    auto answer = http_get(url, 1s);
    return answer ? "status " + std::to_string(answer->status) : answer.failure();
  };
  uint16_t closed_port = 0;
  {
    auto socket = open_listen_socket("127.0.0.1", 0);
    closed_port = socket->port;
  }
  auto base = url_of(closed_port);
  CAF_CHECK_EQUAL(failure(base), "cannot reach " + base + ": Connection refused");
  for (std::string bad :
       {"", "127.0.0.1:80", "https://h/", "http://", "http://h:0/", "http://h:x/", "http://[::1/",
        "http://h:80 /", "http://[::1]x/", "http://h:99999/"})
    CAF_CHECK(starts(failure(bad), "not a URL"));
  auto silent = open_listen_socket("127.0.0.1", 0); // connects, never answers
  auto answer = http_get(url_of(silent->port), 50ms);
  CAF_REQUIRE(!answer);
  CAF_CHECK(contains(answer.failure(), "no answer within 50 ms"));
}

CAF_TEST(the HTTP client reads long answers and speaks to IPv6 and sends its token) {
  struct echo final : server_handler {
    void on_request(io_thread&, http_request request, http_responder respond) override {
      respond({.status = 404, .body = request.authorization + std::string(100'000, 'x')});
    }
    result<upgrade_accept, http_response> on_upgrade(const http_request&) override { return http_response{}; }
    void on_open(io_thread&, std::unique_ptr<session>, const http_request&) override {}
  } handler;
  io_thread io{0};
  std::string host = open_listen_socket("::1", 0) ? "::1" : "127.0.0.1"; // where there is no IPv6
  auto served = std::move(*server::open({.host = host, .port = 0}, {&io}, handler));
  served->start();
  io.start();
  auto in_url = host == "::1" ? "[::1]" : host;
  auto answer = http_get("http://" + in_url + ":" + std::to_string(served->port()) + "/s", 10s, "secret");
  CAF_REQUIRE(answer.ok());
  CAF_CHECK_EQUAL(answer->status, 404u);
  CAF_CHECK_EQUAL(answer->content_type, "text/plain; charset=utf-8");
  CAF_CHECK(starts(answer->body, "Bearer secretxxx"));
  CAF_CHECK_EQUAL(answer->body.size(), 100'013u);
}
