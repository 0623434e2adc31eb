"""Does a ticker's sentiment move against that of its market or sector? A test on changes, with its error rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import msgspec
import numpy as np

from augury.arrays import FloatVector
from augury.errors import InvalidInput
from augury.sentiment.trailing_samples import (
    C_BOUND,
    C_CHANGES,
    C_CORRELATION,
    C_FIELDS,
    C_FLAG,
    C_NEW,
    DOCUMENTS,
    MARKET,
    OWN,
    SAMPLE,
    contrarian_from_samples,
)
from augury.spec import Spec

__all__ = ["ContrarianSpec", "ContrarianTest", "contrarian"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrarianSpec(Spec):
    """Constants of the contrarian tests.

    The correlation is over the changes of the last `changes` grid samples, of which `least_changes` must be known and
    `least_new` must have brought a document about the ticker (between documents its mean stands still). The flag
    needs a correlation of at most `correlation` and an upper `z_bound` (1.645: the upper end of the 90 % interval)
    below zero. A reference needs `market_others` (`sector_others`) other tickers that ever had a document, and their
    weight to be at least `least_weight_ratio` of the ticker's own. The last three bound a strong contrarian.
    """

    summary: ClassVar[str] = "contrarian sentiment"

    changes: Annotated[int, msgspec.Meta(ge=4)] = 120
    least_changes: Annotated[int, msgspec.Meta(ge=4)] = 60
    least_new: Annotated[int, msgspec.Meta(ge=1)] = 20
    correlation: Annotated[float, msgspec.Meta(ge=-1.0, le=0.0)] = -0.25
    z_bound: Annotated[float, msgspec.Meta(ge=0.0)] = 1.6448536269514722
    market_others: Annotated[int, msgspec.Meta(ge=1)] = 1
    sector_others: Annotated[int, msgspec.Meta(ge=1)] = 3
    least_weight_ratio: Annotated[float, msgspec.Meta(gt=0.0)] = 1e-6
    strong_momentum: Annotated[float, msgspec.Meta(ge=0.0)] = 0.02
    strong_sharpe_like: Annotated[float, msgspec.Meta(ge=0.0)] = 0.5
    strong_surprise: Annotated[float, msgspec.Meta(ge=0.0)] = 1.0

    def check(self) -> None:
        """Refuse minima that the window can never meet."""
        if max(self.least_changes, self.least_new) > self.changes:
            raise InvalidInput(
                f"ContrarianSpec needs {self.least_changes} known and {self.least_new} new of {self.changes} changes; "
                "raise changes or lower the minima"
            )

    def vector(self) -> list[float]:
        """The constants of the correlation in the order in which its kernel reads them."""
        return [float(self.changes), float(self.least_changes), float(self.least_new), self.correlation, self.z_bound]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrarianTest:
    """Result at the last sample: `is_contrarian` is 1.0, 0.0 or NaN (not computable), like the numbers beside it.

    `upper_bound` is that of the correlation; `changes` and `new` count the samples that were used.
    """

    is_contrarian: float
    correlation: float
    upper_bound: float
    changes: int
    new: int


def contrarian(
    own: FloatVector, reference: FloatVector, documents: FloatVector, spec: ContrarianSpec | None = None
) -> ContrarianTest:
    """Test whether `own` moves against `reference`, both float64[n] sampled on one grid, oldest first, now last.

    `documents` float64[n] is the running number of the ticker's documents. Null: independent changes; the flag is
    then raised on about 0.4 % of windows of 120 changes. Fisher's z has variance 1 / (n - 3) with n the number of
    changes, or, if that is fewer, with sum x^2 sum y^2 / sum x^2 y^2: when both series only move on the same few
    days, those days are all the evidence there is. Levels are not used: smoothed, they are so autocorrelated that a
    third of independent pairs look contrarian. NaN when either series is not known now or too few changes are.
    Sources: Fisher (1921); White (1980) for the variance under heteroskedasticity. Raises InvalidInput for unequal
    lengths.
    """
    spec = ContrarianSpec() if spec is None else spec
    if not own.shape == reference.shape == documents.shape or own.ndim != 1:
        raise InvalidInput(
            f"expected three vectors of one length, got shapes {own.shape}, {reference.shape}, {documents.shape}"
        )
    samples = np.full((own.shape[0], SAMPLE), np.nan)
    samples[:, OWN], samples[:, MARKET], samples[:, DOCUMENTS] = own, reference, documents
    out = np.empty(C_FIELDS)
    contrarian_from_samples(samples, MARKET, np.array(spec.vector()), out)
    return ContrarianTest(
        is_contrarian=float(out[C_FLAG]),
        correlation=float(out[C_CORRELATION]),
        upper_bound=float(out[C_BOUND]),
        changes=int(out[C_CHANGES]),
        new=int(out[C_NEW]),
    )
