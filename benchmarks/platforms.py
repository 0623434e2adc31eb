"""The platform in benchmarks: each engine in a process of its own, on the databases and servers of the tests."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["bench_platform", "on_each_engine"]

HERE = Path(__file__).resolve().parent


def on_each_engine(benchmark: str) -> list[dict[str, Any]]:
    """The rows that a benchmark's file prints when it is run with "sqlite" and "postgresql".

    Django has one database a process.
    """
    return [row for engine in ("sqlite", "postgresql") for row in _apart(benchmark, engine)]


def _apart(benchmark: str, engine: str) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, benchmark, engine], capture_output=True, text=True, cwd=HERE)
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def bench_platform(engine: str) -> Iterator[tuple[Path, Any]]:
    """An empty platform on an engine: a folder that is removed afterwards, and the PostgreSQL server or None."""
    sys.path.insert(0, str(HERE.parent / "tests" / "server"))
    from conftest import ROOT, make_platform, make_postgres

    server = None
    try:
        if engine == "postgresql":
            server = make_postgres(ROOT / "postgres")
        platform = make_platform(engine, ROOT / "bench", server)
        next(platform)
        yield ROOT, server
        platform.close()
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(ROOT, ignore_errors=True)
