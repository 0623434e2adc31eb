"""`python -m augury_server.jobs`: a worker, with the settings of file, environment and flags."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from augury_server.settings import prepare

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run jobs until told to stop; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m augury_server.jobs", description="Run jobs until told to stop.")
    parser.add_argument("--queues", default="default", help="names of queues, separated by commas")
    parser.add_argument("--concurrency", type=int, default=None, help="child processes; jobs.concurrency if left out")
    parser.add_argument("--pool", choices=["prefork", "solo"], default="prefork")
    parser.add_argument("--name", default="", help="tells the workers of one machine apart")
    given = parser.parse_args(arguments)
    prepare()
    worker = importlib.import_module("augury_server.jobs.worker")  # models can be imported only now
    terms = worker.WorkerTerms(
        queues=tuple(name.strip() for name in given.queues.split(",") if name.strip()),
        concurrency=given.concurrency,
        pool=given.pool,
        name=given.name,
    )
    report = importlib.import_module("augury_server.jobs.workers.report")
    code: int = worker.run_worker(terms, [report.WorkerReport()])
    return code


if __name__ == "__main__":
    sys.exit(main())
