#define CAF_SUITE loader
#include "tests/config/loader_fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

CAF_TEST_FIXTURE_SCOPE(loader_tests, fixture)

// -- precedence --------------------------------------------------------------

CAF_TEST(without file and environment and flags there are the defaults) {
  auto all = loaded();
  CAF_CHECK_EQUAL(all.values.server.port, 8080);
  CAF_CHECK(all.values.server.bus == bus_kind::memory);
  CAF_CHECK_EQUAL(all.scheduler.policy, "sharing");
  CAF_CHECK_EQUAL(all.scheduler.max_threads, 2u);
  CAF_CHECK_EQUAL(all.scheduler.max_throughput, 300u);
  CAF_CHECK(all.sources.empty());
  CAF_CHECK(all.warnings.empty());
}

CAF_TEST(a flag goes before the environment before the file before the default) {
  CAF_CHECK_EQUAL(port(), 8080);
  directory.file("caf-application.conf", "server { port = 9001 }");
  CAF_CHECK_EQUAL(port(), 9001);
  env["PORT"] = "9002";
  CAF_CHECK_EQUAL(port(), 9002);
  env["ROOMCAST_SERVER_PORT"] = "9003";
  CAF_CHECK_EQUAL(port(), 9003);
  CAF_CHECK_EQUAL(port({"--server.port=9004"}), 9004);
}

CAF_TEST(each value knows its source) {
  directory.file("caf-application.conf", "server {\n  port = 9001\n  host = \"127.0.0.1\"\n}");
  env["PORT"] = "9002";
  auto all = loaded({"--log.level=debug"});
  CAF_CHECK(all.sources["server.port"].kind == source_kind::environment);
  CAF_CHECK_EQUAL(all.sources["server.port"].detail, "PORT");
  CAF_CHECK(all.sources["server.host"].kind == source_kind::file);
  CAF_CHECK_EQUAL(all.sources["server.host"].detail, conf + ":3");
  CAF_CHECK(all.sources["log.level"].kind == source_kind::flag);
  CAF_CHECK(all.sources.count("redis.urls") == 0);
}

// -- flags -------------------------------------------------------------------

CAF_TEST(flags come with an equals sign or a space) {
  CAF_CHECK_EQUAL(port({"--server.port=9001"}), 9001);
  CAF_CHECK_EQUAL(port({"--server.port", "9001"}), 9001);
  CAF_CHECK_EQUAL(port({"--server.port=1", "--server.port", "2"}), 2);
  auto all = loaded({"--server.admin-token=a=b"});
  CAF_CHECK_EQUAL(all.values.server.admin_token, "a=b");
}

CAF_TEST(wrong flags are one line) {
  CAF_CHECK_EQUAL(
      failure({"--server.prot=1"}), "command line: unknown key server.prot; did you mean --server.port?");
  CAF_CHECK_EQUAL(failure({"--port", "1"}), "command line: unknown key port; did you mean --server.port?");
  CAF_CHECK_EQUAL(failure({"--rooms.memory=5"}), "command line: unknown key rooms.memory");
  CAF_CHECK_EQUAL(failure({"--server.port"}), "command line: --server.port needs a value");
  CAF_CHECK_EQUAL(
      failure({"--server.port", "--log.level=info"}), "command line: --server.port needs a value");
  CAF_CHECK_EQUAL(
      failure({"--server.port=99999"}),
      "command line: server.port = 99999: must be a whole number, 0 to 65535");
  CAF_CHECK_EQUAL(
      failure({"--server.port="}), "command line: server.port = \"\": must be a whole number, 0 to 65535");
  CAF_CHECK_EQUAL(
      failure({"stray"}), "command line: argument 1 is no flag; write --key=value or --key value");
}

// -- the file ----------------------------------------------------------------

