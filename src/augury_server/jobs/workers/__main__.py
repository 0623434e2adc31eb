"""`python -m augury_server.jobs.workers`: as many workers as the queue needs, within the settings' bounds."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from augury.errors import AuguryError
from augury_server.settings import prepare

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Supervise workers until SIGTERM or SIGINT; 1 when one of them had to be killed."""
    parser = argparse.ArgumentParser(
        prog="python -m augury_server.jobs.workers", description="Keep as many workers as the queue needs."
    )
    parser.add_argument("--queues", default="default", help="names of queues, separated by commas")
    given = parser.parse_args(arguments)
    queues = tuple(name.strip() for name in given.queues.split(",") if name.strip())
    try:
        prepare()
        from augury_server.jobs.forking import without_pool
        from augury_server.jobs.workers.supervisor import WorkerSupervisor

        without_pool()
        supervisor = WorkerSupervisor(queues or ("default",))
        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, lambda *_: supervisor.stop())
        return 0 if supervisor.run() else 1
    except AuguryError as error:
        print(f"augury: {error}", file=sys.stderr)  # noqa: T201
        return 1


if __name__ == "__main__":
    sys.exit(main())
