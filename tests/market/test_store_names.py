"""Odd symbols: each gets a folder of its own, wherever the store is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.market.store import BarStore
from augury.market.store_names import checked_symbol, folder_name, symbol_of

ODD = [
    "BRK/B",
    "BRK.B",
    "^GSPC",
    "BTC/USDT",
    "btc/usdt",
    "EURUSD=X",
    "../../etc",
    "..",
    "CON",
    "日経225",
    "é",
    "e\u0301",
]
ODD += ["a'); DROP VIEW bars; --", "%41", "A B", "x*?[1]", "\x00", "🚀", '"', "\\", "~root", "symbol=A"]
TEXT = st.text(min_size=1, max_size=12).filter(lambda text: text == text.strip())


@given(TEXT)
def test_a_folder_name_gives_its_symbol_back_and_is_plain(symbol: str) -> None:
    name = folder_name(symbol)
    assert symbol_of(name) == symbol
    assert set(name.removeprefix("symbol=")) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-%")


@given(TEXT, TEXT)
def test_different_symbols_differ_where_case_does_not_count(one: str, other: str) -> None:
    assert (folder_name(one).casefold() == folder_name(other).casefold()) == (one == other)


@pytest.mark.parametrize(
    "name", ["AAPL", "symbol=", "symbol=aapl", "symbol=%61%", "symbol=%C3", "_locks", "symbol=%41"]
)
def test_a_folder_that_was_not_made_here_is_no_symbol(name: str) -> None:
    assert symbol_of(name) is None


@pytest.mark.parametrize("symbol", ["", " AAPL", "AAPL\n", None, 7, "\ud800", "X" * 300, "日" * 30])
def test_what_is_no_symbol_is_refused(symbol: object) -> None:
    with pytest.raises(InvalidInput, match="symbol"):
        checked_symbol(symbol)  # type: ignore[arg-type]


def test_odd_symbols_are_stored_side_by_side_inside_an_oddly_named_folder(
    tmp_path: Path, make_bars: Callable[..., pd.DataFrame]
) -> None:
    store = BarStore(tmp_path / "we'ird [1] *? é")
    for seed, symbol in enumerate(ODD):
        store.append(symbol, "1h", make_bars(3, seed=seed))
    assert store.symbols() == sorted(ODD)
    for seed, symbol in enumerate(ODD):
        assert store.read(symbol, "1h").equals(make_bars(3, seed=seed)), symbol
    counted = store.query("SELECT symbol, count(*) AS bars FROM bars GROUP BY symbol ORDER BY symbol")
    assert sorted(counted["symbol"]) == sorted(ODD)
    assert set(counted["bars"]) == {3}
    assert len(store.query("SELECT * FROM bars WHERE symbol = ?", ["a'); DROP VIEW bars; --"])) == 3
    assert {path.name for path in tmp_path.iterdir()} == {store.folder.name}, "nothing is written elsewhere"
    store.delete("../../etc")
    assert store.symbols() == sorted(set(ODD) - {"../../etc"})
