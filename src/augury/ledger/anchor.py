"""A line of text that pins the newest entry: who keeps it can tell later whether anything before it is gone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from augury.errors import InvalidInput

__all__ = ["Anchor", "Receipt"]

_FORM = re.compile(r"augury-ledger:1:([0-9a-f]{32}):(\d{1,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Ledger, sequence and hash of one entry; sequence 0 is the empty ledger.

    As text it fits into a commit message, an e-mail or a log: any place that who changes the ledger cannot change too.

    >>> text = str(Anchor(ledger="0" * 32, sequence=12, hash="f" * 64))
    >>> Anchor.parse(text).sequence
    12
    """

    ledger: str
    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"augury-ledger:1:{self.ledger}:{self.sequence}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The anchor of this text; raises InvalidInput when it is not one, whole."""
        found = _FORM.fullmatch(text.strip())
        if found is None:
            raise InvalidInput(
                f"expected an anchor as a receipt prints it, augury-ledger:1:<ledger>:<sequence>:<hash>, "
                f"got {text!r:.120}"
            )
        return cls(ledger=found[1], sequence=int(found[2]), hash=found[3])


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What `append` gives back: where the entry stands and its hash (64 hex digits).

    `repeats` is the sequence of the first entry of the identical run (same trials on the same data), None for a new
    one.
    """

    sequence: int
    hash: str
    ledger: str
    trial_key: str
    repeats: int | None = None

    @property
    def anchor(self) -> str:
        """The text to keep: `Ledger.verify` finds with it that this entry or one before it is gone or changed."""
        return str(Anchor(ledger=self.ledger, sequence=self.sequence, hash=self.hash))
