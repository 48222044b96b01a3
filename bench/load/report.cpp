#include "bench/load/report.hpp"

#include "bench/load/clock.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>
#include <vector>

namespace roomcast::bench {
namespace {

double real(uint64_t n) { return static_cast<double>(n); }

/// Names and values in order, the values as JSON.
class figure_list {
public:
  void text(const char* name, std::string_view value) {
    std::string quoted = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += static_cast<unsigned char>(c) < 32 ? ' ' : c;
    }
    entries_.emplace_back(name, quoted + "\"");
  }

  void number(const char* name, double value, int decimals = 0) {
    char digits[64];
    std::snprintf(digits, sizeof digits, "%.*f", decimals, value);
    entries_.emplace_back(name, digits);
  }

  void number(const char* name, uint64_t value) { entries_.emplace_back(name, std::to_string(value)); }

  void list(const char* name, const std::vector<uint64_t>& values) {
    std::string items = "[";
    for (const auto value : values) items.append(items.size() > 1 ? "," : "").append(std::to_string(value));
    entries_.emplace_back(name, items + "]");
  }

  std::string json() const {
    std::string out = "{";
    for (const auto& [name, value] : entries_)
      out.append(out.size() > 1 ? "," : "").append("\"").append(name).append("\":").append(value);
    return out + "}\n";
  }

  std::string lines() const {
    std::string out;
    for (const auto& [name, value] : entries_) {
      std::string padded = name;
      padded.resize(std::max<size_t>(padded.size(), 26), ' ');
      out += padded + " " + value + "\n";
    }
    return out;
  }

private:
  std::vector<std::pair<std::string, std::string>> entries_;
};

/// The workers' histograms together, and the first thing that went wrong.
struct merged {
  histogram latency;
  histogram connect_latency;
  histogram send_lag;
  std::string first_error;

