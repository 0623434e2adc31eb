"""Chart images against images drawn by hand and a slow renderer in exact arithmetic."""

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidBars, InvalidInput, NotEnoughData
from augury.features.chart_image_spec import ChartSpec
from augury.features.chart_images import ChartSeries, draw_charts, drawable
from augury.features.chart_stream import ChartStream
from augury.market import BarArrays, bars_frame
from augury.testing import garch_bars

PLAIN = ChartSpec(days=5, moving_average=False)
FIVE = {
    "open": [100, 101, 103, 102, 104],
    "high": [102, 104, 105, 104, 106],
    "low": [99, 100, 101, 101, 103],
    "close": [101, 103, 102, 104, 105],
    "volume": [10, 20, 5, 15, 20],
}
BY_HAND = """
.............#.
.............#.
.............#.
.......#.....##
.......#.....#.
.......#.....#.
.......#.....#.
....#..#..####.
....#..#..#..#.
....#..#..#..#.
....####..#..#.
....#..#..#....
....#..#..#....
....#..#..#....
.#..#..####....
.#..#..#..#....
.#..#..#..#....
.####..#..#....
.#..#..........
.#..#..........
.#..#..........
##..#..........
.#.............
.#.............
.#.............
...............
....#........#.
....#.....#..#.
....#.....#..#.
.#..#.....#..#.
.#..#..#..#..#.
.#..#..#..#..#.
"""


def arrays(columns):
    matrix = np.ascontiguousarray(columns, dtype=np.float64)
    return BarArrays(86_400 * 10**9 * np.arange(matrix.shape[1], dtype=np.int64), matrix)


def five(**changes):
    return arrays([changes.get(name, FIVE[name]) for name in FIVE])


def from_text(text):
    return np.array([[255 if mark == "#" else 0 for mark in line] for line in text.split()], dtype=np.uint8)


def lit_rows(image, column):
    return np.flatnonzero(image[:, column]).tolist()


# --- by hand


def test_five_bars_give_the_image_drawn_by_hand():
    image = draw_charts(five(), PLAIN, rows=[4])[0]
    assert np.array_equal(image, from_text(BY_HAND))
    assert np.count_nonzero(image) == 95
    assert hashlib.sha256(image.tobytes()).hexdigest().startswith("afe29526823577df")


def test_prices_of_a_bar_lie_where_the_formula_says():
    image = draw_charts(five(), PLAIN, rows=[4])[0]
    prices, volume = image[:25], image[26:]
    assert lit_rows(prices, 0) == [21]
    assert lit_rows(prices, 1) == list(range(14, 25))
    assert lit_rows(prices, 2) == [17]
    assert [len(lit_rows(volume, 3 * day + 1)) for day in range(5)] == [3, 6, 2, 5, 6]
    assert not image[25].any()


def test_without_volume_prices_take_the_whole_height():
    image = draw_charts(five(), PLAIN.replace(volume=False), rows=[4])[0]
    assert lit_rows(image, 0) == [31 - 4]  # 1/7 of 31 is 4.43
    assert (lit_rows(image, 1)[-1], lit_rows(image, 13)[0]) == (31, 0)


def test_the_average_runs_across_each_day_and_is_joined():
    earlier = np.repeat([[100.0], [100.0], [100.0], [100.0], [0.0]], 4, axis=1)
    closes = [100, 100, 100, 120, 80]  # averages 100, 100, 100, 104, 100
    low, high = [100, 100, 100, 100, 80], [100, 100, 100, 120, 120]
    last = np.array([[100, 100, 100, 100, 120], high, low, closes, [0] * 5], dtype=float)
    image = draw_charts(arrays(np.hstack([earlier, last])), ChartSpec(days=5, volume=False), rows=[8])[0]
    level, top = 31 - 16, 31 - 19  # 20/40 of 31 is 15.5, to the even 16; 24/40 is 18.6
    for column in (0, 1, 2, 3, 4, 5, 6, 7, 8, 14):
        assert level in lit_rows(image, column)
    assert lit_rows(image, 9) == [top, top + 1, top + 2, level]  # the joint, and the open of that day
    assert lit_rows(image, 11) == [0, top]  # the close, and the average
    assert lit_rows(image, 12) == [0, top + 1, top + 2, level]  # the open, and the joint down to the average