CAF_TEST(every key can be set in the file) {
  directory.file("caf-application.conf", R"(
server { host = "127.0.0.1", port = 1, io-threads = 4, bus = "redis", node-id = "n-1", drain-time = 5s, admin-token = "t" }
redis  { urls = ["redis://r:1/2", "redis://s"], prefix = "p:", channel = "{prefix}%", tls-verify = false }
limits { max-message-bytes = 1000, max-rooms-per-connection = 2, max-room-name-bytes = 3, max-queue-bytes = 2000
         json-depth = 5, max-connections = 6 }
rooms  { publish = "members", linger = 250ms, history-size = 9, history-ttl = 10min, presence-grace = 11s }
log    { level = "warning", format = "json" }
scheduler { policy = 'stealing', max-threads = 7, max-throughput = 8 }
)");
  auto all = loaded();
  CAF_CHECK_EQUAL(all.values.server.host, "127.0.0.1");
  CAF_CHECK_EQUAL(all.values.server.port, 1);
  CAF_CHECK_EQUAL(all.values.server.io_threads, 4u);
  CAF_CHECK(all.values.server.bus == bus_kind::redis);
  CAF_CHECK_EQUAL(all.values.server.node_id, "n-1");
  CAF_CHECK(all.values.server.drain_time == 5s);
  CAF_CHECK_EQUAL(all.values.server.admin_token, "t");
  CAF_CHECK(all.values.redis.urls == arguments({"redis://r:1/2", "redis://s"}));
  CAF_CHECK_EQUAL(all.values.redis.prefix, "p:");
  CAF_CHECK_EQUAL(all.values.redis.channel, "{prefix}%");
  CAF_CHECK(!all.values.redis.tls_verify);
  CAF_CHECK_EQUAL(all.values.limits.max_message_bytes, 1'000u);
  CAF_CHECK_EQUAL(all.values.limits.max_rooms_per_connection, 2u);
  CAF_CHECK_EQUAL(all.values.limits.max_room_name_bytes, 3u);
  CAF_CHECK_EQUAL(all.values.limits.max_queue_bytes, 2'000u);
  CAF_CHECK_EQUAL(all.values.limits.json_depth, 5u);
  CAF_CHECK_EQUAL(all.values.limits.max_connections, 6u);
  CAF_CHECK(all.values.rooms.publish == publish_rule::members);
  CAF_CHECK(all.values.rooms.linger == 250ms);
  CAF_CHECK_EQUAL(all.values.rooms.history_size, 9u);
  CAF_CHECK(all.values.rooms.history_ttl == 10min);
  CAF_CHECK(all.values.rooms.presence_grace == 11s);
  CAF_CHECK(all.values.log.level == log::level::warning);
  CAF_CHECK(all.values.log.format == log::format::json);
  CAF_CHECK_EQUAL(all.scheduler.policy, "stealing");
  CAF_CHECK_EQUAL(all.scheduler.max_threads, 7u);
  CAF_CHECK_EQUAL(all.scheduler.max_throughput, 8u);
}

CAF_TEST(another file is named by a flag and must be there) {
  auto other = directory.file("other.conf", "server { port = 9005 }");
  directory.file("caf-application.conf", "server { port = 9001 }");
  CAF_CHECK_EQUAL(port({"--config-file=" + other}), 9005);
  CAF_CHECK_EQUAL(port({"--config-file", other}), 9005);
  CAF_CHECK_EQUAL(failure({"--config-file=" + directory.path("none.conf")}), "none.conf: no such file");
  CAF_CHECK_EQUAL(failure({"--config-file="}), "command line: --config-file needs a file name");
}

CAF_TEST(only a readable regular file of a sensible size is read) {
  std::filesystem::create_directory(directory.path("folder"));
  CAF_CHECK_EQUAL(failure({"--config-file=" + directory.path("folder")}), "folder: not a regular file");
  CAF_REQUIRE_EQUAL(mkfifo(directory.path("pipe").c_str(), 0600), 0);
  CAF_CHECK_EQUAL(failure({"--config-file=" + directory.path("pipe")}), "pipe: not a regular file");
  auto large = directory.file("large", std::string(2'000'000, ' '));
  CAF_CHECK_EQUAL(failure({"--config-file=" + large}), "large: larger than 1 MiB");
  if (geteuid() != 0) { // root reads everything
    auto locked = directory.file("locked", "");
    chmod(locked.c_str(), 0);
    CAF_CHECK_EQUAL(failure({"--config-file=" + locked}), "locked: cannot be read; check its permissions");
  }
  std::filesystem::create_symlink(directory.path("gone"), conf);
  CAF_CHECK_EQUAL(failure(), "caf-application.conf: no such file");
}

CAF_TEST(unknown keys of the file are errors with line and suggestion) {
  CAF_CHECK_EQUAL(
      file_failure("server {\n  prot = 1\n}"),
      "caf-application.conf:2: unknown key server.prot; did you mean server.port?");
  CAF_CHECK_EQUAL(
      file_failure("port = 1"), "caf-application.conf:1: unknown key port; did you mean server.port?");
  CAF_CHECK_EQUAL(
      file_failure("sever {\n}"), "caf-application.conf:1: unknown key sever; did you mean server?");
  CAF_CHECK_EQUAL(file_failure("rooms { memory = 9 }"), "caf-application.conf:1: unknown key rooms.memory");
  CAF_CHECK_EQUAL(
      file_failure("limits { max-memory = 1 }"), "caf-application.conf:1: unknown key limits.max-memory");
  CAF_CHECK_EQUAL(
      file_failure("server = 5"), "caf-application.conf:1: server is a group; write server { key = value }");
}

CAF_TEST(values of the wrong kind are errors with line) {
  CAF_CHECK_EQUAL(
      file_failure("server {\n  port = \"80\"\n}"),
      "caf-application.conf:2: server.port: expected a whole number, found text in double quotes");
  CAF_CHECK_EQUAL(
      file_failure("rooms { linger = 5 }"), "caf-application.conf:1: rooms.linger: expected a duration such "
                                            "as 30s, 500ms or 1h, found a whole number");
  CAF_CHECK_EQUAL(
      file_failure("server { port { } }"),
      "caf-application.conf:1: server.port: expected a whole number, found a group in braces");
  CAF_CHECK_EQUAL(
      file_failure("redis { urls = [1] }"), "caf-application.conf:1: redis.urls: expected a list of texts in "
                                            "brackets, found another kind of value");
}

CAF_TEST(values out of range are errors with line) {
  CAF_CHECK_EQUAL(
      file_failure("server {\n  port = 65536 }"),
      "caf-application.conf:2: server.port = 65536: must be a whole number, 0 to 65535");
  CAF_CHECK_EQUAL(
      file_failure("server { port = -1 }"),
      "caf-application.conf:1: server.port = -1: must be a whole number, 0 to 65535");
  CAF_CHECK_EQUAL(
      file_failure("server { drain-time = 61min }"),
      "caf-application.conf:1: server.drain-time = 61min: must be a duration such as 30s or 500ms, 0s to 1h");
  CAF_CHECK_EQUAL(
      file_failure("server { bus = \"kafka\" }"),
      "caf-application.conf:1: server.bus = \"kafka\": must be one of memory|redis");
}

CAF_TEST(what the parser refuses is one line too) {
  CAF_CHECK_EQUAL(
      file_failure("server {\n port = 1\n"),
      "caf-application.conf:3: the file ends, and what was opened in line 1 is not closed");
  CAF_CHECK_EQUAL(file_failure("# a comment"), "caf-application.conf:1: comments start with `;`");
}

CAF_TEST(a queue must hold the longest message) {
  CAF_CHECK_EQUAL(
      failure({"--limits.max-queue-bytes=1000"}),
      "limits.max-queue-bytes = 1000: must be at least limits.max-message-bytes, 65536");
}

// -- environment -------------------------------------------------------------

CAF_TEST(every key has a variable) {
  env["ROOMCAST_SERVER_IO_THREADS"] = "3";
  env["ROOMCAST_LIMITS_MAX_ROOMS_PER_CONNECTION"] = "7";
  env["ROOMCAST_ROOMS_LINGER"] = "2s";
  env["ROOMCAST_SCHEDULER_MAX_THREADS"] = "4";
  auto all = loaded();
  CAF_CHECK_EQUAL(all.values.server.io_threads, 3u);
  CAF_CHECK_EQUAL(all.values.limits.max_rooms_per_connection, 7u);
  CAF_CHECK(all.values.rooms.linger == 2s);
  CAF_CHECK_EQUAL(all.scheduler.max_threads, 4u);
}

CAF_TEST(an empty variable counts as unset) {
  env = {{"PORT", ""}, {"REDIS_URL", ""}, {"ROOMCAST_SERVER_PORT", ""}, {"ROOMCAST_NOTHING", ""}};
  auto all = loaded();
  CAF_CHECK_EQUAL(all.values.server.port, 8080);
  CAF_CHECK(all.values.server.bus == bus_kind::memory);
  CAF_CHECK(all.warnings.empty());
}

CAF_TEST(a wrong value in the environment is an error that names the variable) {
  env["PORT"] = "http";
  CAF_CHECK_EQUAL(
      failure(), "environment variable PORT: server.port = http: must be a whole number, 0 to 65535");
  env = {{"ROOMCAST_LOG_LEVEL", "loud"}};
  CAF_CHECK_EQUAL(
      failure(), "environment variable ROOMCAST_LOG_LEVEL: log.level = \"loud\": must be one of "
                 "debug|info|warning|error|off");
}

CAF_TEST(each unknown variable is one warning and no error) {
  env = {
      {"ROOMCAST_PORT", "tcp://10.0.0.1:8080"},
      {"ROOMCAST_SERVER_PROT", "1"},
      {"OTHER", "x"},
      {"ROOMCASTER", "x"}};
  auto all = loaded();
  CAF_REQUIRE_EQUAL(all.warnings.size(), 2u);
  CAF_CHECK_EQUAL(
      all.warnings[0], "environment variable ROOMCAST_PORT names no key and is ignored; Kubernetes sets it "
                       "for a service of that name");
  CAF_CHECK_EQUAL(
      all.warnings[1], "environment variable ROOMCAST_SERVER_PROT names no key and is ignored; did you mean "
                       "ROOMCAST_SERVER_PORT?");
}

CAF_TEST(the variable of a Kubernetes service named roomcast - server is no port) {
  env["ROOMCAST_SERVER_PORT"] = "tcp://10.0.0.1:8080";
  auto all = loaded();
  CAF_CHECK_EQUAL(all.values.server.port, 8080);
  CAF_REQUIRE_EQUAL(all.warnings.size(), 1u);
  CAF_CHECK(all.warnings[0].find("is no port and is ignored") != std::string::npos);
}

// -- Redis -------------------------------------------------------------------

CAF_TEST(REDIS_URL selects the redis bus) {
  env["REDIS_URL"] = "redis://r:1";
  auto all = loaded();
  CAF_CHECK(all.values.server.bus == bus_kind::redis);
  CAF_CHECK_EQUAL(all.values.redis.urls.at(0), "redis://r:1");
  directory.file("caf-application.conf", "server { bus = \"memory\" }");
  CAF_CHECK(loaded().values.server.bus == bus_kind::redis);
}

CAF_TEST(REDIS_URL yields to a bus that a flag or a variable names) {
  env["REDIS_URL"] = "redis://r:1";
  CAF_CHECK(loaded({"--server.bus=memory"}).values.server.bus == bus_kind::memory);
  env["ROOMCAST_SERVER_BUS"] = "memory";
  CAF_CHECK(loaded().values.server.bus == bus_kind::memory);
  CAF_CHECK_EQUAL(warning(), "redis.urls is set but not used: server.bus is memory");
}

CAF_TEST(ROOMCAST_REDIS_URLS goes before REDIS_URL) {
  env = {{"REDIS_URL", "redis://a"}, {"ROOMCAST_REDIS_URLS", "redis://b"}};
  CAF_CHECK_EQUAL(url(), "redis://b");
  CAF_CHECK_EQUAL(url({"--redis.urls=[\"redis://c\"]"}), "redis://c");
}

CAF_TEST(several Redis servers are a list in the file or in one variable) {
  const arguments both{"redis://a", "rediss://b:2,c:3/x"}; // a comma may stand within a URL
  env["REDIS_URL"] = "redis://a,rediss://b:2,c:3/x";
  CAF_CHECK(loaded().values.redis.urls == both);
  env = {{"ROOMCAST_REDIS_URLS", R"(["redis://a", "rediss://b:2,c:3/x"])"}};
  CAF_CHECK(loaded().values.redis.urls == both);
  env.clear();
  directory.file("caf-application.conf", R"(redis { urls = ["redis://a", "rediss://b:2,c:3/x"] })");
  CAF_CHECK(loaded().values.redis.urls == both);
}

CAF_TEST(every kind of Redis URL is taken) {
  for (std::string each : {"rediss://a", "redis+sentinel://a/m", "rediss+sentinel://a/m"})
    CAF_CHECK_EQUAL(url({"--redis.urls=[\"" + each + "\"]"}), each);
}

CAF_TEST(lists of Redis URLs that cannot be are refused) {
  auto url_failure = [this](std::string urls) { return failure({"--redis.urls=" + urls}); };
  std::string many = "redis://h0";
  for (int i = 1; i < 16; ++i) many += ",redis://h" + std::to_string(i);
  CAF_CHECK_EQUAL(url_failure(many), "");
  CAF_CHECK(url_failure(many + ",redis://h16").ends_with("]: must be at most 16"));
  CAF_CHECK_EQUAL(
      url_failure("a:6379"), "command line: redis.urls = [\"a:6379\"]: must hold URLs, "
                             "redis://[user[:password]@]host[:port][/db] (or rediss://, redis+sentinel://)");
  CAF_CHECK_EQUAL(
      file_failure("redis { urls = [] }"),
      "caf-application.conf:1: redis.urls = []: must hold URLs, "
      "redis://[user[:password]@]host[:port][/db] (or rediss://, redis+sentinel://)");
}

CAF_TEST(no Redis server is there twice) {
  check_url = [](std::string_view url) { return checked_url{std::string{url.substr(0, 9)} + ":6379/0", {}}; };
  CAF_CHECK_EQUAL(failure({"--redis.urls=redis://a,redis://b"}), "");
  CAF_CHECK_EQUAL(
      failure({"--redis.urls=redis://a,redis://a:6379"}),
      "command line: redis.urls = [\"redis://a:6379\"]: redis://a:6379/0 is there twice");
}

CAF_TEST(the file of certificates has to be there) {
  CAF_CHECK_EQUAL(failure({"--redis.tls-ca=" + directory.file("ca.pem", "")}), "");
  CAF_CHECK(failure({"--redis.tls-ca=" + directory.path("none.pem")}).ends_with("none.pem\": no such file"));
}

CAF_TEST(a switch is true or false) {
  CAF_CHECK(!loaded({"--redis.tls-verify=false"}).values.redis.tls_verify);
  env["ROOMCAST_REDIS_TLS_VERIFY"] = "true";
  CAF_CHECK(loaded().values.redis.tls_verify);
  CAF_CHECK_EQUAL(
      failure({"--redis.tls-verify=no"}), "command line: redis.tls-verify = no: must be true or false");
  CAF_CHECK_EQUAL(
      file_failure("redis { tls-verify = 1 }"),
      "caf-application.conf:1: redis.tls-verify: expected true or false, found a whole number");
}

CAF_TEST(the given check has the last word on a URL) {
  check_url = [](std::string_view) { return checked_url{{}, "no host"}; };
  env["REDIS_URL"] = "redis://:hunter2@";
  CAF_CHECK_EQUAL(failure(), "environment variable REDIS_URL: redis.urls = [\"redis://***@\"]: no host");
}

CAF_TEST(a throwing check is an error line) {
  check_url = [](std::string_view) -> checked_url { throw std::runtime_error{"odd"}; };
  CAF_CHECK_EQUAL(failure(), "the configuration cannot be read: odd");
}

CAF_TEST(the channel template holds the room once) {
  for (auto good : {"%", "{prefix}%", "{prefix}ch:{%}", "chat.%.v1"})
    CAF_CHECK_EQUAL(failure({std::string{"--redis.channel="} + good}), "");
  for (auto bad : {"", "chat", "%%", "{prefix}{prefix}%", "a\n%"})
    CAF_CHECK(failure({std::string{"--redis.channel="} + bad}).find("must hold %") != std::string::npos);
}

// -- secrets -----------------------------------------------------------------

CAF_TEST(secrets are printed nowhere) {
  env = {{"ROOMCAST_SERVER_ADMIN_TOKEN", "hunter2"}, {"REDIS_URL", "redis://:hunter2@r:1"}};
  auto text = effective(loaded());
  CAF_CHECK(text.find("hunter2") == std::string::npos);
  CAF_CHECK(text.find("admin-token = \"***\"") != std::string::npos);
  CAF_CHECK(text.find("[\"redis://***@r:1\"]") != std::string::npos);
  env["ROOMCAST_SERVER_ADMIN_TOKEN"] = "hunter2\n";
  CAF_CHECK_EQUAL(
      failure(), "environment variable ROOMCAST_SERVER_ADMIN_TOKEN: server.admin-token = ***: must be at "
                 "most 512 visible "
                 "ASCII characters, no blanks or line ends");
}

// -- what people read --------------------------------------------------------

CAF_TEST(the effective configuration is a file that loads to the same) {
  env = {{"PORT", "9002"}, {"ROOMCAST_ROOMS_LINGER", "1500ms"}};
  auto text = effective(loaded({"--redis.prefix=\"quoted\"\\"}));
  CAF_CHECK(text.find("port = 9002") != std::string::npos);
  CAF_CHECK(text.find("; environment PORT\n") != std::string::npos);
  CAF_CHECK(text.find("; flag\n") != std::string::npos);
  CAF_CHECK(text.find("; default\n") != std::string::npos);
  env.clear();
  directory.file("caf-application.conf", text);
  auto again = loaded();
  CAF_CHECK_EQUAL(again.values.server.port, 9002);
  CAF_CHECK(again.values.rooms.linger == 1500ms);
  CAF_CHECK_EQUAL(again.values.redis.prefix, "\"quoted\"\\");
}

CAF_TEST(the help names every flag with its default) {
  auto help = flags_help();
  for (auto part :
       {"--config-file=FILE", "--server.port=N", "(8080)", "--server.drain-time=TIME", "(30s)",
        "--server.bus=memory|redis", "(\"memory\")", "--scheduler.max-throughput=N", "(300)"})
    CAF_CHECK(help.find(part) != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
