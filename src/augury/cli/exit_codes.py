"""One table from errors to exit codes: 0 fine, 1 refused or failed, 2 usage, 3 input."""

from __future__ import annotations

from augury.errors import AuguryError, InvalidInput, NotEnoughData, NotFound

__all__ = ["FINE", "INPUT", "REFUSED", "USAGE", "exit_code"]

FINE, REFUSED, USAGE, INPUT = 0, 1, 2, 3


def exit_code(error: AuguryError) -> int:
    """3 when another input would do, 1 for everything else that was declined or failed."""
    return INPUT if isinstance(error, InvalidInput | NotEnoughData | NotFound) else REFUSED
