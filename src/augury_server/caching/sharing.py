"""Whether values of a name are worth sharing: not those that are cheaper to compute than to fetch from another host."""

from __future__ import annotations

__all__ = ["Sharing"]

_WEIGHT = 1 / 8
"""Of the newest measurement in a running mean: what was, is forgotten after a few dozen."""

_CHEAPER, _DEARER = 0.8, 1.25
"""A name stops being shared below the first ratio of computing to fetching, and is shared again above the second."""

_LOOK_AGAIN = 64
_LEAST = 4
_MOST_NAMES = 1024


class _Name:
    """What is known of the values of one name."""

    __slots__ = ("computing", "kept", "seen", "shared")

    def __init__(self) -> None:
        self.computing = 0.0
        self.seen = 0
        self.kept = 0
        self.shared = True


class Sharing:
    """Learns from what computing values and looking in the shared store take, in seconds; one for each process.

    A value that is dearer to fetch than to compute cannot gain by being shared, however often it would be found. Names
    begin shared; one that is not shared is shared again now and then, so that a change of either cost is noticed.
    Threads may lose a measurement to one another, which does no harm.
    """

    def __init__(self) -> None:
        self._fetching: float | None = None
        self._names: dict[str, _Name] = {}

    def looked(self, seconds: float) -> None:
        """A look in the shared store took so long, whether it found a value, and opened it, or not."""
        known = self._fetching
        self._fetching = seconds if known is None else known + _WEIGHT * (min(seconds, 8 * known) - known)

    def computed(self, name: str, seconds: float) -> None:
        """A value of that name was computed in so long."""
        known = self._names.get(name)
        if known is None:
            if len(self._names) >= _MOST_NAMES:
                self._names.clear()
            known = self._names.setdefault(name, _Name())
        known.seen += 1
        if known.seen == 1:
            known.computing = seconds
        else:
            known.computing += _WEIGHT * (min(seconds, 8 * known.computing) - known.computing)

    def worth(self, name: str) -> bool:
        """Whether the next value of that name should be looked for, and kept, where others find it."""
        known, fetching = self._names.get(name), self._fetching
        if known is None or fetching is None or known.seen < _LEAST:
            return True
        bound = _CHEAPER if known.shared else _DEARER
        known.shared = known.computing >= bound * fetching
        if known.shared:
            return True
        known.kept += 1
        return known.kept % _LOOK_AGAIN == 0
