"""The causal wavelet transform against PyWavelets, Daubechies' equations, straight lines and its own streaming step."""

import numpy as np
import pytest
import pywt
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.features.wavelet_transform import detail_delay, modwt, reach, smooth_delay
from augury.numerics.modwt_kernels import modwt_push, pyramid_cells
from augury.numerics.wavelet_filters import SMOOTHING, cascade, detail_filter, smoothing_filter

WAVELETS = list(SMOOTHING)
RNG = np.random.default_rng(11)
RETURNS = 0.01 * RNG.standard_normal(1024)
LOG_PRICE = 4.6 + np.cumsum(RETURNS)


def stationary(values, wavelet, levels):
    """Rows W_1..W_J, V_J by PyWavelets' circular transform, turned so that row j ends with its newest sample."""
    length = wavelet.dec_len if isinstance(wavelet, pywt.Wavelet) else pywt.Wavelet(wavelet).dec_len
    coefficients = pywt.swt(values, wavelet, level=levels, norm=True, trim_approx=True)
    rows = [np.roll(coefficients[levels - j + 1], (2**j - 1) * length // 2) for j in range(1, levels + 1)]
    return np.array([*rows, np.roll(coefficients[0], (2**levels - 1) * length // 2)])


def roots_inside():
    """Roots in z of Daubechies' polynomial for four vanishing moments, those inside the unit circle."""
    centre = 2.0 - 4.0 * np.roots([20.0, 10.0, 4.0, 1.0])
    pairs = np.array([np.roots([1.0, -b, 1.0]) for b in centre])
    return np.where(np.abs(pairs[:, 0]) < 1.0, pairs[:, 0], pairs[:, 1])


@pytest.mark.parametrize("levels", [1, 4, 6])
@pytest.mark.parametrize("wavelet", WAVELETS)
def test_every_row_of_returns_is_that_of_pywavelets_after_the_documented_roll(wavelet, levels):
    ours, theirs = modwt(RETURNS, wavelet=wavelet, levels=levels), stationary(RETURNS, wavelet, levels)
    for row in range(levels + 1):
        first = reach(wavelet, min(row + 1, levels))
        assert np.isnan(ours[row, :first]).all()
        np.testing.assert_allclose(ours[row, first:], theirs[row, first:], rtol=0, atol=1e-12)


@pytest.mark.parametrize("wavelet", WAVELETS)
def test_every_row_of_log_prices_is_that_of_pywavelets_with_our_taps(wavelet):
    low, high = np.sqrt(2.0) * smoothing_filter(wavelet), np.sqrt(2.0) * detail_filter(wavelet)
    bank = pywt.Wavelet("ours", filter_bank=[low, high, low[::-1], high[::-1]])
    bank.orthogonal = True
    ours, theirs = modwt(LOG_PRICE, wavelet=wavelet, levels=6), stationary(LOG_PRICE, bank, 6)
    known = ~np.isnan(ours)
    assert known.sum(axis=1).tolist() == [1024 - reach(wavelet, j) for j in (1, 2, 3, 4, 5, 6, 6)]
    np.testing.assert_allclose(ours[known], theirs[known], rtol=0, atol=1e-12)


def test_taps_solve_daubechies_equations_and_agree_with_pywavelets_as_far_as_its_own_do():
    inside = roots_inside()
    real = np.abs(inside.imag) < 1e-9
    for wavelet, roots in (("db4", inside), ("sym4", np.where(real, 1.0 / inside, inside))):
        taps = np.real(np.poly([*roots, -1.0, -1.0, -1.0, -1.0]))
        taps /= taps.sum()
        ours = smoothing_filter(wavelet)
        best = min((taps, taps[::-1]), key=lambda candidate: np.abs(candidate - ours).max())
        np.testing.assert_allclose(ours, best, rtol=0, atol=1e-13)
    for wavelet in WAVELETS:
        ours, theirs = smoothing_filter(wavelet), np.array(pywt.Wavelet(wavelet).dec_lo) / np.sqrt(2.0)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-15 if wavelet != "sym4" else 1e-12)
        np.testing.assert_allclose(
            detail_filter(wavelet), np.array(pywt.Wavelet(wavelet).dec_hi) / np.sqrt(2.0), atol=1e-12
        )
        for shift in range(0, ours.size, 2):
            wanted = 0.5 if shift == 0 else 0.0
            assert ours[shift:] @ ours[: ours.size - shift] == pytest.approx(wanted, abs=2e-16)


@pytest.mark.parametrize("wavelet", WAVELETS)
def test_energy_is_shared_out_among_the_rows_of_a_periodic_series(wavelet):
    period = RNG.standard_normal(256)
    rows = modwt(np.tile(period, 5), wavelet=wavelet, levels=5)[:, -256:]
    assert (rows**2).sum() == pytest.approx((period**2).sum(), rel=1e-14)
    smooth_variance = rows[-1].var()
    assert (rows[:-1] ** 2).mean(axis=1).sum() + smooth_variance == pytest.approx(period.var(), rel=1e-13)


@pytest.mark.parametrize("wavelet", WAVELETS)
def test_a_straight_line_comes_late_by_the_published_delay(wavelet):
    line = 3.0 + 0.25 * np.arange(600.0)
    rows = modwt(line, wavelet=wavelet, levels=4)
    first = reach(wavelet, 4)
    np.testing.assert_allclose(rows[4, first:], line[first:] - 0.25 * smooth_delay(wavelet, 4), atol=1e-12)
    if wavelet != "haar":
        np.testing.assert_allclose(rows[:4, first:], 0.0, atol=1e-12)


@pytest.mark.parametrize("wavelet", WAVELETS)
def test_the_energy_of_a_shock_lies_the_published_delay_behind_it(wavelet):
    shock = np.zeros(1024)
    shock[512] = 1.0
    rows = modwt(shock, wavelet=wavelet, levels=5)
    for level in range(1, 6):
        energy = np.nan_to_num(rows[level - 1]) ** 2
        assert energy @ np.arange(1024) / energy.sum() - 512 == pytest.approx(detail_delay(wavelet, level), abs=1e-9)
        if wavelet == "haar":
            assert detail_delay(wavelet, level) == smooth_delay(wavelet, level) == (2**level - 1) / 2
    details, smooths = cascade(wavelet, 5)
    taps = slice(512, 512 + reach(wavelet, 5) + 1)
    np.testing.assert_allclose(rows[4, taps], details[4], atol=1e-15)
    np.testing.assert_allclose(rows[5, taps], smooths[4], atol=1e-15)


@given(wavelet=st.sampled_from(WAVELETS), levels=st.integers(1, 6), count=st.integers(0, 500), seed=st.integers(0, 99))
def test_one_value_at_a_time_gives_the_bits_of_the_whole_series(wavelet, levels, count, seed):
    values = 5.0 + np.cumsum(np.random.default_rng(seed).standard_normal(count))
    low, high = smoothing_filter(wavelet), detail_filter(wavelet)
    state, row = np.full(3 + pyramid_cells(levels, low.size), np.nan), np.empty(levels + 1)
    streamed = np.empty((levels + 1, count))
    for t, value in enumerate(values):
        modwt_push(state, 3, low, high, value, row)
        streamed[:, t] = row
    np.testing.assert_array_equal(streamed, modwt(values, wavelet=wavelet, levels=levels))
    assert np.isnan(state[:3]).all()


@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("level", [4.605170185988092, 1e-3, 123456.789])
def test_details_of_a_series_that_stands_still_are_exactly_zero(wavelet, level):
    rows = modwt(np.full(400, level), wavelet=wavelet, levels=5)
    assert (rows[:5][~np.isnan(rows[:5])] == 0.0).all()
    assert (rows[5][~np.isnan(rows[5])] == level).all()


@given(cut=st.integers(1, 399), seed=st.integers(0, 99), wavelet=st.sampled_from(WAVELETS))
def test_what_follows_changes_nothing_before_it(cut, seed, wavelet):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(400)
    other = np.concatenate([values[:cut], rng.standard_normal(400 - cut)])
    whole, part = modwt(values, wavelet=wavelet, levels=4), modwt(values[:cut], wavelet=wavelet, levels=4)
    np.testing.assert_array_equal(whole[:, :cut], part)
    np.testing.assert_array_equal(modwt(other, wavelet=wavelet, levels=4)[:, :cut], part)


def test_the_circular_transform_has_the_leak_that_ours_has_not():
    other = RETURNS.copy()
    other[-1] += 1.0
    assert stationary(other, "haar", 4)[:, 0].tolist() != stationary(RETURNS, "haar", 4)[:, 0].tolist()
    np.testing.assert_array_equal(modwt(other)[:, :-1], modwt(RETURNS)[:, :-1])


def test_what_cannot_be_transformed_is_refused_with_the_reason():
    with pytest.raises(InvalidInput, match="haar, db2, db4, sym4; got 'db3'"):
        modwt([1.0, 2.0], wavelet="db3")
    with pytest.raises(InvalidInput, match="1 to 10; got 0"):
        modwt([1.0, 2.0], levels=0)
    with pytest.raises(InvalidInput, match="1 that are not finite"):
        modwt([1.0, np.nan])
    with pytest.raises(InvalidInput, match=r"shape \(1, 2\)"):
        modwt([[1.0, 2.0]])
    assert modwt([], levels=2).shape == (3, 0)
