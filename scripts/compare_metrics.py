"""Every measure on the same real returns in Augury, quantstats, empyrical-reloaded, vectorbt and backtesting.py.

    python scripts/compare_metrics.py                          # prints the table
    python scripts/compare_metrics.py --write docs/metrics.md  # writes it between its markers, or a whole new page

Nothing is typed: each peer runs. Where a number differs, the peer's convention is written down and re-computed from the
returns; a difference that no stated convention explains to nine digits ends the script with an error.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import math
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from augury.metrics import Curve, TradeOutcomes, measure, simple_returns
from augury.metrics.definitions import MEASURES
from augury.sample import load_sample
from metric_conventions import CONVENTIONS, Evidence

BEGIN, END = "<!-- compare_metrics: begin -->", "<!-- compare_metrics: end -->"
TOLERANCE = 1e-9
YEAR = 252.0
CASH = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One account on real bars: returns and benchmark by date, the equity that they make, and trades."""

    returns: pd.Series
    benchmark: pd.Series
    equity: np.ndarray
    trades: pd.DataFrame


def real_case() -> Case:
    """Long GOOG above its 50-day mean, decided at the close and held from the next one; the S&P 500 beside it."""
    sample = load_sample()
    close = sample.bars["GOOG"]["close"]
    market = sample.market["close"].reindex(close.index).ffill()
    held = (close > close.rolling(50).mean()).astype(float).shift(1).fillna(0.0)
    index = close.index.tz_localize(None).as_unit("ns")
    returns = pd.Series((close.pct_change() * held).to_numpy(), index=index).iloc[60:]
    benchmark = pd.Series(market.pct_change().to_numpy(), index=index).iloc[60:]
    equity = CASH * np.cumprod(1.0 + returns.to_numpy())
    returns[:] = simple_returns(equity, CASH)
    return Case(
        returns=returns, benchmark=benchmark, equity=equity, trades=round_trips(close.iloc[60:], held.iloc[60:])
    )


def round_trips(close: pd.Series, held: pd.Series) -> pd.DataFrame:
    """Entry and exit bars of the runs of `held`, with the profit of ten shares."""
    state = np.r_[0.0, held.to_numpy(), 0.0]
    entries, exits = np.flatnonzero(np.diff(state) > 0), np.flatnonzero(np.diff(state) < 0) - 1
    price = close.to_numpy()
    bought, sold = price[np.maximum(entries - 1, 0)], price[exits]
    index = close.index.tz_localize(None).as_unit("ns")
    return pd.DataFrame(
        {
            "Size": 10.0,
            "EntryBar": entries,
            "ExitBar": exits,
            "PnL": (sold - bought) * 10.0,
            "ReturnPct": sold / bought - 1.0,
            "EntryTime": index[entries],
            "ExitTime": index[exits],
            "Duration": index[exits] - index[entries],
        }
    )


def ours(case: Case) -> dict[str, float]:
    """Augury's measures of the case."""
    stamps = case.returns.index.to_numpy().astype("datetime64[ns]").astype(np.int64)
    curve = Curve(equity=case.equity, initial_cash=CASH, periods_per_year=YEAR, opened_at=stamps)
    pnl, share = case.trades["PnL"].to_numpy(), case.trades["ReturnPct"].to_numpy()
    trades = TradeOutcomes(pnl=pnl, returns=share)
    return {name: found.value for name, found in measure(curve, trades, case.benchmark.to_numpy()).items()}


def empyrical_reloaded(case: Case) -> dict[str, float]:
    if not hasattr(np, "NINF"):
        setattr(np, "NINF", -np.inf)  # noqa: B010 (releases before 0.7 use a name that NumPy 2 dropped)
    import empyrical as ep

    x, b = case.returns, case.benchmark
    alpha, beta = ep.alpha_beta(x, b, annualization=252)
    return {
        "total_return": ep.cum_returns_final(x),
        "cagr": ep.annual_return(x, annualization=252),
        "volatility": ep.annual_volatility(x, annualization=252),
        "sharpe": ep.sharpe_ratio(x, annualization=252),
        "sortino": ep.sortino_ratio(x, annualization=252),
        "calmar": ep.calmar_ratio(x, annualization=252),
        "omega": ep.omega_ratio(x, annualization=252),
        "max_drawdown": ep.max_drawdown(x),
        "value_at_risk": ep.value_at_risk(x),
        "conditional_value_at_risk": ep.conditional_value_at_risk(x),
        "tail_ratio": ep.tail_ratio(x),
        "alpha": alpha,
        "beta": beta,
        "information_ratio": ep.excess_sharpe(x, b),
        "up_capture": ep.up_capture(x, b, period="daily"),
        "down_capture": ep.down_capture(x, b, period="daily"),
    }


