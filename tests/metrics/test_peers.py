"""Other libraries' numbers on the same real returns: equal, or equal under the convention that the script states."""

from __future__ import annotations

import importlib.util
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from augury import metrics as m

MODULES = {"quantstats": "quantstats", "empyrical-reloaded": "empyrical", "backtesting.py": "backtesting"}


@pytest.mark.parametrize("library", MODULES)
def test_every_number_is_equal_or_its_convention_reproduces_it(library: str, compare_metrics: ModuleType) -> None:
    pytest.importorskip(MODULES[library])
    found = compare_metrics.compared(compare_metrics.real_case(), (library,))
    assert len(found) >= 13
    assert sum(cell.note is None for cell in found) >= 8


def test_a_difference_that_no_convention_explains_is_an_error(compare_metrics: ModuleType) -> None:
    case = compare_metrics.real_case()
    own = compare_metrics.ours(case)
    evidence = compare_metrics.Evidence(
        x=case.returns.to_numpy(),
        b=case.benchmark.to_numpy(),
        dates=case.returns.index,
        trades=case.trades,
        ours=own,
    )
    with pytest.raises(compare_metrics.Unexplained, match="state the convention"):
        compare_metrics.explained(evidence, "quantstats", "sharpe", own["sharpe"] * (1 + 1e-8))
    with pytest.raises(compare_metrics.Unexplained, match="its stated convention"):
        compare_metrics.explained(evidence, "quantstats", "ulcer_index", own["ulcer_index"] * 1.01)


def test_the_table_is_written_between_the_markers_only(compare_metrics: ModuleType, tmp_path: Path) -> None:
    page = tmp_path / "metrics.md"
    compare_metrics.write(page, "first")
    page.write_text("# Mine\n\n" + page.read_text(encoding="utf-8").split("\n\n", 1)[1] + "after\n", encoding="utf-8")
    compare_metrics.write(page, "second")
    text = page.read_text(encoding="utf-8")
    assert text.startswith("# Mine")
    assert text.endswith("after\n")
    assert "second" in text
    assert "first" not in text
    page.write_text("no markers", encoding="utf-8")
    with pytest.raises(SystemExit, match="no markers"):
        compare_metrics.write(page, "third")
    assert page.read_text(encoding="utf-8") == "no markers"


def test_ffn_agrees_on_what_it_measures_with_the_calendar(compare_metrics: ModuleType) -> None:
    pytest.importorskip("ffn")
    case = compare_metrics.real_case()
    index = case.returns.index.insert(0, case.returns.index[0] - pd.Timedelta(days=1))
    prices = pd.Series(np.r_[compare_metrics.CASH, case.equity], index=index)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ffn

        depth, sharpe = ffn.calc_max_drawdown(prices), ffn.calc_sharpe(case.returns, nperiods=252)
        growth = ffn.calc_cagr(prices)
    own = compare_metrics.ours(case)
    assert own["max_drawdown"] == pytest.approx(depth, rel=1e-9)
    assert own["sharpe"] == pytest.approx(sharpe, rel=1e-9)
    years = (index[-1] - index[0]).days / 365.25
    assert growth == pytest.approx((1 + own["total_return"]) ** (1 / years) - 1, rel=1e-6)
    assert own["calendar_cagr"] == pytest.approx(growth, rel=1e-3)


def test_the_sp500_gives_empyricals_numbers() -> None:
    """5,030 daily returns of 1999 to 2018, as they ship with arch."""
    for name in ("arch", "empyrical"):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import empyrical as ep
        from arch.data import sp500

        close = sp500.load()["Adj Close"].to_numpy(dtype=np.float64)
        x = m.simple_returns(close[1:], close[0])
        theirs = {
            "total_return": ep.cum_returns_final(x),
            "cagr": ep.annual_return(x, annualization=252),
            "volatility": ep.annual_volatility(x, annualization=252),
            "sharpe": ep.sharpe_ratio(x, annualization=252),
            "sortino": ep.sortino_ratio(x, annualization=252),
            "max_drawdown": ep.max_drawdown(x),
            "calmar": ep.calmar_ratio(x, annualization=252),
            "omega": ep.omega_ratio(x, annualization=252),
            "value_at_risk": ep.value_at_risk(x),
            "conditional_value_at_risk": ep.conditional_value_at_risk(x),
            "tail_ratio": ep.tail_ratio(x),
        }
    assert x.size == 5030
    found = m.measure(m.Curve(equity=close[1:], initial_cash=close[0], periods_per_year=252.0))
    for name, value in theirs.items():
        assert found[name].value == pytest.approx(value, rel=1e-9), name
