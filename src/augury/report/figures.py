"""Plotly figures for notebooks, from the same records and the same numbers as the page."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury.extras import require
from augury.report.evidence import NullTest
from augury.report.series import drawdown_curve, period_returns, rolling_sharpe, session_times, simple_returns
from augury.report.story import Comparison, Story
from augury.report.thinning import keep_extremes, merge_bars
from augury.report.trades import NO_TIME, trade_columns

__all__ = [
    "candles_figure",
    "distribution_figure",
    "drawdown_figure",
    "equity_figure",
    "months_figure",
    "permutation_figure",
    "rolling_sharpe_figure",
]

_COLOURS: Final = ("#1f4fa3", "#a0731f", "#7a3e9d", "#0c7a69", "#bf4326", "#4a5a6a", "#a3296c", "#5a7d1c")
_UP, _DOWN, _GREY = "#0c7a69", "#bf4326", "#7d8a99"
_BUCKETS: Final = 2_000
_MOST_BARS: Final = 20_000
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def equity_figure(subject: Story | Comparison, *, log: bool = False) -> Any:
    """The curve and its benchmark, or the growth of 1 of each story of a comparison. A `plotly` Figure.

    Long curves are thinned to the extremes of 2,000 spans. Raises MissingExtra without plotly.
    """
    plotly = _plotly()
    figure = plotly.Figure()
    if isinstance(subject, Comparison):
        title = subject.title
        for at, each in enumerate(subject.stories):
            _add_line(figure, each.title, session_times(each), each.equity / each.initial_cash, at)
    else:
        title = subject.title
        times = session_times(subject)
        _add_line(figure, "Strategy", times, subject.equity, 0)
        if subject.benchmark is not None:
            _add_line(figure, subject.benchmark.name, times, subject.benchmark.equity, 1)
    figure.update_yaxes(type="log" if log else "linear")
    return _styled(figure, title)


def drawdown_figure(story: Story) -> Any:
    """The drawdown of the curve and of its benchmark."""
    figure = _plotly().Figure()
    times = session_times(story)
    _add_line(figure, "Strategy", times, drawdown_curve(story.equity, story.initial_cash), 0, fill="tozeroy")
    if story.benchmark is not None:
        _add_line(figure, story.benchmark.name, times, drawdown_curve(story.benchmark.equity, story.initial_cash), 1)
    figure.update_yaxes(tickformat=".0%")
    return _styled(figure, "Drawdown")


def months_figure(story: Story) -> Any:
    """Monthly returns as a heat map, a row per year."""
    months = period_returns(story, "M")
    years = months.starts.astype("datetime64[Y]").astype(np.int64) + 1970
    rows = np.arange(years[0], years[-1] + 1)
    table = np.full((len(rows), 12), np.nan)
    table[years - years[0], months.starts.astype(np.int64) % 12] = months.returns
    widest = float(np.nanmax(np.abs(table))) if np.isfinite(table).any() else 1.0
    heat = _plotly().Heatmap(
        z=table,
        x=list(_MONTHS),
        y=[str(year) for year in rows],
        zmid=0.0,
        zmin=-widest,
        zmax=widest,
        colorscale=[[0.0, _DOWN], [0.5, "#f3f3ef"], [1.0, _UP]],
        texttemplate="%{z:.1%}",
        hovertemplate="%{y} %{x}: %{z:.2%}<extra></extra>",
        colorbar={"tickformat": ".0%"},
    )
    figure = _plotly().Figure(heat)
    figure.update_yaxes(autorange="reversed", type="category")
    return _styled(figure, "Monthly returns")


def rolling_sharpe_figure(story: Story) -> Any:
    """The rolling Sharpe ratio with its 95 % band; raises InvalidInput when the history is too short for one."""
    rolling = rolling_sharpe(story)
    if rolling is None:
        raise InvalidInput(
            "a rolling Sharpe ratio needs four windows of a month and at least 20 bars each, "
            f"the story has {len(story)} bars; pass a longer history"
        )
    kept = keep_extremes([rolling.sharpe], _BUCKETS)
    times = session_times(story)[kept].view("datetime64[ns]")
    ratio, half = rolling.sharpe[kept], 1.96 * rolling.standard_error[kept]
    figure, plotly = _plotly().Figure(), _plotly()
    edge = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip"}
    figure.add_trace(plotly.Scatter(x=times, y=ratio + half, **edge))
    figure.add_trace(plotly.Scatter(x=times, y=ratio - half, fill="tonexty", fillcolor="rgba(31,79,163,.15)", **edge))
    line = {"color": _COLOURS[0], "width": 1.6}
    figure.add_trace(plotly.Scatter(x=times, y=ratio, mode="lines", line=line, name="Sharpe ratio"))
    return _styled(figure, f"Sharpe ratio over the last {rolling.window_bars} bars, 95 % band")


def distribution_figure(story: Story) -> Any:
    """The histogram of bar returns."""
    returns = simple_returns(story.equity, story.initial_cash)
    figure = _plotly().Figure(
        _plotly().Histogram(x=returns[np.isfinite(returns)], marker={"color": _GREY}, name="Bar returns")
    )
    figure.update_xaxes(tickformat=".1%")
    return _styled(figure, "Distribution of bar returns")


def permutation_figure(test: NullTest) -> Any:
    """What chance gives, with the observed value marked."""
    figure = _plotly().Figure(_plotly().Histogram(x=np.asarray(test.null), marker={"color": _GREY}, name="chance"))
    p_value = "" if test.p_value is None else f" (p = {test.p_value:.3g})"
    figure.add_vline(x=test.observed, line={"color": _COLOURS[0], "width": 2}, annotation_text=f"observed{p_value}")
    return _styled(figure, f"{test.name}: {test.statistic}")


def candles_figure(story: Story) -> Any:
    """Candles with entries and exits; raises InvalidInput without bars. Above 20,000 bars neighbours are merged."""
    if story.bars is None:
        raise InvalidInput("the story has no bars; build it with bars=Candles(opened_at=..., matrix=...)")
    opened_at, matrix, _ = merge_bars(np.asarray(story.bars.opened_at), np.asarray(story.bars.matrix), _MOST_BARS)
    plotly = _plotly()
    figure = plotly.Figure(
        plotly.Candlestick(
            x=opened_at.view("datetime64[ns]"),
            open=matrix[0],
            high=matrix[1],
            low=matrix[2],
            close=matrix[3],
            increasing_line_color=_UP,
            decreasing_line_color=_DOWN,
            name="bars",
        )
    )
    trades = trade_columns(story)
    if trades is not None and len(trades):
        marks = (
            ("entries", trades.entry_time, trades.entry_price, "triangle-up"),
            ("exits", trades.exit_time, trades.exit_price, "square"),
        )
        for name, times, prices, symbol in marks:
            there = times != NO_TIME
            marker = {"symbol": symbol, "size": 10, "color": _COLOURS[0], "line": {"width": 1, "color": "white"}}
            figure.add_trace(
                plotly.Scatter(
                    x=times[there].view("datetime64[ns]"), y=prices[there], mode="markers", marker=marker, name=name
                )
            )
    return _styled(figure, "Trades on candles")


def _plotly() -> Any:
    return require("plotly.graph_objects", extra="plots")


def _add_line(figure: Any, name: str, times: IntVector, values: FloatVector, at: int, fill: str | None = None) -> None:
    kept = keep_extremes([values], _BUCKETS)
    line = {"color": _COLOURS[at % len(_COLOURS)], "width": 1.6, "dash": ("solid", "dash", "dot")[at % 3]}
    figure.add_trace(
        _plotly().Scatter(
            x=times[kept].view("datetime64[ns]"), y=values[kept], mode="lines", name=name, line=line, fill=fill
        )
    )


def _styled(figure: Any, title: str) -> Any:
    figure.update_layout(
        template="plotly_white",
        title={"text": title.replace("<", "&lt;")},
        hovermode="x unified",
        legend={"orientation": "h", "y": 1.08, "x": 0},
        margin={"l": 60, "r": 20, "t": 80, "b": 40},
    )
    return figure