def test_the_average_belongs_to_the_range_of_the_image():
    earlier = np.repeat([[200.0], [200.0], [200.0], [200.0], [1.0]], 4, axis=1)
    image = draw_charts(arrays(np.hstack([earlier, five().matrix])), ChartSpec(days=5), rows=[8])[0]
    assert image[0, :3].all()  # the average of the first day, 180.2, is the highest price
    assert not image[1:15, 1].any()


# --- an exact renderer


def to_row(price, low, high, rows):
    return rows - 1 - round((price - low) / (high - low) * (rows - 1))


def exact_averages(bars, end, days):
    def mean(t):
        window = [bars[t - k][3] for k in range(days)]
        return None if None in window else sum(window) / days

    return [mean(t) for t in range(end - days + 1, end + 1)]


def exact_image(bars, end, spec):
    """The image of bars[t] = [open, high, low, close, volume] (Fractions or None) up to `end`; None: not drawable."""
    if end < spec.look_back - 1:
        return None
    height, width = spec.shape
    volume_height = height // 5 if spec.volume else 0
    price_height = height - volume_height - 1 if spec.volume else height
    shown = [bar if None not in (bar[1], bar[2]) else None for bar in bars[end - spec.days + 1 : end + 1]]
    averages = exact_averages(bars, end, spec.days) if spec.moving_average else [None] * spec.days
    averages = [average if bar else None for average, bar in zip(averages, shown, strict=True)]
    prices = [price for bar in shown if bar for price in bar[:4] if price is not None]
    prices += [average for average in averages if average is not None]
    if not prices or max(prices) == min(prices):
        return None
    low, high = min(prices), max(prices)
    most = max([bar[4] for bar in shown if bar and bar[4]], default=0)
    image = np.zeros((height, width), dtype=np.uint8)
    before = None
    for day, (bar, average) in enumerate(zip(shown, averages, strict=True)):
        left, middle, right = 3 * day, 3 * day + 1, 3 * day + 2
        here = None
        if bar:
            image[to_row(bar[1], low, high, price_height) : to_row(bar[2], low, high, price_height) + 1, middle] = 255
            for price, column in ((bar[0], left), (bar[3], right)):
                if price is not None:
                    image[to_row(price, low, high, price_height), column] = 255
            if spec.volume and bar[4]:
                image[height - round(bar[4] / most * (volume_height - 1)) - 1 :, middle] = 255
        if average is not None:
            here = to_row(average, low, high, price_height)
            image[here, left : right + 1] = 255
            if before is not None:
                step = 1 if here > before else -1
                for joint in range(before + step, here, step):
                    image[joint, left] = 255
        before = here
    return image


@st.composite
def bars_in_ticks(draw, count):
    """Whole ticks: many equal prices, flat bars, zero volumes, and exact ties between rows."""
    rows = []
    spread = draw(st.sampled_from([0, 1, 3, 40]))
    base = draw(st.integers(1, 5_000))
    missing = draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for _ in range(count):
        prices = np.sort(rng.integers(base, base + spread + 1, 4))
        middle = rng.permutation(prices[1:3])
        bar = [int(middle[0]), int(prices[3]), int(prices[0]), int(middle[1]), int(rng.integers(0, 12) * 7 % 31)]
        if missing:
            bar = [None if rng.random() < 0.04 else value for value in bar]
        rows.append(bar)
    return rows


SPECS = st.builds(
    ChartSpec, days=st.sampled_from([5, 5, 5, 20, 60]), volume=st.booleans(), moving_average=st.booleans()
)


@settings(max_examples=150, deadline=None)
@given(st.data(), SPECS, st.sampled_from([1, 100, 7]))
def test_images_equal_those_of_an_exact_renderer(data, spec, ticks_per_unit):
    count = spec.look_back + 3
    ticks = data.draw(bars_in_ticks(count))
    exact = [[None if value is None else Fraction(value) for value in bar] for bar in ticks]
    columns = np.array([[np.nan if value is None else value for value in bar] for bar in ticks], dtype=float).T
    columns[:4] /= ticks_per_unit  # cents, which binary fractions cannot hold: ties must stay ties
    bars = arrays(columns)
    wanted = [exact_image(exact, end, spec) for end in range(count)]
    mask = drawable(bars, spec)
    assert mask.tolist() == [image is not None for image in wanted]
    for image, expected in zip(draw_charts(bars, spec), [image for image in wanted if image is not None], strict=True):
        assert np.array_equal(image, expected)
    stream = ChartStream(spec)
    for t in range(count):
        image = stream.update(t, bars.matrix[:, t].copy())
        assert (image is None) == (wanted[t] is None)
        assert image is None or np.array_equal(image, wanted[t])


