"""What is measured. One table; everything else reads it."""
import dataclasses

SIZE = 128  # bytes of a message where nothing else is said


@dataclasses.dataclass(frozen=True)
class Scenario:
    name: str
    what: str            # for the reader
    kind: str            # which table it gets: rate, open, idle, still, connect, slow or soak
    load: str            # wsload's options, times aside
    duration: float      # seconds of measurement
    warmup: float = 1
    nodes: int = 1
    turns: int = 0       # at most so many; 0: as many as asked for
    group: str = ""      # scenarios of one group are compared with one another, and share their turns
    only: tuple = ()     # names of peers; empty: all
    quick: str = ""      # replaces parts of `load` in a quick run: a smaller version of the same
    quick_duration: float = 1
    quick_for_all: bool = False  # else a quick run leaves the other projects' servers out


OURS = ("roomcast", "roomcast-redis")
ONE_ROOM = "--connections 1000 --rooms 1 --publishers 1"
MANY_ROOMS = "--connections 1000 --rooms 100 --publishers 100 --window 1"
SLOW = "--connections 100 --rooms 1 --publishers 1 --rate 300 --size 8192"
SOAK = "--connections 1100 --rooms 100 --publishers 100 --churners 100 --churn-rate 40"

SCENARIOS = [
    Scenario("S1", "fan-out: 1 room of 1,000, 1 publisher, 4 messages in flight", "rate", f"{ONE_ROOM} --window 4", 6,
             group="S1", quick_for_all=True),
    Scenario("S1w64", "the same with 64 in flight", "rate", f"{ONE_ROOM} --window 64", 6),
    Scenario("S1b", "the same with 1 in flight: nothing to gather", "rate", f"{ONE_ROOM} --window 1", 6),
    Scenario("S2", "1,000 connections in 100 rooms of 10, 100 publishers, 1 message in flight each", "rate",
             MANY_ROOMS, 6, group="S2", quick_for_all=True),
    Scenario("S3", "chat: 5,000 connections in 500 rooms of 10, all publish, 2,000 messages/s in all", "open",
             "--connections 5000 --rooms 500 --publishers 5000 --rate 2000", 10, warmup=2,
             quick="--connections 500 --rooms 50 --publishers 500 --rate 500"),
    Scenario("S4", "memory: 10,000 idle connections, joined in 1,000 rooms", "idle",
             "--connections 10000 --rooms 1000 --idle --hold 4", 2, group="S4", quick="--connections 500 --rooms 50 --hold 0.5"),
    Scenario("S4a", "memory: the same connections, in no room", "idle",
             "--connections 10000 --joins 0 --idle --hold 4", 2, group="S4", only=OURS,
             quick="--connections 500 --hold 0.5"),
    Scenario("S4b", "memory: the same connections, each alone in a room", "idle",
             "--connections 10000 --rooms 10000 --idle --hold 4", 2, group="S4", only=OURS,
             quick="--connections 500 --rooms 500 --hold 0.5"),
    Scenario("idle", "10,000 connections in 1,000 rooms, and nothing happens but keep-alive", "still",
             "--connections 10000 --rooms 1000 --idle --hold 0", 65, turns=1, only=OURS,
             quick="--connections 500 --rooms 50"),
    Scenario("S5", "5,000 connects and joins, 256 in flight", "connect",
             "--connections 5000 --rooms 500 --idle --hold 0 --inflight 256", 1, quick="--connections 500 --rooms 50"),
    Scenario("S6", "1 of 100 members stops reading; 300 messages/s of 8 KiB", "slow",
             f"{SLOW} --stall-members 1", 30, group="S6", quick_duration=3),
    Scenario("S6b", "the same, everybody reads", "slow", SLOW, 10, group="S6"),
    Scenario("S7", "S1 over two nodes and one Redis", "rate", f"{ONE_ROOM} --window 4", 6, nodes=2,
             group="S1", quick_for_all=True),
    Scenario("S8", "S2 over two nodes and one Redis, each room on both", "rate", MANY_ROOMS, 6, nodes=2,
             group="S2"),
    Scenario("soak", "S2's rooms at half the peer's rate in S2, while 100 more connections come and go, 20 of each a "
             "second", "soak", SOAK, 1200, warmup=20, turns=1,
             only=OURS, quick_duration=5),
]
BY_NAME = {s.name: s for s in SCENARIOS}


def groups(chosen):
    """Lists of scenarios that share their turns, in the order of the first of each."""
    together = {}
    for s in chosen:
        together.setdefault(s.group or s.name, []).append(s)
    return list(together.values())


def load_options(s, settings, soak_rate):
    """wsload's options for one run. wsload takes the last of an option given twice."""
    words = s.load.split()
    if settings.quick:
        words += s.quick.split() + ["--warmup", "0.3", "--duration", str(s.quick_duration)]
    else:
        duration = 60 * settings.soak_minutes if s.kind == "soak" else s.duration
        words += ["--warmup", str(s.warmup), "--duration", str(duration)]
    words += ["--threads", str(settings.load_threads)]
    if s.kind == "soak":
        words += ["--rate", str(soak_rate)]
    if "--size" not in words:
        words += ["--size", str(SIZE)]
    return words