def quantstats(case: Case) -> dict[str, float]:
    from quantstats import stats as qs

    x, b = case.returns, case.benchmark
    greeks = qs.greeks(x, b, periods=252)
    return {
        "total_return": qs.comp(x),
        "cagr": qs.cagr(x, periods=252),
        "volatility": qs.volatility(x, periods=252),
        "sharpe": qs.sharpe(x, periods=252),
        "sharpe_autocorrelated": qs.smart_sharpe(x, periods=252),
        "sortino": qs.sortino(x, periods=252),
        "calmar": qs.calmar(x),
        "martin_ratio": qs.ulcer_performance_index(x),
        "omega": qs.omega(x, periods=252),
        "recovery_factor": qs.recovery_factor(x),
        "max_drawdown": qs.max_drawdown(x),
        "longest_drawdown_days": longest_days(qs.drawdown_details(qs.to_drawdown_series(x))),
        "ulcer_index": qs.ulcer_index(x),
        "value_at_risk": qs.value_at_risk(x),
        "conditional_value_at_risk": qs.conditional_value_at_risk(x),
        "tail_ratio": qs.tail_ratio(x),
        "skewness": qs.skew(x),
        "kurtosis": qs.kurtosis(x),
        "best_bar": qs.best(x),
        "worst_bar": qs.worst(x),
        "positive_bars": qs.win_rate(x),
        "pf_bar": qs.profit_factor(x),
        "alpha": greeks["alpha"],
        "beta": greeks["beta"],
        "information_ratio": qs.information_ratio(x, b),
    }


def longest_days(details: pd.DataFrame) -> float:
    """Days of the longest drawdown in quantstats' table."""
    return float(details["days"].max())


def vectorbt(case: Case) -> dict[str, float]:
    import vectorbt  # noqa: F401 (adds the accessor)

    x = case.returns.vbt.returns(freq="1D", year_freq="252D")
    b = case.benchmark
    return {
        "total_return": x.total(),
        "cagr": x.annualized(),
        "volatility": x.annualized_volatility(),
        "sharpe": x.sharpe_ratio(),
        "sortino": x.sortino_ratio(),
        "calmar": x.calmar_ratio(),
        "omega": x.omega_ratio(),
        "max_drawdown": x.max_drawdown(),
        "value_at_risk": x.value_at_risk(),
        "conditional_value_at_risk": x.cond_value_at_risk(),
        "tail_ratio": x.tail_ratio(),
        "alpha": x.alpha(b),
        "beta": x.beta(b),
        "information_ratio": x.information_ratio(b),
        "up_capture": x.up_capture(b),
        "down_capture": x.down_capture(b),
    }


def backtesting_py(case: Case) -> dict[str, float]:
    from backtesting._stats import compute_stats

    index = case.returns.index.insert(0, case.returns.index[0] - pd.Timedelta(days=1))
    ohlc = pd.DataFrame(dict.fromkeys(("Open", "High", "Low", "Close"), np.r_[CASH, case.equity]), index=index)
    trades = case.trades.assign(Commission=0.0)
    found = compute_stats(trades, np.r_[CASH, case.equity], ohlc, None)
    percent = {
        "total_return": "Return [%]",
        "cagr": "Return (Ann.) [%]",
        "calendar_cagr": "CAGR [%]",
        "volatility": "Volatility (Ann.) [%]",
        "max_drawdown": "Max. Drawdown [%]",
        "win_rate": "Win Rate [%]",
        "average_trade_return": "Expectancy [%]",
    }
    plain = {
        "sharpe": "Sharpe Ratio",
        "sortino": "Sortino Ratio",
        "calmar": "Calmar Ratio",
        "trades": "# Trades",
        "profit_factor": "Profit Factor",
        "sqn": "SQN",
    }
    values = {name: found[label] / 100.0 for name, label in percent.items()}
    values["longest_drawdown_days"] = found["Max. Drawdown Duration"] / pd.Timedelta(days=1)
    return values | {name: float(found[label]) for name, label in plain.items()}


