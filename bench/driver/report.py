"""Results as Markdown."""
import statistics

from driver import machine, targets
from driver.machine import disturbance
from driver.targets import ratios, turn_of


def median(runs, name):
    return statistics.median(targets.figure(r, name) for r in runs)


def table(head, rows, numbers=True):
    """The first column to the left, the others to the right if they are numbers."""
    cells = [[str(c) for c in row] for row in (head, *rows)]
    width = [max(3, *(len(row[i]) for row in cells)) for i in range(len(head))]

    def line(row):
        padded = (c.rjust(w) if i and numbers else c.ljust(w) for i, (c, w) in enumerate(zip(row, width)))
        return "| " + " | ".join(padded) + " |"
    ruler = "|" + "|".join("-" * (w + 1) + (":" if i and numbers else "-") for i, w in enumerate(width)) + "|"
    return "\n".join([line(cells[0]), ruler, *map(line, cells[1:])])


def frames_per_read(r):
    """Older reports lack it."""
    return f"{r['frames_per_read']:.1f}" if "frames_per_read" in r else "-"


def calibration(r):
    return f"{(r['calib_before_us'] + r['calib_after_us']) / 2:.2f}"


class ScenarioTable:
    """One scenario: a row for each peer that took part."""

    def __init__(self, scenario, peers, results):
        self.scenario = scenario
        self.rows = [(p, results[p, scenario.name]) for p in peers if results.get((p, scenario.name))]
        by_name = dict(self.rows)
        self.base_name = next((n for n in ("floor", "bun-redis") if n in by_name), "")
        self.base = by_name.get(self.base_name, [])
        self.turn = self.quietest_turn()

    def quietest_turn(self):
        """Figures by the clock are all of one turn: the one whose worst run was disturbed least."""
        worst = {}
        for _, runs in self.rows:
            for r in runs:
                worst[turn_of(r)] = max(worst.get(turn_of(r), 0), disturbance(r))
        complete = [t for t in worst if all(any(turn_of(r) == t for r in runs) for _, runs in self.rows)]
        return min(complete or worst, key=worst.get, default=None)

    def quiet(self, runs):
        return next((r for r in runs if turn_of(r) == self.turn), runs[0])

    def times_base(self, runs, name):
        values = ratios(runs, self.base, name)
        return f"{statistics.median(values):.2f}" if values else "-"

    def spread(self, runs, name):
        values = [r[name] for r in runs]
        middle = statistics.median(values)
        return f"{100 * (max(values) - min(values)) / middle:.0f} %" if middle else "-"

    def markdown(self):
        head, row = getattr(self, f"{self.scenario.kind}_table")()
        return table(["peer", *head], [[peer, *row(runs)] for peer, runs in self.rows])

    def rate_table(self):
        cpu = "server_us_per_delivery"

        def row(runs):
            r = self.quiet(runs)
            return [f"{median(runs, cpu):.2f}", self.times_base(runs, cpu), self.spread(runs, cpu),
                    f"{r['deliveries_per_s']:,.0f}", f"{r['lat_p50_us'] / 1e3:.2f}", f"{r['lat_p99_us'] / 1e3:.2f}",
                    f"{r['server_cpu_pct']:.0f} %", frames_per_read(r), f"{median(runs, 'aux_us_per_delivery'):.3f}",
                    f"{median(runs, 'gen_us_per_delivery'):.3f}", calibration(r),
                    f"{100 * disturbance(r):.0f} %", machine.faults(runs) or "none"]
        return ["CPU us/delivery", f"x {self.base_name or 'floor'}", "spread", "deliveries/s", "p50 ms", "p99 ms",
                "server CPU", "frames/read", "Redis us/delivery", "generator us", "calib us", "disturbed", "faults"], row

    def open_table(self):
        cpu = "server_us_per_delivery"

        def row(runs):
            r = self.quiet(runs)
            return [f"{median(runs, cpu):.2f}", self.times_base(runs, cpu), self.spread(runs, cpu),
                    f"{r['lat_p50_us']:,.0f}", f"{r['lat_p99_us']:,.0f}", f"{r['lat_p999_us']:,.0f}",
                    f"{median(runs, 'lat_p99_us'):,.0f}", f"{r['deliveries_per_s']:,.0f}",
                    f"{100 * disturbance(r):.0f} %", machine.faults(runs) or "none"]
        return ["CPU us/delivery", f"x {self.base_name or 'floor'}", "spread", "p50 us", "p99 us", "p99.9 us",
                "p99 us, median", "deliveries/s", "disturbed", "faults"], row

    def idle_table(self):
        def row(runs):
            return [f"{median(runs, 'bytes_per_connection'):,.0f}", f"{median(runs, 'pss_before') / 1e6:.1f}",
                    f"{median(runs, 'pss_joined') / 1e6:.1f}", f"{runs[0]['joined']:,}", machine.faults(runs) or "none"]
        return ["bytes/connection", "MB before", "MB joined", "joined", "faults"], row

    def still_table(self):
        def row(runs):
            r = self.quiet(runs)
            return [f"{r['server_cpu_pct']:.2f} %", f"{r['window_s']:.0f}", f"{r['joined']:,}", f"{r['ws_pings']:,}",
                    f"{100 * disturbance(r):.0f} %", machine.faults(runs) or "none"]
        return ["CPU of a core", "seconds", "joined", "pings", "disturbed", "faults"], row

    def connect_table(self):
        cpu = "connect_server_cpu_us"

        def row(runs):
            r = self.quiet(runs)
            return [f"{median(runs, cpu):.0f}", self.times_base(runs, cpu), f"{r['connect_join_per_s']:,.0f}",
                    f"{r['connect_p50_ms']:.1f}", f"{r['connect_p99_ms']:.1f}", f"{r['connect_max_ms']:.1f}",
                    machine.faults(runs) or "none"]
        return ["CPU us each", f"x {self.base_name or 'floor'}", "connects+joins/s", "p50 ms", "p99 ms", "max ms",
                "faults"], row

    def slow_table(self):
        def row(runs):
            r = self.quiet(runs)
            after = r["stalled_closed_after_s"]
            cut_off = "no" if not r["stalled_closed"] else f"after {after:.0f} s" if after else "when it read again"
            stalled = [cut_off, f"{r['stalled_delivered']:,} of {r['stalled_expected']:,}"] if r["stalled"] else ["-", "-"]
            return [f"{r['rss_joined'] / 1e6:.0f}", f"{r['rss_max'] / 1e6:.0f}", f"{r['rss_after'] / 1e6:.0f}", *stalled,
                    f"{r['lat_p50_us']:,.0f}", f"{r['lat_p99_us']:,.0f}", f"{r['server_us_per_delivery']:.2f}",
                    f"{100 * disturbance(r):.0f} %", machine.faults(runs) or "none"]
        return ["MB start", "MB max", "MB end", "cut off", "it got", "others' p50 us", "p99 us", "CPU us/delivery",
                "disturbed", "others' faults"], row

    def soak_table(self):
        def row(runs):
            r = self.quiet(runs)
            return [f"{r['window_s'] / 60:.1f}", f"{r['published_per_s']:,.0f}", f"{r['delivered']:,}", f"{r['churned']:,}",
                    f"{r['rss_each_second'][0] / 1e6:.1f}", f"{r['rss_after'] / 1e6:.1f}",
                    f"{targets.slope_kb_per_min(r):.1f}", f"{r['lat_p99_us']:,.0f}", machine.faults(runs) or "none"]
        return ["minutes", "messages/s", "delivered", "came back", "MB start", "MB end", "KB/min", "p99 us", "faults"], row


