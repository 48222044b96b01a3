"""Builds and installs what a run needs, all of it below build/bench."""
import os
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "bench"
NODE_MODULES = WORK / "peers" / "node_modules"


def _run(*command):
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


def tools(micro=False):
    """wsload and floor (and micro); returns the folder of the binaries."""
    folder = WORK / "tools"
    _run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DROOMCAST_BENCH=ON", "-DROOMCAST_TESTS=OFF",
         "-DCMAKE_BUILD_TYPE=Release")
    _run("cmake", "--build", folder, "--target", "bench_tools", *(["micro"] if micro else []))
    return folder / "bench"


def roomcast():
    """The server itself, as the release preset builds it, in build/release."""
    folder = ROOT / "build" / "release"
    if not (folder / "CMakeCache.txt").exists():
        _run("cmake", "--preset", "release", "-S", ROOT)
    _run("cmake", "--build", folder, "--target", "roomcast")
    return folder / "roomcast"


def peers():
    """The npm packages of the other servers, in the versions of the lock file."""
    folder = NODE_MODULES.parent
    folder.mkdir(parents=True, exist_ok=True)
    stamp, lock = folder / "installed-lock.json", ROOT / "bench/peers/package-lock.json"
    if stamp.exists() and stamp.read_bytes() == lock.read_bytes():
        return
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / "bench/peers" / name, folder / name)
    _run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder)
    # The package's own install step, which some settings of npm leave out: puts the binary in its place.
    subprocess.run(["node", "install.js"], cwd=NODE_MODULES / "bun", check=True, stdout=subprocess.DEVNULL)
    shutil.copy(lock, stamp)


def bun():
    return NODE_MODULES / "bun/bin/bun.exe"


def environment():
    """For the servers: where Node.js finds their packages, and nothing that would configure roomcast."""
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith("ROOMCAST_") and k not in ("PORT", "REDIS_URL")}
    return {**kept, "NODE_PATH": str(NODE_MODULES)}
