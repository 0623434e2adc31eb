"""The `verify` operation: what ran runs again to the last bit; whatever changed is named with its cause."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path

import pandas as pd
import pytest

from augury.errors import InvalidInput, Misconfigured, NotFound, Refused
from augury.ledger import Capsule, DataKey, Entry, Ledger, SeriesKey, StrategySource
from augury.operations import run

TREND = """
    def positions(bars, window=5):
        close = bars["close"]
        return (close > close.rolling(window).mean()).astype(float)
"""


def edited(path, **changes):
    """The capsule with some fields replaced, sealed anew, in the same file."""
    capsule = Capsule.from_json(path.read_text(encoding="utf-8"))
    changed = dataclasses.replace(capsule, **{name: change(capsule) for name, change in changes.items()})
    path.write_text(changed.to_json(), encoding="utf-8")
    return path


def other_digest(capsule):
    return dict(capsule.digests) | {"equity": "0" * 64}


def spoil(path, *columns):
    """Double some columns of the second half."""
    frame = pd.read_csv(path)
    frame.loc[len(frame) // 2 :, list(columns)] *= 2.0
    frame.to_csv(path, index=False)


@pytest.mark.parametrize(
    "options",
    [
        {"parameters": ["fast=5", "slow=20"]},
        {"strategy": "donchian_breakout", "stop_loss": 0.03, "settings": ["costs.borrow_rate=0.01", "leverage=2"]},
        {"cash": 12_345.678, "commission": 0.0, "fill": "same_close"},
        {"splits": "detect"},
    ],
)
def test_a_run_comes_out_the_same_to_the_last_bit(options, saved):
    result = run("verify", run=str(saved(**options)))
    assert (result.reproduced, result.differences, result.changes, result.exit_code) == (True, (), (), 0)
    assert result.compared == ("equity", "fills", "measures")


def test_a_result_states_the_digests_of_its_capsule_with_and_without_its_proof(book, prices):
    outcome = run("backtest", strategy="sma_crossover", file=str(prices), permutations=0)
    assert outcome.result.digests == outcome.capsule.digests
    assert book.exists()


def test_an_entry_of_the_ledger_is_verified_by_number_and_by_hash_and_nothing_is_written(saved, book):
    saved()
    with Ledger(book) as ledger:
        hashed = ledger.get(1).hash
    before = book.read_bytes()
    for reference in ("1", "#1", hashed[:8], hashed):
        result = run("verify", run=reference)
        assert (result.reproduced, result.reference) == (True, "entry 1")
    assert book.read_bytes() == before


def test_the_best_of_a_search_and_a_contender_of_a_comparison_are_verified_too(book, prices):
    run("validate", strategy="sma_crossover", file=str(prices), grid=["fast=3,5,8", "slow=20,40"], permutations=0)
    run("compare", file=str(prices), strategies=["sma_crossover", "rsi_reversal"], permutations=0)
    assert [run("verify", run=str(entry)).reproduced for entry in (1, 2, 3)] == [True, True, True]


def test_a_strategy_file_is_run_from_the_text_that_the_capsule_holds(saved, strategy_file, tmp_path, monkeypatch):
    strategy_file("def above(close, window):\n    return close > close.rolling(window).mean()\n", "indicators.py")
    mine = strategy_file(
        """
        from .indicators import above

        def positions(bars, window=5):
            return above(bars["close"], window).astype(float)
        """
    )
    capsule = saved(mine)
    Path(mine).write_text("def positions(bars):\n    return [0.0] * len(bars)\n")
    (tmp_path / "indicators.py").unlink()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    assert run("verify", run=str(capsule)).reproduced
    assert list(scratch.iterdir()) == []


def test_changed_bars_are_named_with_both_fingerprints_and_are_the_cause(saved, prices, augury):
    capsule = saved()
    recorded = run("verify", run=str(capsule)).capsule.data[0].key
    spoil(prices, "open", "high", "low", "close")
    result = run("verify", run=str(capsule))
    assert (result.reproduced, result.same_data, result.exit_code, result.cause) == (False, False, 1, "other data")
    (change,) = result.changes
    assert recorded.fingerprint in change.text
    assert "400 bars from 20" in change.text
    assert len(set(change.text.split()) & {recorded.fingerprint}) == 1
    shown = augury("verify", capsule)
    assert shown.exit_code == 1
    assert "NOT REPRODUCED" in shown.stdout
    assert "Probable cause: other data." in shown.stdout


def test_changed_bars_that_leave_every_figure_alone_are_still_not_the_recorded_run(saved, prices):
    capsule = saved()
    spoil(prices, "volume")
    result = run("verify", run=str(capsule))
    assert result.differences == ()
    assert (result.same_data, result.reproduced, result.exit_code) == (False, False, 1)


def test_bars_added_since_are_left_out_and_said(saved, prices):
    frame = pd.read_csv(prices)
    frame.iloc[20:-30].to_csv(prices, index=False)
    capsule = saved()
    frame.to_csv(prices, index=False)
    result = run("verify", run=str(capsule))
    assert result.reproduced
    assert result.bars == 350
    assert "has 400 bars; the 350 that were recorded are unchanged" in result.changes[0].text


def test_bars_that_moved_are_found_beside_the_capsule_or_where_it_is_said(saved, prices, tmp_path):
    capsule = saved()
    away = tmp_path / "elsewhere"
    away.mkdir()
    prices = prices.rename(away / "renamed.csv")
    with pytest.raises(NotFound, match=r"not at .*ACME.csv any more; say where they are with --data"):
        run("verify", run=str(capsule))
    assert run("verify", run=str(capsule), data=str(prices)).reproduced
    with pytest.raises(NotFound, match="no such file"):
        run("verify", run=str(capsule), data=str(tmp_path / "nowhere.csv"))
    prices.rename(away / "ACME.csv")
    assert run("verify", run=str(capsule.rename(away / "run.json"))).reproduced


def test_a_table_of_splits_that_changed_is_named(saved, prices, tmp_path):
    days = pd.read_csv(prices)["timestamp"]
    table = tmp_path / "splits.csv"
    table.write_text(f"at,kind,value\n{days[100]},split,2.0\n")
    capsule = saved(splits=str(table))
    assert run("verify", run=str(capsule)).reproduced
    table.write_text(f"at,kind,value\n{days[100]},split,3.0\n")
    result = run("verify", run=str(capsule))
    assert not result.reproduced
    assert "the corporate actions changed" in result.changes[0].text
    assert str(table) in result.changes[0].remedy


def test_a_registered_strategy_whose_code_changed_is_named_and_blamed_only_when_figures_differ(saved):
    capsule = edited(saved(), strategy=lambda _: StrategySource(name="sma_crossover", sha256="0" * 16))
    result = run("verify", run=str(capsule))
    assert result.reproduced
    assert [change.part for change in result.changes] == ["code"]
    assert "code of sma_crossover changed" in result.changes[0].text
    result = run("verify", run=str(edited(capsule, digests=other_digest)))
    assert (result.cause, [one.name for one in result.differences]) == ("other code of the strategy", ["equity"])


def test_other_versions_are_named_and_blamed_when_figures_differ(saved):
    capsule = edited(saved(), versions=lambda one: dict(one.versions) | {"numpy": "1.0"}, digests=other_digest)
    result = run("verify", run=str(capsule))
    assert result.cause == "other versions of what computes"
    assert "instead of 1.0" in result.changes[0].text


def test_settings_that_the_recorded_version_did_not_have_are_named(saved):
    def without(capsule):
        return {name: value for name, value in capsule.spec.items() if name != "volume_limit"}

    result = run("verify", run=str(edited(saved(), spec=without)))
    assert result.reproduced
    assert "settings that were not there then: volume_limit=None" in result.changes[0].text


def test_settings_that_this_version_does_not_have_are_refused_with_the_version_that_had_them(saved):
    capsule = edited(saved(), spec=lambda one: dict(one.spec) | {"warp": 9})
    with pytest.raises(InvalidInput, match=r"no option 'warp'.*use augury 0"):
        run("verify", run=str(capsule))


def test_a_strategy_that_depends_on_chance_is_found_out(saved, strategy_file):
    mine = strategy_file(
        """
        import random
        def positions(bars):
            return [float(random.random() < 0.5) for _ in range(len(bars))]
        """
    )
    result = run("verify", run=str(saved(mine)))
    assert not result.reproduced
    assert "chance without a seed" in result.cause
    assert result.changes == ()


def test_an_edited_capsule_is_refused(saved, augury):
    path = saved()
    path.write_text(path.read_text().replace('"fast": 20', '"fast": 21'))
    shown = augury("verify", path)
    assert shown.exit_code == 3
    assert "the run capsule was changed after it was written" in " ".join(shown.stderr.split())


@pytest.mark.parametrize("name", ["../outside.py", "a/../../outside.py", "/tmp/outside.py", "data.csv"])
def test_a_capsule_cannot_write_outside_its_folder(name, saved, strategy_file, tmp_path):
    capsule = edited(
        saved(strategy_file(TREND)), options=lambda one: dict(one.options) | {"strategy_files": {name: ""}}
    )
    with pytest.raises(InvalidInput, match=r"expected a \.py file in its folder"):
        run("verify", run=str(capsule))
    assert not list(tmp_path.rglob("outside.py"))


def test_a_strategy_text_that_fails_to_load_is_refused_with_its_line(saved, strategy_file):
    capsule = edited(
        saved(strategy_file(TREND)), strategy=lambda _: StrategySource(name="bad.py", text="x = 1\n1 / 0\n")
    )
    with pytest.raises(InvalidInput, match=r"bad.py failed to load: ZeroDivisionError.*line 2"):
        run("verify", run=str(capsule))


def test_a_strategy_that_is_gone_is_said(saved):
    capsule = edited(saved(), strategy=lambda _: StrategySource(name="sma_crosover", sha256="0" * 16))
    with pytest.raises(NotFound, match=r"not there any more: .*did you mean 'sma_crossover'"):
        run("verify", run=str(capsule))


def test_what_is_no_run_is_refused(saved, book, prices, tmp_path):
    saved()
    series = SeriesKey(symbol="ACME", fingerprint="f0", timeframe="1D", bars=2, first=0, last=1)
    with Ledger(book) as ledger:
        ledger.append(Entry(kind="audit", subject="theirs", strategy_id="f0", data=DataKey(series=(series,))))
    with pytest.raises(Refused, match="entry 2 is of kind audit and keeps no run capsule"):
        run("verify", run="2")
    with pytest.raises(NotFound, match="has no entry '7'; it has 2"):
        run("verify", run="7")
    with pytest.raises(NotFound, match=r"nowhere\.json does not exist"):
        run("verify", run="nowhere.json")
    with pytest.raises(NotFound, match="is a folder"):
        run("verify", run=str(tmp_path))
    with pytest.raises(InvalidInput, match="not JSON"):
        run("verify", run=str(prices))
    with pytest.raises(InvalidInput, match="the ledger is off"):
        run("verify", run="1", ledger="off")
    assert run("verify", run=str(tmp_path / "run.json"), ledger="off").reproduced


def test_an_entry_whose_bytes_were_changed_is_refused(saved, book):
    saved(parameters=["fast=17"])
    content = book.read_bytes()
    assert content.count(b'"fast":17') > 0
    book.write_bytes(content.replace(b'"fast":17', b'"fast":18'))
    with pytest.raises(Misconfigured, match="entry 1 is not what was written"):
        run("verify", run="1")


def test_the_whole_result_is_json_and_the_view_fits_80_columns(saved, prices, augury):
    capsule = saved()
    spoil(prices, "open", "high", "low", "close")
    shown = augury("verify", capsule, "--json")
    found = json.loads(shown.stdout)
    assert (found["reproduced"], found["cause"], shown.exit_code) == (False, "other data", 1)
    assert {one["name"] for one in found["differences"]} <= {"equity", "fills", "measures"}
    words = [line for line in augury("verify", capsule).stdout.splitlines() if "/" not in line]
    assert max(map(len, words)) <= 80