@settings(max_examples=40, deadline=None)
@given(SPECS, st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.integers(0, 2**32 - 1))
def test_the_units_of_prices_and_volumes_change_no_pixel(spec, price_factor, volume_factor, seed):
    rng = np.random.default_rng(seed)
    bars = garch_bars(spec.look_back + 20, seed=rng)
    bars = bars.round(2)
    bars["high"] = bars[["open", "high", "low", "close"]].max(axis=1)
    bars["low"] = bars[["open", "high", "low", "close"]].min(axis=1)
    scaled = bars * price_factor
    scaled["volume"] = bars["volume"] * volume_factor
    assert np.array_equal(draw_charts(bars, spec), draw_charts(scaled, spec))


# --- edges


@pytest.mark.parametrize(("half", "row"), [(1.5, 2), (2.5, 2), (3.5, 4), (22.5, 22), (23.5, 24)])
def test_halves_go_to_the_even_row(half, row):
    price = 100.0 + half  # the price area has rows 0..24, so a range of 24 gives one row to each unit
    bars = five(open=[price] * 5, high=[124.0] * 5, low=[100.0] * 5, close=[price] * 5)
    assert lit_rows(draw_charts(bars, PLAIN, rows=[4])[0][:25], 0) == [24 - row]


@pytest.mark.parametrize("unit", [0.01, 0.1, 1 / 3, 1e-300, 1e300])
def test_rounding_of_prices_never_decides_a_tie(unit):
    price = 102.5 * unit
    bars = five(open=[price] * 5, high=[124 * unit] * 5, low=[100 * unit] * 5, close=[price] * 5)
    assert lit_rows(draw_charts(bars, PLAIN, rows=[4])[0][:25], 0) == [22]


def test_no_volume_leaves_the_volume_area_blank():
    image = draw_charts(five(volume=[0.0] * 5), PLAIN, rows=[4])[0]
    assert not image[25:].any()
    assert np.array_equal(image[:25], from_text(BY_HAND)[:25])


def test_one_bar_without_volume_is_blank_and_a_tiny_volume_is_one_pixel():
    image = draw_charts(five(volume=[0.0, 1e-9, 5.0, 10.0, 10.0]), PLAIN, rows=[4])[0]
    assert [len(lit_rows(image[26:], 3 * day + 1)) for day in range(5)] == [0, 1, 3, 6, 6]


def test_missing_prices_are_blank_and_a_bar_without_its_range_is_blank_altogether():
    gone = float("nan")
    bars = five(open=[gone, 101, 103, 102, 104], low=[99, gone, 101, 101, 103], volume=[10, 20, gone, 15, 20])
    image = draw_charts(bars, PLAIN, rows=[4])[0]
    assert not image[:, 0].any()
    assert image[:, 1].any()
    assert not image[:, 3:6].any()
    assert not image[25:, 7].any()
    assert np.array_equal(image[:25, 6:], from_text(BY_HAND)[:25, 6:])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 0.0, -5.0])
def test_values_that_are_no_prices_never_leave_the_image(value):
    rng = np.random.default_rng(0)
    matrix = garch_bars(300, seed=1).to_numpy().T.copy()
    matrix[rng.random(matrix.shape) < 0.1] = value
    for spec in (ChartSpec(days=5), ChartSpec(days=20, volume=False)):
        images = draw_charts(arrays(matrix), spec)
        assert images.shape[1:] == spec.shape
        assert set(np.unique(images)) == {0, 255}


def test_bars_that_differ_by_rounding_only_are_flat():
    flat = [[100.1] * 9] * 4 + [[1.0] * 9]
    assert not drawable(arrays(flat), ChartSpec(days=5)).any()  # nine equal closes, whose mean may differ by a bit
    moved = np.array(flat)
    moved[1, 8] = 100.11
    assert drawable(arrays(moved), ChartSpec(days=5)).tolist() == [False] * 8 + [True]


def test_an_average_needs_the_bars_before_the_image():
    bars = garch_bars(300, seed=2)
    for days in (5, 20, 60):
        assert drawable(bars, ChartSpec(days=days)).argmax() == 2 * days - 2
        assert drawable(bars, ChartSpec(days=days, moving_average=False)).argmax() == days - 1


