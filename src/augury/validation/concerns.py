"""What speaks against a result, ranked, each with what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from augury.validation.evidence import Evidence

__all__ = ["Concern", "ranked_concerns"]

Severity: TypeAlias = Literal["fatal", "serious", "worth knowing"]
_ORDER: dict[str, int] = {"fatal": 0, "serious": 1, "worth knowing": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One finding: what was seen (with its figure), how grave it is, and the remedy."""

    name: str
    severity: Severity
    message: str
    remedy: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {"name": self.name, "severity": self.severity, "message": self.message, "remedy": self.remedy}


_Seen: TypeAlias = tuple[Severity, str] | None


def _leaks(evidence: Evidence) -> _Seen:
    if evidence.value("leaks"):
        return "fatal", f"{evidence.leaks} value(s) changed when only the future changed: the rule sees ahead"
    return None


def _loss(evidence: Evidence) -> _Seen:
    sharpe = evidence.value("sharpe")
    return ("fatal", f"it does not earn: Sharpe ratio {sharpe:.2f}") if sharpe is not None and sharpe <= 0.0 else None


def _delay(evidence: Evidence) -> _Seen:
    later, sharpe = evidence.value("sharpe_delay_1"), evidence.value("sharpe")
    if later is None or sharpe is None or sharpe <= 0.0:
        return None
    if later <= 0.0:
        return (
            "serious",
            f"the edge is gone when every order is one bar late: Sharpe ratio {sharpe:.2f} becomes {later:.2f}",
        )
    if later < 0.5 * sharpe:
        return "worth knowing", f"one bar of delay takes {1 - later / sharpe:.0%} of the Sharpe ratio"
    return None


def _costs(evidence: Evidence) -> _Seen:
    double, margin = evidence.value("sharpe_double_cost"), evidence.value("break_even_margin")
    if double is not None and double <= 0.0:
        return "serious", f"the profit is gone at twice the costs: Sharpe ratio {double:.2f}"
    if margin is not None and margin < 2.0:
        return "serious", f"costs {margin:.1f} times those assumed use up the whole profit"
    return None


def _untallied(evidence: Evidence) -> _Seen:
    if evidence.trials is None:
        return "serious", "nobody recorded how many variants were tried, so luck cannot be told from skill"
    if evidence.record_kept is False:
        return "serious", "only this search is counted: nobody recorded what was tried on these data before it"
    return None


def _in_sample(evidence: Evidence) -> _Seen:
    if evidence.out_of_sample is False:
        return "serious", "the figures are from the data that chose the strategy"
    return None


def _forward(evidence: Evidence) -> _Seen:
    forward = evidence.value("walk_forward_sharpe")
    if forward is not None and forward <= 0.0:
        return "serious", f"re-tuned on the past and held on unseen bars, the search lost: Sharpe ratio {forward:.2f}"
    return None


def _chance(evidence: Evidence) -> _Seen:
    p_value = evidence.value("permutation_p")
    if p_value is not None and p_value > 0.05:
        return "serious", f"the same search does as well on {p_value:.0%} of histories in random order"
    return None


def _many_tried(evidence: Evidence) -> _Seen:
    naive, deflated = evidence.value("probabilistic_sharpe"), evidence.value("deflated_sharpe")
    if naive is None or deflated is None or naive < 0.95 or deflated >= 0.95:
        return None
    return (
        "serious",
        f"taken alone it looks {naive:.0%} certain, as the best of {_tries(evidence)} only {deflated:.0%}",
    )


def _overfit(evidence: Evidence) -> _Seen:
    share = evidence.value("overfitting_probability")
    if share is not None and share > 0.5:
        return (
            "serious",
            f"winners of one half of the time fall below the median in the other half in {share:.0%} of splits",
        )
    return None


def _few_trades(evidence: Evidence) -> _Seen:
    if evidence.trades is None or evidence.trades >= 30:
        return None
    return ("serious" if evidence.trades < 10 else "worth knowing"), f"only {evidence.trades} closed trades"


def _one_trade(evidence: Evidence) -> _Seen:
    share = evidence.value("largest_trade_share")
    return ("serious", f"one trade makes {share:.0%} of the profit") if share is not None and share >= 0.5 else None


def _one_year(evidence: Evidence) -> _Seen:
    share = evidence.value("largest_year_share")
    years = evidence.years
    if share is None or years is None or years < 3.0 or share < 0.7:
        return None
    return "worth knowing", f"one calendar year makes {share:.0%} of the profit of {years:.1f} years"


def _short(evidence: Evidence) -> _Seen:
    needed, bars = evidence.value("min_track_record_bars"), evidence.bars
    if needed is None or bars is None or bars >= needed or needed == float("inf"):
        return None
    return "serious", f"{bars} bars are fewer than the {needed:.0f} that a Sharpe ratio this size needs"


