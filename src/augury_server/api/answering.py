"""From a decoded question to the desk's and from its answers to the reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

import msgspec

from augury_server.api.predict_bodies import BatchBody, PredictBody, bars_of, moment_of, moments_of, row_of, rows_of
from augury_server.serving.asking import Answers, Ask
from augury_server.serving.host import ModelHost

__all__ = ["BatchReply", "ask_of", "ask_of_rows", "batch_reply"]

Value = TypeVar("Value")


class BatchReply(msgspec.Struct, frozen=True, kw_only=True):
    """Answers to many rows in their order, a list for each thing said; see a single answer.

    `version`, `artefact` and `variant` are those of all rows; they are null where an experiment let several versions
    answer, and `versions` and `variants` say who answered each row. `ids` are empty when nothing is recorded, `p_up` is
    null for a regression, `values` for a classification. What could not be judged is null.
    """

    ids: Sequence[UUID]
    model: str
    version: int | None
    artefact: str | None
    classes: tuple[str, ...]
    probabilities: list[list[float]]
    decisions: Sequence[str]
    p_up: list[float] | None
    abstained: list[bool]
    values: list[float] | None
    took_us: int
    experiment: str
    variant: str | None
    versions: Sequence[int] | None
    variants: Sequence[str] | None


def ask_of(asked: PredictBody, host: ModelHost, *, request_id: str, most: int) -> Ask:
    """The question to the desk; NotFound for a model that is not served, InvalidInput for what it cannot read."""
    route = host.route(asked.model)
    return Ask(
        model=asked.model,
        route=route,
        rows=None if asked.row is None else row_of(asked.row, route.model.manifest),
        bars=None if asked.bars is None else bars_of(asked.bars, most=most),
        symbol=asked.symbol,
        bar_opened_at_ns=moment_of(asked.bar_opened_at),
        unit=asked.unit,
        request_id=request_id,
    )


def ask_of_rows(asked: BatchBody, host: ModelHost, *, request_id: str, most: int) -> Ask:
    """The question about many rows; raises as `ask_of`."""
    times = asked.bar_opened_at
    route = host.route(asked.model)
    return Ask(
        model=asked.model,
        route=route,
        rows=rows_of(asked, route.model.manifest, most=most),
        symbol=asked.symbol,
        bar_opened_at_ns=moments_of(times).tolist() if isinstance(times, list) else moment_of(times),
        unit=asked.unit,
        request_id=request_id,
    )


def batch_reply(found: Answers) -> BatchReply:
    """The desk's answers as they are written."""
    p_up, values = found.p_up, found.values
    version, variant = _only(found.versions), _only(found.variants)
    return BatchReply(
        ids=found.ids,
        model=found.model,
        version=version,
        artefact=_only(found.artefacts),
        classes=found.classes,
        probabilities=found.probabilities.tolist(),
        decisions=found.decisions,
        p_up=None if p_up is None else p_up.tolist(),
        abstained=found.abstained.tolist(),
        values=None if values is None else values.tolist(),
        took_us=found.took_us,
        experiment=found.experiment,
        variant=variant,
        versions=found.versions if version is None else None,
        variants=found.variants if version is None else None,
    )


def _only(values: Sequence[Value]) -> Value | None:
    """The value that all of them are; None when they differ or there are none."""
    several = set(values)
    return several.pop() if len(several) == 1 else None
