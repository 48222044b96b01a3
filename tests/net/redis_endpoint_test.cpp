#define CAF_SUITE redis_endpoint
#include "net/redis_endpoint.hpp"

#include <caf/test/dsl.hpp>

#include <string>

using roomcast::net::redis_endpoint;

namespace {

std::string show(std::string_view url) {
  const auto parsed = redis_endpoint::parse(url);
  if (!parsed) return "error";
  return parsed->user + "|" + parsed->password + "|" + parsed->name();
}

std::string sentinels_of(std::string_view url) {
  const auto parsed = redis_endpoint::parse(url);
  if (!parsed) return "error";
  std::string all;
  for (const auto& each : parsed->sentinels) all += each.name() + " ";
  return all + (parsed->tls ? "TLS " : "") + parsed->name();
}

} // namespace

CAF_TEST(every part may be there or not ) {
  CAF_CHECK_EQUAL(show("redis://localhost"), "||localhost:6379/0");
  CAF_CHECK_EQUAL(show("redis://localhost/"), "||localhost:6379/0");
  CAF_CHECK_EQUAL(show("redis://10.0.0.1:7000/3"), "||10.0.0.1:7000/3");
  CAF_CHECK_EQUAL(
      show("redis://:secret@cache_1.example-host.org"), "|secret|cache_1.example-host.org:6379/0");
  CAF_CHECK_EQUAL(show("redis://ann:secret@h:1/15"), "ann|secret|h:1/15");
  CAF_CHECK_EQUAL(show("redis://[::1]"), "||[::1]:6379/0");
  CAF_CHECK_EQUAL(show("redis://[fe80::1%eth0]:7000/1"), "||[fe80::1%eth0]:7000/1");
}

CAF_TEST(rediss is the same with TLS) {
  CAF_CHECK_EQUAL(show("rediss://ann:secret@h:1/15"), "ann|secret|h:1/15");
  CAF_CHECK(redis_endpoint::parse("rediss://h")->tls);
  CAF_CHECK(redis_endpoint::parse("rediss://h")->verify_peer);
  CAF_CHECK(!redis_endpoint::parse("redis://h")->tls);
}

CAF_TEST(sentinels are a list with a name behind it) {
  CAF_CHECK_EQUAL(sentinels_of("redis+sentinel://a/mymaster"), "a:26379 sentinel mymaster/0");
  CAF_CHECK_EQUAL(
      sentinels_of("redis+sentinel://a:1,b,[::1]:3/m.y-1/7"), "a:1 b:26379 [::1]:3 sentinel m.y-1/7");
  CAF_CHECK_EQUAL(sentinels_of("rediss+sentinel://a,b/m/"), "a:26379 b:26379 TLS sentinel m/0");
  CAF_CHECK_EQUAL(show("redis+sentinel://ann:a%40b@a,b/m/2"), "ann|a@b|sentinel m/2");
  CAF_CHECK_EQUAL(show("redis+sentinel://:x/y,z@a,b/m"), "|x/y,z|sentinel m/0");
  CAF_CHECK_EQUAL(sentinels_of("redis://a"), "a:6379/0");
}

CAF_TEST(passwords may hold anything) {
  CAF_CHECK_EQUAL(show("redis://:a%40b%2F%25@h"), "|a@b/%|h:6379/0");
  CAF_CHECK_EQUAL(show("redis://:a@b:c/d@h"), "|a@b:c/d|h:6379/0");
  CAF_CHECK_EQUAL(show("redis://%41nn:x@h"), "Ann|x|h:6379/0");
}

CAF_TEST(what is wrong is refused) {
  for (auto url :
       {"",
        "localhost:6379",
        "http://h",
        "rediss:/h",
        "rediss://",
        "redis+tls://h",
        "redis+sentinel://",
        "redis+sentinel://a",
        "redis+sentinel://a/",
        "redis+sentinel:///m",
        "redis+sentinel://a,/m",
        "redis+sentinel://,a/m",
        "redis+sentinel://a,,b/m",
        "redis+sentinel://a:0/m",
        "redis+sentinel://a/m/x",
        "redis+sentinel://a/m m",
        "redis+sentinel://a/m/0/1",
        "redis+sentinel://a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q/m",
        "redis://",
        "redis:///0",
        "redis://:6379",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:",
        "redis://h:port",
        "redis://h:1:2",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/0/1",
        "redis://h/70000",
        "redis://h?x=1",
        "redis://[::1",
        "redis://[::1]x",
        "redis://::1",
        "redis://a b",
        "redis://user@h",
        "redis://user:@h",
        "redis://@h",
        "redis://:%4@h",
        "redis://:%zz@h",
        "redis://h/0 "})
    CAF_CHECK_EQUAL(std::string{url} + " " + show(url), std::string{url} + " error");
}

CAF_TEST(no error repeats a password) {
  for (auto url :
       {"redis://:hunter2%@h", "redis://:hunter2@", "redis://hunter2@h", "redis://ann:hunter2",
        "redis://:hunter2@h:x", "redis://:hunter2@h/x", "rediss://:hunter2@h:x", "http://:hunter2@h",
        "redis+sentinel://:hunter2@a", "redis+sentinel://hunter2/m@a/m", "redis+sentinel://:hunter2@a,/m",
        "redis+sentinel://ann:hunter2", "rediss+sentinel://:hunter2@a/m/x"}) {
    const auto parsed = redis_endpoint::parse(url);
    CAF_REQUIRE(!parsed);
    CAF_CHECK(parsed.failure().find("hunter2") == std::string::npos);
    CAF_CHECK(!parsed.failure().empty());
  }
}
