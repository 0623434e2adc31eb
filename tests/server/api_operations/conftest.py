"""The served API of the neighbouring folder, with files to work on and somebody to run jobs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def _neighbour() -> Any:
    path = Path(__file__).parents[1] / "api" / "conftest.py"
    found = importlib.util.spec_from_file_location("served_api", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["served_api"] = module  # its dataclasses look their module up
    found.loader.exec_module(module)
    return module


_served = _neighbour()
api = _served.api
api_both = _served.api_both
serve = _served.serve


def bars_csv(bars: int = 400, seed: int = 7) -> bytes:
    """Daily bars of a random walk as a CSV file."""
    draws = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(draws.normal(0, 0.01, bars)))
    opened = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(opened, close) * 1.002, np.minimum(opened, close) * 0.998
    days = np.datetime64("2020-01-01") + np.arange(bars)
    rows = [
        f"{day}T00:00:00+00:00,{a:.6f},{b:.6f},{c:.6f},{d:.6f},1000"
        for day, a, b, c, d in zip(days, opened, high, low, close, strict=True)
    ]
    return ("time,open,high,low,close,volume\n" + "\n".join(rows) + "\n").encode()


@pytest.fixture
def bars() -> bytes:
    """A file of bars."""
    return bars_csv()


@pytest.fixture
def files_folder(api: Any) -> Path:
    """The folder of files of the served API."""
    from augury_server.api.remote_files import files_folder

    return files_folder()


@pytest.fixture
def run_jobs() -> Any:
    """Run every job that waits, in this process, as a worker would."""
    from augury_server.jobs.execution import run_job
    from augury_server.jobs.lease import LeaseTerms
    from augury_server.jobs.models import Job

    def run() -> list[str]:
        waiting = list(Job.objects.filter(state="queued").values_list("pk", flat=True))
        for pk in waiting:
            run_job(
                pk,
                worker="tests",
                terms=LeaseTerms(lease_seconds=60, heartbeat_seconds=20, grace_seconds=10, stop_seconds=10),
            )
        return [str(pk) for pk in waiting]

    return run
