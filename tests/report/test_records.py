"""Records refuse what does not fit, with the sizes; foreign records fit by their fields."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidInput
from augury.metrics import Curve, measure
from augury.report import Benchmark, Candles, CheckTable, Comparison, Grid, Story, page_html, story_text
from augury.report.judgement import plain_verdict
from augury.report.trades import NO_TIME, trade_columns
from augury.validation import Evidence, judge

TIMES = np.arange(1, 4) * 86_400 * 10**9


def story_with(**changes: Any) -> Story:
    base = {"title": "t", "times": TIMES, "equity": np.array([1.0, 2.0, 3.0]), "initial_cash": 1.0}
    return Story(**{**base, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"times": TIMES.astype(float)}, "int64"),
        ({"times": TIMES[::-1].copy()}, "position 1 does not exceed"),
        ({"times": np.empty(0, np.int64), "equity": np.empty(0)}, "at least one bar"),
        ({"equity": np.ones(2)}, r"one value per time, 3, got an array of shape \(2,\)"),
        ({"exposure": np.ones(4)}, r"Story\.exposure"),
        ({"benchmark": Benchmark(name="b", equity=np.ones(1))}, r"benchmark\.equity"),
        ({"initial_cash": 0.0}, "positive number, got 0.0"),
        ({"initial_cash": float("nan")}, "positive number"),
        ({"bars": Candles(opened_at=TIMES, matrix=np.ones((4, 3)))}, r"float64\[5, n\] for 3 bars"),
    ],
)
def test_stories_that_do_not_fit_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        story_with(**changes)


def test_other_records_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"\(1, 2\), got \(2, 1\)"):
        Grid(x_name="x", x_values=(1, 2), y_name="y", y_values=(1,), values=np.ones((2, 1)))
    with pytest.raises(InvalidInput, match="2 columns, but row 1 has 1 values"):
        CheckTable(title="c", columns=("a", "b"), rows=((1, 2), (3,)))
    with pytest.raises(InvalidInput, match="at least one story"):
        Comparison(title="none", stories=())
    with pytest.raises(InvalidInput, match="'t' occurs twice"):
        Comparison(title="two", stories=(story_with(), story_with()))


def test_trades_may_be_a_frame_or_columns_and_lack_what_is_not_known() -> None:
    frame = pd.DataFrame(
        {
            "side": ["long", "short"],
            "entry_time": pd.to_datetime(["2020-01-02", "2020-01-03"], utc=True),
            "exit_time": pd.to_datetime(["2020-01-04", None], utc=True),
            "exit_reason": ["stop_loss", None],
        }
    )
    from_frame = trade_columns(story_with(trades=frame))
    nanoseconds = frame["entry_time"].dt.as_unit("ns").astype("int64").to_numpy()
    columns = {
        "side": [1, -1],
        "entry_time": nanoseconds,
        "exit_time": np.array([nanoseconds[0] + 2 * 86_400 * 10**9, NO_TIME]),
    }
    from_columns = trade_columns(story_with(trades=columns))
    assert from_frame is not None
    assert from_columns is not None
    for each in (from_frame, from_columns):
        assert each.side.tolist() == [1.0, -1.0]
        assert each.entry_time.tolist() == nanoseconds.tolist()
        assert each.exit_time[1] == NO_TIME
        assert each.is_open.tolist() == [False, True]
        assert np.isnan(each.costs).all()
    assert from_frame.exit_reason == ("stop_loss", "")


def test_trades_of_unequal_columns_or_without_an_entry_are_refused() -> None:
    with pytest.raises(InvalidInput, match="equally long"):
        trade_columns(story_with(trades={"entry_time": TIMES, "side": [1]}))
    with pytest.raises(InvalidInput, match="at least the column 'entry_time'"):
        trade_columns(story_with(trades={"side": [1]}))


def test_what_the_metrics_room_measures_is_shown_as_it_is() -> None:
    rng = np.random.default_rng(1)
    equity = 100 * np.cumprod(1 + rng.normal(0.001, 0.01, 400))
    times = np.arange(1, 401) * 86_400 * 10**9
    found = measure(Curve(equity=equity, initial_cash=100.0, periods_per_year=252.0, opened_at=times))
    story = Story(title="Measured", times=times, equity=equity, initial_cash=100.0, measures=found)
    page = page_html(story)
    for item in found.values():
        assert story.measure(item.name) is item
    assert f"{float(found['sharpe'].value):.2f}".replace("-", "\N{MINUS SIGN}") in page
    assert "Risk-adjusted" in page
    assert "Sharpe ratio" in story_text(story)


def test_a_verdict_of_any_kind_fits_by_its_fields() -> None:
    gate = SimpleNamespace(name="dsr", value=0.5, bound=0.95, passed=np.bool_(False), explanation="why", remedy="do")
    verdict = SimpleNamespace(
        level="refuted",
        headline="No.",
        gates=[gate],
        findings=[SimpleNamespace(severity="error", text="bad", remedy="")],
    )
    page = page_html(story_with(verdict=verdict))
    assert "Refuted" in page
    assert 'class="verdict poor"' in page
    assert "0 of 1 conditions met" in page


def test_a_verdict_of_the_validation_room_fits_as_it_is() -> None:
    page = page_html(story_with(verdict=judge(Evidence(leaks=2))))
    assert "Refuted" in page
    assert "Deflated Sharpe ratio" in page
    assert "the rule sees ahead" in page
    assert 'class="badge poor">Fatal' in page
    assert "not judged" in page


def test_the_level_is_not_said_twice() -> None:
    verdict = SimpleNamespace(level="promising", headline="Promising: it may last.", gates=(), findings=())
    assert plain_verdict(verdict).headline == "It may last."