PEERS: Mapping[str, Callable[[Case], dict[str, float]]] = {
    "quantstats": quantstats,
    "empyrical-reloaded": empyrical_reloaded,
    "vectorbt": vectorbt,
    "backtesting.py": backtesting_py,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One peer's number beside ours; `note` where a convention parts them."""

    measure: str
    library: str
    own: float
    value: float
    note: str | None


class Unexplained(RuntimeError):
    """A difference that no stated convention reproduces."""


def compared(case: Case, libraries: tuple[str, ...]) -> list[Cell]:
    """Every number of every library, equal to ours or to its stated convention to nine digits."""
    own = ours(case)
    x, b = case.returns.to_numpy(), case.benchmark.to_numpy()
    evidence = Evidence(x=x, b=b, dates=case.returns.index, trades=case.trades, ours=own)
    cells = []
    for library in libraries:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = PEERS[library](case)
        for name, value in found.items():
            cells.append(explained(evidence, library, name, float(value)))
    return cells


def explained(evidence: Evidence, library: str, name: str, value: float) -> Cell:
    """The cell, once the number is found equal or its convention re-computed."""
    own = evidence.ours[name]
    if close(value, own):
        return Cell(measure=name, library=library, own=own, value=value, note=None)
    convention = CONVENTIONS.get((library, name))
    if convention is None:
        raise Unexplained(f"{library} gives {name} = {value!r}, Augury {own!r}: state the convention")
    expected = convention.recompute(evidence)
    if not close(value, expected):
        raise Unexplained(f"{library} gives {name} = {value!r}, its stated convention {expected!r}")
    return Cell(measure=name, library=library, own=own, value=value, note=convention.says)


def close(value: float, other: float) -> bool:
    """Equal to nine digits."""
    return math.isclose(value, other, rel_tol=TOLERANCE, abs_tol=1e-12)


def page(cells: list[Cell], case: Case, libraries: tuple[str, ...]) -> str:
    """The table and the notes below it, as markdown."""
    by_place = {(cell.measure, cell.library): cell for cell in cells}
    in_order = [by_place.get((name, library)) for name in MEASURES for library in libraries]
    notes = dict.fromkeys(cell.note for cell in in_order if cell and cell.note)
    number = {note: place for place, note in enumerate(notes, start=1)}
    versions = ", ".join(f"{name} {importlib.metadata.version(distribution(name))}" for name in libraries)
    data = (
        f"GOOG above its 50-day mean, {case.returns.index[0].date()} to {case.returns.index[-1].date()}: "
        f"{case.returns.size} daily bars, {len(case.trades)} trades, the S&P 500 as benchmark, 252 bars a year. "
        f"Versions: {versions}. `=` is equality to nine digits."
    )
    lines = [
        data,
        "",
        "| measure | Augury | " + " | ".join(libraries) + " |",
        "|---" * (len(libraries) + 2) + "|",
    ]
    for name in MEASURES:
        row = [by_place.get((name, library)) for library in libraries]
        if any(row):
            own = next(cell.own for cell in row if cell)
            lines.append(f"| `{name}` | {own:.6f} | " + " | ".join(shown(cell, number) for cell in row) + " |")
    lines += ["", *(f"{place}. {note}." for note, place in number.items())]
    return "\n".join(lines)


def shown(cell: Cell | None, number: Mapping[str, int]) -> str:
    """A cell of the table: empty, equal, or the number with that of its note."""
    if cell is None:
        return ""
    return "=" if cell.note is None else f"{cell.value:.6f} ({number[cell.note]})"


def distribution(library: str) -> str:
    """The name under which it is installed."""
    return library.removesuffix(".py")


def write(target: Path, table: str) -> None:
    """Put the table between the page's markers, or make a page of it."""
    block = f"{BEGIN}\n{table}\n{END}"
    if not target.exists():
        target.write_text(f"# Measures beside other libraries'\n\n{block}\n", encoding="utf-8")
        return
    text = target.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{target} has no markers {BEGIN} ... {END}; nothing was written")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    target.write_text(f"{head}{block}{tail}", encoding="utf-8")


def main() -> int:
    """Print or write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", type=Path, metavar="PATH", help="a markdown page to put the table in")
    parser.add_argument("--libraries", nargs="+", choices=sorted(PEERS), default=list(PEERS), help="which to compare")
    options = parser.parse_args()
    case, libraries = real_case(), tuple(options.libraries)
    table = page(compared(case, libraries), case, libraries)
    if options.write is None:
        print(table)
    else:
        write(options.write, table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
