"""Runs scenarios: peers take turns, so that a slow minute of the machine hits all of them."""
import contextlib
import statistics
import subprocess
import sys
import time

from driver import machine, processes, scenarios


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_once(peer, scenario, settings, soak_rate):
    """One peer, one scenario: fresh servers, fresh Redis. Returns wsload's report with what belongs to it."""
    words = scenarios.load_options(scenario, settings, soak_rate)
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(open(settings.work / "servers.log", "a"))
        redis, redis_port = processes.start_redis(stack, settings.load_cpu, log) if peer.needs_redis else (None, None)
        servers = [processes.start_server(stack, peer, redis_port, settings.server_cpu, log)
                   for _ in range(scenario.nodes)]
        if not settings.quick:
            time.sleep(0.7)  # what a server does after its start is not what we measure
            machine.wait_until_quiet(settings.wait_quiet)
        words += ["--label", f"{peer.name}/{scenario.name}", "--dialect", peer.dialect,
                  "--url", ",".join(f"127.0.0.1:{port}" for _, port in servers),
                  "--server-pid", ",".join(str(server.pid) for server, _ in servers)]
        if redis:
            words += ["--aux-pid", redis.pid]
        limit = 180 + (60 * settings.soak_minutes if scenario.kind == "soak" else 0)
        report = processes.run_load(settings.tools / "wsload", words, settings.load_cpu, limit)
        alive = sum(server.alive for server, _ in servers)
    return {**report, "peer": peer.name, "scenario": scenario.name, "servers_died": scenario.nodes - alive}


def try_once(peer, scenario, settings, soak_rate):
    """run_once's report, or why there is none."""
    try:
        return run_once(peer, scenario, settings, soak_rate)
    except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as failure:
        return {"peer": peer.name, "scenario": scenario.name, "failed": str(failure)}


def soak_rate_of(peer, results, settings):
    """Messages/s: half of what the peer managed in S2."""
    rates = [r["published_per_s"] for r in results if (r["peer"], r["scenario"]) == (peer.name, "S2")]
    return int(statistics.median(rates) / 2) if rates else settings.soak_rate


def summary(r):
    if r["mode"] == "idle":
        return (f"{r['joined']:,} joined, {r['connect_join_per_s']:,}/s, {r['connect_server_cpu_us']} us each, "
                f"{r['bytes_per_connection']:,} bytes each, faults: {machine.faults([r]) or 'none'}")
    return (f"{r['deliveries_per_s']:,.0f} deliveries/s, {r['server_us_per_delivery']} us each, p99 {r['lat_p99_us']} us, "
            f"disturbed {100 * machine.disturbance(r):.0f} %, faults: {machine.faults([r]) or 'none'}")


def schedule(peers, chosen, settings):
    """(turn, peer, scenario) one after the other. Within a turn, a peer's runs of a group follow each other directly."""
    for group in scenarios.groups(chosen):
        for turn in range(settings.turns):
            for peer in peers:
                for s in group:
                    if peer.takes_part(s, settings.quick) and turn < (s.turns or settings.turns):
                        yield turn, peer, s


def run_all(peers, chosen, settings, keep, before):
    """Every chosen scenario; `keep(report)` is called for each run. `before`: reports of earlier runs that stay valid.
    Returns reports and failures."""
    results, failures = [], []
    began = time.strftime("%Y-%m-%d %H:%M:%S")
    for turn, peer, scenario in schedule(peers, chosen, settings):
        rate = soak_rate_of(peer, before + results, settings)
        r = {**try_once(peer, scenario, settings, rate), "turn": turn, "began": began}
        keep(r)
        (failures if "failed" in r else results).append(r)
        say(f"{scenario.name} {peer.name}, turn {turn + 1}: {r.get('failed') or summary(r)}")
    return results, failures
