"""The served API, and somebody who runs its jobs."""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections


def _neighbour() -> Any:
    path = Path(__file__).parents[1] / "api" / "conftest.py"
    found = importlib.util.spec_from_file_location("served_api", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules["served_api"] = module  # its dataclasses look their module up
    found.loader.exec_module(module)
    return module


api = _neighbour().api


@pytest.fixture
def working() -> Callable[..., Any]:
    """While within, a thread runs every job that is queued, as a worker does."""
    from augury_server.jobs.execution import run_job
    from augury_server.jobs.lease import LeaseTerms
    from augury_server.jobs.models import Job

    terms = LeaseTerms(lease_seconds=60, heartbeat_seconds=20, grace_seconds=10, stop_seconds=10)

    @contextmanager
    def start() -> Iterator[None]:
        stop = threading.Event()

        def work() -> None:
            while not stop.wait(0.05):
                for pk in Job.objects.filter(state="queued").values_list("pk", flat=True):
                    run_job(pk, worker="tests", terms=terms)
            connections.close_all()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(60)

    return start
