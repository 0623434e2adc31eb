"""An entry as it is read back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.ledger.arrays import unpack
from augury.ledger.chain import entry_hash
from augury.ledger.clock import utc_text
from augury.ledger.damage import DamagedLedger
from augury.ledger.data_key import DataKey
from augury.ledger.encoding import ARRAYS
from augury.ledger.schema import ENTRY_COLUMNS

__all__ = ["COLUMNS_WITHOUT_ARRAYS", "Recorded", "TrialArrays", "checked_hash"]

COLUMNS_WITHOUT_ARRAYS = ENTRY_COLUMNS[: ENTRY_COLUMNS.index("content") + 1]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialArrays:
    """The arrays of an entry, None where it has none; shapes as in `Entry`.

    `configurations` uint64[trials]: equal for equal strategy, options and parameters, across entries.
    """

    configurations: NDArray[np.uint64]
    sharpes: FloatVector | None
    returns: NDArray[Any] | None
    block_returns: NDArray[np.float32] | None
    trial_parameters: Mapping[str, list[Any]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the ledger holds of one entry, its arrays left out (see `Ledger.arrays`).

    `written_at` is int64 ns UTC as the writer's clock told it; `hash` and `previous` are 64 hex digits. Figures that
    were NaN or infinite are None. The other fields are those of `Entry`.
    """

    sequence: int
    written_at: int
    hash: str
    previous: str
    kind: str
    subject: str
    strategy_id: str
    trial_key: str
    data_id: str
    trials: int
    data: DataKey
    parameters: Mapping[str, Any]
    spec_id: str
    spec: Mapping[str, Any]
    headline: Mapping[str, Any]
    capsule: Mapping[str, Any] | None
    versions: Mapping[str, str]
    seed: int | None
    note: str

    @property
    def written(self) -> str:
        """`written_at` as ISO 8601 text."""
        return utc_text(self.written_at)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, every field present and `written` added."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return values | {"data": self.data.to_dict(), "written": self.written}

    @classmethod
    def from_row(cls, row: Sequence[Any]) -> Self:
        """From values in the order of ENTRY_COLUMNS up to `content`; DamagedLedger when they cannot be understood."""
        sequence, written_at, previous, own = row[:4]
        try:
            content = json.loads(row[len(COLUMNS_WITHOUT_ARRAYS) - 1])
            content.pop("arrays")
            data = DataKey.from_dict(content.pop("data"))
            return cls(
                sequence=sequence, written_at=written_at, hash=own.hex(), previous=previous.hex(), data=data, **content
            )
        except (ValueError, TypeError, KeyError, AttributeError, InvalidInput) as error:
            raise DamagedLedger(f"entry {sequence} of the ledger cannot be read ({error}); run verify") from error


def checked_hash(row: Sequence[Any]) -> bool:
    """Whether a whole row, in the order of ENTRY_COLUMNS, has the hash that is written in it."""
    first = len(COLUMNS_WITHOUT_ARRAYS) - 1
    parts = row[first:]
    if not all(isinstance(part, bytes) or part is None for part in (row[2], row[3], *parts)):
        return False
    if not isinstance(row[0], int) or not isinstance(row[1], int) or row[2] is None:
        return False
    return bool(entry_hash(row[0], row[1], row[2], parts) == row[3])


def arrays_of(row: Sequence[Any]) -> TrialArrays:
    """The arrays of a whole row, in the order of ENTRY_COLUMNS."""
    first = len(COLUMNS_WITHOUT_ARRAYS)
    try:
        forms = json.loads(row[first - 1])["arrays"]
        blobs = dict(zip(ARRAYS, row[first:], strict=True))
        columns = blobs.pop("trial_parameters")
        found = {name: None if blob is None else unpack(blob, forms[name]) for name, blob in blobs.items()}
        parameters = None if columns is None else json.loads(_inflated(columns, forms["trial_parameters"]["bytes"]))
    except (ValueError, TypeError, KeyError, zlib.error) as error:
        raise DamagedLedger(
            f"the arrays of entry {row[0]} of the ledger cannot be read ({error}); run verify"
        ) from error
    return TrialArrays(**found, trial_parameters=parameters)  # type: ignore[arg-type]


def _inflated(content: bytes, size: int) -> bytes:
    return zlib.decompressobj().decompress(content, size + 1)
