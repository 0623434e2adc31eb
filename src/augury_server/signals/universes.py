"""Universes: add, change, remove, find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from augury.errors import Conflict, InvalidInput, NotFound, nearest
from augury.market.timeframe import Timeframe
from augury.signals import SignalSpec
from augury_server.registry.finding import find_model
from augury_server.settings.current import current_settings
from augury_server.signals.models import Universe

__all__ = ["NewUniverse", "add_universe", "find_universe", "remove_universe", "spec_of"]

_MOST_HORIZON_BARS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUniverse:
    """What a universe is made of; see `augury_server.signals.models.Universe`. No horizons: those of the settings."""

    name: str
    timeframe: str
    symbols: Sequence[str] = ()
    context: Sequence[str] = ()
    sectors: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    sentiment_model: str = "embedded"
    model_name: str = ""
    model_alias: str = ""
    horizons: Sequence[int] = ()
    enabled: bool = True


def add_universe(new: NewUniverse, *, by: str, replace: bool = False, dry_run: bool = False) -> Universe:
    """Store a universe, or with `replace` put it in the place of the one of its name; a dry run only checks.

    Raises InvalidInput for options, horizons or a timeframe that are none, NotFound for a model that is not registered,
    and Conflict for a name that is taken.
    """
    if not new.name.strip():
        raise InvalidInput("a universe needs a name, such as 'large caps'")
    if not all(symbol.strip() for symbol in new.symbols):
        raise InvalidInput(f"each symbol has a name, got an empty one in {', '.join(map(repr, new.symbols))}")
    repeated = sorted({symbol for symbol in new.symbols if list(new.symbols).count(symbol) > 1})
    if repeated:
        raise InvalidInput(f"each symbol is named once, got {', '.join(repeated)} more than once")
    horizons = sorted(set(new.horizons or current_settings().signals.horizons))
    if not horizons or horizons[0] < 1 or horizons[-1] > _MOST_HORIZON_BARS:
        raise InvalidInput(f"horizons are 1 to {_MOST_HORIZON_BARS} bars, at least one of them; got {horizons}")
    values = {
        "timeframe": str(Timeframe.of(new.timeframe)),
        "symbols": list(new.symbols),
        "context": list(new.context),
        "sectors": dict(new.sectors),
        "options": dict(new.options),
        "sentiment_model": new.sentiment_model,
        "model_name": new.model_name,
        "model_alias": new.model_alias or ("champion" if new.model_name else ""),
        "horizons": horizons,
        "enabled": new.enabled,
    }
    made = Universe(name=new.name, created_by=by, **values)
    spec_of(made)
    if new.model_name:
        find_model(new.model_name)
    with transaction.atomic():
        known = Universe.objects.select_for_update().filter(name=new.name).first()
        if known is not None and not replace:
            raise Conflict(f"there is a universe {new.name!r} already; overwrite it, or give another name")
        if dry_run:
            return made
        if known is None:
            made.save()
            return made
        for name, value in values.items():
            setattr(known, name, value)
        known.save()
        return known


def remove_universe(name: str, *, dry_run: bool = False) -> Universe:
    """Forget a universe; its signals and their outcomes stay. Raises NotFound."""
    with transaction.atomic():
        known = find_universe(name)
        if not dry_run:
            Universe.objects.filter(pk=known.pk).delete()
    return known


def find_universe(name: str) -> Universe:
    """The universe of this name; NotFound, with the nearest names, when there is none."""
    known = Universe.objects.filter(name=name).first()
    if known is None:
        names = list(Universe.objects.order_by("name").values_list("name", flat=True)[:1000])
        hint = nearest(name, names) if names else "add one with `augury universe add`"
        raise NotFound(f"no universe is named {name!r}; {hint}")
    return known


def spec_of(universe: Universe) -> SignalSpec:
    """The options of the signal engine: the library's defaults for the timeframe, the universe's own in their place.

    Raises InvalidInput for an option that is none.
    """
    given = dict(universe.options)
    if "timeframe" in given:
        raise InvalidInput("the timeframe belongs to the universe, not to its options; leave it out of these")
    defaults = SignalSpec.for_timeframe(universe.timeframe).to_dict()
    return SignalSpec.from_dict(_merged(defaults, given))


def _merged(defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """`given` over `defaults`, objects joined name by name."""
    merged = dict(defaults)
    for name, value in given.items():
        known = merged.get(name)
        merged[name] = _merged(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return merged
