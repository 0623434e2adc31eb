"""Results that cannot be written: nothing half-written, nothing left behind, and nothing replaced by mistake."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from augury.errors import Unavailable
from augury.operations.files import write_table


@pytest.fixture
def aapl(good, write):
    return write("AAPL.csv", good.text())


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def read(path):
    reader = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".feather": pd.read_feather}[path.suffix]
    return reader(path)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("x.txt", ["ending in .csv, .parquet, .feather", "'x.txt'"]),
        ("", ["ending in"]),
        ("nowhere/x.csv", ["expected a folder", "nowhere does not exist", "make it"]),
        ("AAPL.csv/x.csv", ["AAPL.csv is a file, not a folder"]),
        ("folder.csv", ["expected a file to write", "is a folder"]),
        ("pipe.csv", ["a pipe or a device"]),
        ("AAPL.csv", ["would replace the file that it is made from"]),
        ("link.csv", ["would replace the file that it is made from"]),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_any_work(output, words, aapl, fails):
    folder = aapl.parent
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder / "link.csv").symlink_to(aapl)
    before = aapl.read_bytes(), names(folder)
    message = fails(3, "features", aapl, "-o", folder / output if output else "")
    assert all(word in message for word in words), message
    assert (aapl.read_bytes(), names(folder)) == before


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody may write to")  # noqa: PTH112
def test_a_place_that_takes_no_files_is_refused(aapl, fails):
    message = fails(1, "features", aapl, "-f", "rsi", "-o", "/proc/features.parquet")
    assert "cannot write into /proc" in message
    assert "choose another folder" in message


@pytest.mark.parametrize(("ending", "old"), [(".csv", None), (".parquet", b"as it was before"), (".feather", None)])
def test_a_full_disk_leaves_what_was_there(ending, old, aapl, process):
    output = aapl.with_name(f"out{ending}")
    if old is not None:
        output.write_bytes(old)
    before = names(aapl.parent)
    done = process(
        "features", aapl, "-f", "rsi", "-o", output,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    message = " ".join(done.stderr.split())
    assert f"cannot write {output}: File too large" in message
    assert "Traceback" not in message
    assert names(aapl.parent) == before
    assert old is None or output.read_bytes() == old


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_standard_output_on_a_full_disk_is_an_error_and_not_a_traceback(options, aapl, process):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = process(
            "features", aapl, "-f", "rsi", *options, stdout=full, stderr=subprocess.PIPE, capture_output=False
        )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


WRITER = """
import sys, time
import numpy as np, pandas as pd
from pathlib import Path
from augury.operations import files
index = pd.date_range("2000-01-01", periods=60_000, tz="UTC", name="timestamp", freq="min")
table = pd.DataFrame(np.random.default_rng(0).normal(size=(len(index), 4)), index=index, columns=list("abcd"))
if len(sys.argv) > 2:  # stop between draft and rename: the worst moment
    Path.replace = lambda self, target: (print("drafted", flush=True), time.sleep(60))
print("ready", flush=True)
files.write_table(table, Path(sys.argv[1]))
"""


def start(*arguments):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline() == "ready\n"
    return writer


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_writer_killed_before_the_rename_leaves_the_old_file_and_the_next_write_clears_its_draft(ending, tmp_path):
    output = tmp_path / f"out{ending}"
    table = pd.DataFrame({"a": [1.0, 2.0]}, index=pd.Index([1, 2], name="timestamp"))
    write_table(table, output)
    old = output.read_bytes()
    writer = start(str(output), "stop")
    assert writer.stdout.readline() == "drafted\n"
    assert len(names(tmp_path)) == 2
    write_table(table, output)  # a draft whose writer lives is left alone
    assert len(names(tmp_path)) == 2
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert output.read_bytes() == old
    write_table(table, output)
    assert names(tmp_path) == [output.name]


@pytest.mark.parametrize("wait", [0.0, 0.05, 0.15])
def test_a_writer_killed_at_any_moment_leaves_no_file_or_a_whole_one(wait, tmp_path):
    output = tmp_path / "out.csv"
    writer = start(str(output))
    time.sleep(wait)
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    assert not output.exists() or len(read(output)) == 60_000
    write_table(pd.DataFrame({"a": [1.0]}), output)
    assert names(tmp_path) == ["out.csv"]


def test_an_interrupted_command_says_so_and_leaves_nothing(aapl, augury, monkeypatch):
    def interrupt(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", interrupt)
    result = augury("features", aapl, "-f", "rsi", "-o", aapl.with_name("out.csv"))
    assert result.exit_code == 1
    assert "interrupted" in result.stderr
    assert names(aapl.parent) == ["AAPL.csv"]


def test_a_name_too_long_for_a_draft_is_refused(tmp_path):
    with pytest.raises(Unavailable, match="name too long"):
        write_table(pd.DataFrame({"a": [1.0]}), tmp_path / ("x" * 248 + ".csv"))
    assert names(tmp_path) == []
