"""Many rows of one question: each answered by its unit's version, run together as far as bits allow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from augury.learning import Prediction
from augury_server.serving.asking import Answers, Ask
from augury_server.serving.batching import Runner
from augury_server.serving.checking import each_symbol, each_time
from augury_server.serving.hosted import HostedModel
from augury_server.serving.noting import Notes
from augury_server.serving.one_row import Said
from augury_server.serving.remembering import digests_of
from augury_server.serving.routing import Choice, Route, Subject
from augury_server.serving.served_predictor import Feeds
from augury_server.serving.shadowing import Beside

if TYPE_CHECKING:
    from augury_server.predictions.recording import PredictionRecord

__all__ = ["FEW", "ManyRows"]

FEW = 32
"""Up to so many rows are judged one by one in about the time that NumPy takes to begin with each of a dozen arrays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """Some rows of a question: their places in it, what they are about, and what the graph reads."""

    places: Sequence[int]
    symbols: Sequence[str]
    times: Sequence[int]
    feeds: Feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    choice: Choice
    rows: _Rows
    found: Prediction
    took_us: int


class ManyRows:
    """Answers questions about many rows; `Desk` describes what is done."""

    def __init__(
        self,
        *,
        runner: Runner,
        notes: Notes,
        beside: Beside,
        clock: Callable[[], int],
        ids: Callable[[int], tuple[UUID, ...]],
    ) -> None:
        self._runner, self._notes, self._beside = runner, notes, beside
        self._clock, self._ids = clock, ids

    async def answer(self, ask: Ask, route: Route, started: int) -> Answers:
        """The answers, in the order of the rows; `started` is when the clock began to run."""
        every = _every(ask, route.model)
        answered = [await self._run(choice, rows, started) for choice, rows in _parted(ask, route, every)]
        ids = self._ids_of(ask, every)
        for part in answered if ids else ():
            await self._notes.keep(self._records(ask, part, [ids[place] for place in part.rows.places]))
        for part in answered:
            if part.choice.shadow is not None:
                shadow = Choice(model=part.choice.shadow, experiment=part.choice.experiment, variant="treatment")
                await self._beside.add(self._score(ask, shadow, part.rows), shadow.model.reference)
        return _joined(route, answered, ids, (self._clock() - started) // 1000)

    def answer_now(self, ask: Ask, route: Route, started: int) -> Answers:
        """`answer` of one version to few rows, whose records need not be waited for: plain numbers, without arrays."""
        model, classes = route.model, route.model.classes
        rows = _every(ask, model)
        said = model.predictor.say_each(rows.feeds)
        took_us = (self._clock() - started) // 1000
        ids = self._ids_of(ask, rows)
        count, names = len(said), (*classes, "")
        numbers = np.array([one.probabilities for one in said], dtype=np.float64).reshape(count, max(len(classes), 1))
        found = Answers(
            ids=ids,
            model=model.name,
            versions=(model.version,) * count,
            artefacts=(model.artefact_id,) * count,
            classes=classes,
            probabilities=numbers if classes else np.empty((count, 0)),
            decisions=tuple([names[one.decision] for one in said]),
            abstained=np.array([one.abstained for one in said], dtype=np.bool_),
            took_us=(self._clock() - started) // 1000,
            values=None if classes else numbers[:, 0],
            experiment=route.plain.experiment,
            variants=(route.plain.variant,) * count,
        )
        about = zip(rows.symbols, rows.times, digests_of(rows.feeds), strict=True) if ids else ()
        for one, made, what in zip(said, ids, about, strict=False):
            self._notes.offer(
                self._notes.record(ask, route.plain, one, prediction_id=made, took_us=took_us, about=what)
            )
        return found

    async def _run(self, choice: Choice, rows: _Rows, started: int) -> _Answered:
        model = choice.model
        found = await self._runner.run(
            lambda: model.predictor.predict_feeds(rows.feeds), model.pace.for_rows(len(rows.places))
        )
        return _Answered(choice=choice, rows=rows, found=found, took_us=(self._clock() - started) // 1000)

    async def _score(self, ask: Ask, choice: Choice, rows: _Rows) -> None:
        """Ask a version beside about the same rows and record what it says."""
        part = await self._run(choice, rows, self._clock())
        ids = self._ids_of(ask, rows)
        if ids:
            await self._notes.keep(self._records(ask, part, ids))

    def _ids_of(self, ask: Ask, rows: _Rows) -> tuple[UUID, ...]:
        """Ids of the rows' records; none where there are none."""
        return self._ids(len(rows.places)) if self._notes.wanted(ask) and rows.places else ()

    def _records(self, ask: Ask, part: _Answered, ids: Sequence[UUID]) -> list[PredictionRecord | None]:
        rows, found = part.rows, part.found
        numbers = (found.probabilities if found.classes else found.raw).tolist()
        decisions, abstained = found.decision.tolist(), found.abstained.tolist()
        records, digests = [], digests_of(rows.feeds)
        for place, values in enumerate(numbers):
            known = all(abs(value) < float("inf") for value in values)
            said = Said(tuple(values), decisions[place], abstained[place], known)
            about = (rows.symbols[place], rows.times[place], digests[place])
            records.append(
                self._notes.record(ask, part.choice, said, prediction_id=ids[place], took_us=part.took_us, about=about)
            )
        return records


def _every(ask: Ask, model: HostedModel) -> _Rows:
    """All rows of a question."""
    feeds = model.predictor.feeds_of_rows(ask.rows)
    count = len(feeds[model.manifest.inputs[0].name])
    return _Rows(
        places=range(count),
        symbols=each_symbol(ask.symbol, count),
        times=each_time(ask.bar_opened_at_ns, count),
        feeds=feeds,
    )


def _parted(ask: Ask, route: Route, every: _Rows) -> list[tuple[Choice, _Rows]]:
    """The rows by who answers them; all of them together when no experiment tells them apart."""
    if not every.places or route.experiment is None or route.experiment.mode == "shadow":
        subject = Subject(symbol="", opened_at_ns=None, unit="", reads_rows=True)
        return [(route.choose(subject), every)]
    subjects: dict[tuple[str, int], str] = {}
    parts: dict[str, tuple[Choice, list[int]]] = {}
    for place, about in enumerate(zip(every.symbols, every.times, strict=True)):
        variant = subjects.get(about)
        if variant is None:
            symbol, opened_at_ns = about
            choice = route.choose(
                Subject(symbol=symbol, opened_at_ns=opened_at_ns or None, unit=ask.unit, reads_rows=True)
            )
            variant = subjects[about] = choice.variant
            parts.setdefault(variant, (choice, []))
        parts[variant][1].append(place)
    if len(parts) == 1:
        return [(choice, every) for choice, _ in parts.values()]
    return [(choice, _some(every, places)) for choice, places in parts.values()]


def _some(every: _Rows, places: list[int]) -> _Rows:
    return _Rows(
        places=places,
        symbols=[every.symbols[place] for place in places],
        times=[every.times[place] for place in places],
        feeds={name: array[places] for name, array in every.feeds.items()},
    )


def _joined(route: Route, answered: Sequence[_Answered], ids: tuple[UUID, ...], took_us: int) -> Answers:
    """The parts as columns in the order of the rows."""
    count = sum(len(part.rows.places) for part in answered)
    classes = route.model.classes
    probabilities, values = np.empty((count, len(classes))), np.empty(count)
    decision, abstained = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.bool_)
    who: list[Choice] = [answered[0].choice] * count
    for part in answered:
        at = slice(None) if len(answered) == 1 else part.rows.places
        probabilities[at], decision[at] = part.found.probabilities, part.found.decision
        abstained[at] = part.found.abstained
        if not classes:
            values[at] = part.found.values
        if len(answered) > 1:
            for place in part.rows.places:
                who[place] = part.choice
    names = (*classes, "")
    return Answers(
        ids=ids,
        model=route.model.name,
        versions=tuple(choice.model.version for choice in who),
        artefacts=tuple(choice.model.artefact_id for choice in who),
        classes=classes,
        probabilities=probabilities,
        decisions=tuple([names[place] for place in decision.tolist()]),
        abstained=abstained,
        took_us=took_us,
        values=None if classes else values,
        experiment=next((part.choice.experiment for part in answered if part.choice.experiment), ""),
        variants=tuple(choice.variant for choice in who),
    )
