"""A training as the story that its report tells, and that report as a page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from augury.learning.told.account import told_account
from augury.learning.told.figures import (
    gain_estimate,
    tiles,
    told_earnings,
    told_gains,
    told_scores,
    told_symbols,
)
from augury.learning.told.folds import told_folds
from augury.learning.told.forecasts import told_forecasts
from augury.learning.told.judgement import certainty_words, told_verdict
from augury.report import Estimate, FeatureItem, FeatureTable, ModelStory, write_model_page
from augury.report.wording import percent

if TYPE_CHECKING:
    from augury.learning.evaluation.importance import FeatureImportance
    from augury.learning.training import Training
    from augury.report import Story

__all__ = ["model_story", "write_model_report"]

_PERMUTED = (
    "By how much the loss rises out of fold when blocks of the feature change places; features that say the same share "
    "it."
)
_SHAP = "How far a feature moves the score out of fold, up or down: what the model uses, not whether that helps."


def model_story(training: Training, title: str | None = None) -> ModelStory:
    """Everything a page shows of a training; a part that could not be had is explained instead."""
    held, evaluation, card = training.held_out, training.evaluation, training.card
    judged, account = held.verdict.against_best, told_account(training)
    return ModelStory(
        title=title or f"{card.model} on {_symbols(card.data.symbols)}",
        subtitle=f"Predicts {card.data.label} from {_inputs(training)}",
        chips=_chips(training),
        verdict=told_verdict(training),
        words=certainty_words(training),
        gain=gain_estimate(judged),
        gain_title=f"Gain in {judged.title} over {judged.baseline.replace('_', ' ')}",
        figures=tiles(training),
        gains=told_gains(training),
        gains_title=f"Gain in {judged.title}",
        scores=told_scores(training),
        forecasts=told_forecasts(training),
        account=account,
        account_note=_account_note(training),
        earnings=told_earnings(evaluation.profit, held.profit),
        symbols=told_symbols(evaluation.profit, held.profit),
        importance=_importance(training),
        folds=told_folds(training),
        data=_data(training),
        features=card.data.features,
        notes=_notes(training, account),
        provenance=_provenance(training),
        missing=_missing(training),
    )


def write_model_report(training: Training, path: str | os.PathLike[str]) -> Path:
    """Write the page of a training to `path` and return it: one self-contained HTML file, whole or not at all.

    Raises InvalidInput for a suffix other than .html or .htm and for a folder, NotFound for a missing folder.
    """
    return write_model_page(model_story(training), path)


def _notes(training: Training, account: Story | None) -> tuple[str, ...]:
    profit = training.held_out.profit
    if profit is None:
        return ()
    untold = account is not None and account.benchmark is None
    return (*profit.notes, *(("Holding is not drawn: the accounts of the symbols began apart.",) if untold else ()))


def _symbols(symbols: tuple[str, ...]) -> str:
    return ", ".join(symbols) if len(symbols) <= 4 else f"{len(symbols)} symbols"


def _inputs(training: Training) -> str:
    data = training.card.data
    if data.chart_days is not None:
        return f"charts of {data.chart_days} days"
    many = f"{len(data.columns)} features"
    return f"{many} of {data.sequence_bars} bars" if data.sequence_bars is not None else many


def _chips(training: Training) -> tuple[str, ...]:
    data, held = training.card.data, training.held_out
    return (
        training.artefact.model_id,
        f"{data.first:%Y-%m-%d} to {data.last:%Y-%m-%d} trained",
        f"{held.first:%Y-%m-%d} to {held.last:%Y-%m-%d} held out",
        f"{data.rows:,} rows, about {data.effective_rows:,.0f} without overlap",
    )


def _account_note(training: Training) -> str:
    profit = training.held_out.profit
    if profit is None:
        return ""
    costs = profit.backtest.costs
    return (
        f"The implied positions on the held-out time, {profit.first:%Y-%m-%d} to {profit.last:%Y-%m-%d}, all symbols "
        f"with equal weights, net of costs: commission {percent(costs.commission_rate, 2)}, slippage "
        f"{percent(costs.slippage_rate, 2)} and half spread {percent(costs.half_spread_rate, 2)} of each trade, filled "
        f"at the {profit.backtest.fill.replace('_', ' ')}."
    )


def _importance(training: Training) -> tuple[FeatureTable, ...]:
    evaluation = training.evaluation
    made = (
        ("Permutation importance", evaluation.importance, _PERMUTED),
        ("Mean absolute SHAP value", evaluation.shap, _SHAP),
    )
    return tuple(
        FeatureTable(title=title, items=tuple(map(_feature, found)), explanation=words)
        for title, found, words in made
        if found
    )


def _feature(found: FeatureImportance) -> FeatureItem:
    return FeatureItem(
        feature=found.feature,
        estimate=Estimate(
            value=found.importance, low=found.lower, high=found.upper, level=found.confidence, reason=found.reason
        ),
        share=found.share,
    )


def _data(training: Training) -> Mapping[str, Mapping[str, object]]:
    card = training.card
    data = card.data
    rows: dict[str, object] = {
        "symbols": data.symbols,
        "first": f"{data.first:%Y-%m-%d}",
        "last": f"{data.last:%Y-%m-%d}",
        "years": f"{data.years:.1f}",
        "rows": f"{data.rows:,}",
        "distinct times": f"{data.times:,}",
        "effective rows": f"{data.effective_rows:,.0f}",
        "held out": f"{training.held_out.rows:,} rows",
    }
    label: dict[str, object] = {"label": data.label, "task": card.task}
    label |= {name: f"{count:,} ({percent(count / max(data.rows, 1))})" for name, count in data.classes.items()}
    label |= {
        name.replace("_", " "): value
        for name in ("sequence_bars", "chart_days")
        if (value := getattr(data, name)) is not None
    }
    label["columns"] = len(data.columns)
    fit = {
        name: f"{value:,}" if isinstance(value, int) else f"{value:.2f}" if isinstance(value, float) else value
        for name, value in card.training.items()
        if not isinstance(value, Mapping) and name != "rows"
    }
    options = {name: value for name, value in card.options.items() if value is not None}
    calibration = training.evaluation.calibration
    said = {} if calibration is None else {"calibration": calibration.calibration.kind}
    return {
        "Training data": rows,
        "Label and inputs": label,
        "Model": {"family": card.family, **options, **said, **fit},
    }


def _provenance(training: Training) -> Mapping[str, object]:
    card, manifest = training.card, training.artefact.manifest
    known: dict[str, object] = {
        "model": card.model,
        "model id": training.artefact.model_id,
        "seed": card.seed,
        "data fingerprint": card.data.fingerprint,
        "graph SHA-256": manifest.graph_sha256,
        "intervals": training.held_out.verdict.against_best.method,
        **card.versions,
    }
    if card.made_at is not None:
        known["made at"] = f"{card.made_at:%Y-%m-%d %H:%M} UTC"
    return known


def _missing(training: Training) -> Mapping[str, str]:
    evaluation, held = training.evaluation, training.held_out
    found = {
        "calibration": evaluation.missing.get("calibration"),
        "equity": held.missing.get("profit"),
        "importance": evaluation.missing.get("importance"),
    }
    return {name: reason for name, reason in found.items() if reason}
