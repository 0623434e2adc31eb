"""What several web processes count, told by whichever of them is asked.

Each process has a place, a small number that the next one takes over when it ends, and keeps its own series in the
place's file. Series of all places have the place as label `process`, so that each rises by itself and `sum` adds them.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import msgspec
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from augury_server.api.metrics import metrics_text
from augury_server.settings.home import writing_home
from augury_server.telemetry.logs import get_log

__all__ = ["SharedMetrics"]

_WRITE_SECONDS = 1.0
_ABANDONED_SECONDS = 10.0
"""A file that was not written for so long is that of a process that was killed."""
_SERIES, _LOCK = ".series", ".lock"


class _Family(msgspec.Struct, array_like=True):
    """A metric and its samples: name, labels and value of each."""

    name: str
    documentation: str
    kind: str
    samples: list[tuple[str, dict[str, str], float]]


class SharedMetrics(Collector):
    """The series of a registry beside those of the other processes that share the folder.

    Others' series are at most about a second old. Those of a process that ends are gone with it; those of one that is
    killed stay for ten seconds.
    """

    def __init__(self, folder: Path, registry: CollectorRegistry) -> None:
        self._folder, self._registry = folder, registry
        self._all = CollectorRegistry()
        self._all.register(self)
        self._stop = threading.Event()
        self._writer = threading.Thread(target=self._keep_written, name="augury-metrics", daemon=True)
        self._failed = False
        self._lock: int
        self.place: str

    def start(self) -> None:
        """Take a place. Raises Misconfigured where nothing can be written."""
        with writing_home(self._folder):
            self._folder.mkdir(exist_ok=True)
            self.place, self._lock = next(_free_places(self._folder))
        self._write()
        self._writer.start()

    def stop(self) -> None:
        """Give the place up."""
        self._stop.set()
        self._writer.join()
        self._file.unlink(missing_ok=True)
        os.close(self._lock)

    def text(self) -> bytes:
        """The series of all processes, as Prometheus reads them."""
        return metrics_text(self._all)

    def collect(self) -> Iterator[Metric]:
        """The series of all processes, a family once."""
        found = {self.place: self._own()} | self._others()
        yield GaugeMetricFamily("augury_processes", "Web processes whose series these are.", len(found))
        merged: dict[str, Metric] = {}
        for place, families in sorted(found.items()):
            for family in families:
                metric = merged.setdefault(family.name, Metric(family.name, family.documentation, family.kind))
                for name, labels, value in family.samples:
                    metric.add_sample(name, labels | {"process": place}, value)
        yield from merged.values()

    @property
    def _file(self) -> Path:
        return self._folder / f"{self.place}{_SERIES}"

    def _own(self) -> list[_Family]:
        return [
            _Family(
                one.name, one.documentation, one.type, [(each.name, each.labels, each.value) for each in one.samples]
            )
            for one in self._registry.collect()
        ]

    def _others(self) -> dict[str, list[_Family]]:
        found = {}
        since = time.time() - _ABANDONED_SECONDS
        for file in self._folder.glob(f"*{_SERIES}"):
            with suppress(FileNotFoundError):  # it ends just now
                if file.stem != self.place and file.stat().st_mtime > since:
                    found[file.stem] = msgspec.msgpack.decode(file.read_bytes(), type=list[_Family])
        return found

    def _keep_written(self) -> None:
        while not self._stop.wait(_WRITE_SECONDS):
            self._write()

    def _write(self) -> None:
        draft = self._file.with_suffix(".draft")
        try:
            draft.write_bytes(msgspec.msgpack.encode(self._own()))
            draft.replace(self._file)
        except OSError as error:
            if not self._failed:
                get_log(__name__).warning("other processes cannot tell what this one counts", reason=str(error))
            self._failed = True
        else:
            self._failed = False


def _free_places(folder: Path) -> Iterator[tuple[str, int]]:
    """Places that nobody has, each with the descriptor of the lock that holds it."""
    for number in count(1):
        descriptor = os.open(folder / f"{number}{_LOCK}", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
        else:
            yield str(number), descriptor
