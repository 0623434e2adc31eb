"""Renderers that are wrong on purpose, each of which the chart suite must catch by the right rule."""

from dataclasses import replace

import numpy as np
import pytest

from augury.errors import InvalidInput, NotEnoughData
from augury.features.chart_contract import chart_renderer
from augury.features.chart_image_spec import ChartSpec
from augury.features.chart_kernels import AVERAGE, BOTTOM, TABLE_ROWS, TOP, draw_images, fill_table
from augury.market import BarArrays
from augury.testing import run_checks
from augury.testing.chart_contract import chart_suite, run_chart_suite

SPEC = ChartSpec(days=5)
GOOD = chart_renderer(SPEC)


def failures(renderer):
    return {outcome.name: outcome.failure for outcome in run_chart_suite(renderer) if outcome.failure}


def drawn_from(change):
    """A renderer that draws from the right table after `change(table, matrix)`."""

    def draw(bars, rows):
        if not GOOD.drawable(bars)[rows].all():
            raise NotEnoughData("not drawable")
        table = np.empty((TABLE_ROWS, len(bars)))
        fill_table(bars.matrix, SPEC.layout, table)
        change(table, bars.matrix)
        out = np.empty((rows.size, *SPEC.shape), dtype=np.uint8)
        draw_images(table, rows, SPEC.layout, out)
        return out

    return replace(GOOD, draw=draw)


def unchanged(table, matrix):
    pass


def whole_range(table, matrix):
    table[BOTTOM], table[TOP] = np.nanmin(table[:4], initial=np.inf), np.nanmax(table[:4], initial=-np.inf)


def centred_average(table, matrix):
    close = matrix[3]
    for t in range(4, close.size):
        table[AVERAGE, t] = close[t - 2 : t + 3].mean()
        table[BOTTOM, t] = min(table[BOTTOM, t], table[AVERAGE, t])
        table[TOP, t] = max(table[TOP, t], table[AVERAGE, t])


def one_bar_ahead(bars, rows):
    ahead = np.minimum(rows + 1, len(bars) - 1)
    return GOOD.draw(bars, np.where(GOOD.drawable(bars)[rows], ahead, rows))


def drawable_by_the_future(bars):
    mask = GOOD.drawable(bars).copy()
    close = bars.matrix[3]
    mask[:-1] &= close[1:] > 0.8 * close[:-1]  # crashes of the next bar are left out
    return mask


LEAKS = {
    "extremes over all bars": drawn_from(whole_range),
    "centred moving average": drawn_from(centred_average),
    "image one bar ahead": replace(GOOD, draw=one_bar_ahead),
    "rows chosen by what follows": replace(GOOD, drawable=drawable_by_the_future),
}


def test_the_right_table_redrawn_is_a_correct_renderer():
    assert failures(drawn_from(unchanged)) == {}
    assert failures(GOOD) == {}


@pytest.mark.parametrize("name", LEAKS)
def test_a_renderer_that_looks_ahead_is_caught(name):
    found = failures(LEAKS[name])
    assert "is_causal" in found
    assert "LookAheadError" in found["is_causal"]
    assert "ahead" in found["is_causal"]


class Forgetful:
    """A stream that loses its bars when it is restored."""

    def __init__(self):
        self.inner = GOOD.open_stream()

    def update(self, opened_at, bar):
        return self.inner.update(opened_at, bar)

    def snapshot(self):
        return self.inner.snapshot()

    def restore(self, snapshot):
        GOOD.open_stream().restore(snapshot)


class Sharing(Forgetful):
    """A stream that hands out the same image again and again, and draws only what changed."""

    def __init__(self):
        super().__init__()
        self.image = None

    def update(self, opened_at, bar):
        new = self.inner.update(opened_at, bar)
        if new is None:
            return None
        if self.image is None:
            self.image = new
        self.image[:, 1:] = new[:, 1:]
        return self.image

    def restore(self, snapshot):
        self.inner.restore(snapshot)


class Trusting(Forgetful):
    """A stream that takes any snapshot."""

    def restore(self, snapshot):
        try:
            self.inner.restore(snapshot)
        except InvalidInput:
            self.inner = GOOD.open_stream()


def writes_into_bars(bars, rows):
    images = GOOD.draw(bars, rows)
    bars.matrix[4] = 0.0
    return images


def in_dollars(bars, rows):
    return GOOD.draw(BarArrays(bars.opened_at, np.round(bars.matrix, 0) + 0.0), rows)


def never_refuses(bars, rows):
    try:
        return GOOD.draw(bars, rows)
    except NotEnoughData:
        return np.zeros((rows.size, *SPEC.shape), dtype=np.uint8)


def remembers_more(bars, rows):
    images = GOOD.draw(bars, rows)
    images[:, 0, 0] = np.where(rows % 2, 255, 0)
    return images


DEFECTS = {
    "images_keep_their_form": replace(GOOD, draw=lambda bars, rows: GOOD.draw(bars, rows) // 2),
    "warm_up_is_honoured": replace(GOOD, draw=never_refuses),
    "drawing_is_pure": replace(GOOD, draw=writes_into_bars),
    "look_back_is_enough": replace(GOOD, draw=remembers_more),
    "scale_changes_nothing": replace(GOOD, draw=in_dollars),
    "no_movement_is_refused": replace(GOOD, draw=never_refuses),
    "stream_equals_batch": replace(GOOD, open_stream=chart_renderer(SPEC.replace(moving_average=False)).open_stream),
    "snapshot_continues": replace(GOOD, open_stream=Forgetful),
    "survives_awkward_bars": replace(GOOD, open_stream=Sharing),
    "bad_snapshot_refused": replace(GOOD, open_stream=Trusting),
}


@pytest.mark.parametrize("rule", DEFECTS)
def test_a_defect_is_found_by_the_rule_about_it(rule):
    assert rule in failures(DEFECTS[rule])


def test_every_rule_has_a_defect_that_it_finds():
    names = {check.name for check in chart_suite(GOOD)}
    assert names == {*DEFECTS, "is_causal"}


def test_a_message_names_the_renderer_the_row_and_the_pixel():
    (outcome,) = run_checks([check for check in chart_suite(DEFECTS["look_back_is_enough"]) if "look_back" in check.id])
    assert GOOD.id in outcome.failure
    assert "line 0, column 0" in outcome.failure


def test_an_error_of_the_renderer_itself_is_not_taken_for_a_broken_rule():
    def draw(bars, rows):
        raise ZeroDivisionError("broken renderer")

    with pytest.raises(ZeroDivisionError) as raised:
        run_chart_suite(replace(GOOD, draw=draw))
    assert "raised by the check" in "".join(raised.value.__notes__)
