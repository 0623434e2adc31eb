"""Change of the mean, found with a stated rate of false alarms, whether or not the reference is known.

The judged value x is standardised to z, then up = max(0, up + z - k), down = max(0, down - z - k), k being half the
`shift`; an alarm when one exceeds h, after which both are 0. h is solved for from `arl0` (see `run_length`).

A reference estimated once from a burn-in would break the promise: its error shifts every later z the same way, and
at 50 values the mean distance between false alarms is off by a factor, not by a percentage. So the reference keeps
learning from all values since the last alarm:

- cusum: the self-starting chart of Hawkins (1987). With n values before, mean m and standard deviation s, the ratio
  t = (x - m) / (s sqrt(1 + 1/n)) has Student's law with n - 1 degrees of freedom, and z = Phi^-1(F(t)) are exactly
  independent standard normal values, so `arl0` holds exactly whatever the burn-in. |z| is cut at 8.
- page_hinkley: the running-mean test of Page (1954) and Hinkley (1971), z = (x - m') / s' with mean and deviation that
  include x. It is cheaper, and its z are a little narrower than normal while few values are known.

The burn-in after a start and after an alarm comes on top of `arl0`. A shift that comes soon after the start is partly
learned as the reference, so it is found later than theory says, or never: give the reference where it is known, or a
longer burn-in. With a given reference both methods are the same chart.

Measured for `arl0` = 1,000 on 800,000 independent normal values each, burn-ins of 20, 50 and 200: cusum 984, 980 and
1,005 updates between false alarms, page_hinkley 1,047, 970 and 1,034 (standard error 4 %). The promise holds for such
values only: an autocorrelation of 0.1, 0.2 or 0.3 left 454, 246 and 149, tails as heavy as those of Student's t with 4
degrees of freedom 359. `ChangeFacts.trusted` tells of the first, of the second nothing does: ask for a larger `arl0`.
"""

from __future__ import annotations

import math

from scipy.special import ndtri, stdtr

from augury.errors import InvalidInput
from augury_server.streams.run_length import threshold_for
from augury_server.streams.spec import ChangeSpec
from augury_server.streams.update import ChangeFacts

__all__ = ["ChangeDetector"]

_LARGEST = 8.0
_DEPENDENT = 3.0  # standard errors of the autocorrelation above 0


class ChangeDetector:
    """Judges one value after the other. `update` expects a finite value that `refusal` has nothing against."""

    __slots__ = ("_count", "_down", "_last", "_mean", "_pairs", "_previous", "_spec", "_squares", "_threshold", "_up",
                 "_z_count", "_z_squares")  # fmt: skip

    def __init__(self, spec: ChangeSpec) -> None:
        self._spec = spec
        self._threshold = threshold_for(spec.arl0, spec.shift / 2.0)
        self._last: float | None = None
        self._start()

    def _start(self) -> None:
        self._up = self._down = 0.0
        self._count, self._mean, self._squares = 0, 0.0, 0.0  # of the values since: the reference that is learned
        self._previous: float | None = None
        self._z_count, self._z_squares, self._pairs = 0, 0.0, 0.0

    def refusal(self, value: float) -> str | None:
        """Why this value cannot be judged, or None."""
        if self._spec.of == "log_ratio" and value <= 0.0:
            return f"the logarithm of ratios needs values above 0, got {value!r}"
        return None

    def update(self, value: float) -> ChangeFacts:
        """Judge one more value."""
        judged = self._judged(value)
        self._last = value
        if judged is None:
            return self._facts(None, learning=True)
        z = self._standardised(judged)
        self._learn(judged)
        if z is None:
            return self._facts(None, learning=True)
        self._correlate(z)
        if not self._ready:
            return self._facts(None, learning=True)
        half = self._spec.shift / 2.0
        self._up, self._down = max(0.0, self._up + z - half), max(0.0, self._down - z - half)
        if max(self._up, self._down) <= self._threshold:
            return self._facts(None, learning=False)
        found = self._facts("up" if self._up >= self._down else "down", learning=False)
        self._start()
        return found

    @property
    def _given(self) -> bool:
        return self._spec.std is not None

    @property
    def _ready(self) -> bool:
        return self._given or self._count > self._spec.burn_in

    def _judged(self, value: float) -> float | None:
        of, last = self._spec.of, self._last
        if of == "value":
            return value
        if last is None:
            return None
        return value - last if of == "difference" else math.log(value / last)

    def _standardised(self, x: float) -> float | None:
        spec, count = self._spec, self._count
        if spec.mean is not None and spec.std is not None:
            return _cut((x - spec.mean) / spec.std)
        if count < 2:
            return None
        if spec.method == "cusum":
            if self._squares <= 0.0:
                return _constant(x - self._mean)
            error = math.sqrt(self._squares / (count - 1) * (1.0 + 1.0 / count))
            return _normal_score((x - self._mean) / error, count - 1)
        step = x - self._mean
        squares = self._squares + step * step * count / (count + 1)
        return _cut(step * count / (count + 1) / math.sqrt(squares / count)) if squares > 0.0 else 0.0

    def _learn(self, x: float) -> None:
        self._count += 1
        step = x - self._mean
        self._mean += step / self._count
        self._squares += step * (x - self._mean)

    def _correlate(self, z: float) -> None:
        if self._previous is not None:
            self._pairs += self._previous * z
            self._z_squares += z * z
            self._z_count += 1
        self._previous = z

    def _facts(self, direction: str | None, *, learning: bool) -> ChangeFacts:
        together = self._pairs / self._z_squares if self._z_count >= 20 and self._z_squares > 0.0 else None
        return ChangeFacts(
            up=self._up, down=self._down, threshold=self._threshold, alarm=direction is not None, direction=direction,
            learning=learning, autocorrelation=together,
            trusted=together is None or together < _DEPENDENT / math.sqrt(self._z_count),
        )  # fmt: skip

    def snapshot(self) -> tuple[float | None, ...]:
        """The whole state as plain numbers."""
        found = (getattr(self, name) for name in _STATE)
        return tuple(None if value is None else float(value) for value in found)

    def restore(self, saved: tuple[float | None, ...]) -> None:
        """Replace the state; InvalidInput for another form."""
        if len(saved) != len(_STATE):
            raise InvalidInput(f"a snapshot of a change detector has {len(_STATE)} numbers, this one {len(saved)}")
        for name, value in zip(_STATE, saved, strict=True):
            setattr(self, name, value)


_STATE = ("_up", "_down", "_count", "_mean", "_squares", "_previous", "_z_count", "_z_squares", "_pairs", "_last")


def _cut(z: float) -> float:
    return min(max(z, -_LARGEST), _LARGEST)


def _constant(step: float) -> float:
    """Against a reference without any spread every difference is as large as one can be."""
    return 0.0 if step == 0.0 else math.copysign(_LARGEST, step)


def _normal_score(t: float, degrees: int) -> float:
    """The standard normal value as likely as Student's t; both tails keep their digits."""
    return math.copysign(min(-float(ndtri(float(stdtr(degrees, -abs(t))))), _LARGEST), t)
