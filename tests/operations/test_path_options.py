"""Every option that names a file or a folder says so, for the doors that are not at this machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import Field, dataclass, fields
from typing import Annotated, Any, get_type_hints

import msgspec
import pytest

from augury.operations import operations
from augury.operations.operation import Place, option, place_of
from augury.spec import Spec

_SOUNDS = re.compile(
    r"\b(files?|folders?|path|paths|capsules?|\.html|\.jsonl?|\.csv|\.py|parquet|write|table of|storage|where the)\b",
    re.IGNORECASE,
)
_NAMES = re.compile(r"(file|folder|path|output|report|save|ledger|storage|sectors|news|config)s?$")
_WITHIN = "which of several within a file"
_FOUND = "a length, found from the file when left out"
NO_PATHS = {
    "accounts.add.email": "where to write to people",
    "audit.strategy": _WITHIN,
    "backtest.symbol": _WITHIN,
    "compare.symbol": _WITHIN,
    "features.symbol": _WITHIN,
    "ingest.news.feed": "a name in the list of watermarks",
    "leaks.symbol": _WITHIN,
    "quality.timeframe": _FOUND,
    "signals.timeframe": _FOUND,
    "universe.add.sectors": "TICKER=sector",
    "validate.symbol": _WITHIN,
}
"""Options that sound as if they named files, and why they do not."""


def _options() -> Iterator[tuple[str, Field[Any], str]]:
    for name, entry in operations().items():
        hints = get_type_hints(entry.spec_type, include_extras=True)
        for item in fields(entry.spec_type):
            yield f"{name}.{item.name}", item, _described(hints[item.name])


def _described(hint: Any) -> str:
    return " ".join(note.description or "" for note in hint.__metadata__ if isinstance(note, msgspec.Meta))


def _is_text(item: Field[Any]) -> bool:
    return "str" in str(item.type) or "Files" in str(item.type)


def _unmarked(named: Iterator[tuple[str, Field[Any], str]]) -> list[str]:
    return [
        name
        for name, item, text in named
        if _is_text(item)
        and place_of(item) is None
        and (_SOUNDS.search(text) or _NAMES.search(item.name))
        and name not in NO_PATHS
        and not re.search(r"^(Literal|str \| None = Literal)", str(item.type))
    ]


def test_every_option_that_sounds_like_a_path_is_marked_as_one() -> None:
    assert _unmarked(_options()) == []


def test_an_option_that_is_not_marked_is_found_out() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Planted(Spec):
        one: Annotated[str, msgspec.Meta(description="A file of bars.")] = option("")
        output: Annotated[str, msgspec.Meta(description="For later.")] = option("")
        marked: Annotated[str, msgspec.Meta(description="A file of bars.")] = option("", path=True)
        other: Annotated[str, msgspec.Meta(description="A name.")] = option("")

    hints = get_type_hints(Planted, localns={"Annotated": Annotated, "msgspec": msgspec}, include_extras=True)
    planted = ((f"planted.{item.name}", item, _described(hints[item.name])) for item in fields(Planted))
    assert _unmarked(planted) == ["planted.one", "planted.output"]


def test_every_exception_is_an_option_that_there_is() -> None:
    known = {name: item for name, item, _ in _options()}
    assert set(NO_PATHS) <= set(known)
    assert [name for name in NO_PATHS if place_of(known[name]) is not None] == []


def test_what_an_operation_writes_is_told_from_what_it_reads() -> None:
    written = {name for name, item, _ in _options() if (place := place_of(item)) is not None and place.written}
    assert {"backtest.report", "backtest.save", "train.output", "tune-model.storage", "ledger.output"} <= written
    assert written.isdisjoint({"backtest.file", "predict.model", "registry.register.folder", "ingest.bars.files"})


@pytest.mark.parametrize(
    ("name", "word", "path"),
    [
        ("backtest.strategy", "sma_crossover", "mine.py"),
        ("backtest.splits", "detect", "splits.csv"),
        ("backtest.ledger", "off", "other.sqlite"),
        ("compare.strategies", "short=sma_crossover", "short=mine.py"),
        ("leaks.subject", "rsi(timeperiod=7)", "mine.py:features"),
        ("train.files", "sample", "sample.csv"),
        ("signals.model", "lexicon", "owner/model"),
        ("ingest.bars.source", "ccxt:kraken", "store:bars"),
    ],
)
def test_names_are_told_from_paths(name: str, word: str, path: str) -> None:
    place = next(place_of(item) for known, item, _ in _options() if known == name)
    assert isinstance(place, Place)
    assert place.is_name(word)
    assert not place.is_name(path)


def test_what_cannot_be_offered_over_a_network_says_why() -> None:
    local = {name: entry.local for name, entry in operations().items() if entry.local}
    assert {"server.up", "jobs.wait", "verify", "report"} <= set(local)
    assert all(len(reason.split()) > 4 for reason in local.values())
