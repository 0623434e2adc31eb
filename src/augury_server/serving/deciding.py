"""The desk: questions in, answers of the right version out, each recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import numpy as np

from augury.errors import InvalidInput
from augury.market.bars import BarArrays
from augury.market.validate import valid_arrays
from augury_server.serving.asking import Answer, Answers, Ask
from augury_server.serving.batching import INLINE_US, Runner
from augury_server.serving.checking import check_ask, single_time
from augury_server.serving.hosted import HostedModel
from augury_server.serving.identifying import new_ids
from augury_server.serving.many_rows import FEW, ManyRows
from augury_server.serving.noting import Notes, Recorder, utc_now
from augury_server.serving.one_row import Said
from augury_server.serving.remembering import Remembered, digest_of
from augury_server.serving.routing import Choice, Route, Subject
from augury_server.serving.served_predictor import Feeds
from augury_server.serving.shadowing import Beside
from augury_server.settings.current import current_settings
from augury_server.settings.sections import ServingSettings

if TYPE_CHECKING:
    from augury_server.predictions.recording import PredictionRecord

__all__ = ["Desk", "DeskFigures", "Host"]

_NOTHING = b""
_UNKNOWN_TIME = 0


class Host(Protocol):
    """Whoever knows where questions go: `ModelHost`."""

    def route(self, reference: str, /) -> Route:
        """Where a reference leads; NotFound for an unknown one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskFigures:
    """Counts since the start: `answers` (rows), `batches` of `batched_rows` rows that waited for one another,
    `remembered` answers that were not computed again, and what was scored beside and failed there.
    """

    answers: int
    batches: int
    batched_rows: int
    remembered: int
    shadows: int
    shadows_failed: int


