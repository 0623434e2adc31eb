"""Files and the store as sources, and sources by name."""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from augury.errors import InvalidInput, Misconfigured, MissingExtra, NotEnoughData, NotFound
from augury.market.sources import SOURCE_NAMES, FileSource, Source, StoreSource, source
from augury.market.store import BarStore

MakeBars = Callable[..., pd.DataFrame]
RANGE = ("2024-01-01T00:00Z", "2024-01-10T00:00Z")


@pytest.fixture
def folder(tmp_path: Path, make_bars: MakeBars) -> Path:
    make_bars(48).to_csv(tmp_path / "AAPL_1h.csv")
    make_bars(30, freq="D", seed=1).to_parquet(tmp_path / "AAPL.parquet")
    make_bars(48, seed=2).to_csv(tmp_path / "MSFT.csv")
    return tmp_path


def test_a_folder_gives_each_symbol_and_timeframe_its_own_file(folder: Path, make_bars: MakeBars) -> None:
    files = FileSource(path=folder)
    assert files.fetch("AAPL", "1h", *RANGE).equals(make_bars(48))
    assert files.fetch("AAPL", "1D", *RANGE).equals(make_bars(30, freq="D", seed=1)[:9])
    assert files.fetch("MSFT", "60m", "2024-01-01T05:30Z", "2024-01-01T08:00Z").equals(make_bars(48, seed=2)[6:8])


def test_a_file_is_never_passed_off_as_another_timeframe(folder: Path) -> None:
    with pytest.raises(InvalidInput, match=r"MSFT.csv: holds 1h bars, 1D bars were asked for; resample"):
        FileSource(path=folder).fetch("MSFT", "1D", *RANGE)
    with pytest.raises(InvalidInput, match="holds 4h bars"):
        FileSource(path=folder, timeframe="4h").fetch("MSFT", "1h", *RANGE)


def test_a_bar_that_is_still_forming_is_left_out(folder: Path, tmp_path: Path) -> None:
    store = BarStore(tmp_path / "store")
    store.append("AAPL", "1h", FileSource(path=folder).fetch("AAPL", "1h", *RANGE))
    for one in (FileSource(path=folder), StoreSource(store=store), StoreSource(store=str(tmp_path / "store"))):
        frame = one.fetch("AAPL", "1h", *RANGE, now="2024-01-01T10:59:59Z")
        assert frame.index[-1] == pd.Timestamp("2024-01-01T09:00Z"), one
        with pytest.raises(NotEnoughData, match="that were closed by 2024-01-01T00:59:00Z"):
            one.fetch("AAPL", "1h", *RANGE, now="2024-01-01T00:59Z")


def test_what_is_not_there_is_told_with_near_names(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"no file AAPLE\.csv .*did you mean 'AAPL'"):
        FileSource(path=folder).fetch("AAPLE", "1h", *RANGE)
    with pytest.raises(NotFound, match="no file"):
        FileSource(path=folder).fetch("../AAPL", "1h", *RANGE)
    with pytest.raises(NotFound, match="no such file"):
        FileSource(path=folder / "none.csv").fetch("AAPL", "1h", *RANGE)
    with pytest.raises(NotFound, match="the store is empty"):
        StoreSource(store=str(tmp_path / "none")).fetch("AAPL", "1h", *RANGE)
    with pytest.raises(Misconfigured, match="Not a directory"):
        StoreSource(store=str(folder / "MSFT.csv")).fetch("AAPL", "1h", *RANGE)


def test_too_few_bars_to_tell_the_timeframe_need_it_said(tmp_path: Path, make_bars: MakeBars) -> None:
    make_bars(2).to_csv(tmp_path / "X.csv")
    with pytest.raises(NotEnoughData, match="pass timeframe="):
        FileSource(path=tmp_path).fetch("X", "1h", *RANGE)
    assert len(FileSource(path=tmp_path / "X.csv", timeframe="1h").fetch("X", "1h", *RANGE)) == 2


def test_every_registered_source_keeps_the_protocol(tmp_path: Path) -> None:
    options = {"file": {"path": tmp_path}, "store": {"store": str(tmp_path)}, "ccxt": {"exchange": "binance"}}
    for name in SOURCE_NAMES:
        built = source(name, **options.get(name, {}))
        assert isinstance(built, Source)
        assert built.name == name
        with pytest.raises(InvalidInput, match="start should be before end"):
            built.fetch("AAPL", "1D", "2024-01-02T00:00Z", "2024-01-01T00:00Z")


def test_unknown_sources_and_options_are_named_with_near_ones() -> None:
    with pytest.raises(NotFound, match="did you mean 'yfinance'"):
        source("yfinanse")
    with pytest.raises(InvalidInput, match="no option 'api_kee'; did you mean 'api_key'"):
        source("alpaca", api_kee="x")
    with pytest.raises(InvalidInput, match=r"missing 1 required .*'exchange'; its options are exchange, settings"):
        source("ccxt")


@pytest.mark.parametrize(
    ("name", "options"),
    [("yfinance", {}), ("ccxt", {"exchange": "kraken"}), ("alpaca", {"api_key": "a", "secret_key": "b"})],
)
def test_a_missing_client_library_is_told_with_the_pip_line(
    name: str, options: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    built = source(name, **options)
    for module in [one for one in sys.modules if one.split(".")[0] in ("yfinance", "ccxt", "alpaca")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [Absent(), *sys.meta_path])
    with pytest.raises(MissingExtra, match=rf"pip install 'augury\[{name}\]'"):
        built.fetch("AAPL", "1D", *RANGE)


class Absent(importlib.abc.MetaPathFinder):
    """Finds none of the client libraries, as where they are not installed."""

    def find_spec(self, name: str, *_: object) -> None:
        if name.split(".")[0] in ("yfinance", "ccxt", "alpaca"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
