"""What a graph says about some rows, and how wrong it is on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.stats import rankdata

from augury.arrays import FloatMatrix, FloatVector, IntVector
from augury.errors import InvalidInput
from augury.learning.artefacts.arrays import GraphInput
from augury.learning.artefacts.session import GraphSession
from augury.learning.data.dataset import Dataset
from augury.learning.data.inputs import InputKind, read_inputs
from augury.learning.estimators.checks import class_codes

__all__ = [
    "Answers",
    "JudgedRows",
    "feeds_for",
    "graph_feeds",
    "judged_rows",
    "levels_of",
    "rank_agreement",
    "row_losses",
]

_KINDS: dict[str, InputKind] = {"features": "tabular", "sequence": "sequence", "image": "image"}
_LEAST_PROBABILITY = 1e-15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgedRows:
    """Rows that models are compared on: what graphs read of them, and what came.

    `target` float64[n] holds positions in the classes, or values (`classes` 0). `base_losses` float64[n] are those of
    the training rows' class shares, or mean, said of every row.
    """

    feeds: dict[str, GraphInput] = field(repr=False)
    opened_at: IntVector = field(repr=False)
    target: FloatVector = field(repr=False)
    base_losses: FloatVector = field(repr=False)
    classes: int

    def __len__(self) -> int:
        return self.target.size

    def some_feeds(self, rows: int) -> dict[str, GraphInput]:
        """The first rows only, to time a graph with."""
        return {name: array[:rows] for name, array in self.feeds.items()}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """`said` float64[n, classes or 1] and `losses` float64[n]: log-loss, or the squared error in a regression."""

    said: FloatMatrix = field(repr=False)
    losses: FloatVector = field(repr=False)
    right: FloatVector = field(repr=False)

    @classmethod
    def of(cls, graph: bytes, rows: JudgedRows) -> Answers:
        """Ask a graph; InvalidInput when it does not answer with numbers."""
        session = GraphSession(graph)
        said = session.run(feeds_for(session, rows.feeds), exact=False)
        if not np.isfinite(said).all():
            raise InvalidInput("the graph answers with NaN or infinity on these rows; it cannot be judged")
        right = said.argmax(axis=1) == rows.target if rows.classes else np.zeros(len(rows))
        return cls(said=said, losses=row_losses(said, rows.target, rows.classes), right=right.astype(np.float64))

    @property
    def levels(self) -> FloatVector:
        """float64[n]: the mean class position by the probabilities, or the value: what rows are ranked by."""
        return levels_of(self.said)

    @property
    def decisions(self) -> IntVector:
        """int64[n]: the position of the likeliest class, or the sign of the value."""
        if self.said.shape[1] == 1:
            return np.asarray(np.sign(self.said[:, 0]), dtype=np.int64)
        return np.asarray(self.said.argmax(axis=1), dtype=np.int64)


def feeds_for(session: GraphSession, feeds: Mapping[str, GraphInput]) -> dict[str, GraphInput]:
    """Those inputs that the graph reads."""
    return {name: feeds[name] for name in session.inputs}


def judged_rows(dataset: Dataset, train: Dataset, classes: IntVector, inputs: tuple[str, ...]) -> JudgedRows:
    """Rows to judge graphs with these inputs on; `classes` are the class numbers that they were trained on."""
    if classes.size:
        target = class_codes(dataset.target, classes, len(dataset))
        known = class_codes(train.target, classes, len(train)).astype(np.int64)
        base = np.bincount(known, minlength=classes.size)[None, :] / known.size
    else:
        target, base = dataset.target, np.array([[train.target.mean()]])
    return JudgedRows(
        feeds=graph_feeds(dataset, inputs),
        opened_at=dataset.inputs.opened_at,
        target=target,
        base_losses=row_losses(np.repeat(base, target.size, axis=0), target, classes.size),
        classes=int(classes.size),
    )


def graph_feeds(dataset: Dataset, names: tuple[str, ...]) -> dict[str, GraphInput]:
    """What a graph with these inputs reads, float32."""
    limit = float(np.finfo(np.float32).max)
    found = {}
    for name in names:
        values = read_inputs(dataset.inputs, _KINDS[name])
        found[name] = np.ascontiguousarray(np.clip(values, -limit, limit), dtype=np.float32)
    return found


def levels_of(said: FloatMatrix) -> FloatVector:
    """The mean class position by the probabilities float64[n, classes], or the values float64[n, 1]."""
    return np.asarray(said @ np.arange(said.shape[1]) if said.shape[1] > 1 else said[:, 0], dtype=np.float64)


def rank_agreement(first: FloatVector, second: FloatVector) -> float:
    """Spearman's rank correlation, ties at their mean rank; 0 where one of them says the same of every row."""
    ranks = [rankdata(values) for values in (first, second)]
    if min(float(np.ptp(found)) for found in ranks) == 0.0:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def row_losses(said: FloatMatrix, target: FloatVector, classes: int) -> FloatVector:
    """Log-loss of each row (probabilities at least 1e-15), or the squared error where there are no classes."""
    if not classes:
        return np.asarray((said[:, 0] - target) ** 2)
    given = said[np.arange(target.size), target.astype(np.int64)]
    return np.asarray(-np.log(np.maximum(given, _LEAST_PROBABILITY)))
