"""An Optuna storage in SQLite: how many trials a search made, what they scored, and their returns where kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from augury.arrays import FloatVector
from augury.audit.claim import Claim, Remark, Variants
from augury.errors import InvalidInput, NotEnoughData, NotFound, nearest

__all__ = ["RETURN_ATTRIBUTES", "optuna_claim"]

RETURN_ATTRIBUTES = ("returns", "bar_returns", "daily_returns", "strategy_returns")
"""User attributes of trials that are taken as their returns: lists of numbers, one a period, all equally long."""

_TABLES = {"studies", "study_directions", "trials", "trial_values"}


def optuna_claim(file: Path, study: str | None) -> Claim:
    """What a storage says: tries are the completed trials of the study asked for, else of the only or largest one.

    The file is opened read-only. Raises InvalidInput for a database of something else, NotEnoughData without a
    completed trial.
    """
    with _opened(file) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables >= _TABLES:
            shown = ", ".join(sorted(tables)[:8]) or "no tables"
            raise InvalidInput(
                f"{file}: expected an Optuna storage (tables {', '.join(sorted(_TABLES))}), got a database with {shown}"
            )
        key, name, remarks = _study(connection, file, study)
        rows = _trials(connection, key)
        larger = _larger_is_better(connection, key, file)
        states = dict(
            connection.execute("SELECT state, count(*) FROM trials WHERE study_id = ? GROUP BY state", (key,))
        )
        attributes = _returns(connection, key)
    if not rows:
        raise NotEnoughData(f"{file}: the study {name!r} has no completed trial with a finite value; nothing to judge")
    values = np.array([value for _, _, value in rows])
    best = int(np.argmax(values) if larger else np.argmin(values))
    kept = [at for at, (trial, _, _) in enumerate(rows) if trial in attributes]
    matrix, odd = _matrix([attributes[rows[at][0]] for at in kept])
    chosen = kept.index(best) if best in kept and matrix is not None else None
    completed, pruned = states.get("COMPLETE", 0), states.get("PRUNED", 0)
    notes = [*remarks, *_remarks_on_trials(pruned, len(kept), odd)]
    if odd:
        chosen = None
    return Claim(
        tool="optuna",
        parts=("trials",),
        sources=(str(file),),
        name=name,
        variants=Variants(
            count=completed,
            source=f"completed trials of study {name!r} in {file.name}",
            names=tuple(f"trial {number}" for _, number, _ in rows),
            returns=matrix,
            chosen=chosen,
            values=values,
            value_name="objective value",
            larger_is_better=larger,
        ),
        settings={
            "best_trial": rows[best][1],
            "completed": completed,
            "pruned": pruned,
            "failed": states.get("FAIL", 0),
        },
        remarks=tuple(notes),
    )


@contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as problem:
        raise InvalidInput(f"{file}: cannot be opened as a database: {problem}") from problem
    try:
        yield connection
    except sqlite3.Error as problem:
        raise InvalidInput(f"{file}: the database cannot be read: {problem}; is the copy complete?") from problem
    finally:
        connection.close()


def _study(connection: sqlite3.Connection, file: Path, wanted: str | None) -> tuple[int, str, list[Remark]]:
    counted = connection.execute(
        "SELECT s.study_id, s.study_name, count(t.trial_id) FROM studies s LEFT JOIN trials t "
        "ON t.study_id = s.study_id AND t.state = 'COMPLETE' GROUP BY s.study_id ORDER BY s.study_id"
    ).fetchall()
    if not counted:
        raise NotEnoughData(f"{file}: the storage holds no study; nothing to judge")
    names = [name for _, name, _ in counted]
    if wanted is not None and wanted not in names:
        raise NotFound(f"{file}: has no study {wanted!r}; {nearest(wanted, names)}")
    at = names.index(wanted) if wanted is not None else max(range(len(counted)), key=lambda one: counted[one][2])
    key, name, _ = counted[at]
    others = sum(trials for _, _, trials in counted) - counted[at][2]
    if others == 0:
        return key, name, []
    text = f"The storage holds {others} completed trials of other studies; they are not counted as tries on this one."
    remedy = "If they searched the same data, pass --tries with the sum."
    return key, name, [Remark(rule="other_studies", severity="info", text=text, remedy=remedy)]


def _larger_is_better(connection: sqlite3.Connection, key: int, file: Path) -> bool:
    directions = connection.execute(
        "SELECT direction FROM study_directions WHERE study_id = ? ORDER BY objective", (key,)
    ).fetchall()
    if len(directions) > 1:
        raise InvalidInput(
            f"{file}: the study has {len(directions)} objectives, so no trial is simply the best; export the chosen "
            f"trial's trades or returns and pass them with --tries"
        )
    return not directions or directions[0][0] != "MINIMIZE"


def _trials(connection: sqlite3.Connection, key: int) -> list[tuple[int, int, float]]:
    return connection.execute(
        "SELECT t.trial_id, t.number, v.value FROM trials t JOIN trial_values v ON v.trial_id = t.trial_id "
        "WHERE t.study_id = ? AND t.state = 'COMPLETE' AND v.objective = 0 AND v.value IS NOT NULL ORDER BY t.number",
        (key,),
    ).fetchall()


def _returns(connection: sqlite3.Connection, key: int) -> dict[int, list[Any]]:
    rows = connection.execute(
        "SELECT a.trial_id, a.key, a.value_json FROM trial_user_attributes a JOIN trials t ON t.trial_id = a.trial_id "
        "WHERE t.study_id = ? AND t.state = 'COMPLETE'",
        (key,),
    )
    found = {}
    for trial, name, text in rows:
        if name not in RETURN_ATTRIBUTES:
            continue
        try:
            series = json.loads(text)
        except json.JSONDecodeError:
            continue  # an attribute of this name that is something else
        if isinstance(series, list):
            found[trial] = series
    return found


def _matrix(series: list[list[Any]]) -> tuple[FloatVector | None, str]:
    """The returns as float64[k, p], or why they cannot be used."""
    if not series:
        return None, ""
    if len({len(one) for one in series}) > 1:
        return None, "differ in length"
    try:
        matrix = np.array(series, dtype=np.float64)
    except (TypeError, ValueError):
        return None, "are not lists of numbers"
    if matrix.ndim != 2 or matrix.shape[1] < 3:
        return None, "have fewer than 3 periods"
    if not np.isfinite(matrix).all() or (matrix <= -1.0).any():
        return None, "hold NaN, or a period that loses everything"
    return matrix, ""


def _remarks_on_trials(pruned: int, kept: int, odd: str) -> list[Remark]:
    remarks = []
    if pruned:
        text = f"{pruned} trials were pruned; they looked at the data as well, but are not counted as tries."
        remarks.append(
            Remark(rule="pruned_trials", severity="info", text=text, remedy="Pass --tries to count them too.")
        )
    if odd:
        text = f"The returns kept with the trials {odd}; they were not used."
        remedy = "Keep a list of returns of the same periods with trial.set_user_attr('returns', ...)."
        remarks.append(Remark(rule="returns_not_usable", severity="warning", text=text, remedy=remedy))
    elif not kept:
        text = "The trials keep no returns, so neither their likeness nor the probability of overfitting can be told."
        remedy = (
            "Keep them with trial.set_user_attr('returns', ...), or pass the chosen trial's trades beside the storage."
        )
        remarks.append(Remark(rule="returns_not_kept", severity="info", text=text, remedy=remedy))
    return remarks
