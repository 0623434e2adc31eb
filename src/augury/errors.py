"""The error tree: one root, children named for how a caller should react.

    AuguryError
    ├── InvalidInput        fix what was passed in
    │   ├── InvalidBars     ... these are not bars; the message names rows and the rule
    │   ├── InvalidNews     ... these are not news items
    │   └── InvalidArtefact ... this is no whole model artefact, or one of another version
    ├── NotEnoughData       pass a longer history
    ├── LookAheadError      a value depends on the future: the code is wrong, do not use it
    ├── Refused             the request is understood and declined, with the reason
    │   └── WrongState      ... it would be taken in another state of the thing; the message says in which
    ├── NotFound            the named thing does not exist; the message lists near names
    ├── Conflict            somebody else changed the same thing; look again and retry
    ├── Unavailable         a dependency is away for now; retry later
    └── Misconfigured       stop and mend the installation or the settings
        └── MissingExtra    ... an optional dependency is not installed; the message gives the pip line

A message says what was expected, what came, and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class AuguryError(Exception):
    """Root of every error that Augury raises on purpose."""


class InvalidInput(AuguryError, ValueError):
    """The input breaks a stated rule; the message names the rule and the offending value."""


class InvalidBars(InvalidInput):
    """The frame breaks the Bars contract; the message names the first bad rows and the rule."""


class InvalidNews(InvalidInput):
    """The records break the news contract; the message names the first bad items and the rule."""


class InvalidArtefact(InvalidInput):
    """A model artefact is damaged, altered, unsafe or of another version; the message says which and what to do."""


class NotEnoughData(AuguryError, ValueError):
    """The history is shorter than the computation needs."""


class LookAheadError(AuguryError):
    """A value changed when only the future changed, or a record arrived before it could be known."""


class Refused(AuguryError):
    """The request is understood and declined; the message is the reason."""


class WrongState(Refused):
    """What is asked for is not done in the state in which the thing is; the message names it."""


class NotFound(AuguryError, LookupError):
    """No such name; the message lists the nearest ones."""


class Conflict(AuguryError):
    """A concurrent change made this one impossible; read again and retry."""


class Unavailable(AuguryError):
    """A dependency cannot be reached for now; retrying later may work."""


class Misconfigured(AuguryError):
    """The installation or the settings are wrong; retrying will not help."""


class MissingExtra(Misconfigured, ImportError):
    """An optional dependency is missing; the message gives the install command."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence fragment that suggests the nearest known names, or lists what there is."""
    names = sorted(known)
    if not names:
        return "there is none so far"
    close = get_close_matches(str(name), names, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(repr(match) for match in close) + "?"
    shown = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return f"known names: {shown}"
