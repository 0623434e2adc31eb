"""A model card as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from augury.learning.evaluation.abstention import FittedAbstention
from augury.learning.evaluation.importance import FeatureImportance
from augury.learning.evaluation.model_card import ModelCard
from augury.learning.evaluation.profit import Profit
from augury.learning.evaluation.scores import Score
from augury.validation.bootstrap import BootstrapInterval

__all__ = ["card_markdown"]

_MOST_FEATURES = 20


def card_markdown(card: ModelCard) -> str:
    """The whole card; numbers stand with their interval or the reason why they have none."""
    parts = (
        _head(card),
        _data(card),
        _model(card),
        _held_out(card),
        _scores(card),
        _calibration(card),
        _profit(card),
        _features(card),
    )
    lines = [line for part in (*parts, _limits(card), _reproducibility(card)) for line in part]
    return "\n".join(lines).rstrip() + "\n"


def _head(card: ModelCard) -> Iterator[str]:
    yield from (f"# Model card: {card.family}", "", f"**{_escaped(card.sentence)}**", "")
    if card.made_at is not None:
        yield from (f"Made {card.made_at:%Y-%m-%d %H:%M} UTC.", "")


def _data(card: ModelCard) -> Iterator[str]:
    data = card.data
    yield from ("## Data", "")
    yield f"- Symbols: {', '.join(data.symbols)}"
    yield f"- Time: {data.first:%Y-%m-%d} to {data.last:%Y-%m-%d} ({data.years:.1f} years)"
    yield f"- Rows: {data.rows:,} at {data.times:,} times; about {data.effective_rows:,.0f} without overlap of labels"
    classes = ", ".join(f"{name} {count / data.rows:.1%}" for name, count in data.classes.items())
    yield f"- Label: `{data.label}`" + (f" ({classes})" if classes else "")
    shown = ", ".join(f"`{name}`" for name in data.features)
    yield f"- Features: {shown} ({len(data.columns)} columns)"
    if data.sequence_bars is not None:
        yield f"- Windows of {data.sequence_bars} bars"
    if data.chart_days is not None:
        yield f"- Chart images of {data.chart_days} bars"
    yield from (f"- Fingerprint: `{data.fingerprint}`", "")


def _model(card: ModelCard) -> Iterator[str]:
    yield from ("## Model", "", f"`{card.model}` ({card.task})", "")
    yield from _table(("option", "value"), ((name, f"`{value!r}`") for name, value in card.options.items()))
    if card.training:
        yield from ("Final fit:", "")
        yield from (f"- {name}: {value}" for name, value in card.training.items())
        yield ""
    cv = card.cv or {}
    kind = f"{cv['folds']} groups of time, {cv['test_groups']} tested at once" if cv else "folds given by the caller"
    yield from (f"Validation: {len(card.folds)} folds ({kind}), purged of overlapping labels and embargoed.", "")
    rows = (
        (
            f"{fold.first_tested:%Y-%m-%d} to {fold.last_tested:%Y-%m-%d}",
            f"{fold.train_rows:,}",
            f"{fold.test_rows:,}",
            f"{fold.dropped:,}",
            "" if fold.rounds is None else str(fold.rounds),
        )
        for fold in card.folds
    )
    yield from _table(("tested", "training rows", "tested rows", "purged", "rounds"), rows)


def _held_out(card: ModelCard) -> Iterator[str]:
    found = card.held_out
    if found is None:
        return
    yield from ("## Scores on held-out time", "")
    yield (
        f"{found.rows:,} rows, {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}, calibration included; neither the "
        "model nor any choice before had seen them."
    )
    yield ""
    yield from _table(("score", "estimate", "interval", "better"), (_score_row(one) for one in found.scores.values()))
    if found.decided < 1.0:
        yield from (f"It decides on {found.decided:.1%} of these rows and abstains on the others.", "")
    if found.profit is None:
        yield from (f"P&L: none, {found.missing.get('profit', 'not asked for')}.", "")
        return
    rows = (
        ("Sharpe ratio", *_interval_cells(found.profit.sharpe, "{:.2f}")),
        ("Sharpe ratio of holding", *_interval_cells(found.profit.hold_sharpe, "{:.2f}")),
        ("gain in Sharpe ratio over holding", *_interval_cells(found.profit.sharpe_gain, "{:+.2f}")),
    )
    yield from _table(("implied positions, net of costs", "estimate", "interval"), rows)


def _scores(card: ModelCard) -> Iterator[str]:
    yield from ("## Scores out of fold", "")
    yield from _table(("score", "estimate", "interval", "better"), (_score_row(score) for score in card.scores))
    floors = [score for score in card.scores if math.isfinite(score.floor)]
    for score in floors:
        yield f"Perfectly calibrated probabilities would show a calibration error of about {score.floor:.4f} here "
        yield from ("(expected value on independent rows, hence no interval).", "")
    yield from ("## Baselines on the same folds", "")
    title = card.baselines[0].score.title if card.baselines else "score"
    rows = []
    for baseline in card.baselines:
        gain = f"{baseline.gain:+.4f} ({_span(baseline.lower, baseline.upper, baseline.reason)})"
        value = f"{baseline.score.estimate:.4f} ({_span_of(baseline.score)})"
        rows.append((baseline.name, baseline.summary, value, gain, f"{baseline.verdict} it"))
    yield from _table(("baseline", "what it is", title, "gain of the model", "the model is"), rows)


def _calibration(card: ModelCard) -> Iterator[str]:
    yield from ("## Calibration", "")
    found = card.calibration
    if found is None:
        yield from (f"None: {card.missing.get('calibration', 'not asked for')}.", "")
        return
    yield (
        f"`{found.calibration.kind}` map; fitted on the first {found.share:.0%} of the out-of-fold times (where "
        f"`{found.tried.kind}` was chosen) and judged on {found.rows:,} later rows:"
    )
    yield ""
    rows = []
    for title, before, after in (
        ("expected calibration error", found.before, found.after),
        ("log-loss", found.log_loss_before, found.log_loss_after),
    ):
        rows.append((title, *(f"{one.estimate:.4f} ({_span_of(one)})" for one in (before, after))))
    yield from _table(("figure", "before", "after"), rows)
    if card.abstention is not None:
        yield from (f"Abstaining: {_abstaining(card.abstention)}", "")


def _abstaining(found: FittedAbstention) -> str:
    if found.reason is not None:
        return f"{found.reason}; everything is left undecided."
    return (
        f"deciding from a probability of {found.threshold:.3f} on leaves {found.decided:.1%} of the rows decided, "
        f"{found.accuracy:.1%} of them rightly (95% interval {found.lower:.1%} to {found.upper:.1%} for independent "
        f"rows; {found.wanted:.1%} asked)."
    )


def _profit(card: ModelCard) -> Iterator[str]:
    yield from ("## P&L of the implied positions, net of costs", "")
    found = card.profit
    if found is None:
        yield from (f"None: {card.missing.get('profit', 'not asked for')}.", "")
        return
    costs = found.backtest.costs
    yield (
        f"{found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}; commission {costs.commission_rate:.2%}, slippage "
        f"{costs.slippage_rate:.2%}, half spread {costs.half_spread_rate:.2%} of each trade; filled at "
        f"`{found.backtest.fill}`."
    )
    yield ""
    rows = [
        ("Sharpe ratio", *_interval_cells(found.sharpe, "{:.2f}")),
        ("Sharpe ratio of holding", *_interval_cells(found.hold_sharpe, "{:.2f}")),
        ("gain in Sharpe ratio over holding", *_interval_cells(found.sharpe_gain, "{:+.2f}")),
        ("growth a year", *_interval_cells(found.cagr, "{:.1%}")),
        ("maximum drawdown", *_interval_cells(found.max_drawdown, "{:.1%}")),
    ]
    yield from _table(("equal weights", "estimate", "interval"), rows)
    yield from _symbols(found)
    yield from (f"- {note}" for note in found.notes)
    if len(found.path_sharpes) > 1:
        paths = ", ".join(f"{value:.2f}" for value in found.path_sharpes)
        yield f"- Sharpe ratio by combinatorial path (their spread stands for an interval): {paths}"
    yield ""


def _symbols(found: Profit) -> Iterator[str]:
    rows = []
    for one in found.symbols:
        estimate, span = _interval_cells(one.sharpe, "{:.2f}")
        rows.append((one.symbol, estimate, span, f"{one.trades:,}", f"{one.costs:.1%}", f"{one.exposed:.0%}"))
    yield from _table(("symbol", "Sharpe ratio", "interval", "trades", "costs", "time in a position"), rows)
    yield from ("Trades, costs (of the initial cash) and time are what happened: counts, without an interval.", "")


def _features(card: ModelCard) -> Iterator[str]:
    yield from ("## Importance of the features", "")
    if not card.importance:
        yield from (f"None: {card.missing.get('importance', 'not asked for')}.", "")
    else:
        yield from ("By how much the loss rises out of fold when a feature is permuted:", "")
        yield from _importance(card.importance)
    if card.shap:
        yield from ("Mean absolute SHAP contribution out of fold (what the model uses, not whether it helps):", "")
        yield from _importance(card.shap)


def _importance(found: Sequence[FeatureImportance]) -> Iterator[str]:
    rows = [
        (f"`{one.feature}`", f"{one.importance:.2e}", _span(one.lower, one.upper, one.reason, "{:.2e}"))
        for one in found[:_MOST_FEATURES]
    ]
    yield from _table(("feature", "importance", "interval"), rows)
    if len(found) > _MOST_FEATURES:
        yield from (f"{len(found) - _MOST_FEATURES} more are in the JSON card.", "")


def _limits(card: ModelCard) -> Iterator[str]:
    yield from ("## Limits", "")
    yield from (f"- {_escaped(limit)}" for limit in card.limits)
    yield ""


def _reproducibility(card: ModelCard) -> Iterator[str]:
    yield from ("## Reproducibility", "", f"- Seed: {card.seed}")
    yield f"- Versions: {', '.join(f'{name} {number}' for name, number in card.versions.items())}"
    yield "- Intervals: " + (card.scores[0].method if card.scores else "none")


def _score_row(score: Score) -> tuple[str, ...]:
    t = f", t = {score.t:.2f}" if math.isfinite(score.t) and score.reason is None else ""
    return (score.title, f"{score.estimate:.4f}{t}", _span_of(score), "higher" if score.higher_is_better else "lower")


def _span_of(score: Score) -> str:
    return _span(score.lower, score.upper, score.reason)


def _span(lower: float, upper: float, reason: str | None, form: str = "{:.4f}") -> str:
    if reason is not None:
        return f"no interval: {reason}"
    return f"{form.format(lower)} to {form.format(upper)}"


def _interval_cells(found: BootstrapInterval, form: str) -> tuple[str, str]:
    estimate = form.format(found.estimate) if math.isfinite(found.estimate) else "none"
    return estimate, _span(found.lower, found.upper, found.reason, form)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |"
    yield ""


def _escaped(text: str) -> str:
    return text.replace("*", "\\*")