def memory_parts(peers, results):
    """What S4, S4a and S4b say together: bytes per connection, membership and room, turn by turn."""
    rows = []
    for peer in peers:
        s4, s4a, s4b = ({turn_of(r): r for r in results.get((peer, name), [])} for name in ("S4", "S4a", "S4b"))
        parts = []
        for turn in s4.keys() & s4a.keys() & s4b.keys():
            shared, none, own = (s[turn]["bytes_per_connection"] for s in (s4, s4a, s4b))
            per_connection = s4[turn]["rooms"] / s4[turn]["connections"]
            room = (own - shared) / (1 - per_connection)
            parts.append((none, own - none - room, room))
        if parts:
            rows.append([peer, *(f"{statistics.median(part):,.0f}" for part in zip(*parts))])
    if not rows:
        return []
    return ["", "### Memory: what the three come to", "",
            "A connection has S4a's bytes; a room is what S4b takes more than S4, since there are ten times as many; the rest "
            "of S4b is the membership.", "", table(["peer", "bytes/connection", "bytes/membership", "bytes/room"], rows)]


PINNED = "Each server runs alone on one core; the load generator and Redis share another."
UNPINNED = "Servers, load generator and Redis share all cores, as the system places them."
READING = """\
CPU is user and system time of the whole server, with what the kernel does in its name, over the deliveries of the
measurement. `x NAME` is the median over turns of the ratio to NAME's figure in the same turn: in a turn all peers run
one after the other, so the machine's own drift cancels out. Figures by the clock (rates, latencies) are all of one
turn, the least disturbed;
`disturbed` is what other processes and the host took meanwhile, in percent of a core. `spread` is largest minus
smallest over the median. `frames/read` is how many messages a member found at once, `generator us` what the load
generator itself used per delivery, `calib us` the CPU time of one send and recv in it: how fast the machine was. Every
delivery is accounted for; `faults` lists the worst of all turns."""


def markdown(chosen, peers, results, failures, circumstances):
    """The whole page. `peers`: in the order of the rows; `results`: lists of reports by (peer, scenario). `failures`: runs
    that came to no report. `circumstances`: the machine and the command line."""
    out = ["# Benchmarks", "", "Written by `bench/run`; do not edit. How it measures: bench/README.md.", "",
           "## Where", "", table(["what", "here"], circumstances["machine"], numbers=False), "",
           "## Again", "", "```sh", circumstances["command"], "```", "",
           "## Who", "", table(["peer", "what it is"], [(p.name, p.what) for p in peers], numbers=False), "",
           "## Targets", "", table(["scenario", "target", "limit", "measured", "reached"], targets.rows(results, failures),
                            numbers=False), "",
           "## Results", "", UNPINNED if circumstances.get("unpinned") else PINNED, READING]
    if failures:
        out += ["", "### Runs that failed", "",
                table(["peer", "scenario", "turn", "why"],
                      [(f["peer"], f["scenario"], f["turn"] + 1, f["failed"]) for f in failures], numbers=False)]
    for scenario in chosen:
        one = ScenarioTable(scenario, [p.name for p in peers], results)
        if one.rows:
            turns = max(len(runs) for _, runs in one.rows)
            out += ["", f"### {scenario.name}: {scenario.what}", "",
                    f"{turns} {'turn' if turns == 1 else 'turns'}"
                    + (f" of {one.rows[0][1][0]['window_s']:.0f} s." if scenario.kind not in ("idle", "still", "connect") else "."),
                    "", one.markdown()]
        if scenario.name == "S4b":
            out += memory_parts([p.name for p in peers], results)
    return "\n".join(out) + "\n"