# --- the doors


def test_a_frame_and_its_arrays_give_the_same_images():
    bars = garch_bars(60, seed=3)
    series = ChartSeries(bars, PLAIN)
    assert len(series) == 60
    same = arrays(bars.to_numpy().T)
    assert np.array_equal(draw_charts(bars, PLAIN), draw_charts(same, PLAIN))
    assert np.array_equal(series.draw(), draw_charts(same, PLAIN, rows=drawable(same, PLAIN)))
    assert np.array_equal(series.draw([30, 10, 30]), draw_charts(bars, PLAIN)[[26, 6, 26]])
    same.matrix.flags.writeable = False
    assert np.array_equal(draw_charts(bars, PLAIN), draw_charts(same, PLAIN))


def test_images_are_drawn_into_memory_that_is_handed_in():
    bars = garch_bars(60, seed=3)
    tensor = np.full((4, 1, 32, 15), 9, dtype=np.uint8)  # with the channel of a network's input
    returned = draw_charts(bars, PLAIN, rows=[10, 11, 12, 13], out=tensor[:, 0])
    assert np.shares_memory(returned, tensor)
    assert np.array_equal(tensor[:, 0], draw_charts(bars, PLAIN, rows=range(10, 14)))


def test_short_series_have_no_images_and_no_rows_are_no_images():
    assert draw_charts(five(), ChartSpec(days=5)).shape == (0, 32, 15)
    assert draw_charts(five(), PLAIN, rows=[]).shape == (0, 32, 15)
    assert draw_charts(arrays(np.empty((5, 0))), PLAIN).shape == (0, 32, 15)


def test_rows_without_an_image_are_refused_with_the_reason():
    with pytest.raises(NotEnoughData, match=r"1 of 2 rows .* 5 bars and the 4 before .* 9 in all; row 7 is bar 8"):
        draw_charts(garch_bars(20, seed=0), ChartSpec(days=5), rows=[9, 7])
    with pytest.raises(NotEnoughData, match="no scale"):
        draw_charts(arrays(np.full((5, 12), 7.0)), PLAIN, rows=[11])


@pytest.mark.parametrize("rows", [[-1], [20], [[5]], [5.0], ["5"], np.ones(19, dtype=bool), 5])
def test_rows_that_are_none_are_refused(rows):
    with pytest.raises(InvalidInput, match="expected rows"):
        draw_charts(garch_bars(20, seed=0), PLAIN, rows=rows)


def test_memory_of_another_form_is_refused():
    bars = garch_bars(20, seed=0)
    wide = np.empty((1, 15, 32), dtype=np.uint8).transpose(0, 2, 1)
    fixed = np.empty((1, 32, 15), dtype=np.uint8)
    fixed.flags.writeable = False
    for out in (np.empty((1, 32, 15)), np.empty((2, 32, 15), dtype=np.uint8), wide, fixed, [[0]]):
        with pytest.raises(InvalidInput, match="expected out"):
            draw_charts(bars, PLAIN, rows=[10], out=out)


def test_bars_of_another_form_are_refused():
    with pytest.raises(InvalidInput, match=r"float64\[5, n\]"):
        draw_charts(BarArrays(np.arange(9), np.ones((4, 9))), PLAIN)
    broken = bars_frame(np.arange(9) * 10**9, np.ones((5, 9))).assign(high=0.5)
    with pytest.raises(InvalidBars):
        drawable(broken, PLAIN)


def test_which_rows_are_drawable_cannot_be_changed_from_outside():
    series = ChartSeries(garch_bars(20, seed=0), PLAIN)
    with pytest.raises(ValueError, match="read-only"):
        series.drawable[0] = True


@pytest.mark.parametrize("options", [{"days": 10}, {"days": "20"}, {"volume": 2}, {"colour": True}])
def test_other_options_are_refused(options):
    with pytest.raises(InvalidInput):
        ChartSpec.from_dict(options)


def test_sizes_are_the_published_ones():
    areas = {days: (ChartSpec(days=days).price_rows, ChartSpec(days=days).volume_rows) for days in (5, 20, 60)}
    assert areas == {5: (25, 6), 20: (51, 12), 60: (76, 19)}
    assert [ChartSpec(days=days).shape for days in (5, 20, 60)] == [(32, 15), (64, 60), (96, 180)]
