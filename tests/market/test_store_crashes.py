"""Writers killed at every step of a write, and disks that fill up: the store holds the state before or after."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from augury.market.store import BarStore, BarStoreSpec

MakeBars = Callable[..., pd.DataFrame]

# Forks one child a crash point: child k dies by SIGKILL at the k-th call that changes the file system, half of a
# write being done. A child that ends by itself has met every point before it. No thread runs in the parent.
CRASHER = """
import os, pickle, resource, shutil, signal, sys
from pathlib import Path
import pandas, pyarrow.parquet, duckdb
from augury.errors import Unavailable
from augury.market.store import BarStore, BarStoreSpec

base, out = Path(sys.argv[1]), Path(sys.argv[2])
bars = pickle.loads((base / "bars.pickle").read_bytes())
SPEC = BarStoreSpec(compact_at_parts=3)
ACTIONS = {
    "append": lambda store: store.append("ONE", "1h", bars[30:40]),
    "replace": lambda store: store.replace_range("ONE", "1h", bars[15:16], bars.index[5], bars.index[25]),
    "compact": lambda store: store.append("MANY", "1h", bars[30:40]),
    "first": lambda store: store.append("NEW", "1h", bars),
    "delete": lambda store: store.delete("ONE", "1h"),
}
REAL = {name: getattr(os, name) for name in ("open", "write", "fsync", "replace", "unlink", "mkdir", "rmdir")}
left = 0

def dying(name):
    def call(*args, **kwargs):
        global left
        changes = name != "open" or args[1] & os.O_CREAT
        left -= bool(changes)
        if changes and left < 0:
            if name == "write":
                REAL["write"](args[0], bytes(args[1])[: len(args[1]) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return REAL[name](*args, **kwargs)
    return call

def child(action, folder, point):
    global left
    left = point
    for name in REAL:
        setattr(os, name, dying(name))
    ACTIONS[action](BarStore(folder, SPEC))
    os._exit(0)

def full_disk(folder):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))
    try:
        BarStore(folder, SPEC).append("ONE", "1h", bars[30:40])
    except Unavailable as error:
        Path(str(folder) + ".message").write_text(str(error)[-400:])
        os._exit(0)
    os._exit(1)

def forked(run, *args):
    pid = os.fork()
    if pid == 0:
        try:
            run(*args)
        finally:
            os._exit(9)
    return os.waitpid(pid, 0)[1]

for action in ACTIONS:
    for point in range(200):
        folder = out / action / f"{point:03d}"
        shutil.copytree(base / "store", folder)
        status = forked(child, action, folder, point)
        if not os.WIFSIGNALED(status):
            assert status == 0, status
            break
shutil.copytree(base / "store", out / "full")
assert forked(full_disk, out / "full") == 0
"""


@pytest.fixture(scope="module")
def bars(make_bars: MakeBars) -> pd.DataFrame:
    return make_bars(40)


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory, bars: pd.DataFrame) -> Path:
    """A folder of stores: one for each action and crash point, all copies of one store before."""
    base, out = tmp_path_factory.mktemp("base"), tmp_path_factory.mktemp("crashed")
    bars.to_pickle(base / "bars.pickle")
    store = BarStore(base / "store", BarStoreSpec(compact_at_parts=9))
    for row in range(0, 30, 10):
        store.append("MANY", "1h", bars[row : row + 10])
    store.append("ONE", "1h", bars[:30])
    done = subprocess.run([sys.executable, "-c", CRASHER, str(base), str(out)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


def states(action: str, bars: pd.DataFrame) -> tuple[str, pd.DataFrame | None, pd.DataFrame | None]:
    """The symbol that an action writes, its bars before and its bars after."""
    replaced = pd.concat([bars[:5], bars[15:16], bars[25:30]])
    return {
        "append": ("ONE", bars[:30], bars),
        "replace": ("ONE", bars[:30], replaced),
        "compact": ("MANY", bars[:30], bars),
        "first": ("NEW", None, bars),
        "delete": ("ONE", bars[:30], None),
    }[action]


@pytest.mark.parametrize("action", ["append", "replace", "compact", "first", "delete"])
def test_a_writer_killed_at_any_step_leaves_the_old_state_or_the_new(
    crashed: Path, bars: pd.DataFrame, action: str
) -> None:
    symbol, old, new = states(action, bars)
    seen = []
    points = sorted((crashed / action).iterdir())
    for folder in points:
        store = BarStore(folder)
        assert store.verify() == (), folder
        found = store.read(symbol, "1h") if symbol in store.symbols() else None
        for name, state in (("old", old), ("new", new)):
            if found is state is None or (found is not None and state is not None and found.equals(state)):
                seen.append(name)
        assert len(store.query("SELECT * FROM bars")) == sum(series.bars for series in store.describe())
    assert len(seen) == len(points) >= 5
    assert seen == sorted(seen, reverse=True), "once the new state is there it stays"
    assert set(seen) == {"old", "new"}


@pytest.mark.parametrize("action", ["append", "replace", "compact", "first", "delete"])
def test_the_write_after_a_crash_works_and_clears_the_leftovers(
    crashed: Path, bars: pd.DataFrame, action: str, make_bars: MakeBars
) -> None:
    symbol = states(action, bars)[0]
    for folder in sorted((crashed / action).iterdir())[::2]:
        copy = folder.with_name(folder.name + " again")
        shutil.copytree(folder, copy)
        store = BarStore(copy)
        later = make_bars(3, start="2025-01-01")
        assert store.append(symbol, "1h", later) == 3
        assert store.read(symbol, "1h", start=later.index[0]).equals(later)
        assert list(copy.rglob("*.tmp")) == []
        shutil.rmtree(copy)


def test_a_full_disk_is_told_and_nothing_is_lost(crashed: Path, bars: pd.DataFrame) -> None:
    message = (crashed / "full.message").read_text()
    assert "File too large; what was stored before is unchanged, make room and retry" in message
    store = BarStore(crashed / "full")
    assert store.verify() == ()
    assert store.read("ONE", "1h").equals(bars[:30])
    assert list((crashed / "full").rglob("*.tmp")) == []
    assert store.append("ONE", "1h", bars) == 10


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are named through /proc")
def test_content_is_durable_before_its_name_and_the_name_before_the_next_step(
    tmp_path: Path, bars: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = BarStore(tmp_path / "store")
    store.append("ONE", "1h", bars[:30])
    trace: list[tuple[str, str]] = []
    fsync, rename = os.fsync, os.replace

    def traced_fsync(handle: int) -> None:
        trace.append(("fsync", Path(f"/proc/self/fd/{handle}").readlink().name))
        fsync(handle)

    def traced_replace(draft: Path, path: Path) -> None:
        trace.append(("rename", path.name))
        rename(draft, path)

    monkeypatch.setattr(os, "fsync", traced_fsync)
    monkeypatch.setattr(os, "replace", traced_replace)
    store.append("ONE", "1h", bars)
    part = next(name for what, name in trace if what == "rename")
    assert trace == [
        ("fsync", f"{part}.tmp"),
        ("rename", part),
        ("fsync", "timeframe=1h"),
        ("fsync", "manifest.json.tmp"),
        ("rename", "manifest.json"),
        ("fsync", "timeframe=1h"),
    ]
