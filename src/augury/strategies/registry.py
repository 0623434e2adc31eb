"""The list of strategies that ship, found by being in the catalogue, and loading one by name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from augury.errors import NotFound, nearest
from augury.strategies.strategy import Strategy

__all__ = ["strategies", "strategy_named", "strategy_names"]

_CATALOGUE = "augury.strategies.catalogue"


@cache
def strategy_names() -> tuple[str, ...]:
    """Names of the strategies that ship, in alphabetical order; nothing is compiled."""
    package = importlib.import_module(_CATALOGUE)
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__)))


def strategy_named(name: str) -> Strategy:
    """The strategy of that name; NotFound, with the nearest names, when there is none."""
    if name not in strategy_names():
        raise NotFound(f"no strategy is named {name!r}; {nearest(name, strategy_names())}")
    found = importlib.import_module(f"{_CATALOGUE}.{name}").STRATEGY
    assert isinstance(found, Strategy)
    return found


def strategies() -> dict[str, Strategy]:
    """Every strategy that ships, by name."""
    return {name: strategy_named(name) for name in strategy_names()}
