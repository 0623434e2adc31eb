"""The libraries that Augury is timed beside: loaded quietly, and said to be absent where they are."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import Any, NamedTuple

from timing import SMOKE

__all__ = ["Peer", "absent", "load", "vectorbt_engines"]


class Peer(NamedTuple):
    """A loaded library, or None and why it could not be loaded."""

    module: Any
    why_not: str


def load(name: str) -> Peer:
    """Import a library; a failure is a reason that a row can show, never a silence."""
    if importlib.util.find_spec(name) is None:
        return Peer(None, "not installed")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Peer(importlib.import_module(name), "")
    except (ImportError, AttributeError, OSError, RuntimeError, TypeError, ValueError) as error:
        return Peer(None, f"its import failed: {type(error).__name__}: {error}"[:100])


def absent(name: str, peer: str, target: str, why_not: str) -> dict[str, Any]:
    """The row of a comparison that could not be made."""
    return {"name": name, "peer": peer, "target": target, "note": why_not}


def vectorbt_engines() -> list[tuple[str, str]]:
    """(what to call it, vectorbt's `engine` setting) of each engine that is installed.

    Its Rust engine covers a part of what it does; "auto" takes it there and Numba elsewhere. A smoke run takes one of
    them, the one that compiles less.
    """
    if importlib.util.find_spec("vectorbt_rust") is None:
        return [("vectorbt (Numba; vectorbt-rust is not installed)", "numba")]
    return [("vectorbt (Numba)", "numba"), ("vectorbt (Rust)", "auto")][-1 if SMOKE else 0 :]
