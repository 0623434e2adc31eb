"""Plotly figures hold the numbers of the story."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.report import (
    Comparison,
    Story,
    candles_figure,
    distribution_figure,
    drawdown_figure,
    equity_figure,
    months_figure,
    permutation_figure,
    rolling_sharpe_figure,
)
from augury.report.series import drawdown_curve

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("plotly", reason="plotly is not installed")


def test_the_equity_figure_holds_the_curve_and_the_benchmark(story: Story) -> None:
    figure = equity_figure(story, log=True)
    assert [trace.name for trace in figure.data] == ["Strategy", "Buy and hold"]
    assert max(figure.data[0].y) == story.equity.max()
    assert figure.layout.yaxis.type == "log"


def test_a_comparison_is_drawn_as_growth_of_one(story: Story, make_story: Any) -> None:
    figure = equity_figure(Comparison(title="Two", stories=(story, make_story("Other", 5, 50))))
    assert figure.data[0].y[-1] == pytest.approx(story.equity[-1] / story.initial_cash)
    assert len(figure.data) == 2


def test_the_drawdown_figure_reaches_the_deepest_point(story: Story) -> None:
    assert min(drawdown_figure(story).data[0].y) == drawdown_curve(story.equity, story.initial_cash).min()


def test_the_other_figures_are_made(story: Story) -> None:
    months = months_figure(story)
    assert np.nanprod(1 + months.data[0].z) == pytest.approx(story.equity[-1] / story.initial_cash)
    assert len(rolling_sharpe_figure(story).data) == 3
    assert len(distribution_figure(story).data[0].x) == len(story)
    assert len(permutation_figure(story.tests[0]).data[0].x) == 1000
    assert [trace.name for trace in candles_figure(story).data] == ["bars", "entries", "exits"]


def test_figures_that_cannot_be_made_say_why(make_bare: Any) -> None:
    bare = make_bare(np.linspace(100, 101, 10))
    with pytest.raises(InvalidInput, match="no bars"):
        candles_figure(bare)
    with pytest.raises(InvalidInput, match="four windows"):
        rolling_sharpe_figure(bare)