def _peak(evidence: Evidence) -> _Seen:
    ratio = evidence.value("plateau_ratio")
    if ratio is not None and ratio < 0.5:
        return "serious", f"neighbouring parameters keep {ratio:.0%} of the result: a peak, not a plateau"
    return None


def _left_tail(evidence: Evidence) -> _Seen:
    skewness, kurtosis = evidence.value("skewness"), evidence.value("kurtosis")
    if skewness is None or kurtosis is None or skewness > -1.0:
        return None
    return "worth knowing", f"losses have a fat tail (skewness {skewness:.1f}, kurtosis {kurtosis:.0f})"


def _smooth(evidence: Evidence) -> _Seen:
    factor = evidence.value("autocorrelation_factor")
    if factor is not None and factor < 0.85:
        return "worth knowing", f"gains follow gains: over a month the Sharpe ratio is {factor:.2f} times what it seems"
    return None


def _benchmark(evidence: Evidence) -> _Seen:
    correlation, alpha_t = evidence.value("benchmark_correlation"), evidence.value("alpha_t")
    if correlation is None or abs(correlation) < 0.8 or (alpha_t is not None and alpha_t >= 2.0):
        return None
    return (
        "serious",
        f"it is mostly the benchmark (correlation {correlation:.2f}) and adds nothing that can be told from it",
    )


def _ambiguous(evidence: Evidence) -> _Seen:
    share = evidence.value("ambiguous_share")
    if share is not None and share > 0.05:
        return (
            "worth knowing",
            f"in {share:.0%} of the exits stop and target lie in one bar: their order is an assumption",
        )
    return None


def _same_bar(evidence: Evidence) -> _Seen:
    if evidence.same_bar_fills:
        return "serious", "decisions are filled at the very close they are made from"
    return None


def _wide(evidence: Evidence) -> _Seen:
    lower, upper = evidence.value("sharpe_lower"), evidence.value("sharpe_upper")
    if lower is None or upper is None or lower > 0.0 or upper <= 0.0:
        return None
    return "worth knowing", f"the interval of the Sharpe ratio, {lower:.2f} to {upper:.2f}, includes zero"


_RULES: tuple[tuple[str, Callable[[Evidence], _Seen], str], ...] = (
    ("look_ahead", _leaks, "mend the columns that the leak check names; nothing below counts until then"),
    ("loses", _loss, "do not trade it"),
    ("in_sample", _in_sample, "judge a walk-forward run or data that no choice has seen"),
    ("lost_out_of_sample", _forward, "do not trade it before a longer record of unseen bars earns"),
    ("tries_not_recorded", _untallied, "run searches through the ledger, or state how many variants were tried"),
    ("chance", _chance, "treat it as noise until a longer history says otherwise"),
    ("selected_by_luck", _many_tried, "search fewer variants, each with a reason, or collect a longer record"),
    ("delay", _delay, "check for look-ahead, then slow the signal down"),
    ("same_bar_fills", _same_bar, "fill at the next open, or declare a market-on-close order decided before the close"),
    ("costs", _costs, "trade less often, widen the thresholds, or pay less with limit orders"),
    ("benchmark", _benchmark, "compare with simply holding the benchmark, or hedge it"),
    ("one_trade", _one_trade, "look at that trade; judge the rest without it"),
    ("few_trades", _few_trades, "use a longer history, more symbols or a faster rule"),
    ("short_record", _short, "wait for more data or use a longer history"),
    ("overfitting", _overfit, "shrink the search space"),
    ("parameter_peak", _peak, "choose the middle of the widest good region (the plateau score names it)"),
    ("one_year", _one_year, "find out what that year was; judge the others without it"),
    ("left_tail", _left_tail, "size for the loss that has not happened yet; use stops or options against it"),
    ("autocorrelated", _smooth, "use the adjusted Sharpe ratio; check for stale prices and overlapping positions"),
    ("ambiguous_bars", _ambiguous, "use finer bars for the exits"),
    ("wide_interval", _wide, "collect a longer record"),
)


def ranked_concerns(evidence: Evidence) -> tuple[Concern, ...]:
    """Every concern that the evidence raises, the gravest first; what was not tested raises none (see the gate)."""
    found = []
    for name, look, remedy in _RULES:
        seen = look(evidence)
        if seen is not None:
            found.append(Concern(name=name, severity=seen[0], message=seen[1], remedy=remedy))
    return tuple(sorted(found, key=lambda concern: _ORDER[concern.severity]))


def _tries(evidence: Evidence) -> str:
    effective = evidence.value("effective_trials")
    return f"{evidence.trials:,}" + (f" tried (about {effective:.0f} independent)" if effective else " tried")
