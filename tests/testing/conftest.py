"""A plain moving average as a hand-made Feature: correct as it stands, and easy to break in one place."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.features.feature import Feature, Output
from augury.spec import Spec

WINDOW = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanSpec(Spec):
    window_bars: int = WINDOW


def mean_batch(opened_at, bars):
    out = np.full((2, bars.shape[1]), np.nan)
    for t in range(WINDOW - 1, bars.shape[1]):
        window = bars[3, t - WINDOW + 1 : t + 1]
        total = 0.0
        for value in window:
            total += value
        out[0, t] = total / WINDOW
        out[1, t] = float(bars[3, t] > out[0, t])
    return out


class MeanStream:
    header = b"hand-made mean\n"

    def __init__(self):
        self.closes = []

    def update(self, opened_at, bar):
        del opened_at
        self.closes = [*self.closes, float(bar[3])][-WINDOW:]
        if len(self.closes) < WINDOW:
            return np.full(2, np.nan)
        total = 0.0
        for value in self.closes:
            total += value
        return np.array([total / WINDOW, float(self.closes[-1] > total / WINDOW)])

    def snapshot(self):
        body = np.array(self.closes, dtype="<f8").tobytes()
        return self.header + hashlib.sha256(body).digest() + body

    def restore(self, snapshot):
        body = snapshot[len(self.header) + 32 :]
        if snapshot[: len(self.header) + 32] != self.header + hashlib.sha256(body).digest():
            raise InvalidInput("not a snapshot of this feature, or damaged")
        self.closes = np.frombuffer(body, dtype="<f8").tolist()


MEAN = Feature(
    name="hand_made_mean",
    label="hand_made_mean",
    spec=MeanSpec(),
    outputs=(
        Output(name="", meaning="mean close", bounds=(0.0, None), price_scale="proportional"),
        Output(name="above", meaning="the close lies above its mean", flag=True),
    ),
    inputs=("close",),
    warm_up=WINDOW - 1,
    look_back=WINDOW,
    batch=mean_batch,
    open_stream=MeanStream,
    tail=lambda opened_at, bars, count: mean_batch(opened_at, bars)[:, -count:],
)


@pytest.fixture
def mean_feature():
    return MEAN


@pytest.fixture
def broken_mean():
    """The moving average with some parts replaced; `stream` replaces methods of its stream."""

    def build(stream=None, **parts):
        if stream is not None:
            parts["open_stream"] = type("BrokenStream", (MeanStream,), stream)
        return replace(MEAN, **parts)

    return build


@pytest.fixture
def mean_stream():
    return MeanStream
