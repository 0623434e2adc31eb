"""Many writers at once, and writers killed in the middle: nothing acknowledged is lost, the chain stays whole."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from augury.errors import Unavailable
from augury.ledger import Entry, Ledger, LedgerSpec, Receipt

Make = Callable[..., Entry]

WRITER = """
import sys, itertools
import numpy as np
from augury.ledger import DataKey, Entry, Ledger, SeriesKey

path, name, count, told = sys.argv[1], sys.argv[2], int(sys.argv[3]), open(sys.argv[4], "a")
data = DataKey(series=(SeriesKey(symbol=name, fingerprint=name, timeframe="1D", bars=9, first=0, last=800),))
ledger = Ledger(path)
print("ready", flush=True)
sys.stdin.readline()
for at in range(count) if count else itertools.count():
    size = 9 if at % 5 else 40_000
    returns = np.full(size, at + 0.5)
    entry = Entry(kind="k", subject=name, strategy_id="x", data=data, parameters={"at": at}, returns=returns)
    receipts = ledger.append_many([entry] * (at % 3 + 1))
    for receipt in receipts:
        print(receipt.sequence, receipt.hash, file=told, flush=True)
"""


def started(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count), f"{path}.{name}.told"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def acknowledged(path: Path, *names: str) -> dict[int, str]:
    """What the writers were told by `append`: sequence and hash, a line that was cut short left out."""
    texts = [Path(f"{path}.{name}.told").read_text() for name in names]
    lines = [line for text in texts for line in text[: text.rfind("\n") + 1].splitlines()]
    return {int(line.split()[0]): line.split()[1] for line in lines}


def go(writers: list[subprocess.Popen[str]]) -> None:
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()


@pytest.mark.parametrize("exists", [False, True])
def test_many_processes_lose_nothing(tmp_path: Path, make_entry: Make, exists: bool) -> None:
    ledger = Ledger(tmp_path / "ledger")
    if exists:
        ledger.append(make_entry())
    names = ["a", "b", "c", "d", "e", "f"]
    writers = [started(ledger.path, name, 20) for name in names]
    go(writers)
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors
    told = acknowledged(ledger.path, *names)
    check = ledger.verify()
    assert check.ok, check
    written = {one.sequence: one for one in ledger.entries() if one.sequence > exists}
    assert {sequence: one.hash for sequence, one in written.items()} == told
    for name in names:
        mine = [one.parameters["at"] for one in written.values() if one.subject == name]
        assert mine == [at for at in range(20) for _ in range(at % 3 + 1)], "each writer's entries are there, in order"
    assert ledger.anchor().split(":")[3] == str(len(told) + exists)
    ledger.close()


def test_many_threads_at_one_ledger_and_at_many_lose_nothing(tmp_path: Path, make_entry: Make) -> None:
    shared = Ledger(tmp_path / "ledger")
    own = [Ledger(tmp_path / "ledger") for _ in range(4)]
    receipts: list[Receipt] = []

    def write(ledger: Ledger, start: int) -> None:
        receipts.extend(ledger.append(make_entry(at)) for at in range(start, start + 15))

    threads = [threading.Thread(target=write, args=(one, 100 * at)) for at, one in enumerate([shared] * 4 + own)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receipt.sequence for receipt in receipts) == list(range(1, 121))
    assert shared.verify(*receipts).ok
    for one in (shared, *own):
        one.close()


@pytest.mark.parametrize("moment", range(4))
def test_a_killed_writer_leaves_every_acknowledged_entry_and_a_whole_chain(
    tmp_path: Path, make_entry: Make, moment: int
) -> None:
    path = tmp_path / "ledger"
    writers = [started(path, name, 0) for name in ("a", "b")]
    go(writers)
    while len(acknowledged(path, "a")) < 5 + 17 * moment:
        assert writers[0].poll() is None, writers[0].communicate()[1]
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == -signal.SIGKILL
    told = acknowledged(path, "a", "b")
    with Ledger(path) as ledger:
        check = ledger.verify()
        assert check.ok, check
        found = {one.sequence: one.hash for one in ledger.entries()}
        assert told.items() <= found.items()
        assert len(found) - len(told) <= 6, "at most the appends under way were not acknowledged"
        assert ledger.append(make_entry()).sequence == len(found) + 1
        assert ledger.verify().ok


def test_a_writer_that_waits_too_long_says_so(tmp_path: Path, make_entry: Make) -> None:
    with Ledger(tmp_path / "ledger") as holder, Ledger(tmp_path / "ledger", LedgerSpec(busy_seconds=0.05)) as other:
        holder.append(make_entry(1))
        with (
            holder._database.writing(before_creation=lambda: None),
            pytest.raises(Unavailable, match="retry, or set a longer busy_seconds"),
        ):
            other.append(make_entry(2))
        assert other.append(make_entry(3)).sequence == 2
        assert holder.verify().entries == 2


def test_readers_go_on_while_somebody_writes(tmp_path: Path, make_entry: Make) -> None:
    with Ledger(tmp_path / "ledger") as writer, Ledger(tmp_path / "ledger") as reader:
        writer.append(make_entry(1))
        with writer._database.writing(before_creation=lambda: None):
            assert len(reader.entries()) == 1
            assert reader.verify().ok


def test_a_forked_process_writes_through_a_connection_of_its_own(tmp_path: Path) -> None:
    code = """
