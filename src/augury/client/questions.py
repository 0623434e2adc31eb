"""Bodies of questions to models, and their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from augury.client.encoding import bar_columns, decoded, encoded, lines_of, numbers
from augury.client.flows import Flows
from augury.client.line_replies import line_of
from augury.client.records import Prediction
from augury.client.steps import Flow, Reply
from augury.errors import InvalidInput, Unavailable

__all__ = ["Question", "ask_batch", "ask_one", "ask_window", "windows"]

NDJSON = "application/x-ndjson"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a model: the features of a bar in its order or by name, or the bars up to it.

    `bars` are a frame of bars (or whatever `augury.market.validate_bars` reads), or a mapping of opened_at, open, high,
    low, close and volume to columns. `symbol` and `bar_opened_at` (ns UTC, or ISO
    8601 with an offset) say which bar it is, for the record; `unit` is what an experiment assigns as one.
    """

    model: str
    row: Mapping[str, float | None] | Sequence[float | None] | None = None
    bars: Any = None
    symbol: str = ""
    bar_opened_at: int | str | None = None
    unit: str = ""

    def body(self) -> dict[str, Any]:
        """The question as JSON has it; InvalidInput unless it holds exactly one of row and bars."""
        if (self.row is None) == (self.bars is None):
            raise InvalidInput("expected either row (the features of one bar) or bars (the history up to it)")
        given: dict[str, Any] = {"model": self.model}
        if self.row is not None:
            given["row"] = numbers(self.row, "row")
        else:
            given["bars"] = bar_columns(self.bars)
        rest = {"symbol": self.symbol, "bar_opened_at": self.bar_opened_at, "unit": self.unit}
        return given | {name: value for name, value in rest.items() if value not in (None, "")}


def ask_one(flows: Flows, question: Question) -> Flow[Prediction]:
    """One answer."""
    reply = yield from flows.ask("/predict", encoded(question.body()))
    return decoded(reply, Prediction, "a prediction")


def ask_batch(flows: Flows, body: Mapping[str, Any]) -> Flow[tuple[Prediction, ...]]:
    """Many answers of one model, in the order of the rows."""
    given = {name: value for name, value in body.items() if value is not None}
    frame: Any = given.get("rows")
    if hasattr(frame, "columns"):
        del given["rows"]
        given["columns"] = {name: frame[name] for name in frame.columns}
    for name in ("rows", "columns"):
        if name in given:
            given[name] = numbers(given[name], name)
    reply = yield from flows.ask("/predict/batch", encoded(given))
    return _answers(reply)


def ask_window(flows: Flows, questions: Sequence[Question]) -> Flow[tuple[Prediction, ...]]:
    """Answers to one run of a stream of questions, in their order; raises what the first that has none was told."""
    reply = yield from flows.ask("/predict/stream", lines_of(each.body() for each in questions), content_type=NDJSON)
    lines = [line for line in reply.body.split(b"\n") if line.strip()]
    answers = tuple(line_of(line, Prediction, "a prediction") for line in lines)
    if len(answers) != len(questions):
        raise Unavailable(f"expected {len(questions)} answers from the platform, got {len(answers)}; ask again")
    return answers


def windows(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """The items in runs of at most `size`; nothing beyond the run is taken from them."""
    if size < 1:
        raise InvalidInput(f"expected a window of 1 or more, got {size}")
    held: list[Any] = []
    for item in items:
        held.append(item)
        if len(held) >= size:
            yield held
            held = []
    if held:
        yield held


class _Batch(msgspec.Struct, frozen=True):
    """Answers to many rows, a list for each thing said; what is the same for all rows stands once."""

    model: str
    ids: tuple[str, ...]
    decisions: tuple[str, ...]
    abstained: tuple[bool, ...]
    version: int | None = None
    artefact: str | None = None
    classes: tuple[str, ...] = ()
    probabilities: tuple[tuple[float | None, ...], ...] = ()
    p_up: tuple[float | None, ...] | None = None
    values: tuple[float | None, ...] | None = None
    experiment: str = ""
    variant: str | None = None
    versions: tuple[int, ...] | None = None
    variants: tuple[str, ...] | None = None
    took_us: float = 0.0


def _answers(reply: Reply) -> tuple[Prediction, ...]:
    """The predictions of a batch, one a row."""
    batch = decoded(reply, _Batch, "predictions")
    return tuple(
        Prediction(
            id=batch.ids[row] if batch.ids else "",
            model=batch.model,
            version=batch.versions[row] if batch.versions else batch.version or 0,
            artefact=batch.artefact or "",
            classes=batch.classes,
            probabilities=batch.probabilities[row],
            decision=batch.decisions[row],
            p_up=batch.p_up[row] if batch.p_up else None,
            abstained=batch.abstained[row],
            value=batch.values[row] if batch.values else None,
            experiment=batch.experiment,
            variant=batch.variants[row] if batch.variants else batch.variant or "",
            took_us=batch.took_us,
        )
        for row in range(len(batch.decisions))
    )
