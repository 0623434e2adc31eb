"""The registry of features. One file in `catalogue/` that calls `register` is enough to appear everywhere."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from augury.errors import Conflict, NotFound, nearest
from augury.features.feature import Feature
from augury.spec import Spec

__all__ = ["FeatureDefinition", "definition", "definitions", "make", "register"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDefinition:
    """A feature before its options are bound: its name, what it means, its source and how to build it."""

    name: str
    summary: str
    source: str
    spec_type: type[Spec]
    build: Callable[[Any], Feature]


_definitions: dict[str, FeatureDefinition] = {}
_loaded = False


def register(entry: FeatureDefinition) -> FeatureDefinition:
    """Add a definition. Raises Conflict when the name is taken by another one."""
    known = _definitions.get(entry.name)
    if known is not None and known is not entry:
        raise Conflict(f"a feature named {entry.name!r} is registered already; choose another name")
    _definitions[entry.name] = entry
    return entry


def _modules() -> list[str]:
    package = importlib.import_module("augury.features.catalogue")
    return [module.name for module in pkgutil.iter_modules(package.__path__)]


def _load_catalogue() -> None:
    global _loaded
    if _loaded:
        return
    for module in _modules():
        importlib.import_module(f"augury.features.catalogue.{module}")
    _loaded = True


def definitions() -> dict[str, FeatureDefinition]:
    """Every registered definition by name, the built-in catalogue included."""
    _load_catalogue()
    return dict(sorted(_definitions.items()))


def definition(name: str) -> FeatureDefinition:
    """The definition of that name; NotFound, with the nearest names, when there is none."""
    if name not in _definitions and name in _modules():
        importlib.import_module(f"augury.features.catalogue.{name}")  # its own file alone: the others may be slow
    if name not in _definitions:
        _load_catalogue()
    if name not in _definitions:
        raise NotFound(f"no feature is named {name!r}; {nearest(name, _definitions)}")
    return _definitions[name]


def make(name: str, **options: Any) -> Feature:
    """Build a feature by name with some options changed.

    >>> make("permutation_entropy", window_bars=250).look_back
    254
    """
    entry = definition(name)
    return entry.build(entry.spec_type.from_dict(options))
