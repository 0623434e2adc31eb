"""Records of what was answered, handed to whoever keeps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol
from uuid import UUID

from augury_server.serving.asking import Ask
from augury_server.serving.one_row import Said
from augury_server.serving.routing import Choice

if TYPE_CHECKING:
    from augury_server.predictions.recording import PredictionRecord

__all__ = ["Notes", "RecordMode", "Recorder", "utc_now"]

RecordMode = Literal["off", "buffered", "durable"]

_LONGEST_US = 2**31 - 1


class Recorder(Protocol):
    """Keeps predictions: `offer` soon and without waiting, `keep` on disk before it returns."""

    def offer(self, record: PredictionRecord, /) -> Any:
        """Take a record; never waits, never raises."""

    async def keep(self, records: Sequence[PredictionRecord], /) -> Any:
        """Take records and return when they would survive this process; Unavailable when they cannot be kept."""


def utc_now() -> datetime:
    """The time, with its zone."""
    return datetime.now(UTC)


class Notes:
    """Writes down answers as `mode` says: "off", "buffered" (soon, without waiting) or "durable" (on disk first).

    An answer that is no number (a bar that cannot be judged) predicts nothing and is not recorded.
    """

    def __init__(self, mode: RecordMode, recorder: Recorder | None, *, now: Callable[[], datetime] = utc_now) -> None:
        from augury_server.predictions.recording import PredictionRecord  # Django's models: it must be prepared by now

        self._make = PredictionRecord
        self._recorder = None if mode == "off" else recorder
        self._durable = mode == "durable"
        self._now = now

    @property
    def waits(self) -> bool:
        """Whether a record is on disk before its answer is given."""
        return self._durable and self._recorder is not None

    def wanted(self, ask: Ask) -> bool:
        """Whether answers to this question are recorded."""
        return self._recorder is not None and ask.record

    def record(
        self,
        ask: Ask,
        choice: Choice,
        said: Said,
        *,
        prediction_id: UUID,
        took_us: int,
        about: tuple[str, int, bytes],
    ) -> PredictionRecord | None:
        """The record of an answer; `about` are symbol, open of the bar (ns UTC) and digest of the inputs."""
        if not said.known:
            return None
        symbol, opened_at_ns, digest = about
        model = choice.model
        return self._make(
            id=prediction_id,
            model_name=model.name,
            model_version=model.version,
            symbol=symbol,
            bar_opened_at_ns=opened_at_ns,
            made_at=self._now(),
            probabilities=said.probabilities,
            decision=model.classes[said.decision] if said.decision >= 0 else "",
            inputs_sha256=digest.hex(),
            latency_us=min(took_us, _LONGEST_US),
            experiment=choice.experiment,
            variant=choice.variant,
            request_id=ask.request_id,
        )

    def offer(self, record: PredictionRecord | None) -> None:
        """Hand a record on without waiting; not in durable mode."""
        if record is not None and self._recorder is not None:
            self._recorder.offer(record)

    async def keep(self, records: Sequence[PredictionRecord | None]) -> None:
        """Hand records on; in durable mode, return when they are on disk. Raises what `Recorder.keep` raises."""
        recorder = self._recorder
        made = [record for record in records if record is not None]
        if recorder is None or not made:
            return
        if self._durable:
            await recorder.keep(made)
            return
        for record in made:
            recorder.offer(record)
