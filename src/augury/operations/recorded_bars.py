"""The bars of a run capsule, read again: as they were recorded, or with what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from augury import backtest, market
from augury.errors import NotFound
from augury.operations.changes import Change
from augury.operations.strategy_inputs import DataOptions, Instrument, instrument_of, kept_of

if TYPE_CHECKING:
    from augury.ledger import SeriesKey
    from augury.operations.capsules import FoundCapsule

__all__ = ["recorded_bars"]


def recorded_bars(found: FoundCapsule, data: str | None) -> tuple[Instrument, list[Change]]:
    """The recorded bars where they still are in the file, else all bars of the file; and what changed.

    `data` is where the file is now; without it, where it was, else beside the capsule. NotFound when it is gone.
    """
    capsule, key = found.capsule, found.capsule.data[0].key
    options = DataOptions(**{name: capsule.options.get(name) for name in ("symbol", "zone")}, splits=_splits(found))
    path = _place(found, data)
    bars = market.read_bars(path, symbol=options.symbol, zone=options.zone)
    arrays = market.bar_arrays(bars)
    changes = []
    if backtest.fingerprint_of(arrays) != key.fingerprint:
        inside = bars[(arrays.opened_at >= key.first) & (arrays.opened_at <= key.last)]
        if len(inside) == key.bars and backtest.fingerprint_of(market.bar_arrays(inside)) == key.fingerprint:
            text = f"{path} has {len(bars):,} bars; the {key.bars:,} that were recorded are unchanged and were used"
            changes.append(Change(part="data", text=text, harmless=True))
            bars = inside
        else:
            changes.append(_other_bars(path, key, arrays))
    instrument = instrument_of(bars, str(path), options, symbol=key.symbol)
    then, now = capsule.options.get("actions"), kept_of(options, instrument)["actions"]
    if "actions" in capsule.options and then != now and all(change.harmless for change in changes):
        text = f"the corporate actions changed: {_short(now)} instead of {_short(then)}"
        changes.append(Change(part="data", text=text, remedy=f"Restore what they were read from: {options.splits}."))
    return instrument, changes


def _short(digest: str | None) -> str:
    return "none" if digest is None else digest[:16]


def _splits(found: FoundCapsule) -> str:
    given = str(found.capsule.options.get("splits") or "none")
    return given if given in ("none", "detect") else str(_first_file(found, given) or given)


def _first_file(found: FoundCapsule, recorded: str) -> Path | None:
    """A recorded file where it was, else in the capsule's folder, by its path and by its name."""
    folders = [] if found.folder is None else [found.folder / recorded, found.folder / Path(recorded).name]
    return next((path for path in (Path(recorded), *folders) if path.is_file()), None)


def _place(found: FoundCapsule, data: str | None) -> Path:
    recorded = found.capsule.data[0].path
    if data is not None:
        return Path(data)
    if recorded is None:
        raise NotFound(f"{found.reference} does not say which file its bars came from; name it with --data FILE")
    path = _first_file(found, recorded)
    if path is None:
        raise NotFound(
            f"the bars of {found.reference} are not at {recorded} any more; say where they are with --data FILE, or "
            "put them beside the capsule"
        )
    return path


def _other_bars(path: Path, key: SeriesKey, arrays: market.BarArrays) -> Change:
    first, last = (market.iso(int(arrays.opened_at[at]))[:10] for at in (0, -1))
    text = (
        f"the data changed: {path} has {len(arrays):,} bars from {first} to {last} with fingerprint "
        f"{backtest.fingerprint_of(arrays)}; recorded were {key.bars:,} bars from {market.iso(key.first)[:10]} to "
        f"{market.iso(key.last)[:10]} with fingerprint {key.fingerprint}"
    )
    return Change(part="data", text=text, remedy="Restore the file as it was, or name it with --data.")
