"""Who is measured."""
import dataclasses

from driver import build


QUICK_PEERS = ("floor", "roomcast", "roomcast-redis")


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    what: str
    command: str      # {port} and {redis} are filled in; without {redis} it gets none
    dialect: str = "rooms"
    has_readyz: bool = False
    by_default: bool = True  # else only where it is named
    needs_npm: bool = False

    @property
    def needs_redis(self):
        return "{redis}" in self.command

    def takes_part(self, scenario, quick):
        if scenario.nodes > 1 and not self.needs_redis:
            return False  # nothing between the nodes
        if quick and not scenario.quick_for_all and self.name not in QUICK_PEERS:
            return False
        return not scenario.only or self.name in scenario.only

    def command_line(self, port, redis):
        return [word.format(port=port, redis=redis) for word in self.command.split()]


# Braces that a peer is to see are doubled, as in str.format.
ROOMCAST = "{program} serve --server.host=127.0.0.1 --server.port={{port}} --server.io-threads={threads}"
ACKNOWLEDGED = "rooms-ack"  # joined: lobby, room and bus have confirmed it
WITH_REDIS = """ --server.bus=redis --redis.urls=["redis://127.0.0.1:{{redis}}"]"""


def all_peers(tools, roomcast):
    """In the order of a turn: the yardstick first. `tools`: folder of our binaries; `roomcast`: the server's."""
    scripts = build.ROOT / "bench/peers"
    ours = ROOMCAST.format(program=roomcast, threads=1)
    ours_with_two = ROOMCAST.format(program=roomcast, threads=2)
    ours_on_redis = ours + WITH_REDIS.format()
    return [
        Peer("floor", "bare epoll in C++, no broker: the yardstick", f"{tools}/floor {{port}}"),
        Peer("roomcast", "roomcast, memory bus", ours, ACKNOWLEDGED, has_readyz=True),
        Peer("roomcast-redis", "roomcast, Redis bus", ours_on_redis, ACKNOWLEDGED, has_readyz=True),
        Peer("roomcast-history", "roomcast, Redis bus, each room keeps its newest 100 messages",
             ours_on_redis + " --rooms.history-size=100", ACKNOWLEDGED, has_readyz=True),
        Peer("roomcast-2t", "roomcast, memory bus, two I/O threads", ours_with_two, ACKNOWLEDGED, has_readyz=True,
             by_default=False),
        Peer("roomcast-redis-2t", "roomcast, Redis bus, two I/O threads", ours_with_two + WITH_REDIS.format(),
             ACKNOWLEDGED, has_readyz=True, by_default=False),
        Peer("bun", "Bun's built-in publish, no broker", f"{build.bun()} {scripts}/bun.js {{port}}",
             needs_npm=True),
        Peer("bun-redis", "Bun's built-in publish, each message through Redis",
             f"{build.bun()} {scripts}/bun.js {{port}} {{redis}}", needs_npm=True),
        Peer("node-ws", "Node.js, ws and Redis: the classic design", f"node {scripts}/node-ws.cjs {{port}} {{redis}}",
             needs_npm=True),
        Peer("socketio", "Socket.IO with its Redis adapter", f"node {scripts}/socketio.cjs {{port}} {{redis}}",
             "socketio", needs_npm=True),
    ]


def parse_peer(text):
    """NAME=DIALECT:COMMAND, as the command line has it."""
    name, rest = text.split("=", 1)
    dialect, command = rest.split(":", 1)
    return Peer(name, "added by hand", command, dialect)
