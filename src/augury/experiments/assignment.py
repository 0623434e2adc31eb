"""Sticky assignment by a hash: a unit's variant follows from the experiment's salt and the unit, and nothing else.

No state, no random generator: every process, host and replay assigns alike. Experiments with different salts assign
independently of one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b

from augury.errors import InvalidInput

__all__ = ["BUCKETS", "assign", "bucket"]

BUCKETS = 10_000
"""How finely units can be shared out: a share is kept to 1/10,000."""

_ROUNDING = 1e-9


def bucket(salt: str, unit: str) -> int:
    """The bucket of a unit, 0 to 9,999: the first 8 bytes of BLAKE2b over "salt:unit" (RFC 7693), modulo 10,000.

    Uniform over units, and independent across salts. Raises InvalidInput for an empty salt or one with a colon, where
    two pairs of salt and unit could read alike.

    >>> bucket("2f6c", "AAPL")
    5957
    """
    if not salt or ":" in salt:
        raise InvalidInput(f"expected a salt of one character or more without a colon, got {salt!r:.80}")
    text = f"{salt}:{unit}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big") % BUCKETS


def assign(salt: str, unit: str, shares: Mapping[str, float]) -> str:
    """The variant of a unit; `shares` are fractions of all units by variant and sum to 1.

    Variants take the buckets in the order of `shares`, from 0 on: when the first variant's share grows, the units that
    it has stay with it. Raises InvalidInput for shares that are not fractions, do not sum to 1, or are too small to be
    told from 0 (under 1/10,000).

    >>> assign("2f6c", "AAPL", {"treatment": 0.5, "control": 0.5})
    'control'
    """
    place = bucket(salt, unit)
    for bound, variant in _bounds(tuple(shares.items())):
        if place < bound:
            return variant
    raise AssertionError("the last bound is the number of buckets")


@lru_cache(maxsize=1024)
def _bounds(shares: tuple[tuple[str, float], ...]) -> tuple[tuple[int, str], ...]:
    """The first bucket that is no longer each variant's."""
    for variant, share in shares:
        if not (share == 0.0 or 1.0 - _ROUNDING <= BUCKETS * share <= BUCKETS):
            raise InvalidInput(f"the share of {variant!r} should be 0, or a fraction from 0.0001 to 1; got {share!r}")
    total = sum(share for _, share in shares)
    if abs(total - 1.0) > _ROUNDING:
        raise InvalidInput(f"expected shares that sum to 1, got {dict(shares)!r:.200}, which sum to {total:g}")
    below, bounds = 0.0, []
    for variant, share in shares:
        below += share
        bounds.append((round(BUCKETS * below), variant))
    return tuple(bounds)