  explicit merged(const load_run& run) {
    for (const auto& w : run.workers()) {
      latency.merge(w->latency);
      connect_latency.merge(w->connect_latency);
      send_lag.merge(w->send_lag);
      if (first_error.empty()) first_error = w->first_error;
    }
  }
};

void add_setting(figure_list& out, const options& o) {
  if (!o.label.empty()) out.text("label", o.label);
  out.text("dialect", o.dialect->name);
  out.text("mode", o.idle ? "idle" : o.rate > 0 ? "open" : "closed");
  out.number("nodes", uint64_t{o.nodes.size()});
  out.number("connections", uint64_t{o.connections});
  out.number("rooms", uint64_t{o.rooms});
  out.number("joins", uint64_t{o.joins});
  out.number("publishers", uint64_t{o.publishers});
  out.number("window", uint64_t{o.window});
  out.number("rate", o.rate);
  out.number("size", uint64_t{o.size});
  out.number("threads", uint64_t{o.threads});
}

void add_connecting(figure_list& out, const load_run& run, const merged& all) {
  const auto& r = run.record();
  const auto joined = run.total(&counters::joined);
  const double cpu_us = (r.joined.server_cpu - r.start.server_cpu) * 1e6;
  out.number("connected", run.total(&counters::connected));
  out.number("joined", joined);
  out.number("connect_errors", run.total(&counters::connect_errors));
  out.number("connect_s", r.connect_s, 3);
  out.number("connect_join_per_s", r.connect_s > 0 ? real(joined) / r.connect_s : 0);
  out.number("connect_p50_ms", real(all.connect_latency.quantile(.5)) / 1e6, 2);
  out.number("connect_p99_ms", real(all.connect_latency.quantile(.99)) / 1e6, 2);
  out.number("connect_max_ms", real(all.connect_latency.max()) / 1e6, 2);
  out.number("connect_server_cpu_us", joined > 0 ? cpu_us / real(joined) : 0, 1);
  out.number("settle_s", r.settle_s, 3);
  out.number("settle_missing", r.settle_missing);
}

void add_account(figure_list& out, const load_run& run) {
  const auto expected = run.total(&counters::expected);
  const auto delivered = run.total(&counters::delivered);
  out.number("expected", expected);
  out.number("delivered", delivered);
  out.number("lost", expected - std::min(expected, delivered));
  out.number("duplicated", run.total(&counters::duplicated));
  out.number("out_of_order", run.total(&counters::out_of_order));
  out.number("foreign", run.total(&counters::foreign));
  out.number("corrupt", run.total(&counters::corrupt));
  out.number("stale", run.total(&counters::stale));
  out.number("other_messages", run.total(&counters::other));
}

void add_rates(figure_list& out, const run_record& r) {
  const double elapsed = seconds(r.window_end.at_ns - r.window_begin.at_ns);
  const auto& each = r.delivered_each_second;
  out.number("deliveries_per_s", real(r.window_end.delivered - r.window_begin.delivered) / elapsed);
  out.number("per_second_min", each.empty() ? 0 : *std::min_element(each.begin(), each.end()));
  out.number("per_second_max", each.empty() ? 0 : *std::max_element(each.begin(), each.end()));
}

void add_latency(figure_list& out, const merged& all) {
  out.number("lat_p50_us", real(all.latency.quantile(.5)) / 1e3, 1);
  out.number("lat_p90_us", real(all.latency.quantile(.9)) / 1e3, 1);
  out.number("lat_p99_us", real(all.latency.quantile(.99)) / 1e3, 1);
  out.number("lat_p999_us", real(all.latency.quantile(.999)) / 1e3, 1);
  out.number("lat_max_us", real(all.latency.max()) / 1e3, 1);
  out.number("lat_mean_us", all.latency.mean() / 1e3, 1);
  out.number("lat_samples", all.latency.count());
  out.number("send_lag_p99_us", real(all.send_lag.quantile(.99)) / 1e3, 1);
  out.number("send_lag_max_us", real(all.send_lag.max()) / 1e3, 1);
}

void add_cpu(figure_list& out, const run_record& r) {
  const auto& a = r.window_begin;
  const auto& b = r.window_end;
  const double elapsed = seconds(b.at_ns - a.at_ns);
  const double server = b.server_cpu - a.server_cpu;
  const double broker = b.broker_cpu - a.broker_cpu;
  const double own = b.own_cpu - a.own_cpu;
  const double us_each = b.delivered > a.delivered ? 1e6 / real(b.delivered - a.delivered) : 0;
  out.number("server_cpu_s", server, 2);
  out.number("server_cpu_pct", 100 * server / elapsed, 1);
  out.number("server_us_per_delivery", server * us_each, 3);
  out.number("aux_cpu_s", broker, 2);
  out.number("aux_us_per_delivery", broker * us_each, 3);
  out.number("gen_cpu_s", own, 2);
  out.number("gen_us_per_delivery", own * us_each, 3);
  out.number("calib_before_us", r.calibration_before, 3);
  out.number("calib_after_us", r.calibration_after, 3);
  out.number("other_cpu_s", std::max(0.0, b.machine.busy - a.machine.busy - server - broker - own), 2);
  out.number("steal_s", b.machine.stolen - a.machine.stolen, 2);
}

void add_memory(figure_list& out, const run_record& r, uint64_t joined) {
  const auto& each = r.rss_each_second;
  const double grown = real(r.at_joined.pss) - real(r.before.pss);
  out.number("pss_before", r.before.pss);
  out.number("pss_joined", r.at_joined.pss);
  out.number("pss_after", r.after.pss);
  out.number("rss_before", r.before.rss);
  out.number("rss_joined", r.at_joined.rss);
  out.number("rss_after", r.after.rss);
  out.number("rss_max", each.empty() ? 0 : *std::max_element(each.begin(), each.end()));
  out.number("aux_rss_before", r.before.broker_rss);
  out.number("aux_rss_after", r.after.broker_rss);
  out.number("bytes_per_connection", joined > 0 ? grown / real(joined) : 0);
  out.list("rss_each_second", each);
}

void add_special(figure_list& out, const load_run& run) {
  const auto& r = run.record();
  uint64_t closed_at = 0;
  for (const auto& w : run.workers()) closed_at = std::max(closed_at, w->counts.stalled_closed_at.get());
  const double since_window = (real(closed_at) - real(r.window_begin.at_ns)) / 1e9;
  out.number("stalled", r.stalled);
  out.number("stalled_closed", run.total(&counters::stalled_closed));
  out.number("stalled_closed_after_s", closed_at > 0 ? since_window + run.plan().opt().warmup : 0, 1);
  out.number("stalled_expected", run.expected_by_stalled());
  out.number("stalled_delivered", run.total(&counters::stalled_delivered));
  out.number("churners", uint64_t{run.plan().opt().churners});
  out.number("churned", run.total(&counters::churned));
  out.number("churn_errors", run.total(&counters::churn_errors));
  out.number("churn_delivered", run.total(&counters::churn_delivered));
}

void add_endings(figure_list& out, const load_run& run, const merged& all) {
  const double reads = std::max(1.0, real(run.total(&counters::reads)));
  out.number("disconnects", run.total(&counters::disconnects));
  out.number("protocol_errors", run.total(&counters::protocol_errors));
  out.number("reprimes", run.total(&counters::primed_again));
  out.number("ws_pings", run.total(&counters::websocket_pings));
  out.number("app_pings", run.total(&counters::heartbeats));
  out.number("clean_closes", run.total(&counters::closed_cleanly));
  out.number("unclosed", run.record().left_unclosed);
  out.number("bytes_per_read", real(run.total(&counters::bytes_read)) / reads);
  out.number("frames_per_read", real(run.total(&counters::frames)) / reads, 2);
  out.text("first_error", all.first_error);
}

} // namespace

std::string report(const load_run& run) {
  const auto& r = run.record();
  const auto& o = run.plan().opt();
  const double elapsed = seconds(r.window_end.at_ns - r.window_begin.at_ns);
  const merged all{run};
  figure_list out;
  add_setting(out, o);
  add_connecting(out, run, all);
  out.number("window_s", elapsed, 3);
  out.number("published", run.total(&counters::published));
  out.number("published_per_s", real(r.window_end.published - r.window_begin.published) / elapsed, 1);
  add_account(out, run);
  add_rates(out, r);
  add_latency(out, all);
  add_cpu(out, r);
  add_memory(out, r, run.total(&counters::joined));
  add_special(out, run);
  add_endings(out, run, all);
  return o.json ? out.json() : out.lines();
}

} // namespace roomcast::bench
