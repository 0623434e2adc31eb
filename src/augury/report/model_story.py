"""What the report of a trained model tells: plain records that any tool can fill."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from augury.arrays import FloatVector, IntVector
from augury.errors import InvalidInput
from augury.report.evidence import VerdictItem
from augury.report.story import Story

__all__ = [
    "Estimate",
    "FeatureItem",
    "FeatureTable",
    "FoldItem",
    "FoldSpan",
    "Forecasts",
    "ModelStory",
    "ReliabilityBins",
    "ScoreItem",
    "SpanKind",
]

SpanKind: TypeAlias = Literal["trained", "purged", "embargoed", "tested", "held out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its interval at `level`, or the `reason` why there is none; `unit` is ratio or fraction."""

    value: float
    low: float = math.nan
    high: float = math.nan
    level: float = 0.95
    unit: Literal["ratio", "fraction"] = "ratio"
    reason: str | None = None

    @property
    def has_interval(self) -> bool:
        """Whether value and both ends are known."""
        return all(map(math.isfinite, (self.value, self.low, self.high)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreItem:
    """One figure from cross-validation and, beside it, from the held-out time; either may be missing.

    `better` says which way is better: "higher", "lower" or nothing. `decisive` marks the figure that the verdict is
    about. `detail` says in words what is measured, `note` what else there is to know.
    """

    title: str
    validated: Estimate | None = None
    held_out: Estimate | None = None
    better: str = ""
    detail: str = ""
    note: str = ""
    decisive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReliabilityBins:
    """Bin by bin: the mean of what was `predicted`, what was `observed` with `low` and `high` at `level`, `rows`."""

    predicted: FloatVector
    observed: FloatVector
    low: FloatVector
    high: FloatVector
    rows: IntVector
    level: float = 0.95

    def __post_init__(self) -> None:
        sizes = {np.shape(getattr(self, name)) for name in ("predicted", "observed", "low", "high", "rows")}
        if len(sizes) != 1 or np.ndim(self.predicted) != 1:
            raise InvalidInput(f"ReliabilityBins needs vectors of one length, got shapes {sorted(map(str, sizes))}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forecasts:
    """What was predicted, float64[m], and what came of it: `group` int64[m] numbers the outcomes `groups`.

    `event` names what is predicted, such as P(up); as `unit` fraction it is drawn in percent. `bins` may be of other
    rows than `predicted`; `bins_title` and `note` say of which.
    """

    title: str
    event: str
    predicted: FloatVector
    group: IntVector
    groups: tuple[str, ...]
    unit: Literal["ratio", "fraction"] = "fraction"
    bins: ReliabilityBins | None = None
    bins_title: str = "Reliability"
    note: str = ""

    def __post_init__(self) -> None:
        if np.ndim(self.predicted) != 1 or np.shape(self.predicted) != np.shape(self.group):
            raise InvalidInput(
                f"Forecasts needs as many groups as predictions, got {np.shape(self.predicted)} and "
                f"{np.shape(self.group)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureItem:
    """What a feature is worth; `share` of the total is a fraction."""

    feature: str
    estimate: Estimate
    share: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTable:
    """One way of measuring what features are worth, the greatest first."""

    title: str
    items: tuple[FeatureItem, ...]
    explanation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldSpan:
    """A stretch of time and what it was used for; both ends in ns UTC."""

    kind: SpanKind
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldItem:
    """One fit: its stretches of time and its rows; `dropped` rows were purged or embargoed."""

    name: str
    spans: tuple[FoldSpan, ...]
    trained: int
    tested: int
    dropped: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelStory:
    """A trained model, ready to be shown; only the title is needed, the rest adds sections.

    `verdict` is the judgement on the held-out time, `words` say how sure it is, `gain` is the figure that it rests on
    (by the name `gain_title`). `figures` are the tiles at the top. `gains` are those over each baseline, above 0 where
    the model is better. `account` is the held-out account of the implied positions, its benchmark that of holding.
    `missing` holds reasons by section: calibration, equity, importance, folds.

    >>> story = ModelStory(title="A model")
    >>> story.gains
    ()
    """

    title: str
    subtitle: str = ""
    chips: tuple[str, ...] = ()
    verdict: VerdictItem | None = None
    words: tuple[str, ...] = ()
    gain: Estimate | None = None
    gain_title: str = "Gain over the best baseline"
    figures: tuple[ScoreItem, ...] = ()
    gains: tuple[ScoreItem, ...] = ()
    gains_title: str = "Gain over each baseline"
    scores: tuple[ScoreItem, ...] = ()
    forecasts: tuple[Forecasts, ...] = ()
    account: Story | None = None
    account_note: str = ""
    earnings: tuple[ScoreItem, ...] = ()
    symbols: tuple[ScoreItem, ...] = ()
    importance: tuple[FeatureTable, ...] = ()
    folds: tuple[FoldItem, ...] = ()
    data: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
