"""What ran where, and how much else was going on."""
import json
import os
import platform
import re
import subprocess
import time

from driver import build

FAULTS = ("lost", "duplicated", "out_of_order", "foreign", "corrupt", "stale", "connect_errors", "disconnects",
          "protocol_errors", "churn_errors", "settle_missing", "unclosed", "reprimes", "servers_died")


def disturbance(r):
    """What neither server, broker nor generator used, in cores: other processes, and what the host took away."""
    return (r["other_cpu_s"] + r["steal_s"]) / r["window_s"]


def faults(runs):
    """What went wrong, the worst run of each kind; empty: nothing."""
    worst = {kind: max(r[kind] for r in runs) for kind in FAULTS}
    return ", ".join(f"{kind} {count}" for kind, count in worst.items() if count)


def _busy_seconds():
    with open("/proc/stat") as f:
        ticks = [int(x) for x in f.readline().split()[1:9]]
    return (sum(ticks[:3]) + sum(ticks[5:8])) / os.sysconf("SC_CLK_TCK")


def wait_until_quiet(at_most):
    """Until the processors are mostly idle, or `at_most` seconds have passed."""
    deadline = time.monotonic() + at_most
    while time.monotonic() < deadline:
        busy, begin = _busy_seconds(), time.monotonic()
        time.sleep(0.5)
        if (_busy_seconds() - busy) / (time.monotonic() - begin) < 0.25:
            return


def _line(*command):
    try:
        out = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=20).stdout
    except OSError:
        return "-"
    return out.strip().splitlines()[0] if out.strip() else "-"


def _field(path, name):
    """The value of `name: value` or `name=value`."""
    with open(path) as f:
        return next((re.split("[:=]", line, maxsplit=1)[1].strip() for line in f if line.startswith(name)), "-")


def _package(name):
    if not build.NODE_MODULES.exists():
        return "-"  # no peer of this run needs it
    text = (build.NODE_MODULES / name / "package.json").read_text()
    return json.loads(text)["version"]


def description(roomcast):
    """What a reader has to know to compare: (what, value) pairs."""
    memory = int(_field("/proc/meminfo", "MemTotal").split()[0]) / 1e6
    return [
        ("date", time.strftime("%Y-%m-%d")),
        ("processor", f"{_field('/proc/cpuinfo', 'model name')}, {os.cpu_count()} cores"),
        ("memory", f"{memory:.1f} GB"),
        ("system", f"{_field('/etc/os-release', 'PRETTY_NAME').strip(chr(34))}, Linux {platform.release()}"),
        ("roomcast", f"{_line(roomcast, 'version')} ({_line('git', '-C', build.ROOT, 'describe', '--always', '--dirty')})"),
        ("compiler", _line("c++", "--version")),
        ("Redis", _line("redis-server", "--version").split(" sha")[0]),
        ("Node.js", _line("node", "--version")),
        ("npm packages", ", ".join(f"{p} {_package(p)}"
                                   for p in ("bun", "ws", "redis", "socket.io", "@socket.io/redis-adapter"))),
    ]
