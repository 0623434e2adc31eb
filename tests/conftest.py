"""Settings of every test: properties have no time limit, and where `CI` is set they try the same examples each time."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

settings.register_profile("augury", deadline=None, derandomize=bool(os.environ.get("CI")), print_blob=True)
settings.load_profile("augury")


def pytest_collection_finish() -> None:
    """What is loaded and collected stays: nobody looks for garbage among it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Bytes are named by their argument: they may differ between two processes, the name of a test may not."""
    return argname if isinstance(val, bytes) else None
