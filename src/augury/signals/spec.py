"""Options of the signal engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, get_args

import msgspec

from augury.market.timeframe import Timeframe
from augury.sentiment.panel import PanelSpec
from augury.sentiment.scored_news import PreparationSpec
from augury.sentiment.snapshot import SnapshotSpec, Window
from augury.signals.rule_spec import RuleSpec
from augury.signals.sizing import SizingSpec
from augury.spec import Spec

__all__ = ["SignalSpec"]

_DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSpec(Spec):
    """Everything that decides what a signal is; its `id` is stamped on every signal.

    `timeframe` is the length of a bar; a bar is known at its open plus this. `min_bars` is the shortest history that
    gets a signal at all: features that need more are unknown until then. `vsa`, `hawkes`, `hurst` and
    `permutation_entropy` are options of those features by name; signals do not use the smoothed VSA score, and without
    it (`ema_span` 1) the feature needs few bars.
    """

    timeframe: str = "1D"
    min_bars: Annotated[int, msgspec.Meta(ge=3)] = 128
    rules: RuleSpec = field(default_factory=RuleSpec)
    sizing: SizingSpec = field(default_factory=SizingSpec)
    preparation: PreparationSpec = field(default_factory=PreparationSpec)
    sentiment: PanelSpec = field(default_factory=PanelSpec)
    vsa: dict[str, Any] = field(default_factory=lambda: {"ema_span": 1})
    hawkes: dict[str, Any] = field(default_factory=dict)
    hurst: dict[str, Any] = field(default_factory=dict)
    permutation_entropy: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def for_timeframe(cls, timeframe: str, **options: Any) -> SignalSpec:
        """The default options for bars of this length.

        News fades on the window nearest below it. Bars shorter than a day are judged against the same time of the day
        on the last 20 days, since otherwise every open and close of a session would be a climax; volume spread
        analysis is unknown until then.
        """
        length = Timeframe.of(timeframe).ns
        window: Window = "5m"
        for name in get_args(Window):
            if Timeframe.of(name).ns <= length:
                window = name
        if length < Timeframe.of("1D").ns and "vsa" not in options:
            minutes = length // Timeframe.of("1m").ns
            slot = minutes if minutes and _DAY_MINUTES % minutes == 0 else 1
            options["vsa"] = {"ema_span": 1, "slot_days": 20, "slot_minutes": slot}
        return cls(timeframe=timeframe, sentiment=PanelSpec(snapshot=SnapshotSpec(window=window)), **options)
