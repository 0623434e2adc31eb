"""Storages of Optuna, made by Optuna."""

from __future__ import annotations

import sqlite3
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from augury.audit import AuditSpec, ClaimSpec, audit_files, audit_story, read_claim
from augury.errors import InvalidInput, NotEnoughData, NotFound
from augury.validation import deflated_sharpe, expected_max_sharpe, sharpe_moments

QUICK = AuditSpec(replications=199)


def test_tries_values_and_returns_are_those_of_the_largest_study(optuna_file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optuna = pytest.importorskip("optuna")
        study = optuna.load_study(study_name="noise", storage=f"sqlite:///{optuna_file}")
        trials = study.get_trials()
    claim = read_claim(optuna_file)
    assert (claim.tool, claim.name) == ("optuna", "noise")
    variants = claim.variants
    assert variants is not None
    assert variants.count == 40
    np.testing.assert_array_equal(variants.values, [trial.value for trial in trials])
    np.testing.assert_array_equal(variants.returns, [trial.user_attrs["returns"] for trial in trials])
    assert variants.chosen == study.best_trial.number
    assert claim.remarks[0].rule == "other_studies"
    assert read_claim(optuna_file, ClaimSpec(strategy="other")).variants.count == 5  # type: ignore[union-attr]
    with pytest.raises(NotFound, match="no study 'nois'; did you mean 'noise'"):
        read_claim(optuna_file, ClaimSpec(strategy="nois"))


def test_the_best_of_forty_noise_trials_is_not_significant(optuna_file: Path) -> None:
    found = audit_files(optuna_file, QUICK)
    evidence = found.verdict.evidence
    assert evidence.trials == 40
    assert evidence.probabilistic_sharpe is not None
    assert evidence.deflated_sharpe is not None
    assert evidence.probabilistic_sharpe > 0.95  # taken alone it looks certain
    assert evidence.deflated_sharpe < 0.95
    assert found.verdict.level == "unproven"
    assert found.search is not None
    assert found.search.luck_z == pytest.approx(expected_max_sharpe(1.0, 40.0))
    variants = found.claim.variants
    assert variants is not None
    moments = sharpe_moments(variants.returns[variants.chosen])
    # forty independent noise series: the textbook formula with their number and the variance of noise is close
    expected = deflated_sharpe(moments, variance=1.0 / 299.0, trials=40.0)
    assert evidence.deflated_sharpe == pytest.approx(expected, abs=0.1)


def test_a_study_lends_its_tries_to_the_trades_beside_it(
    optuna_file: Path, honest_trades: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "trades.csv"
    honest_trades.to_csv(path, index=False)
    alone = audit_files(path, QUICK)
    beside = audit_files([path, optuna_file], QUICK)
    assert alone.tries.number is None
    assert beside.tries.number == 40
    assert "study 'noise'" in beside.tries.source
    assert beside.claim.trades is not None


def test_a_search_without_returns_is_judged_by_its_scores_alone(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optuna = pytest.importorskip("optuna")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        path = tmp_path / "plain.db"
        rng = np.random.default_rng(0)
        study = optuna.create_study(storage=f"sqlite:///{path}", study_name="scores", direction="minimize")
        study.optimize(lambda _: float(rng.normal()), n_trials=30)
        pruned = study.ask()
        study.tell(pruned, state=optuna.trial.TrialState.PRUNED)
        best = study.best_value
    found = audit_files(path, QUICK)
    assert found.account is None
    assert found.tries.number == 30
    assert found.verdict.level == "unproven"
    assert found.search is not None
    assert found.search.best == pytest.approx(-best)
    assert {"pruned_trials", "returns_not_kept"} <= {one.rule for one in found.remarks}
    assert found.to_dict()["account"] is None
    with pytest.raises(NotEnoughData, match="kept no returns"):
        audit_story(found)


def test_other_databases_and_journals_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER)")
    connection.close()
    with pytest.raises(InvalidInput, match=r"expected an Optuna storage.*got a database with orders"):
        read_claim(path)
    journal = tmp_path / "journal.log"
    journal.write_text('{"op_code": 0, "study_name": "a"}\n{"op_code": 4}\n')
    with pytest.raises(InvalidInput, match=r"Optuna journal.*copy_study"):
        read_claim(journal)


def test_a_study_of_several_objectives_has_no_best_trial(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optuna = pytest.importorskip("optuna")
        path = tmp_path / "two.db"
        study = optuna.create_study(storage=f"sqlite:///{path}", directions=["maximize", "minimize"])
        study.optimize(lambda _: (1.0, 2.0), n_trials=2)
    with pytest.raises(InvalidInput, match="2 objectives"):
        read_claim(path)