class Desk:
    """Answers questions with the models of a host; of one event loop, where all its methods are called.

    The numbers are those of `augury.learning.Predictor`, bit for bit: `predict(rows, exact=True)` for rows and
    `predict_last(bars)` for bars, whether they were run alone, in a batch, in a thread or remembered. Each answer names
    the version that gave it; one that changes while an answer is made changes nothing about it.

    Experiments: in mode "split" a unit is answered by its variant; in mode "shadow" the control answers, and the
    treatment is scored right after, on every question; both are recorded. `recorder` keeps records as
    `serving.record` says; no database is touched here.
    """

    def __init__(
        self,
        host: Host,
        recorder: Recorder | None = None,
        *,
        settings: ServingSettings | None = None,
        clock: Callable[[], int] = time.perf_counter_ns,
        now: Callable[[], datetime] = utc_now,
        ids: Callable[[int], tuple[UUID, ...]] = new_ids,
    ) -> None:
        settings = settings or current_settings().serving
        self._host, self._clock, self._ids = host, clock, ids
        self._runner = Runner(batch_rows=settings.batch_rows)
        self._remembered = Remembered(settings.cached_predictions)
        self._notes = Notes(settings.record, recorder, now=now)
        self._beside = Beside()
        self._many = ManyRows(runner=self._runner, notes=self._notes, beside=self._beside, clock=clock, ids=ids)
        self._answers = 0

    @property
    def waits(self) -> bool:
        """Whether each answer waits until its record is on disk."""
        return self._notes.waits

    async def decide(self, ask: Ask) -> Answer:
        """The answer about one row or the last of some bars.

        Raises NotFound for a model that is not served, InvalidInput for what the model cannot read (InvalidBars for
        bars), and in durable mode Unavailable when the record cannot be kept.
        """
        started = self._clock()
        check_ask(ask)
        if (ask.rows is None) == (ask.bars is None):
            raise InvalidInput("expected either rows or bars, one of them")
        route = ask.route or self._host.route(ask.model)
        bars = None if ask.bars is None else await self._checked(ask.bars)
        about = _about(ask, bars)
        choice = route.plain if route.experiment is None else route.choose(_subject(ask, about, bars))
        said, digest = await self._said(choice.model, ask, bars)
        answer, record = self._made(ask, choice, said, (*about, digest), started)
        if record is not None:
            await self._notes.keep((record,))
        if choice.shadow is not None:
            shadow = Choice(model=choice.shadow, experiment=choice.experiment, variant="treatment")
            await self._beside.add(self._score(ask, shadow, bars, about), shadow.model.reference)
        return answer

    def decide_now(self, ask: Ask) -> Answer | None:
        """`decide` for a row whose answer is at hand; None, with nothing done, where anything has to be waited for.

        That is: bars, a model that is slow or better run with others, a version scored beside, durable records.
        """
        if ask.rows is None or ask.bars is not None or self._notes.waits:
            return None
        started = self._clock()
        check_ask(ask)
        route = ask.route or self._host.route(ask.model)
        about = _about(ask, None)
        choice = route.plain if route.experiment is None else route.choose(_subject(ask, about, None))
        if choice.shadow is not None or not self._runner.quick_alone(choice.model):
            return None
        feeds = self._read(choice.model, ask)
        said, digest = self._known(choice.model, ask, feeds)
        if said is None:
            said = self._keep_said(choice.model, digest, choice.model.predictor.say(feeds))
        answer, record = self._made(ask, choice, said, (*about, digest), started)
        self._notes.offer(record)
        return answer

    async def decide_rows(self, ask: Ask) -> Answers:
        """The answers about any number of rows; raises as `decide` does."""
        started = self._clock()
        check_ask(ask)
        if ask.rows is None or ask.bars is not None:
            raise InvalidInput("expected rows; the last of some bars is asked for alone")
        found = await self._many.answer(ask, ask.route or self._host.route(ask.model), started)
        self._answers += len(found)
        return found

    def decide_rows_now(self, ask: Ask) -> Answers | None:
        """`decide_rows` for few rows and no experiment; None, with nothing done, where anything is to be waited for."""
        if not isinstance(ask.rows, list | np.ndarray) or ask.bars is not None or self._notes.waits:
            return None
        started = self._clock()
        check_ask(ask)
        route = ask.route or self._host.route(ask.model)
        count = len(ask.rows)
        if count > FEW or route.experiment is not None or route.model.pace.for_rows(count) > INLINE_US:
            return None
        found = self._many.answer_now(ask, route, started)
        self._answers += count
        return found

    def figures(self) -> DeskFigures:
        """What was done since the start."""
        return DeskFigures(
            answers=self._answers,
            batches=self._runner.batches,
            batched_rows=self._runner.batched_rows,
            remembered=self._remembered.hits,
            shadows=self._beside.done,
            shadows_failed=self._beside.failed,
        )

    async def close(self) -> None:
        """Finish what is scored beside and end the threads; call it when no more questions come, before the recorder
        is stopped.
        """
        await self._beside.drain()
        self._runner.close()

    async def _checked(self, bars: object) -> BarArrays:
        if isinstance(bars, BarArrays):
            return bars
        return await self._runner.run(lambda: valid_arrays(bars), float("inf"))

    async def _said(self, model: HostedModel, ask: Ask, bars: BarArrays | None) -> tuple[Said, bytes]:
        """What a model says, with the digest of what it read (empty where nobody needs it)."""
        predictor, runner = model.predictor, self._runner
        feeds: Feeds | None
        if bars is None:
            feeds = self._read(model, ask)
        else:
            if not len(bars):
                raise InvalidInput("expected at least one bar")
            feeds = await runner.run(lambda: predictor.feeds_of_last(bars), model.pace.for_bars(len(bars)))
            if feeds is None:
                return predictor.say(None), _NOTHING
        said, digest = self._known(model, ask, feeds)
        if said is None:
            said = predictor.say(feeds) if runner.quick(model) else await runner.say(model, feeds)
            said = self._keep_said(model, digest, said)
        return said, digest

    def _read(self, model: HostedModel, ask: Ask) -> Feeds:
        feeds = model.predictor.feeds_of_rows(ask.rows)
        if len(feeds[model.manifest.inputs[0].name]) != 1:
            raise InvalidInput("expected one row; several are answered together, as a batch")
        return feeds

    def _known(self, model: HostedModel, ask: Ask, feeds: Feeds) -> tuple[Said | None, bytes]:
        """What is remembered of the same inputs, and their digest."""
        remembers = self._remembered.on
        digest = digest_of(feeds) if remembers or self._notes.wanted(ask) else _NOTHING
        return (self._remembered.get(model, digest) if remembers else None), digest

    def _keep_said(self, model: HostedModel, digest: bytes, said: Said) -> Said:
        if self._remembered.on:
            self._remembered.put(model, digest, said)
        return said

    def _made(
        self, ask: Ask, choice: Choice, said: Said, about: tuple[str, int, bytes], started: int
    ) -> tuple[Answer, PredictionRecord | None]:
        """The answer, and its record where one is kept."""
        made = self._ids(1)[0]
        took_us = (self._clock() - started) // 1000
        self._answers += 1
        record = None
        if self._notes.wanted(ask):
            record = self._notes.record(ask, choice, said, prediction_id=made, took_us=took_us, about=about)
        return _answer(choice, said, made, took_us), record

    async def _score(self, ask: Ask, choice: Choice, bars: BarArrays | None, about: tuple[str, int]) -> None:
        """Ask a version beside and record what it says."""
        started = self._clock()
        said, digest = await self._said(choice.model, ask, bars)
        took_us = (self._clock() - started) // 1000
        if self._notes.wanted(ask):
            made = self._ids(1)[0]
            record = self._notes.record(ask, choice, said, prediction_id=made, took_us=took_us, about=(*about, digest))
            await self._notes.keep((record,))


def _about(ask: Ask, bars: BarArrays | None) -> tuple[str, int]:
    """Symbol and open of the judged bar, ns UTC; 0 where it is unknown."""
    if not isinstance(ask.symbol, str):
        raise InvalidInput("expected one symbol for one row")
    opened_at_ns = single_time(ask.bar_opened_at_ns)
    if not opened_at_ns and bars is not None and len(bars):
        opened_at_ns = int(bars.opened_at[-1])
    return ask.symbol, opened_at_ns or _UNKNOWN_TIME


def _subject(ask: Ask, about: tuple[str, int], bars: BarArrays | None) -> Subject:
    symbol, opened_at_ns = about
    return Subject(symbol=symbol, opened_at_ns=opened_at_ns or None, unit=ask.unit, reads_rows=bars is None)


def _answer(choice: Choice, said: Said, prediction_id: UUID, took_us: int) -> Answer:
    model = choice.model
    classes, probabilities = model.classes, said.probabilities
    return Answer(
        id=prediction_id,
        model=model.name,
        version=model.version,
        artefact=model.artefact_id,
        classes=classes,
        probabilities=probabilities if classes else (),
        decision=classes[said.decision] if said.decision >= 0 else "",
        p_up=probabilities[-1] if classes else None,
        abstained=said.abstained,
        took_us=took_us,
        value=None if classes else probabilities[0],
        experiment=choice.experiment,
        variant=choice.variant,
    )
