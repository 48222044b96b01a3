#define CAF_SUITE cli_stats
#include "app/cli_stats.hpp"

#include <caf/test/dsl.hpp>

#include <deque>
#include <sstream>

using namespace roomcast;
using namespace roomcast::app;

namespace {

using arguments = std::vector<std::string>;
using outcome = result<stats_answer, std::string>;

constexpr auto actors = R"({"actors":[],"missing":0})";
constexpr auto header = "kind  id  name  mailbox  handled  state\n";

/// A node that gives prepared answers; the last picture ends a watch.
struct fixture {
  config::environment env;
  std::deque<outcome> answers;
  std::ostringstream out;
  std::ostringstream err;
  std::vector<std::string> urls;
  std::vector<std::string> tokens;
  bool clears = false;

  int run(const arguments& args) {
    stats_terminal terminal{
        out, err, clears,
        [this](const std::string& url, const std::string& token) {
          urls.push_back(url);
          tokens.push_back(token);
          auto answer = answers.front();
          answers.pop_front();
          return answer;
        },
        [this] { return !answers.empty(); }};
    return run_stats(args, env, terminal);
  }

  std::string usage_error(const arguments& args) {
    err.str("");
    CAF_CHECK_EQUAL(run(args), 2);
    CAF_CHECK(urls.empty());
    return err.str();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_stats_tests, fixture)

CAF_TEST(a view is asked for and printed) {
  answers = {stats_answer{200, actors}};
  CAF_CHECK_EQUAL(run({"actors"}), 0);
  CAF_CHECK_EQUAL(urls.at(0), "http://127.0.0.1:8080/api/v1/stats/actors");
  CAF_CHECK_EQUAL(tokens.at(0), "");
  CAF_CHECK_EQUAL(out.str(), header);
  CAF_CHECK_EQUAL(err.str(), "");
}

CAF_TEST(json is the document unchanged) {
  constexpr auto odd = "{ \"actors\" : [ ],  \"new\":1.50}";
  answers = {stats_answer{200, odd}};
  CAF_CHECK_EQUAL(run({"actors", "--json", "--top=1"}), 0);
  CAF_CHECK_EQUAL(out.str(), std::string{odd} + "\n");
}

CAF_TEST(the address comes from flags before the environment before the default) {
  auto node = [this](const arguments& args) {
    auto command = parse_stats(args, env);
    return command ? command->node : command.failure();
  };
  CAF_CHECK_EQUAL(node({}), "http://127.0.0.1:8080");
  env["PORT"] = "9001";
  CAF_CHECK_EQUAL(node({}), "http://127.0.0.1:9001");
  env["ROOMCAST_SERVER_PORT"] = "9002";
  CAF_CHECK_EQUAL(node({}), "http://127.0.0.1:9002");
  env["ROOMCAST_SERVER_PORT"] = "tcp://10.0.0.1:80";
  CAF_CHECK_EQUAL(node({}), "http://127.0.0.1:9001");
  CAF_CHECK_EQUAL(node({"--node=http://n2:80/"}), "http://n2:80");
  CAF_CHECK_EQUAL(node({"--node", "n2:80"}), "http://n2:80");
}

CAF_TEST(the token comes from a flag before the environment) {
  env["ROOMCAST_SERVER_ADMIN_TOKEN"] = "from-env";
  answers = {stats_answer{200, actors}, stats_answer{200, actors}};
  run({"actors"});
  run({"actors", "--token", "from-flag"});
  CAF_CHECK_EQUAL(tokens.at(0), "from-env");
  CAF_CHECK_EQUAL(tokens.at(1), "from-flag");
}

CAF_TEST(wrong arguments are one line and exit code 2) {
  CAF_CHECK_EQUAL(
      usage_error({"room"}), "roomcast: stats takes one of rooms, connections, actors, cluster, not room\n");
  CAF_CHECK_EQUAL(
      usage_error({"rooms", "actors"}),
      "roomcast: stats takes one of rooms, connections, actors, cluster, not actors\n");
  CAF_CHECK_EQUAL(usage_error({"--tpo=1"}), "roomcast: unknown flag --tpo; see roomcast help stats\n");
  CAF_CHECK_EQUAL(usage_error({"--top=0"}), "roomcast: --top needs a number of rows, at least 1\n");
  CAF_CHECK_EQUAL(usage_error({"--top"}), "roomcast: --top needs a value\n");
  CAF_CHECK_EQUAL(usage_error({"--node=https://n"}), "roomcast: --node takes http://host:port\n");
  CAF_CHECK_EQUAL(
      usage_error({"--sort=x", "actors"}),
      "roomcast: unknown column x; actors has kind, id, name, mailbox, handled, state\n");
}

CAF_TEST(a node that cannot be reached is one line and exit code 1) {
  answers = {std::string{"cannot reach http://127.0.0.1:8080: Connection refused"}};
  CAF_CHECK_EQUAL(run({"actors"}), 1);
  CAF_CHECK_EQUAL(err.str(), "roomcast: cannot reach http://127.0.0.1:8080: Connection refused\n");
  CAF_CHECK_EQUAL(out.str(), "");
}

CAF_TEST(a refusal explains loopback and token and repeats no token) {
  for (auto status : {401u, 403u}) {
    answers = {stats_answer{status, ""}};
    err.str("");
    CAF_CHECK_EQUAL(run({"--token=hunter2"}), 1);
    CAF_CHECK(err.str().find("loopback") != std::string::npos);
    CAF_CHECK(err.str().find("--token") != std::string::npos);
    CAF_CHECK(err.str().find("hunter2") == std::string::npos);
  }
}

CAF_TEST(other answers are errors too) {
  answers = {stats_answer{503, ""}, stats_answer{200, "<html>"}};
  CAF_CHECK_EQUAL(run({}), 1);
  CAF_CHECK_EQUAL(run({}), 1);
  CAF_CHECK_EQUAL(
      err.str(), "roomcast: http://127.0.0.1:8080 answers HTTP 503\n"
                 "roomcast: http://127.0.0.1:8080 answers what is no stats document\n");
}

CAF_TEST(watching goes on while the node is away) {
  answers = {
      stats_answer{200, actors}, std::string{"cannot reach it"}, stats_answer{503, ""},
      stats_answer{200, actors}};
  CAF_CHECK_EQUAL(run({"actors", "--watch"}), 0);
  CAF_CHECK_EQUAL(urls.size(), 4u);
  CAF_CHECK_EQUAL(out.str(), std::string{header} + header);
  CAF_CHECK_EQUAL(
      err.str(), "roomcast: cannot reach it; trying again\n"
                 "roomcast: http://127.0.0.1:8080 answers HTTP 503; trying again\n");
}

CAF_TEST(on a terminal each picture replaces the last and keeps it while the node is away) {
  clears = true;
  answers = {stats_answer{200, actors}, std::string{"cannot reach it"}};
  CAF_CHECK_EQUAL(run({"actors", "--watch"}), 0);
  auto clear = std::string{"\x1b[H\x1b[2J"};
  CAF_CHECK_EQUAL(out.str(), clear + header + clear + header + "\ncannot reach it; trying again\n");
}

CAF_TEST(watching ends where the node refuses) {
  answers = {stats_answer{403, ""}, stats_answer{200, actors}};
  CAF_CHECK_EQUAL(run({"actors", "--watch"}), 1);
  CAF_CHECK_EQUAL(urls.size(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
