import numpy as np
import pandas as pd
import pytest

from augury.errors import InvalidInput, LookAheadError, NotEnoughData
from augury.testing import CausalityPlan, ContractBroken, assert_label, check_label, garch_bars

BARS = garch_bars(150, seed=2)
PLAN = CausalityPlan(random_cuts=4, early_cuts=2, event_cuts=2)
HORIZON = 6


def _ends(bars, horizon):
    closes = (bars.index + pd.Timedelta(hours=1)).to_series(index=bars.index)
    return closes.shift(-horizon)


def forward_return(bars):
    label = bars["close"].shift(-HORIZON) / bars["close"] - 1.0
    return pd.DataFrame({"label": label, "label_end": _ends(bars, HORIZON)})


def first_touch(bars, width=0.01):
    """The first close beyond a barrier within the horizon, settled at that close; 0 at the horizon."""
    close = bars["close"].to_numpy()
    label, steps = np.full(len(close), np.nan), np.zeros(len(close), dtype=int)
    for t in range(len(close)):
        path = close[t + 1 : t + 1 + HORIZON] / close[t] - 1.0
        touched = np.flatnonzero(np.abs(path) > width)
        if touched.size:
            label[t], steps[t] = np.sign(path[touched[0]]), touched[0] + 1
        elif path.size == HORIZON:
            label[t], steps[t] = 0.0, HORIZON
    ends = pd.Series(bars.index + pd.Timedelta(hours=1) * 1, index=bars.index) + pd.to_timedelta(steps, unit="h")
    return pd.DataFrame({"label": label, "label_end": ends.where(~np.isnan(label))})


@pytest.mark.parametrize("label", [forward_return, first_touch])
def test_sound_labels_pass_and_respond_to_their_future(label):
    report = assert_label(label, BARS, HORIZON, plan=PLAN)
    assert report.responsive == report.probed == 4
    assert report.sound


def test_a_feature_posing_as_a_label_is_found():
    def past_return(bars):
        return pd.DataFrame({"label": bars["close"].pct_change(HORIZON), "label_end": _ends(bars, HORIZON)})

    with pytest.raises(ContractBroken, match="not a label"):
        assert_label(past_return, BARS, HORIZON, plan=PLAN)


def test_a_label_that_reads_past_its_stated_end_is_found():
    def too_far(bars):
        return pd.DataFrame({"label": bars["close"].shift(-HORIZON - 1), "label_end": _ends(bars, HORIZON)})

    with pytest.raises(LookAheadError, match="after its label_end"):
        assert_label(too_far, BARS, HORIZON, plan=PLAN)


def test_a_label_scaled_with_the_whole_sample_is_found():
    def scaled(bars):
        frame = forward_return(bars)
        return frame.assign(label=frame["label"] / frame["label"].std())

    assert check_label(scaled, BARS, HORIZON, plan=PLAN).leaks


@pytest.mark.parametrize(
    ("problem", "change"),
    [
        (
            "a label without label_end",
            lambda frame: frame.assign(label_end=frame["label_end"].where(frame.index.hour != 5)),
        ),
        ("not after the close", lambda frame: frame.assign(label_end=frame["label_end"] - pd.Timedelta(hours=HORIZON))),
        ("more than 6 bars ahead", lambda frame: frame.assign(label_end=frame["label_end"] + pd.Timedelta(hours=1))),
        ("a label without label_end", lambda frame: frame.assign(label=frame["label"].fillna(0.0))),
    ],
)
def test_a_wrong_end_is_named(problem, change):
    report = check_label(lambda bars: change(forward_return(bars)), BARS, HORIZON, plan=PLAN)
    assert any(problem in found for found in report.problems)


def test_a_frame_without_label_end_is_refused():
    with pytest.raises(InvalidInput, match="label_end"):
        check_label(lambda bars: bars[["close"]], BARS, HORIZON)


def test_labels_that_are_never_known_are_refused():
    with pytest.raises(NotEnoughData, match="label"):
        check_label(lambda bars: forward_return(bars).assign(label=np.nan), BARS, HORIZON)
