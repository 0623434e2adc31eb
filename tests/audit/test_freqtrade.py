"""Results of freqtrade: the file that freqtrade itself wrote, and one made anew where freqtrade is installed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augury.audit import AuditSpec, ClaimSpec, audit_files, read_claim
from augury.errors import InvalidInput, NotEnoughData, NotFound

QUICK = AuditSpec(replications=199)


def archive_of(folder: Path) -> Path:
    return next(folder.glob("*.zip"))


def document_of(folder: Path) -> dict:
    with zipfile.ZipFile(archive_of(folder)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".json") and "_config" not in name)
        return json.loads(archive.read(name))


def test_the_archive_holds_strategies_trades_wallet_and_figures(freqtrade_folder: Path) -> None:
    claim = read_claim(archive_of(freqtrade_folder))
    stated = document_of(freqtrade_folder)["strategy"]["Crossing"]
    assert (claim.tool, claim.name, claim.parts) == ("freqtrade", "Crossing", ("trades", "equity"))
    assert claim.trades is not None
    assert claim.curve is not None
    assert len(claim.trades) == stated["total_trades"]
    assert claim.trades.symbols == ("ALPHA/USDT", "BETA/USDT")
    assert claim.initial_cash == stated["starting_balance"]
    assert float(claim.trades.profit.sum()) == pytest.approx(stated["profit_total_abs"])
    assert claim.curve.equity[-1] == pytest.approx(stated["wallet_stats"]["end_balance"])
    assert claim.period == (stated["backtest_start_ts"] * 10**6, stated["backtest_end_ts"] * 10**6)
    assert claim.variants is not None
    assert claim.variants.count == 2


def test_pointers_lead_to_the_result_beside_them(freqtrade_folder: Path, tmp_path: Path) -> None:
    whole = read_claim(archive_of(freqtrade_folder))
    for name in (".last_result.json", archive_of(freqtrade_folder).name.replace(".zip", ".meta.json")):
        assert read_claim(freqtrade_folder / name).name == whole.name
        alone = tmp_path / name
        alone.write_bytes((freqtrade_folder / name).read_bytes())
        with pytest.raises(NotFound, match=r"leads to backtest-result.*which is not in"):
            read_claim(alone)


def test_a_pointer_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    (tmp_path / "secret.zip").write_bytes(b"PK")
    pointer = tmp_path / "inside" / ".last_result.json"
    pointer.write_text(json.dumps({"latest_backtest": "../secret.zip"}))
    with pytest.raises(NotFound, match=r"leads to secret\.zip"):
        read_claim(pointer)


def test_the_json_alone_is_enough_and_another_strategy_can_be_named(freqtrade_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document_of(freqtrade_folder)))
    assert read_claim(path).parts == ("trades",)
    assert read_claim(path, ClaimSpec(strategy="Breakout")).name == "Breakout"
    with pytest.raises(NotFound, match="did you mean 'Breakout'"):
        read_claim(path, ClaimSpec(strategy="Breakuot"))


def test_every_reported_figure_agrees_or_is_explained_by_its_convention(freqtrade_folder: Path) -> None:
    found = audit_files(archive_of(freqtrade_folder), QUICK)
    by_name = {one.measure: one for one in found.rechecked}
    for name in ("sharpe", "sortino", "calmar", "cagr", "max_drawdown", "total_return", "win_rate", "wallet_sharpe"):
        assert by_name[name].theirs == pytest.approx(by_name[name].reported, rel=1e-6), name
    assert by_name["sharpe"].status == "convention"
    assert "trades (not days)" in by_name["sharpe"].explanation
    assert all(one.status in ("agrees", "convention") for one in found.rechecked)


def test_its_trades_pass_the_checks_against_its_candles(freqtrade_folder: Path) -> None:
    candles = [freqtrade_folder / "ALPHA.csv", freqtrade_folder / "BETA.csv"]
    with_wallet = audit_files(archive_of(freqtrade_folder), QUICK, bars=candles)
    rules = {one.rule for one in with_wallet.remarks}
    assert not rules & {"fills_outside_bars", "equity_not_explained", "profit_not_from_prices", "trades_outside_data"}
    assert with_wallet.skipped == ()
    assert with_wallet.costs is not None
    assert with_wallet.costs.charged_bps == pytest.approx(10.0)
    assert [delay for delay, _, _ in with_wallet.delays.rows] == [0.0, 1.0, 2.0, 5.0]


def test_trades_valued_on_the_candles_follow_freqtrades_wallet(freqtrade_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(document_of(freqtrade_folder)))
    candles = [freqtrade_folder / "ALPHA.csv", freqtrade_folder / "BETA.csv"]
    mine = audit_files(path, QUICK, bars=candles).account
    wallet = read_claim(archive_of(freqtrade_folder)).curve
    assert mine is not None
    assert wallet is not None
    assert mine.basis == "marked"
    theirs = pd.Series(wallet.equity, index=wallet.times)
    ours = pd.Series(mine.equity, index=mine.times)
    both = pd.concat({"ours": ours, "theirs": theirs}, axis=1).dropna()
    assert len(both) > 250
    assert both.corr().iloc[0, 1] > 0.999
    assert float((both["ours"] / both["theirs"] - 1.0).abs().max()) < 0.01  # freqtrade charges fees at the exit


def test_what_is_broken_is_refused_with_the_place(freqtrade_folder: Path, tmp_path: Path) -> None:
    document = document_of(freqtrade_folder)
    text = json.dumps(document)
    cut = tmp_path / "cut.json"
    cut.write_text(text[: len(text) // 2])
    with pytest.raises(InvalidInput, match=r"breaks in line 1, column \d+.*complete"):
        read_claim(cut)
    archive = tmp_path / "cut.zip"
    archive.write_bytes(archive_of(freqtrade_folder).read_bytes()[:20_000])
    with pytest.raises(InvalidInput):
        read_claim(archive)
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as made:
        made.writestr("readme.txt", "nothing")
    with pytest.raises(InvalidInput, match=r"archive of freqtrade.*readme\.txt"):
        read_claim(other)
    document["strategy"]["Crossing"]["trades"] = []
    empty = tmp_path / "empty.json"
    empty.write_text(json.dumps(document))
    with pytest.raises(NotEnoughData, match="made no trades"):
        read_claim(empty, ClaimSpec(strategy="Crossing"))


def freqtrade_python() -> str | None:
    """An interpreter with freqtrade: $AUGURY_FREQTRADE_PYTHON, or this one."""
    named = os.environ.get("AUGURY_FREQTRADE_PYTHON")
    return named or (sys.executable if importlib.util.find_spec("freqtrade") else None)


def test_a_result_that_freqtrade_makes_now_is_read(tmp_path: Path) -> None:
    python = freqtrade_python()
    if python is None:
        pytest.skip("freqtrade is not installed here; set AUGURY_FREQTRADE_PYTHON to an interpreter that has it")
    script = Path(__file__).parent / "freqtrade" / "run_freqtrade.py"
    made = tmp_path / "made"
    made.mkdir()
    run = subprocess.run([python, str(script), str(made)], capture_output=True, text=True, check=False, timeout=200)
    assert run.returncode == 0, run.stderr[-2000:]
    found = audit_files(made / "user_data" / "backtest_results" / ".last_result.json", QUICK)
    assert found.claim.tool == "freqtrade"
    assert all(one.status in ("agrees", "convention") for one in found.rechecked)
    assert found.account is not None
    assert np.isfinite(found.account.equity).all()
