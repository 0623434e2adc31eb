"""Which strategies take part in a comparison, under which names and with which parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from augury.errors import InvalidInput, nearest
from augury.operations.strategy_inputs import labels_of, parameters_of
from augury.operations.strategy_names import strategy_of

if TYPE_CHECKING:
    from augury.strategies import Strategy

__all__ = ["HOLDING", "Contender", "contenders_of"]

HOLDING = "buy_and_hold"

_LABELLED = re.compile(r"([A-Za-z0-9_-]+)=(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One strategy of a comparison: `label` tells it from the others, `given` is what was typed for it."""

    label: str
    given: str
    strategy: Strategy
    parameters: Mapping[str, float]


def contenders_of(typed: Sequence[str], parameters: Sequence[str]) -> tuple[Contender, ...]:
    """The strategies of `sma_crossover`, `mine.py` or `label=sma_crossover`, with `label.fast=10` or `fast=10` for all.

    InvalidInput for fewer than two, two of one label or the same one twice, and parameters that belong to none; errors
    of loading a strategy pass.
    """
    loaded = _loaded(typed)
    values = _dealt(loaded, parameters_of(parameters))
    found = tuple(
        Contender(label=label, given=given, strategy=strategy, parameters=values[label])
        for label, (given, strategy) in loaded.items()
    )
    seen: dict[tuple[str, str], str] = {}
    for one in found:
        full = one.strategy.values(one.parameters).tolist()
        same = (one.strategy.code_id, labels_of(zip(one.strategy.names, full, strict=True)))
        if same in seen:
            raise InvalidInput(
                f"{seen[same]} and {one.label} are the same strategy with the same parameters; give each other ones, "
                f"such as -p {one.label}.{(*one.strategy.names, 'name')[0]}=..."
            )
        seen[same] = one.label
    return found


def _loaded(typed: Sequence[str]) -> dict[str, tuple[str, Strategy]]:
    """What was typed and the strategy, by label."""
    found: dict[str, tuple[str, Strategy]] = {}
    for text in typed:
        labelled = _LABELLED.fullmatch(text)
        given = labelled[2] if labelled else text
        label = labelled[1] if labelled else Path(given).stem if given.endswith(".py") else given
        if given == HOLDING:
            raise InvalidInput(
                "buy_and_hold is in every comparison, as what the others are measured against; leave it out"
            )
        if label in found:
            raise InvalidInput(
                f"{label} is named twice; compare a strategy with itself under labels, such as short={given} "
                f"long={given} -p short.{_first_parameter(found[label][1])}=..."
            )
        found[label] = (given, strategy_of(given))
    if len(found) < 2:
        raise InvalidInput(
            f"expected two strategies or more to compare, got {len(found)}; `augury backtest` judges a single one"
        )
    return found


def _first_parameter(strategy: Strategy) -> str:
    return (*strategy.names, "name")[0]


def _dealt(loaded: Mapping[str, tuple[str, Strategy]], given: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """Parameters by label; those of one strategy outdo those of all."""
    values: dict[str, dict[str, float]] = {label: {} for label in loaded}
    for name, value in sorted(given.items(), key=lambda item: "." in item[0]):
        owner, dot, inner = name.rpartition(".")
        if dot and owner not in loaded:
            raise InvalidInput(f"no strategy here is labelled {owner!r} (of -p {name}); {nearest(owner, loaded)}")
        takers = [owner] if dot else [label for label, (_, one) in loaded.items() if inner in one.names]
        if not takers:
            known = {other for _, one in loaded.values() for other in one.names}
            raise InvalidInput(f"none of these strategies has a parameter {inner!r}; {nearest(inner, known)}")
        for label in takers:
            values[label][inner] = value
    return values
