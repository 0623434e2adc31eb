"""Experiments around what users have: a feature, or a function of bars, of bars and news, or of a universe of bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from augury.errors import InvalidInput
from augury.features.feature import Feature
from augury.testing.bar_interventions import BAR_CHANGES, END_CHANGES, BarChange
from augury.testing.experiment import Experiment, Intervention, Where
from augury.testing.news_interventions import NEWS_CHANGES, News, NewsChange, news_frame, news_like
from augury.testing.outputs import bar_interval, feature_frame, frame_per_bar, known_frame, open_times
from augury.testing.universe_interventions import UNIVERSE_CHANGES, UniverseBars, UniverseChange

__all__ = ["bars_experiment", "news_experiment", "universe_experiment"]

Function: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class _FromBars:
    """A change of bars as a change of an experiment's inputs."""

    change: BarChange
    interval: int

    def __call__(self, bars: pd.DataFrame, cut: int, rng: np.random.Generator) -> pd.DataFrame:
        first = int(np.searchsorted(open_times(bars) + self.interval, cut, side="right"))
        return self.change(bars, first, rng)


def _bar_interventions(interval: int) -> tuple[Intervention[pd.DataFrame], ...]:
    inside = [
        Intervention(name=name, apply=_FromBars(change, interval), shortens=name in ("truncate", "drop"))
        for name, change in BAR_CHANGES.items()
    ]
    last: Where = "before_last"
    final = [
        Intervention(name=f"last_bar_{name}", apply=_FromBars(BAR_CHANGES[name], interval), where=last)
        for name in ("next_up", "next_down")
    ]
    after: list[Intervention[pd.DataFrame]] = [
        Intervention(name=name, apply=_FromBars(change, interval), where="end") for name, change in END_CHANGES.items()
    ]
    return (*inside, *final, *after)


def bars_experiment(subject: Feature | Function, bars: pd.DataFrame, *, name: str | None = None) -> Experiment[Any]:
    """The future of `bars` is changed; the subject is a feature or a function of a frame of bars.

    A function may return a frame, series, mapping or array with one row a bar (known at that bar's close), or a frame
    indexed by open times of its own.
    """
    interval = bar_interval(bars)

    def run(inputs: pd.DataFrame) -> pd.DataFrame:
        if isinstance(subject, Feature):
            return known_frame(feature_frame(subject, inputs), interval)
        return known_frame(frame_per_bar(subject(inputs.copy()), inputs.index), interval)

    return Experiment(
        name=name or _name(subject),
        inputs=bars,
        clock=open_times(bars) + interval,
        run=run,
        interventions=_bar_interventions(interval),
    )


@dataclass(frozen=True, slots=True)
class _OnBars:
    apply: Callable[[pd.DataFrame, int, np.random.Generator], pd.DataFrame]

    def __call__(self, inputs: Any, cut: int, rng: np.random.Generator) -> Any:
        return self.apply(inputs[0], cut, rng), inputs[1]


@dataclass(frozen=True, slots=True)
class _OnNews:
    change: NewsChange

    def __call__(self, inputs: Any, cut: int, rng: np.random.Generator) -> Any:
        return inputs[0], self.change(inputs[1], pd.Timestamp(cut, unit="ns", tz="UTC"), rng)


def news_experiment(subject: Function, bars: pd.DataFrame, news: News, *, name: str | None = None) -> Experiment[Any]:
    """The future of bars and of news is changed; the subject is a function of (bars, news).

    News is a frame with `known_at` (and, where there, `published_at`, `text`, float columns), or a sequence of
    `NewsItem`; the function gets the form that was given. What is known after a moment is removed, rewritten, delayed
    and joined by late items that claim to be old.
    """
    interval = bar_interval(bars)

    def run(inputs: Any) -> pd.DataFrame:
        frame, items = inputs
        return known_frame(frame_per_bar(subject(frame.copy(), news_like(items.copy(), news)), frame.index), interval)

    on_bars = tuple(
        Intervention(name=change.name, apply=_OnBars(change.apply), where=change.where, shortens=change.shortens)
        for change in _bar_interventions(interval)
    )
    on_news = tuple(Intervention(name=label, apply=_OnNews(change)) for label, change in NEWS_CHANGES.items())
    return Experiment(
        name=name or _name(subject),
        inputs=(bars, news_frame(news)),
        clock=open_times(bars) + interval,
        run=run,
        interventions=on_bars + on_news,
    )


@dataclass(frozen=True, slots=True)
class _OnUniverse:
    change: UniverseChange
    interval: int

    def __call__(self, inputs: UniverseBars, cut: int, rng: np.random.Generator) -> UniverseBars:
        return self.change(inputs, cut, self.interval, rng)


def universe_experiment(subject: Function, universe: UniverseBars, *, name: str | None = None) -> Experiment[Any]:
    """The future of all tickers, of one, and of the membership is changed; the subject is a function of ticker -> bars.

    It returns a frame indexed by open times (a second level, such as the ticker, is allowed).
    """
    if not universe:
        raise InvalidInput("expected bars of at least one ticker; got none")
    interval = min(bar_interval(bars) for bars in universe.values())
    opens = np.unique(np.concatenate([open_times(bars) for bars in universe.values()]))

    def run(inputs: UniverseBars) -> pd.DataFrame:
        longest = max(inputs.values(), key=len)
        copies = {ticker: bars.copy() for ticker, bars in inputs.items()}
        return known_frame(frame_per_bar(subject(copies), longest.index), interval)

    return Experiment(
        name=name or _name(subject),
        inputs=universe,
        clock=opens + interval,
        run=run,
        interventions=tuple(
            Intervention(name=label, apply=_OnUniverse(change, interval), shortens=label in ("truncate", "drop"))
            for label, change in UNIVERSE_CHANGES.items()
        ),
    )


def _name(subject: Any) -> str:
    return subject.id if isinstance(subject, Feature) else getattr(subject, "__name__", type(subject).__name__)
