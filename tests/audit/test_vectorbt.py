"""Outputs of vectorbt, made by vectorbt: read, valued as vectorbt values them, re-priced as it would."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.audit import AuditSpec, ClaimSpec, audit_files, read_claim
from augury.errors import InvalidInput, Refused

QUICK = AuditSpec(replications=199)


@pytest.fixture(scope="module")
def vectorbt() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("vectorbt")


def crossing(bars: pd.DataFrame, delay: int = 1) -> tuple[pd.Series, pd.Series]:
    above = bars["close"].rolling(5).mean() > bars["close"].rolling(20).mean()
    before = above.shift(1, fill_value=False)
    return (above & ~before).shift(delay, fill_value=False), (~above & before).shift(delay, fill_value=False)


def simulate(vectorbt: Any, bars: pd.DataFrame, delay: int = 1, **given: Any) -> Any:
    entries, exits = crossing(bars, delay)
    options = {"price": bars["open"], "fees": 0.001, "init_cash": 10_000.0, "freq": "1D", "size": 40.0} | given
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return vectorbt.Portfolio.from_signals(bars["close"], entries, exits, **options)


@pytest.fixture(scope="module")
def files(vectorbt: Any, bars: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vectorbt")
    portfolio = simulate(vectorbt, bars)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        portfolio.trades.records_readable.to_csv(folder / "trades.csv", index=False)
        portfolio.orders.records_readable.to_csv(folder / "orders.csv", index=False)
        portfolio.value().to_csv(folder / "value.csv")
        portfolio.returns().to_csv(folder / "returns.csv")
        portfolio.stats().to_csv(folder / "stats.csv")
        portfolio.save(folder / "portfolio")  # a pickle without the name of one
        portfolio.save(folder / "portfolio.pkl")
    return folder


def test_trades_curve_and_figures_are_recognised(files: Path) -> None:
    trades = read_claim(files / "trades.csv")
    assert (trades.tool, trades.parts) == ("vectorbt", ("trades",))
    assert trades.trades is not None
    frame = pd.read_csv(files / "trades.csv")
    np.testing.assert_array_equal(trades.trades.profit, frame["PnL"])
    np.testing.assert_array_equal(trades.trades.is_open, frame["Status"] == "Open")
    np.testing.assert_allclose(trades.trades.costs, frame["Entry Fees"] + frame["Exit Fees"])
    value, returns = read_claim(files / "value.csv"), read_claim(files / "returns.csv")
    assert value.parts == ("equity",)
    assert returns.parts == ("returns",)
    assert value.curve is not None
    assert returns.curve is not None
    np.testing.assert_allclose(returns.curve.equity[1:] * 10_000.0, value.curve.equity, rtol=1e-12)


def test_trades_valued_on_the_bars_give_vectorbts_own_curve(files: Path, bar_file: Path) -> None:
    found = audit_files(files / "trades.csv", QUICK, reading=ClaimSpec(cash=10_000.0), bars=[bar_file])
    assert found.account is not None
    assert found.account.basis == "marked"
    value = pd.read_csv(files / "value.csv", index_col=0).iloc[:, 0]
    closes = pd.DatetimeIndex(value.index).as_unit("ns").asi8 + 86_400 * 10**9
    theirs = dict(zip(closes.tolist(), value.to_numpy(), strict=True))
    mine = found.account
    # vectorbt charges the entry fee at entry, here half of the costs of a trade are: exactly the same on closed trades
    flat = mine.exposure == 0.0
    assert flat.sum() > 50
    np.testing.assert_allclose(mine.equity[flat], [theirs[at] for at in mine.times[flat].tolist()], rtol=1e-12)
    np.testing.assert_allclose(mine.equity, [theirs[at] for at in mine.times.tolist()], rtol=2e-4)


def test_every_reported_figure_is_reproduced(files: Path) -> None:
    found = audit_files([files / "trades.csv", files / "value.csv", files / "stats.csv"], QUICK)
    assert {one.measure for one in found.rechecked} >= {"sharpe", "sortino", "calmar", "total_return", "win_rate"}
    for one in found.rechecked:
        assert one.status == "agrees", one
        if np.isfinite(one.theirs):
            assert one.theirs == pytest.approx(one.reported, rel=1e-9), one


def test_a_figure_that_was_changed_is_found(files: Path, tmp_path: Path) -> None:
    lines = (files / "stats.csv").read_text().splitlines()
    changed = ["Total Return [%],250.0" if line.startswith("Total Return") else line for line in lines]
    path = tmp_path / "stats.csv"
    path.write_text("\n".join(changed) + "\n")
    found = audit_files([files / "trades.csv", files / "value.csv", path], QUICK)
    remark = found.remark("figures_not_reproduced")
    assert remark is not None
    assert remark.severity == "error"
    assert found.verdict.level == "refuted"
    assert found.exit_code == 1


def test_delays_are_what_vectorbt_gives_when_its_signals_come_later(
    vectorbt: Any, bars: pd.DataFrame, files: Path, bar_file: Path
) -> None:
    found = audit_files(files / "trades.csv", QUICK, reading=ClaimSpec(cash=10_000.0), bars=[bar_file])
    assert found.delays is not None
    for delay, total, _ in found.delays.rows[1:3]:
        later = simulate(vectorbt, bars, 1 + int(delay))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            closed = later.trades.records_readable
        # fees are those of the claim, so profits before fees are compared; the last trade may end with the data
        gross = float((closed["PnL"] + closed["Entry Fees"] + closed["Exit Fees"]).sum())
        claimed = found.claim.trades
        assert claimed is not None
        assert total * 10_000.0 + float(claimed.costs.sum()) == pytest.approx(gross, abs=1e-6)


def test_at_the_break_even_cost_vectorbt_earns_nothing(
    vectorbt: Any, bars: pd.DataFrame, tmp_path: Path, bar_file: Path
) -> None:
    def trades(fees: float) -> pd.DataFrame:
        # the downtrend is bought, so that there is a profit to lose
        entries, exits = crossing(bars)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = vectorbt.Portfolio.from_signals(
                bars["close"], exits, entries, price=bars["open"], fees=fees, init_cash=10_000.0, freq="1D", size=40.0
            )
            return made.trades.records_readable

    path = tmp_path / "trades.csv"
    free = trades(0.0)
    assert free["PnL"].sum() > 0.0, "choose another seed for the bars"
    trades(0.0005).to_csv(path, index=False)
    found = audit_files(path, QUICK, reading=ClaimSpec(cash=10_000.0), bars=[bar_file])
    assert found.costs is not None
    assert found.costs.charged_bps == pytest.approx(5.0, rel=1e-9)
    left = trades(found.costs.break_even_bps / 1e4)["PnL"].sum()
    assert abs(left) < 0.04 * free["PnL"].sum()  # sizes are fixed there, growth is compounded here
    assert found.costs.spare_bps == pytest.approx(found.costs.break_even_bps - 5.0)


def test_fills_at_the_signals_own_close_are_noticed(
    vectorbt: Any, bars: pd.DataFrame, tmp_path: Path, bar_file: Path
) -> None:
    path = tmp_path / "trades.csv"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        simulate(vectorbt, bars, delay=0, price=bars["close"]).trades.records_readable.to_csv(path, index=False)
    found = audit_files(path, QUICK, reading=ClaimSpec(cash=10_000.0), bars=[bar_file])
    assert found.remark("same_close_fills") is not None
    assert found.verdict.evidence.same_bar_fills is True


def test_variants_in_columns_are_tries_and_the_best_is_judged(
    vectorbt: Any, bars: pd.DataFrame, tmp_path: Path
) -> None:
    # one run a variant, side by side as `pf.value()` of a run with several columns is
    value = pd.concat({f"lag {lag}": simulate(vectorbt, bars, lag).value() for lag in (1, 3, 9)}, axis=1)
    path = tmp_path / "value.csv"
    value.to_csv(path)
    found = audit_files(path, QUICK)
    returns = value.pct_change().iloc[1:]
    assert found.claim.name == (returns.mean() / returns.std()).idxmax()
    assert found.tries.number == 3
    assert found.verdict.evidence.overfitting_probability is not None
    other = audit_files(path, QUICK, reading=ClaimSpec(strategy="lag 3"))
    assert other.claim.name == "lag 3"
    assert other.tries.number == 3


@pytest.mark.parametrize("name", ["portfolio.pkl", "portfolio"])
def test_pickles_are_refused_with_the_reason_and_the_way_out(files: Path, name: str) -> None:
    candidates = [path for path in files.iterdir() if path.name.startswith(name)]
    assert candidates
    with pytest.raises(Refused, match=r"runs whatever code.*records_readable"):
        read_claim(candidates[0])


def test_orders_are_refused_with_what_to_export(files: Path) -> None:
    with pytest.raises(InvalidInput, match=r"orders, not round trips.*records_readable"):
        read_claim(files / "orders.csv")
