import numpy as np
import pytest

from augury.errors import InvalidInput
from augury.market import validate_bars
from augury.testing import NewsTruth, news_with_effect


def _t_of_effect(effect, seed):
    """t statistic of returns against the mean tone of the items that move them."""
    sample = news_with_effect(400, NewsTruth(effect=effect), seed=seed)
    returns = np.diff(np.log(sample.bars["close"]), prepend=np.log(100.0))
    inside = sample.moved_bar >= 0
    tones = np.bincount(sample.moved_bar[inside], weights=sample.tones[inside], minlength=400)
    tones /= np.maximum(np.bincount(sample.moved_bar[inside], minlength=400), 1)
    slope, error = np.polyfit(tones, returns, 1, cov=True)
    return slope[0] / np.sqrt(error[0, 0]), slope[0] / 0.01


def test_without_an_effect_news_says_nothing_at_the_nominal_rate():
    statistics = np.array([_t_of_effect(0.0, seed)[0] for seed in range(200)])
    assert 0.01 < np.mean(np.abs(statistics) > 1.96) < 0.10


def test_a_planted_effect_is_found_with_its_size():
    found = np.array([_t_of_effect(0.5, seed) for seed in range(60)])
    assert np.mean(found[:, 0] > 1.96) > 0.95
    assert found[:, 1].mean() == pytest.approx(0.5, abs=0.05)


def test_an_item_moves_no_bar_that_opened_before_it_was_known():
    sample = news_with_effect(200, NewsTruth(mean_latency_bars=2.0), seed=1)
    opens = sample.bars.index.asi8
    for item, bar in zip(sample.news, sample.moved_bar, strict=True):
        assert item.known_at_ns >= item.published_at_ns
        if bar >= 0:
            assert opens[bar] >= item.known_at_ns
            assert bar == 0 or opens[bar - 1] < item.known_at_ns
        else:
            assert item.known_at_ns > opens[-1]


def test_items_come_in_the_order_in_which_they_were_known_and_as_a_frame():
    sample = news_with_effect(100, seed=2)
    frame = sample.frame()
    assert frame["known_at"].is_monotonic_increasing
    assert str(frame["known_at"].dt.tz) == "UTC"
    assert (frame["text"] == [item.text for item in sample.news]).all()
    assert validate_bars(sample.bars) is sample.bars


def test_a_single_bar_is_refused():
    with pytest.raises(InvalidInput, match="count"):
        news_with_effect(1)
