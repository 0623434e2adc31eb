"""Series of several processes, told by whichever is asked: each apart, none lost, none of those that have ended."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from augury.errors import Misconfigured
from augury_server.api import shared_metrics
from augury_server.api.metrics import RequestMetrics, metrics_text
from augury_server.api.shared_metrics import SharedMetrics

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def series_of(text: bytes) -> Series:
    families = list(text_string_to_metric_families(text.decode()))
    assert len({family.name for family in families}) == len(families), "a family stands in one place"
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def with_place(text: bytes, place: str) -> Series:
    return {
        (name, tuple(sorted([*labels, ("process", place)]))): value for (name, labels), value in series_of(text).items()
    }


class Process:
    """What a process has: its requests, its registry, its place."""

    def __init__(self, folder: Path) -> None:
        self.requests, self.registry = RequestMetrics(), CollectorRegistry()
        self.registry.register(self.requests)
        self.shared = SharedMetrics(folder, self.registry)
        self.shared.start()


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Process]]:
    """Processes over one folder, whose files are written when a test says so."""
    monkeypatch.setattr(shared_metrics, "_WRITE_SECONDS", 3600.0)
    made: list[Process] = []

    def start() -> Process:
        made.append(Process(tmp_path / "shared"))
        return made[-1]

    yield start
    for one in made:
        if not one.shared._stop.is_set():
            one.shared.stop()


def test_each_tells_the_series_of_all(started: Any) -> None:
    one, other = started(), started()
    assert (one.shared.place, other.shared.place) == ("1", "2")
    one.requests.add("/predict", "POST", 200, 0.003)
    other.requests.add("/predict", "POST", 200, 0.2)
    other.requests.add('/odd"\n', "GET", 404, float("nan"))
    one.shared._write()
    other.shared._write()
    told = series_of(one.shared.text())
    apart = with_place(metrics_text(one.registry), "1") | with_place(metrics_text(other.registry), "2")
    assert told.pop(("augury_processes", ())) == 2
    assert repr(sorted(told.items())) == repr(sorted(apart.items()))
    assert repr(one.shared.text()) == repr(other.shared.text())
    asked = ("augury_requests_total", (("method", "POST"), ("process", "2"), ("route", "/predict"), ("status", "200")))
    assert told[asked] == 1.0
    other.requests.add("/predict", "POST", 200, 0.2)
    assert series_of(other.shared.text())[asked] == 2.0, "its own are those of the moment"
    assert series_of(one.shared.text())[asked] == 1.0, "others' are those last written"


def test_what_is_counted_reaches_the_others_by_itself(started: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_metrics, "_WRITE_SECONDS", 0.01)
    one, other = started(), started()
    other.requests.limited = 7
    until = time.monotonic() + 30.0
    while series_of(one.shared.text())["augury_requests_limited_total", (("process", "2"),)] != 7.0:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_place_is_given_up_with_its_series_and_taken_over(started: Any) -> None:
    one, other, third = started(), started(), started()
    other.shared.stop()
    told = series_of(one.shared.text())
    assert told["augury_processes", ()] == 2.0
    assert {dict(labels).get("process") for _, labels in told} == {None, "1", "3"}
    assert started().shared.place == "2"
    assert third.shared.place == "3"


def test_a_process_that_was_killed_is_forgotten_and_its_place_taken_over(started: Any, tmp_path: Path) -> None:
    one = started()
    code = (
        "import sys; from pathlib import Path; sys.path[:0] = [sys.argv[2]]\n"
        "from test_shared_metrics import Process\n"
        "one = Process(Path(sys.argv[1])); print(one.shared.place, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "shared"), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "2\n"
        assert series_of(one.shared.text())["augury_processes", ()] == 2.0
        other.kill()
    left = tmp_path / "shared" / "2.series"
    long_ago = time.time() - shared_metrics._ABANDONED_SECONDS - 1.0
    os.utime(left, (long_ago, long_ago))
    assert series_of(one.shared.text())["augury_processes", ()] == 1.0
    assert started().shared.place == "2"
    assert series_of(one.shared.text())["augury_processes", ()] == 2.0


def test_a_full_disk_is_told_once_and_stops_nothing(
    started: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, shared_metrics.__name__)
    one, other = started(), started()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    other.requests.limited = 7
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        for _ in range(3):
            other.shared._write()
    assert [str(record.msg).count("No space left on device") for record in caplog.records] == [1]
    of_other = ("augury_requests_limited_total", (("process", "2"),))
    assert series_of(one.shared.text())[of_other] == 0.0, "those last written whole"
    other.shared._write()
    assert series_of(one.shared.text())[of_other] == 7.0


def test_a_folder_that_cannot_be_written_is_said_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="should be a folder"):
        SharedMetrics(tmp_path / "file" / "shared", CollectorRegistry()).start()