import os, sys
import numpy as np
from augury.ledger import DataKey, Entry, Ledger
ledger = Ledger(sys.argv[1])
def entry(at): return Entry(kind="note", subject="x", strategy_id="x", data=DataKey(series=()), parameters={"at": at})
ledger.append(entry(0))
children = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        for at in range(10):
            ledger.append(entry(100 * child + at))
        ledger.close()
        os._exit(0)
    children.append(pid)
for at in range(10):
    ledger.append(entry(1000 + at))
assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
check = ledger.verify()
assert check.ok, check
print(check.entries)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "ledger")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "41"


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path, make_entry: Make) -> None:
    code = """
import resource, signal, sys
import numpy as np
from augury.errors import Unavailable
from augury.ledger import DataKey, Entry, Ledger
def entry(size): return Entry(kind="note", subject="x", strategy_id="x", data=DataKey(series=()), returns=np.ones(size))
ledger = Ledger(sys.argv[1])
ledger.append(entry(9))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
try:
    ledger.append(entry(100_000))
except Unavailable as error:
    assert "make room and retry" in str(error)
else:
    raise SystemExit("it should not fit")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert ledger.verify().entries == 1 and ledger.verify().ok
assert ledger.append(entry(100_000)).sequence == 2
assert ledger.verify().ok
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "ledger")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that other users may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)
        Path(folder).chmod(0o755)


def test_a_ledger_without_write_rights_is_read_and_not_written(reachable: Path, make_entry: Make) -> None:
    """The process gives up root's rights, to which no rule applies, before it looks at the file."""
    folder = reachable
    with Ledger(folder / "ledger") as ledger:
        ledger.append(make_entry())
    before = ledger.path.read_bytes()
    ledger.path.chmod(0o444)
    folder.chmod(0o555)
    code = """
import os, sys
os.chdir(sys.argv[1])
from augury.errors import Misconfigured
from augury.ledger import DataKey, Entry, Ledger
import augury.ledger.ledger
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
entry = Entry(kind="note", subject="x", strategy_id="x", data=DataKey(series=()))
for name in ("ledger", "new"):
    ledger = Ledger(name)
    assert name == "new" or (ledger.verify().ok and len(ledger.entries()) == 1)
    try:
        ledger.append(entry)
    except Misconfigured as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = "this user may not write there; name another file with AUGURY_LEDGER, or 'off' to record nothing"
    assert done.stdout.count(told) == 2
    assert ledger.path.read_bytes() == before
    assert sorted(path.name for path in folder.iterdir()) == ["ledger", "ledger.head"]
