"""How much was tried on the same data: what the best result has to be discounted for."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from augury.arrays import FloatVector
from augury.ledger.damage import DamagedLedger
from augury.ledger.data_key import DataKey
from augury.ledger.entry import BLOCKS, block_sums
from augury.ledger.independence import effective_trials
from augury.ledger.recorded import COLUMNS_WITHOUT_ARRAYS, Recorded, TrialArrays, arrays_of, checked_hash
from augury.ledger.rows import WHOLE_ROW

__all__ = ["TrialGroup", "Tries", "count_tries"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialGroup:
    """Distinct trials on exactly the same data, so that their block returns can be compared.

    `configurations` uint64[k]; `sharpes` float64[k] per bar, NaN where unknown; `block_returns` float32[k, B], rows of
    NaN where unknown; `known` bool[k] tells which trials have block returns.
    """

    data: DataKey
    configurations: NDArray[np.uint64]
    sharpes: FloatVector
    block_returns: NDArray[np.float32]

    @property
    def known(self) -> NDArray[np.bool_]:
        """bool[k]: the trials with finite block returns."""
        return np.asarray(np.isfinite(self.block_returns).all(axis=1))

    @property
    def effective(self) -> float:
        """Effective number of independent trials of this group; trials without block returns count one each."""
        known = self.known
        found = effective_trials(self.block_returns[known]) if known.any() else 0.0
        return (0.0 if math.isnan(found) else found) + float((~known).sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tries:
    """What was tried on data that overlap the data asked about.

    `entries` of the ledger; `trials` in them, repeats included; `distinct` trials: an identical run (strategy, options,
    parameters and data) counts once however often it was made and whatever its kind of entry. `configurations`:
    the same without the data, so a run repeated on newer bars counts once. `effective`: number of independent trials
    that the configurations are worth (see `effective_trials`), added up over groups on different data, which is the
    careful way; a configuration belongs to the newest group that has it. `sharpes` float64[configurations] per bar, NaN
    where unknown or undefined, those of other timeframes rescaled by the square root of bars per time;
    `sharpe_variance` is theirs (divisor m - 1 over the m finite ones), NaN for fewer than two. `sequences`: the entries
    counted.
    """

    data: DataKey
    entries: int
    trials: int
    distinct: int
    configurations: int
    effective: float
    sharpes: FloatVector
    groups: tuple[TrialGroup, ...]
    sequences: tuple[int, ...]

    @property
    def sharpe_variance(self) -> float:
        """Variance of the finite Sharpe ratios per bar; NaN for fewer than two."""
        finite = self.sharpes[np.isfinite(self.sharpes)]
        return float(finite.var(ddof=1)) if len(finite) > 1 else math.nan

    @classmethod
    def none(cls, data: DataKey) -> Self:
        """Nothing tried yet."""
        return cls(
            data=data,
            entries=0,
            trials=0,
            distinct=0,
            configurations=0,
            effective=0.0,
            sharpes=np.empty(0),
            groups=(),
            sequences=(),
        )

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain values, the arrays left out; an undefined variance is None."""
        variance = self.sharpe_variance
        counts = {
            name: getattr(self, name) for name in ("entries", "trials", "distinct", "configurations", "effective")
        }
        return counts | {"sharpe_variance": None if math.isnan(variance) else variance, "data": self.data.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """Some trials of one entry, or of a group: `blocks` float64[k, B], None where unknown."""

    data_id: str
    data: DataKey
    keys: NDArray[np.uint64]
    sharpes: FloatVector
    blocks: NDArray[np.float32] | None

    def only(self, wanted: NDArray[np.bool_]) -> Self:
        """The trials marked in bool[k]."""
        blocks = None if self.blocks is None else self.blocks[wanted]
        return replace(self, keys=self.keys[wanted], sharpes=self.sharpes[wanted], blocks=blocks)


class _Collected:
    """Trials gathered so far, each configuration once."""

    def __init__(self) -> None:
        self.seen: set[int] = set()
        self.parts: dict[tuple[str, int], list[_Part]] = {}

    def take(self, part: _Part) -> None:
        """Add the trials whose configuration is not there yet."""
        wanted = np.zeros(len(part.keys), dtype=np.bool_)
        for at, key in enumerate(part.keys.tolist()):
            if key not in self.seen:
                self.seen.add(key)
                wanted[at] = True
        new = part.only(wanted)
        if len(new.keys):
            place = (part.data_id, 0 if new.blocks is None else new.blocks.shape[1])
            self.parts.setdefault(place, []).append(new)

    def groups(self) -> tuple[TrialGroup, ...]:
        """One group for each data id and number of blocks, in a fixed order."""
        return tuple(
            TrialGroup(
                data=parts[0].data,
                configurations=np.concatenate([part.keys for part in parts]),
                sharpes=np.concatenate([part.sharpes for part in parts]),
                block_returns=np.concatenate(
                    [
                        np.full((len(part.keys), 1), np.nan, dtype=np.float32) if part.blocks is None else part.blocks
                        for part in parts
                    ]
                ),
            )
            for _, parts in sorted(self.parts.items(), key=lambda item: item[0])
        )


def count_tries(
    connection: sqlite3.Connection, data: DataKey, *, family: str | None, until: int | None, excluding: tuple[str, ...]
) -> Tries:
    """See `Ledger.tries`; everything is read within the caller's transaction."""
    sequences = _overlapping(connection, data, family=family, until=until, excluding=excluding)
    found, unknown, trials = _Collected(), [], 0
    distinct: dict[str, set[int]] = {}
    for sequence in reversed(sequences):  # newest first: a configuration belongs to the newest data it ran on
        entry, arrays = _read(connection, sequence)
        trials += entry.trials
        distinct.setdefault(entry.data_id, set()).update(arrays.configurations.tolist())
        with_blocks, without = _parts(entry, arrays)
        found.take(with_blocks)
        unknown.append(without)
    for part in unknown:  # what is known of a trial from another entry comes first
        found.take(part)
    groups = found.groups()
    sharpes = [group.sharpes * _rescaled(group.data, data) for group in groups]
    return Tries(
        data=data,
        entries=len(sequences),
        trials=trials,
        distinct=sum(len(keys) for keys in distinct.values()),
        configurations=len(found.seen),
        effective=math.fsum(group.effective for group in groups),
        sharpes=np.concatenate(sharpes) if sharpes else np.empty(0),
        groups=groups,
        sequences=tuple(sequences),
    )


def _overlapping(
    connection: sqlite3.Connection, data: DataKey, *, family: str | None, until: int | None, excluding: tuple[str, ...]
) -> list[int]:
    query = "SELECT sequence FROM series WHERE fingerprint = ? OR (name = ? AND first <= ? AND last >= ?)"
    found: set[int] = set()
    for one in data.series:
        found.update(row[0] for row in connection.execute(query, (one.fingerprint, one.name, one.last, one.first)))
    kept = []
    for sequence in sorted(found):
        row = connection.execute("SELECT kind, subject, trials FROM entry WHERE sequence = ?", (sequence,)).fetchone()
        if row is None:
            raise DamagedLedger(f"entry {sequence} is missing from the ledger; run verify")
        kind, subject, trials = row
        in_time = until is None or sequence <= until
        if trials and in_time and kind not in excluding and family in (None, subject):
            kept.append(sequence)
    return kept


def _read(connection: sqlite3.Connection, sequence: int) -> tuple[Recorded, TrialArrays]:
    row = connection.execute(f"SELECT {WHOLE_ROW} FROM entry WHERE sequence = ?", (sequence,)).fetchone()  # noqa: S608
    if not checked_hash(row):
        raise DamagedLedger(
            f"entry {sequence} of the ledger is not what was written; run verify, then restore a backup"
        )
    return Recorded.from_row(row[: len(COLUMNS_WITHOUT_ARRAYS)]), arrays_of(row)


def _parts(entry: Recorded, arrays: TrialArrays) -> tuple[_Part, _Part]:
    """The trials of an entry that have block returns, and those of which less is known."""
    keys = arrays.configurations
    sharpes = np.full(len(keys), np.nan)
    if arrays.sharpes is not None:
        sharpes[: len(arrays.sharpes)] = arrays.sharpes
    if arrays.returns is not None:
        known = block_sums(arrays.returns, BLOCKS)[None, :].astype(np.float32)
    else:
        known = np.empty((0, 1), dtype=np.float32) if arrays.block_returns is None else arrays.block_returns
    finite = np.asarray(np.isfinite(known).all(axis=1))
    rest = np.ones(len(keys), dtype=np.bool_)
    rest[: len(known)] = ~finite
    whole = _Part(
        data_id=entry.data_id, data=entry.data, keys=keys[: len(known)], sharpes=sharpes[: len(known)], blocks=known
    )
    return whole.only(finite), replace(whole, keys=keys, sharpes=sharpes, blocks=None).only(rest)


def _rescaled(group: DataKey, asked: DataKey) -> float:
    """Factor from a Sharpe ratio per bar of one data to one per bar of the other."""
    frames = [{one.timeframe for one in key.series} for key in (group, asked)]
    return 1.0 if frames[0] == frames[1] else math.sqrt(group.bars_per_second / asked.bars_per_second)
