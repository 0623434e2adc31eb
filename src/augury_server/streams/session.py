"""A session: values that come one by one, each answered with what is then known. Pure: no clock, no input or output."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

import msgspec

from augury.arrays import FloatVector
from augury.errors import Conflict, InvalidInput, Misconfigured, NotFound, WrongState
from augury.market.times import EARLIEST_NS, LATEST_NS
from augury_server.streams.change import ChangeDetector
from augury_server.streams.forecasting import Forecaster, StreamModel, valid_bar
from augury_server.streams.snapshot import Saved, pack, unpack
from augury_server.streams.spec import StreamSpec
from augury_server.streams.update import BarUpdate, Forecast, StreamUpdate, ValueUpdate
from augury_server.streams.windows import Windows

__all__ = ["LARGEST_VALUE", "Begun", "ModelOf", "StreamSession", "restored"]

LARGEST_VALUE = 1e100
"""Values are smaller, so that no square or product of sums overflows."""

ModelOf = Callable[[str], StreamModel]
"""The hosted model of a name or reference; raises NotFound."""

_encoder = msgspec.json.Encoder()


class Begun(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An update that was found good and is not counted yet; `bar` float64[5] in sessions of bars."""

    value: float
    at_ns: int
    bar: FloatVector | None


class StreamSession:
    """The state behind one stream of values or bars. One thread at a time.

    Times strictly increase: a value at or before the last time is refused with Conflict, one that is not finite with
    InvalidInput, and a refused value changes nothing. A repeated delivery is thus refused, never counted twice. Nothing
    is ever reordered or filled in, gaps in time are no event.
    """

    __slots__ = ("_broken", "_change", "_forecaster", "_windows", "kept", "last_at_ns", "spec", "updates")

    def __init__(self, spec: StreamSpec, model: StreamModel | None = None) -> None:
        if (spec.model is None) != (model is None):
            raise Misconfigured(f"this session names the model {spec.model!r}, it was opened with {model!r:.80}")
        self.spec = spec
        self.updates = 0
        self.last_at_ns: int | None = None
        self.kept: deque[tuple[int, bytes]] = deque(maxlen=spec.kept_updates)
        """The last answers, id and JSON."""
        self._windows = Windows(spec)
        self._change = None if spec.change is None else ChangeDetector(spec.change)
        self._forecaster = None if model is None else Forecaster(model)
        self._broken = ""

    @property
    def model(self) -> str | None:
        """The version that predicts, fixed when the session was opened."""
        return None if self._forecaster is None else self._forecaster.reference

    @property
    def host(self) -> StreamModel | None:
        """The model itself, as its host gave it."""
        return None if self._forecaster is None else self._forecaster.model

    def take(self, given: ValueUpdate | BarUpdate, *, now_ns: int) -> StreamUpdate:
        """`update` with what came over the network; a value without a time gets `now_ns`, or just after the last."""
        return self._whole(self.begin(given, now_ns=now_ns))

    def update(self, value: float | tuple[float, ...], at_ns: int) -> StreamUpdate:
        """Take in one value, or the open, high, low, close and volume of one closed bar that opened at `at_ns`.

        The answer depends on this value and those before only. Raises Conflict and InvalidInput as the class says,
        InvalidBars for what is no bar, WrongState once a model has failed in the midst of an update.
        """
        return self._whole(self._begin(value, at_ns))

    # --- an update in three steps, for models that run in a thread ---------------------------------------------

    def begin(self, given: ValueUpdate | BarUpdate, *, now_ns: int) -> Begun:
        """Refuse what an update refuses; nothing changes. `forecast` and `finish` follow before anything else does."""
        if isinstance(given, BarUpdate):
            return self._begin((given.open, given.high, given.low, given.close, given.volume), given.at_ns)
        at_ns = given.at_ns
        if at_ns is None:
            at_ns = now_ns if self.last_at_ns is None else max(now_ns, self.last_at_ns + 1)
        return self._begin(given.value, at_ns)

    def forecast(self, begun: Begun) -> Forecast | None:
        """What the model says, none without one. It may run in any thread; the rest of the session is not touched."""
        if self._forecaster is None or begun.bar is None:
            return None
        self._broken = f"the model {self.model} failed in the midst of an update; open a new session"
        found = self._forecaster.update(begun.at_ns, begun.bar)
        self._broken = ""
        return found

    def finish(self, begun: Begun, forecast: Forecast | None) -> StreamUpdate:
        """Count the update; its answer."""
        window, averages, trend = self._windows.update(begun.value)
        change = None if self._change is None else self._change.update(begun.value)
        self.updates += 1
        self.last_at_ns = begun.at_ns
        answer = StreamUpdate(
            id=self.updates, at_ns=begun.at_ns, value=begun.value, window=window, averages=averages, trend=trend,
            change=change, prediction=forecast,
        )  # fmt: skip
        self.kept.append((self.updates, _encoder.encode(answer)))
        return answer

    def _whole(self, begun: Begun) -> StreamUpdate:
        return self.finish(begun, self.forecast(begun))

    def _begin(self, value: float | tuple[float, ...], at_ns: int) -> Begun:
        if self._broken:
            raise WrongState(self._broken)
        number, bar = self._number(value)
        self._refuse_time(at_ns)
        if not math.isfinite(number) or abs(number) >= LARGEST_VALUE:
            raise InvalidInput(f"a value is a finite number below {LARGEST_VALUE:g}, got {number!r}")
        if self._change is not None and (reason := self._change.refusal(number)):
            raise InvalidInput(reason)
        return Begun(value=number, at_ns=at_ns, bar=None if bar is None else valid_bar(bar))

    def _number(self, value: float | tuple[float, ...]) -> tuple[float, tuple[float, ...] | None]:
        if isinstance(value, tuple):
            if self.spec.kind != "bars" or len(value) != 5:
                raise InvalidInput(f"this session takes {self.spec.kind}, got {len(value)} numbers")
            return float(value[3]), value
        if self.spec.kind == "bars":
            raise InvalidInput("this session takes bars: at_ns, open, high, low, close and volume")
        return float(value), None

    def _refuse_time(self, at_ns: int) -> None:
        if not EARLIEST_NS <= at_ns <= LATEST_NS:
            raise InvalidInput(f"at_ns is a time in ns since 1970 UTC, between 1678 and 2261, got {at_ns}")
        if self.last_at_ns is not None and at_ns <= self.last_at_ns:
            what = "is that of" if at_ns == self.last_at_ns else "is before"
            raise Conflict(f"at_ns = {at_ns} {what} the last of {self.updates} updates, {self.last_at_ns}; times rise")

    def snapshot(self) -> bytes:
        """The whole state: a session restored from it goes on bit for bit."""
        if self._broken:
            raise WrongState(self._broken)
        return pack(
            Saved(
                spec=self.spec.to_dict(), model=self.model, updates=self.updates, last_at_ns=self.last_at_ns,
                windows=self._windows.snapshot(), change=None if self._change is None else self._change.snapshot(),
                forecaster=None if self._forecaster is None else self._forecaster.snapshot(), kept=tuple(self.kept),
            )
        )  # fmt: skip

    def restore(self, saved: Saved) -> None:
        """Replace the state by a snapshot of a session of the same spec and model; InvalidInput for another."""
        if (saved.change is None) != (self._change is None) or saved.model != self.model:
            raise InvalidInput("this snapshot is one of another session; restore it into one of its own spec")
        self._windows.restore(saved.windows)
        if self._change is not None and saved.change is not None:
            self._change.restore(saved.change)
        if self._forecaster is not None and saved.forecaster is not None:
            self._forecaster.restore(saved.forecaster)
        self.updates, self.last_at_ns = saved.updates, saved.last_at_ns
        self.kept = deque(saved.kept, maxlen=self.spec.kept_updates)


def restored(snapshot: bytes, model_of: ModelOf) -> StreamSession:
    """The session of a snapshot, its model found by `model_of` with the version that it was opened with.

    Raises NotFound when that version is served no more, which ends nothing: the session goes on once it is again.
    """
    saved = unpack(snapshot)
    session = StreamSession(StreamSpec.from_dict(saved.spec), None if saved.model is None else _same(saved, model_of))
    session.restore(saved)
    return session


def _same(saved: Saved, model_of: ModelOf) -> StreamModel:
    assert saved.model is not None
    try:
        return model_of(saved.model)
    except NotFound as error:
        raise NotFound(
            f"this session predicts with {saved.model} and with no other version, and {saved.model} is not served here "
            f"now; serve that version again and the session goes on, or DELETE it and open a new one with a model that "
            f"is served (GET /models lists them)"
        ) from error
