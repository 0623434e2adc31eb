"""What a model is asked and what it answers, as plain records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt

from augury_server.serving.routing import Route

__all__ = ["Answer", "Answers", "Ask"]


class Ask(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A question to a model: `rows` as `Predictor.predict` reads them, or `bars`, of which the last is judged.

    `model` is "name" or "name@champion", where experiments route, or "name@3" for a hosted version itself. `rows` are
    nested lists or arrays ([rows, k], ...), by input name for a model that reads several. `bars` are `BarArrays` that
    keep the Bars contract, or anything that `augury.market.validate_bars` reads.

    `symbol` and `bar_opened_at_ns` (the open of the judged bar, int64 ns UTC; None or 0: unknown; of `bars` the last
    one's unless given) say what the prediction is about, for several rows one each or one for all: they are recorded,
    and outcomes are joined by them. `unit` is what an experiment assigns, in place of the one made of symbol and day.
    `record` False keeps no record of the answer. `route` is what `ModelHost.route(model)` gave to who prepared the rows
    for that version's columns: the answer is then that route's, though another version may have come meanwhile.
    """

    model: str
    rows: Any = None
    bars: Any = None
    symbol: str | Sequence[str] = ""
    bar_opened_at_ns: int | Sequence[int] | None = None
    unit: str = ""
    request_id: str = ""
    record: bool = True
    route: Route | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a model version said about one row or the last bar; `id` is that of the recorded prediction.

    `artefact` is the artefact's id. `probabilities` are calibrated, in the order of `classes`, NaN where the bar cannot
    be judged; a regression has no classes, its `value` is set instead. `decision` is a class, empty when unknown or
    `abstained`. `experiment` and `variant` are empty when no experiment chose the version. `took_us` is what the
    answer took, in microseconds, without recording.
    """

    id: UUID
    model: str
    version: int
    artefact: str
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    decision: str
    p_up: float | None
    abstained: bool
    took_us: int
    value: float | None = None
    experiment: str = ""
    variant: str = ""


class Answers(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What a model said about several rows, a column each; see `Answer`.

    `versions`, `artefacts` and `variants` say for each row who answered it: several only where an experiment assigned
    them so. `probabilities` float64[rows, classes] ([rows, 0] for a regression), `values` float64[rows] of a regression
    (else None), `decisions` a class a row (empty where there is none), `abstained` bool[rows]. `ids` are those of the
    recorded predictions, none when none are recorded.
    """

    ids: tuple[UUID, ...]
    model: str
    versions: tuple[int, ...]
    artefacts: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: npt.NDArray[np.float64]
    decisions: tuple[str, ...]
    abstained: npt.NDArray[np.bool_]
    took_us: int
    values: npt.NDArray[np.float64] | None = None
    experiment: str = ""
    variants: tuple[str, ...]

    @property
    def p_up(self) -> npt.NDArray[np.float64] | None:
        """The probability of the most bullish class, float64[rows]; None for a regression."""
        return self.probabilities[:, -1] if self.classes else None

    def __len__(self) -> int:
        return len(self.decisions)
