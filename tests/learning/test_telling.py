"""What the page of a model says is what the training found, figure by figure."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from augury.learning.data.building import build_dataset
from augury.learning.data.dataset import DatasetSpec
from augury.learning.data.folds import combinatorial_folds, purged_folds
from augury.learning.evaluation import card_limits
from augury.learning.evaluation.cross_validation import CvSpec
from augury.learning.evaluation.evaluation import EvaluationSpec
from augury.learning.evaluation.importance import PermutationImportanceSpec
from augury.learning.evaluation.score_spec import ScoreSpec
from augury.learning.recipes import TrainingSpec
from augury.learning.telling import model_story, write_model_report
from augury.learning.told.folds import fold_spans
from augury.learning.told.limits import REMEDIES
from augury.learning.training import Training, train_model
from augury.report import model_page_html
from augury.sample import load_sample
from augury.validation.splits import PurgedSpec

FEATURES = ("rsi", "natr", "roc(timeperiod=5)")
QUICK = ScoreSpec(replications=199)
DAY = pd.Timedelta(days=1)


@pytest.fixture(scope="module")
def bars() -> dict[str, pd.DataFrame]:
    """Two symbols, the second of which begins 200 bars before the end: inside the held-out time of the first."""
    sample = load_sample().bars
    return {"IBM": sample["IBM"].iloc[-900:], "FB": sample["FB"]}


@pytest.fixture(scope="module")
def judged(bars: dict[str, pd.DataFrame]) -> Training:
    """A classification with everything in it."""
    evaluation = EvaluationSpec(
        cv=CvSpec(folds=4), scoring=QUICK, importance=PermutationImportanceSpec(repeats=1), abstain_accuracy=0.6
    )
    dataset = build_dataset(bars, DatasetSpec(features=FEATURES))
    return train_model(dataset, "linear", TrainingSpec(held_out=0.3, evaluation=evaluation))


@pytest.fixture(scope="module")
def bare(bars: dict[str, pd.DataFrame]) -> Training:
    """A regression on one symbol without importance and P&L."""
    evaluation = EvaluationSpec(cv=CvSpec(folds=3), scoring=QUICK, importance=None, backtest=None)
    spec = DatasetSpec(features=FEATURES, label="forward_return(horizon_bars=5)")
    return train_model(build_dataset(bars["IBM"], spec), "linear", TrainingSpec(evaluation=evaluation))


def test_scores_stand_beside_each_other_as_they_were_found(judged: Training) -> None:
    told = {item.title: item for item in model_story(judged).scores}
    assert len(told) == len(judged.held_out.scores)
    for name, score in judged.held_out.scores.items():
        item, before = told[score.title], judged.evaluation.scores[name]
        assert item.held_out is not None
        assert item.validated is not None
        assert (item.held_out.value, item.held_out.low, item.held_out.high) == pytest.approx(
            (score.estimate, score.lower, score.upper), nan_ok=True
        )
        assert item.validated.value == pytest.approx(before.estimate, nan_ok=True)
        assert item.better == ("higher" if score.higher_is_better else "lower")
    assert [item.title for item in told.values() if item.decisive] == ["log-loss"]


def test_gains_are_those_over_each_baseline_the_hardest_first(judged: Training) -> None:
    story = model_story(judged)
    found = {one.baseline.replace("_", " "): one for one in judged.held_out.verdict.comparisons}
    assert [item.title for item in story.gains] == sorted(found, key=lambda name: found[name].difference)
    for item in story.gains:
        assert item.held_out is not None
        assert item.held_out.value == found[item.title].difference
        assert item.detail
    assert story.gain == story.gains[0].held_out


def test_the_headline_is_the_verdict_on_the_held_out_time(judged: Training) -> None:
    story, verdict = model_story(judged), judged.held_out.verdict
    assert story.verdict is not None
    assert f"{judged.held_out.rows:,} held-out rows" in story.verdict.headline
    assert verdict.level.split()[0] in story.verdict.headline
    assert story.verdict.level.startswith(verdict.level)
    assert f"{verdict.against_best.model_score:.4f} against {verdict.against_best.baseline_score:.4f}" in story.words[0]
    assert "Out of fold" in story.words[1]
    assert "It decided on" in story.words[2]
    passed = {gate.name: gate.passed for gate in story.verdict.gates}
    assert passed["Beats every baseline, held out"] is verdict.better
    assert passed["Beats every baseline, out of fold"] is judged.evaluation.verdict.better


def test_the_account_is_that_of_the_profit_and_holding_that_of_the_bars(
    judged: Training, bars: dict[str, pd.DataFrame]
) -> None:
    profit, account = judged.held_out.profit, model_story(judged).account
    assert profit is not None
    assert account is not None
    assert account.benchmark is not None
    assert account.equity[-1] == pytest.approx(10_000 * np.prod(1 + profit.returns))
    assert account.times[0] == profit.opened_at[0] + DAY.value
    times = pd.DatetimeIndex(pd.to_datetime(profit.opened_at, utc=True))
    closes = pd.DataFrame({name: frame["close"].tz_localize("UTC") if frame.index.tz is None else frame["close"]
                           for name, frame in bars.items()}).reindex(times)  # fmt: skip
    for one in profit.symbols:
        known = closes[one.symbol].last_valid_index()
        mine = closes.loc[:known, one.symbol].iloc[-one.bars :]
        closes[one.symbol] = mine.reindex(times)
    moves = closes.pct_change(fill_method=None).where(closes.shift(1).notna(), 0.0).where(closes.notna())
    assert len({one.bars for one in profit.symbols}) == 2
    np.testing.assert_allclose(account.benchmark.equity, 10_000 * (1 + moves.mean(axis=1)).cumprod(), rtol=1e-9)


def kinds_by_row(inputs: Any, fold: Any) -> list[str]:
    """The same, slowly: each row by what its own time, and labels of that time, meet."""
    trained, tested = set(inputs.opened_at[fold.train].tolist()), set(inputs.opened_at[fold.test].tolist())
    times = sorted(set(inputs.opened_at.tolist()))
    reach = {time: max(inputs.label_end[inputs.opened_at == time].tolist()) for time in times}
    found = []
    for time in times:
        if time in tested or time in trained:
            found.append("tested" if time in tested else "trained")
            continue
        after = [other for other in times if other >= time and other in tested]
        before = [other for other in times if other <= time and other in tested]
        block = []
        for other in reversed(before):  # the tested stretch just before, as long as it is unbroken
            if block and times.index(block[-1]) - times.index(other) > 1:
                break
            block.append(other)
        meets = (after and reach[time] >= after[0]) or (block and max(reach[other] for other in block) >= time)
        found.append("purged" if meets else "embargoed")
    return found


@pytest.mark.parametrize("test_groups", [1, 2])
def test_spans_of_a_fold_say_what_each_time_was_used_for(judged: Training, test_groups: int) -> None:
    inputs = judged.evaluation.dataset.inputs[:240]
    spec = PurgedSpec(groups=4, test_groups=test_groups)
    folds = purged_folds(inputs, spec) if test_groups == 1 else combinatorial_folds(inputs, spec).folds
    times = np.unique(inputs.opened_at)
    seen = set()
    for fold in folds:
        spans = fold_spans(inputs, fold)
        starts = np.searchsorted(times, [span.first_ns for span in spans])
        lengths = np.diff(np.append(starts, len(times)))
        told = [span.kind for span, length in zip(spans, lengths, strict=True) for _ in range(length)]
        assert told == kinds_by_row(inputs, fold)
        assert all(one.last_ns == two.first_ns for one, two in pairwise(spans))
        seen |= set(told)
    assert seen == {"trained", "purged", "embargoed", "tested"}


def test_the_delivered_fit_is_drawn_last_with_its_held_out_time(judged: Training) -> None:
    last = model_story(judged).folds[-1]
    assert [span.kind for span in last.spans] == ["trained", "purged", "held out"]
    assert last.spans[-1].first_ns == judged.held_out.first.value
    assert (last.trained, last.tested) == (len(judged.evaluation.dataset), judged.held_out.rows)


def test_every_limit_comes_with_a_remedy_and_the_serious_ones_first(judged: Training, bare: Training) -> None:
    for training in (judged, bare):
        verdict = model_story(training).verdict
        assert verdict is not None
        texts = [finding.text for finding in verdict.findings]
        assert set(training.card.limits) <= set(texts)
        assert all(finding.remedy for finding in verdict.findings)
        weights = [finding.severity for finding in verdict.findings]
        assert weights == sorted(weights, key=lambda severity: severity != "serious")


def test_remedies_are_told_by_words_that_the_limits_really_use() -> None:
    said = re.sub(r'"\s*f?"', "", inspect.getsource(card_limits))
    assert [words for words, _, _ in REMEDIES if words not in said] == []
    assert said.count("yield (") + said.count('yield f"') + said.count('yield "') == len(REMEDIES)


def test_a_gain_that_is_gone_on_the_held_out_time_is_the_first_finding(judged: Training) -> None:
    better = SimpleNamespace(**{each.name: getattr(judged.evaluation, each.name) for each in fields(judged.evaluation)})
    better.dataset = judged.evaluation.dataset
    best = replace(judged.evaluation.verdict.against_best, difference=0.1, lower=0.05, upper=0.2, verdict="better than")
    better.verdict = replace(judged.evaluation.verdict, level="better than", best=best.baseline, comparisons=(best,))
    verdict = model_story(replace(judged, evaluation=better)).verdict
    assert verdict is not None
    assert "What it gained out of fold is not there on the held-out time" in verdict.findings[0].text


def test_forecasts_hold_every_row_and_the_curve_of_the_calibration(judged: Training) -> None:
    (told,) = [each for each in model_story(judged).forecasts if "out of fold" in each.title]
    said, report = judged.evaluation.cv.predictions, judged.evaluation.calibration
    assert report is not None
    assert told.bins is not None
    np.testing.assert_array_equal(told.predicted, said.predicted[:, -1])
    np.testing.assert_array_equal(told.bins.observed, report.curve.frequency)
    assert told.groups == ("down", "up")


def test_held_out_forecasts_come_first_where_they_were_kept(judged: Training) -> None:
    held = SimpleNamespace(**{each.name: getattr(judged.held_out, each.name) for each in fields(judged.held_out)})
    held.predictions = judged.evaluation.cv.predictions
    told = model_story(replace(judged, held_out=held)).forecasts
    assert ["held out" in each.title for each in told] == [True, False]
    assert told[0].bins is not None
    assert int(told[0].bins.rows.sum()) == len(held.predictions)


def test_a_regression_without_parts_says_what_is_missing_and_why(bare: Training) -> None:
    story = model_story(bare)
    assert dict(story.missing) == {
        "calibration": "a regression has no probabilities",
        "equity": "not asked for",
        "importance": "not asked for",
    }
    assert story.account is None
    assert story.forecasts[0].bins is None
    page = model_page_html(story)
    assert "No reliability diagram: a regression has no probabilities." in page
    assert "No account: not asked for." in page
    assert not re.search(r"\b(nan|None)\b", re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL))


def test_provenance_lets_it_be_made_again(judged: Training) -> None:
    known = model_story(judged).provenance
    assert known["data fingerprint"] == judged.evaluation.dataset.fingerprint
    assert known["model id"] == judged.artefact.model_id
    assert known["seed"] == 0
    assert "numpy" in known


def test_the_report_is_one_file_the_same_every_time(judged: Training, tmp_path: Path) -> None:
    first = write_model_report(judged, tmp_path / "one.html")
    second = write_model_report(judged, tmp_path / "two.html")
    assert first.read_bytes() == second.read_bytes()
    assert 50_000 < first.stat().st_size < 400_000
    text = first.read_text(encoding="utf-8")
    assert not re.search(r"https?://|@import|url\(", text)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.html", "two.html"]
