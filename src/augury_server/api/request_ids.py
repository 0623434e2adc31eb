"""Request ids: the caller's own when it is sane, else one that no other process makes."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable

__all__ = ["make_ids", "sane_id"]

_SANE = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{7,99}")


def sane_id(given: bytes | None) -> str | None:
    """A caller's id of 8 to 100 letters, digits, dots, colons, hyphens and underscores; None for any other."""
    return given.decode("ascii") if given is not None and _SANE.fullmatch(given) else None


def make_ids(entropy: Callable[[int], bytes] = os.urandom) -> Callable[[], str]:
    """A function that gives a new id at each call: 80 random bits of this process, then a counter."""
    start = entropy(10).hex()
    following = itertools.count(1).__next__
    return lambda: f"{start}-{following():06x}"
