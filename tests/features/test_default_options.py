"""Windows, thresholds and weights that a feature has when nobody chooses: a change of one must be meant."""

import pytest

from augury.features import make

HAWKES = {
    "decay_min": 0.02,
    "decay_max": 1.0,
    "branching_max": 0.99,
    "min_events": 20,
    "clustering_branching": 0.5,
    "clustering_likelihood_ratio": 2.71,
    "events": "returns",
    "threshold_bars": 500,
    "threshold_quantile": 0.90,
    "volume_ratio": 2.5,
    "window_bars": 500,
    "refit_bars": 50,
}
VSA = {
    "window_bars": 50,
    "baseline": "mean",
    "gap_mode": "exclude",
    "slot_days": 0,
    "climax_volume": 2.0,
    "climax_spread": 1.5,
    "climax_bars": 20,
    "quiet_spread": 0.8,
    "quiet_volume": 1.0,
    "no_demand_close": 0.6,
    "no_supply_close": 0.4,
    "stopping_volume": 2.0,
    "stopping_bars": 10,
    "break_bars": 20,
    "break_spread": 1.0,
    "break_volume": 1.0,
    "reversal_close": 0.3,
    "absorption_volume": 1.5,
    "absorption_spread": 0.7,
    "trend_bars": 20,
    "weight_quiet": 0.5,
    "weight_climax": 0.6,
    "weight_stopping": 0.7,
    "weight_break": 0.7,
    "weight_close": 0.25,
    "ema_span": 5,
}
VOLATILITY = {"decay": 0.1, "range_bars": 336, "quantile_bars": 168, "low_quantile": 0.05, "high_quantile": 0.95}
DEFAULTS = {
    "vsa": VSA,
    "vsa_deviation": {"window_bars": 168, "min_correlation": 0.2},
    "hawkes": HAWKES,
    "hawkes_volatility": VOLATILITY,
    "hurst": {"window_bars": 250},
    "hurst_dfa": {"window_bars": 250, "step_bars": 5},
    "hurst_rs": {"window_bars": 250, "step_bars": 5},
    "permutation_entropy": {"window_bars": 250, "order": 4, "series": "returns", "max_tie_share": 0.3},
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_windows_thresholds_and_weights_are_the_stated_ones(name):
    options = make(name).spec.to_dict()
    assert {option: options[option] for option in DEFAULTS[name]} == DEFAULTS[name]
