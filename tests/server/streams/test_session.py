"""A session alone: what it answers, what it refuses, and that it goes on bit for bit after a snapshot."""

from __future__ import annotations

import gc
import math
import sys

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import Conflict, InvalidBars, InvalidInput, Misconfigured, NotFound
from augury.market.bars import bar_arrays
from augury_server.streams.session import LARGEST_VALUE, StreamSession, restored
from augury_server.streams.snapshot import unpack
from augury_server.streams.spec import StreamSpec
from augury_server.streams.update import BarUpdate, StreamUpdate, ValueUpdate

FULL = StreamSpec.from_dict({"window": 30, "change": {"arl0": 200, "of": "difference"}, "kept_updates": 5})
SECOND = 10**9


def no_models(name):
    raise NotFound(name)


def bars_of(hosted):
    arrays = bar_arrays(hosted.bars)
    return [(int(at), tuple(arrays.matrix[:, t].tolist())) for t, at in enumerate(arrays.opened_at.tolist())]


def test_an_update_is_answered_with_all_that_was_asked_for(price_path):
    session = StreamSession(FULL)
    for place, value in enumerate(price_path(100), start=1):
        answer = session.update(value, place * SECOND)
    assert (answer.id, answer.at_ns, answer.value) == (100, 100 * SECOND, value)
    assert set(answer.averages) == {"sma(20)", "ema(20)"}
    assert (answer.window.count, answer.trend.count, answer.change.learning) == (30, 20, False)
    assert answer.prediction is None
    assert msgspec.json.decode(session.kept[-1][1], type=StreamUpdate) == answer
    assert [update_id for update_id, _ in session.kept] == [96, 97, 98, 99, 100]


@pytest.mark.parametrize(
    ("value", "at_ns", "error"),
    [
        (math.nan, 200, InvalidInput), (math.inf, 200, InvalidInput), (-math.inf, 200, InvalidInput),
        (LARGEST_VALUE, 200, InvalidInput), (1.0, 100, Conflict), (1.0, 99, Conflict), (1.0, 2**70, InvalidInput),
        ((1.0, 1.0, 1.0, 1.0, 1.0), 200, InvalidInput),
    ],
)  # fmt: skip
def test_a_refused_value_changes_nothing(value, at_ns, error):
    session = StreamSession(FULL)
    session.update(5.0, 100)
    before = session.snapshot()
    with pytest.raises(error):
        session.update(value, at_ns)
    assert session.snapshot() == before
    assert session.update(6.0, 200).id == 2


def test_a_value_of_a_ratio_that_is_not_positive_changes_nothing():
    session = StreamSession(StreamSpec.from_dict({"change": {"of": "log_ratio"}}))
    session.update(5.0, 100)
    before = session.snapshot()
    with pytest.raises(InvalidInput, match="above 0"):
        session.update(-1.0, 200)
    assert session.snapshot() == before


def test_a_value_without_a_time_gets_that_of_its_arrival_and_times_still_rise():
    session = StreamSession(FULL)
    assert session.take(ValueUpdate(value=1.0), now_ns=500).at_ns == 500
    assert session.take(ValueUpdate(value=2.0), now_ns=400).at_ns == 501


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=120), st.data())
def test_a_restored_session_goes_on_bit_for_bit(values, data):
    cut = data.draw(st.integers(0, len(values)))
    whole, first = StreamSession(FULL), StreamSession(FULL)
    wanted = [whole.update(value, place) for place, value in enumerate(values)]
    found = [first.update(value, place) for place, value in enumerate(values[:cut])]
    second = restored(first.snapshot(), no_models)
    found += [second.update(value, cut + place) for place, value in enumerate(values[cut:])]
    assert found == wanted
    assert second.snapshot() == whole.snapshot()


def test_every_flipped_byte_of_a_snapshot_is_found(price_path):
    session = StreamSession(StreamSpec(window=5, trend_window=3, simple_averages=(), kept_updates=1))
    for place, value in enumerate(price_path(10)):
        session.update(value, place)
    whole = session.snapshot()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        with pytest.raises(InvalidInput, match="snapshot"):
            unpack(bytes(damaged))
    for length in range(len(whole)):
        with pytest.raises(InvalidInput, match="snapshot"):
            unpack(whole[:length])


def test_a_model_predicts_at_each_closed_bar_what_its_path_has_bit_for_bit(hosted):
    spec = StreamSpec(kind="bars", model="trend")
    session = StreamSession(spec, hosted)
    bars = bars_of(hosted)
    found = []
    for place, (at_ns, bar) in enumerate(bars):
        if place == 90:  # in the midst it moves to another process
            session = restored(
                session.snapshot(), lambda reference: hosted if reference == "trend@3" else no_models("")
            )
        found.append(session.update(bar, at_ns))
    path = hosted.predictor.predict_path(bar_arrays(hosted.bars))
    told = np.array([[np.nan if p is None else p for p in one.prediction.probabilities] for one in found])
    assert told.tobytes() == path.probabilities.tobytes()
    assert np.isfinite(told).all(axis=1).sum() > 150
    decided = [-1 if one.prediction.decision is None else path.classes.index(one.prediction.decision) for one in found]
    assert decided == path.decision.tolist()
    assert {one.prediction.model for one in found} == {"trend@3"}
    assert [one.value for one in found] == [bar[3] for _, bar in bars]


def test_what_is_no_bar_is_refused_and_changes_nothing_of_the_model_either(hosted):
    bars = bars_of(hosted)
    session = StreamSession(StreamSpec(kind="bars", model="trend"), hosted)
    for at_ns, bar in bars[:40]:
        session.update(bar, at_ns)
    before = session.snapshot()
    at_ns, (o, h, low, c, v) = bars[40]
    for wrong in [(o, low, h + 1, c, v), (o, h, low, c, -1.0), (o, h, 0.0, c, v), (o, math.nan, low, c, v)]:
        with pytest.raises(InvalidBars):
            session.update(wrong, at_ns)
    with pytest.raises(Conflict):
        session.update(bars[39][1], bars[39][0])
    with pytest.raises(InvalidInput, match="takes bars"):
        session.update(1.0, at_ns)
    assert session.snapshot() == before
    assert session.take(BarUpdate(at_ns, o, h, low, c, v), now_ns=0).id == 41


def test_a_session_and_its_model_come_together(hosted):
    with pytest.raises(Misconfigured):
        StreamSession(StreamSpec(kind="bars", model="trend"))
    with pytest.raises(InvalidInput, match="kind = 'bars'"):
        StreamSpec(model="trend")
    session = StreamSession(StreamSpec(kind="bars", model="trend"), hosted)
    with pytest.raises(NotFound):
        restored(session.snapshot(), no_models)


def deep_size(found, seen):
    """The bytes of an object and all that it alone holds; what sessions of one form share is counted once."""
    if id(found) in seen or isinstance(found, type) or callable(found):
        return 0
    seen.add(id(found))
    return sys.getsizeof(found) + sum(deep_size(one, seen) for one in gc.get_referents(found))


def test_ten_thousand_sessions_of_the_usual_options_fit_into_150_megabytes(price_path):
    shared = set()
    spec = StreamSpec.from_dict({"change": {}})
    first = StreamSession(spec)
    deep_size(first, shared)
    session = StreamSession(spec)
    for place, value in enumerate(price_path(300), start=10**18):
        session.update(value, place)
    size = deep_size(session, shared)
    assert 8_000 < size < 15_000  # the kept answers are most of it
