"""Sources by name."""

from __future__ import annotations

from dataclasses import fields
from importlib import import_module
from typing import Any, Final, cast

from augury.errors import InvalidInput, NotFound, nearest
from augury.market.sources.protocol import Source

__all__ = ["SOURCE_NAMES", "source"]

_CLASSES: Final = {
    "alpaca": "AlpacaSource",
    "ccxt": "CcxtSource",
    "file": "FileSource",
    "store": "StoreSource",
    "yfinance": "YFinanceSource",
}

SOURCE_NAMES: Final = tuple(_CLASSES)


def source(name: str, **options: Any) -> Source:
    """The source of that name, built with its options, which are the fields of its class.

    Raises NotFound for an unknown name and InvalidInput for an unknown or missing option, with the nearest names. The
    client library of a vendor is imported by the first fetch: MissingExtra tells how to install it.

    >>> source("ccxt", exchange="kraken").name
    'ccxt'
    """
    if name not in _CLASSES:
        raise NotFound(f"no source {name!r}; {nearest(name, SOURCE_NAMES)}")
    kind: Any = getattr(import_module(f"augury.market.sources.{name}_source"), _CLASSES[name])
    known = [field.name for field in fields(kind) if field.init]
    for option in options:
        if option not in known:
            raise InvalidInput(f"the source {name!r} has no option {option!r}; {nearest(option, known)}")
    try:
        return cast("Source", kind(**options))
    except TypeError as error:
        raise InvalidInput(f"the source {name!r}: {error}; its options are {', '.join(known)}") from error
