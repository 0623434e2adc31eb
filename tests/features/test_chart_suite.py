"""Every form of chart image against the shipped suite."""

import pytest

from augury.features.chart_contract import chart_renderer
from augury.features.chart_image_spec import ChartSpec
from augury.testing.chart_contract import chart_suite

FORMS = [
    ChartSpec(days=days, volume=volume, moving_average=average)
    for days in (5, 20, 60)
    for volume in (True, False)
    for average in (True, False)
]
CASES = [
    pytest.param(check, id=f"{spec.days}-{'volume' * spec.volume}-{'average' * spec.moving_average}-{check.name}")
    for spec in FORMS
    for check in chart_suite(chart_renderer(spec))
]


def test_the_three_published_sizes_are_covered_with_and_without_volume_and_average():
    assert len(CASES) >= 12 * 11
    assert {spec.shape for spec in FORMS} == {(32, 15), (64, 60), (96, 180)}


@pytest.mark.parametrize("check", CASES)
def test_the_chart_keeps_its_contract(check):
    check()
