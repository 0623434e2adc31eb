"""What an entry means, in plain words: what was run, how much was tried before it, what changed since the last time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from augury.ledger.filters import EntryFilter
from augury.ledger.recorded import Recorded
from augury.ledger.tries import Tries

if TYPE_CHECKING:
    from augury.ledger.ledger import Ledger

__all__ = ["Change", "Explanation", "explain_entry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that differs from the previous similar run; None where one of the two did not have it."""

    what: str
    before: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.what}: {_shown(self.before)} -> {_shown(self.now)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The entry, the tries on its data before it, the previous run of the same strategy there, and what changed since.

    `identical` is the sequence of the newest earlier entry of the identical run; `same_figures` whether its headline
    was the same, None when there is none. `facts` tells all this in sentences.
    """

    entry: Recorded
    before: Tries
    previous: Recorded | None
    changes: tuple[Change, ...]
    identical: int | None
    same_figures: bool | None
    facts: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.facts)


def explain_entry(ledger: Ledger, entry: Recorded) -> Explanation:
    """See `Ledger.explain`."""
    before = ledger.tries(entry.data, until=entry.sequence - 1) if entry.sequence > 1 else Tries.none(entry.data)
    previous = _previous(ledger, entry, before)
    changes = () if previous is None else _changes(previous, entry)
    twin = _identical(ledger, entry)
    same = None if twin is None else twin.headline == entry.headline
    return Explanation(
        entry=entry,
        before=before,
        previous=previous,
        changes=changes,
        identical=None if twin is None else twin.sequence,
        same_figures=same,
        facts=(*_about(entry), *_about_tries(before), *_about_repeats(twin, same), *_about_changes(previous, changes)),
    )


def _previous(ledger: Ledger, entry: Recorded, before: Tries) -> Recorded | None:
    """The newest earlier entry of the same strategy and kind on overlapping data."""
    wanted = EntryFilter(kind=entry.kind, subject=entry.subject, until=max(entry.sequence - 1, 1), newest_first=True)
    counted = set(before.sequences)
    return next((one for one in ledger.entries(wanted) if one.sequence in counted), None)


def _identical(ledger: Ledger, entry: Recorded) -> Recorded | None:
    wanted = EntryFilter(trial_key=entry.trial_key, until=max(entry.sequence - 1, 1), newest_first=True, limit=1)
    found = ledger.entries(wanted) if entry.trials else ()
    return found[0] if found and found[0].sequence < entry.sequence else None


def _about(entry: Recorded) -> list[str]:
    tried = "1 trial" if entry.trials == 1 else f"{entry.trials:,} trials"
    facts = [f"#{entry.sequence}, {entry.written}: {entry.kind} of {entry.subject} on {entry.data} ({tried})."]
    if entry.parameters:
        facts.append(
            "Parameters: " + ", ".join(f"{name} = {_shown(value)}" for name, value in entry.parameters.items()) + "."
        )
    if entry.headline:
        figures = ", ".join(f"{name} = {_shown(value)}" for name, value in entry.headline.items())
        facts.append(f"Outcome: {figures}.")
    return facts + ([f"Note: {entry.note}"] if entry.note else [])


def _about_tries(before: Tries) -> list[str]:
    if not before.trials:
        return ["Nothing had been tried on this data before."]
    trials, entries = _counted(before.trials, "trial"), _counted(before.entries, "entry", "entries")
    made = f"{trials} in {entries} had been made on this data"
    worth = f"{before.distinct:,} distinct, worth {before.effective:,.4g} independent ones"
    return [f"Before it, {made}: {worth}."]


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _about_repeats(twin: Recorded | None, same: bool | None) -> list[str]:
    if twin is None:
        return []
    outcome = "with the same figures" if same else "with OTHER figures: it does not reproduce"
    return [f"It repeats #{twin.sequence}, the identical run, {outcome}; it is not a new trial."]


def _about_changes(previous: Recorded | None, changes: tuple[Change, ...]) -> list[str]:
    if previous is None:
        return ["It is the first of this kind and strategy on this data."]
    if not changes:
        return [f"Nothing changed since #{previous.sequence}, the last of this kind."]
    return [f"Since #{previous.sequence}, the last of this kind, changed: " + "; ".join(map(str, changes)) + "."]


def _changes(previous: Recorded, entry: Recorded) -> tuple[Change, ...]:
    changes = []
    if previous.strategy_id != entry.strategy_id:
        changes.append(Change(what="code of the strategy", before=previous.strategy_id, now=entry.strategy_id))
    for what, old, new in (
        ("", previous.parameters, entry.parameters),
        ("option ", previous.spec, entry.spec),
        ("version of ", previous.versions, entry.versions),
    ):
        changes += _differences(what, old, new)
    if previous.data_id != entry.data_id:
        changes.append(Change(what="data", before=str(previous.data), now=str(entry.data)))
    if previous.seed != entry.seed:
        changes.append(Change(what="seed", before=previous.seed, now=entry.seed))
    return tuple(changes)


def _differences(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    names = sorted(old.keys() | new.keys())
    return [
        Change(what=what + name, before=old.get(name), now=new.get(name))
        for name in names
        if old.get(name) != new.get(name) or (name in old) != (name in new)
    ]


def _shown(value: Any) -> str:
    if value is None:
        return "undefined"
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 120 else text[:117] + "..."
