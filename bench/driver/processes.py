"""Starts and ends processes: servers, Redis, the load generator. Only those started here are ever ended."""
import json
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from driver import build


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _prepare(cpu):
    """In the child: on its processor, with all the open files it may have."""
    def prepare():
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return prepare


class Process:
    """A process that runs as long as its `with` block."""

    def __init__(self, command, cpu, log, cwd=None):
        self.popen = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                      preexec_fn=_prepare(cpu), env=build.environment(), cwd=cwd)

    pid = property(lambda self: self.popen.pid)
    alive = property(lambda self: self.popen.poll() is None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.alive:
            return
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(3)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()

    def wait_until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            if not self.alive:
                raise RuntimeError(f"{self.popen.args[0]} ended with {self.popen.returncode}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.popen.args[0]} is not ready after {seconds} s")
            time.sleep(0.02)


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
        return True
    except OSError:
        return False


def is_ready(port):
    """/readyz, where the server has it: a node that listens may still be looking for its Redis."""
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).status == 200
    except (urllib.error.URLError, OSError):
        return False


def start_redis(stack, cpu, log):
    """In `stack` (contextlib.ExitStack), with an empty folder of its own; returns process and port."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    port = free_port()
    redis = stack.enter_context(Process(
        ["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], cpu, log, folder))
    redis.wait_until(lambda: accepts(port))
    return redis, port


def start_server(stack, peer, redis_port, cpu, log):
    """Returns process and port."""
    port = free_port()
    server = stack.enter_context(Process(peer.command_line(port, redis_port), cpu, log))
    server.wait_until(lambda: is_ready(port) if peer.has_readyz else accepts(port))
    return server, port


def run_load(wsload, words, cpu, timeout):
    """wsload's report."""
    done = subprocess.run([str(word) for word in [wsload, "--json", "--quiet", *words]], stdout=subprocess.PIPE,
                          preexec_fn=_prepare(cpu), timeout=timeout)
    if done.returncode:
        raise RuntimeError(f"wsload ended with {done.returncode}")
    return json.loads(done.stdout)
