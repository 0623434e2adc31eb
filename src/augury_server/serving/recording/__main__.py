"""Write the records of a folder to the database until standard input ends: `WriterProcess` is the other side."""

from __future__ import annotations

import importlib
import signal
import sys
from pathlib import Path

from augury_server.settings import prepare

__all__ = ["main"]


def main(folder: str, seconds: str) -> None:
    """Look into the folder every so many seconds; whoever started this says when it is enough, no signal does."""
    prepare()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    work = importlib.import_module("augury_server.serving.recording.working")  # models can be imported only now
    work.write_until_end_of_input(Path(folder), float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
