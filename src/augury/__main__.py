"""The `augury` program; `python -m augury` is the same."""

import gc

gc.set_threshold(50_000, 20, 50)  # loading leaves no garbage; to look for it is a sixth of the time of a short command

from augury.cli.main import run  # noqa: E402

__all__ = ["run"]

if __name__ == "__main__":
    run()
