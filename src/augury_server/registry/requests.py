"""What may be asked of a model's versions: one frozen record a kind of transition.

A `version` is a number, "latest", "champion" or an alias; it is looked up when the request is decided, under the lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "Archive",
    "Challenge",
    "Demote",
    "MoveAlias",
    "Promote",
    "Register",
    "RemoveAlias",
    "Request",
    "Restore",
    "Rollback",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Add a candidate with the next number."""

    beats_baseline: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote:
    """Make a version the champion; `force` does so without the evidence that is asked for otherwise."""

    version: int | str
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """Make a candidate a challenger: to be measured against the champion."""

    version: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demote:
    """Make the champion or a challenger a candidate again; without a champion nothing is served."""

    version: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """Give the championship back to the version that had it before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Take a version out of use; its files stay."""

    version: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """Make an archived version a candidate again."""

    version: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAlias:
    """Let an alias name a version, whatever it named before."""

    alias: str
    version: int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAlias:
    """Let an alias name nothing any more."""

    alias: str


Request: TypeAlias = Register | Promote | Challenge | Demote | Rollback | Archive | Restore | MoveAlias | RemoveAlias
