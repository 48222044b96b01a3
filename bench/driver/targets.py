"""What roomcast wants to reach: limits that hold on any machine, because they compare peers within one turn."""
import dataclasses
import statistics

from driver import machine


@dataclasses.dataclass(frozen=True)
class Target:
    what: str
    scenario: str
    peer: str
    figure: str        # a figure of wsload's report, or one of DERIVED
    limit: float       # at most, or at least
    against: str = ""  # the figure is divided by this peer's in the same turn
    in_scenario: str = ""  # by that peer's in another scenario
    unit: str = ""
    at_least: bool = False
    above: str = ""    # what counts is how much more it is than in this scenario, in the same turn


CPU = "server_us_per_delivery"
RATE = "deliveries_per_s"
REDIS = "roomcast-redis"
TARGETS = [
    Target("CPU of a fan-out", "S1", REDIS, CPU, 1.3, "floor"),
    Target("its rate", "S1", REDIS, RATE, 0.8, "floor", at_least=True),
    Target("CPU of a fan-out", "S1", "roomcast", CPU, 1.2, "floor"),
    Target("its rate", "S1", "roomcast", RATE, 0.88, "floor", at_least=True),
    Target("CPU with 64 messages in flight", "S1w64", REDIS, CPU, 2.5, "floor"),
    Target("the same, against Bun on Redis", "S1w64", REDIS, CPU, 0.8, "bun-redis"),
    Target("CPU with nothing to gather", "S1b", REDIS, CPU, 1.25, "floor"),
    Target("CPU in many small rooms", "S2", REDIS, CPU, 1.3, "floor"),
    Target("CPU in many small rooms", "S2", "roomcast", CPU, 1.15, "floor"),
    Target("CPU of a chat", "S3", REDIS, CPU, 1.4, "floor"),
    Target("its p99", "S3", REDIS, "lat_p99_us", 1.0, "bun-redis"),
    Target("memory per idle connection", "S4", REDIS, "bytes_per_connection", 2300, unit="bytes"),
    Target("CPU of 10,000 idle connections", "idle", REDIS, "server_cpu_pct", 1, unit="% of a core"),
    Target("each of them had its pings", "idle", REDIS, "pings_per_connection", 2, unit="in 65 s", at_least=True),
    Target("CPU per connect and join", "S5", REDIS, "connect_server_cpu_us", 55, unit="us"),
    Target("connects and joins a second", "S5", REDIS, "connect_join_per_s", 0.85, "floor", at_least=True),
    Target("p99 of the others while one is stalled", "S6", REDIS, "lat_p99_us", 1.2, REDIS, "S6b"),
    Target("memory that a stalled member costs", "S6", REDIS, "most_mb", 1.05, unit="MB", above="S6b"),
    Target("the stalled one is reset", "S6", REDIS, "stalled_reset", 1, unit="of 1", at_least=True),
    Target("CPU of a fan-out over two nodes", "S7", REDIS, CPU, 1.15, REDIS, "S1"),
    Target("CPU in many small rooms over two nodes", "S8", REDIS, CPU, 1.15, REDIS, "S2"),
    Target("rate of a fan-out with history", "S1", "roomcast-history", RATE, 0.6, REDIS, at_least=True),
    Target("rate in many small rooms with history", "S2", "roomcast-history", RATE, 0.6, REDIS, at_least=True),
    Target("growth of memory in a soak", "soak", REDIS, "slope_kb_per_min", 50, unit="KB/min"),
    Target("lost in a soak", "soak", REDIS, "lost", 0, unit="messages"),
    Target("doubled, reordered, damaged, thrown out in a soak", "soak", REDIS, "other_faults", 0, unit="faults"),
]


def slope_kb_per_min(r):
    """Least squares over the second half of the resident set size, one value a second."""
    line = r["rss_each_second"]
    line = line[len(line) // 2:]
    if len(line) < 2:
        return 0.0
    return statistics.linear_regression(range(len(line)), line).slope * 60 / 1024


DERIVED = {
    "most_mb": lambda r: r["rss_max"] / 1e6,
    "pings_per_connection": lambda r: r["ws_pings"] / max(1, r["joined"]),
    "slope_kb_per_min": slope_kb_per_min,
    "other_faults": lambda r: sum(r[kind] for kind in machine.FAULTS if kind != "lost"),
    # A plain close is seen only when the member reads again: what it was sent stays in the kernel until then.
    "stalled_reset": lambda r: r["stalled_closed"] if r["stalled_closed_after_s"] else 0,
}


def figure(r, name):
    return DERIVED[name](r) if name in DERIVED else r[name]


def turn_of(r):
    """Turns of two calls of bench/run have nothing in common but their number."""
    return r.get("began", ""), r["turn"]


def pairs(runs, base, name):
    """Turn by turn: the machine's own speed drifts from one to the next."""
    others = {turn_of(r): figure(r, name) for r in base}
    return [(figure(r, name), others[turn_of(r)]) for r in runs if turn_of(r) in others]


def ratios(runs, base, name):
    return [value / other for value, other in pairs(runs, base, name) if other]


def measured(target, results):
    """The median over turns; None where a run is missing."""
    runs = results.get((target.peer, target.scenario), [])
    if target.in_scenario or target.above:
        runs = [r for r in runs if "began" in r]  # older reports: scenarios did not share their turns
    if target.against:
        base = results.get((target.against, target.in_scenario or target.scenario), [])
        values = ratios(runs, base, target.figure)
    elif target.above:
        base = results.get((target.peer, target.above), [])
        values = [value - other for value, other in pairs(runs, base, target.figure)]
    else:
        values = [figure(r, target.figure) for r in runs]
    return statistics.median(values) if values else None


def verdict(target, value):
    if value is None:
        return "not measured"
    return "yes" if (value >= target.limit if target.at_least else value <= target.limit) else "**no**"


def rows(results, failures):
    """(scenario, target, limit, measured, reached) as texts."""
    out = []
    for t in TARGETS:
        value = measured(t, results)
        bound = ">=" if t.at_least else "<="
        whose = " ".join(filter(None, [t.against, t.in_scenario and f"in {t.in_scenario}"]))
        limit = f"{t.limit:g} x {whose}" if t.against else f"{t.limit:g} {t.unit}"
        limit += f" above {t.above}" if t.above else ""
        shown = "-" if value is None else f"{value:.2f} x" if t.against else f"{round(value, 2):g} {t.unit}"
        out.append((t.scenario, f"{t.what} ({t.peer})", f"{bound} {limit}", shown, verdict(t, value)))
    ours = [r for (peer, _), runs in results.items() if peer.startswith("roomcast") for r in runs]
    if ours:
        broken = sum(f["peer"].startswith("roomcast") for f in failures)
        bad = ", ".join(filter(None, [machine.faults(ours), f"{broken} runs failed" if broken else ""]))
        out.append(("all", "nothing lost, doubled, reordered, damaged; nobody thrown out", "0 faults", bad or "0 faults",
                    "**no**" if bad else "yes"))
    return out
