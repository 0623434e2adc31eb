"""What an experiment is asked to be, checked as far as that goes without the database."""

from __future__ import annotations

import re
from dataclasses import dataclass

from augury.errors import InvalidInput
from augury.experiments import BUCKETS, UNIT_KINDS, UnitKind
from augury_server.experiments.running_experiment import MODES, Mode

__all__ = ["DEFAULT_DAYS", "ExperimentPlan"]

DEFAULT_DAYS = 7.0
_EVEN = 0.5
_MOST_DAYS = 366.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentPlan:
    """An experiment of `treatment` against `control`: versions as a number, "latest", "champion" or an alias.

    `share` is the fraction of units that the treatment answers in mode "split", a half when it is None; mode "shadow"
    has none. `days` is the planned length. Raises InvalidInput for what no experiment can be.
    """

    name: str
    model_name: str
    treatment: int | str
    control: int | str = "champion"
    mode: Mode = "split"
    unit: UnitKind = "symbol"
    share: float | None = None
    days: float = DEFAULT_DAYS

    def __post_init__(self) -> None:
        """Every value is one that may be."""
        if not _NAME.fullmatch(self.name):
            raise InvalidInput(
                f"expected a name of letters, digits, '.', '_' and '-', at most 100, such as deeper-trees; got "
                f"{self.name!r:.120}"
            )
        for what, value, known in (("mode", self.mode, MODES), ("unit", self.unit, UNIT_KINDS)):
            if value not in known:
                raise InvalidInput(f"expected a {what} of {' or '.join(known)}, got {value!r:.80}")
        if self.mode == "shadow" and self.share is not None:
            raise InvalidInput(
                f"share = {self.share:g} was given in mode shadow, where the control answers every unit; leave it out"
            )
        least = 1.0 / BUCKETS
        if self.mode == "split" and not least <= self.treated <= 1.0 - least:
            raise InvalidInput(
                f"share should be a fraction between 0 and 1, at least {least:g} from either; got {self.share!r}"
            )
        if not 0.0 < self.days <= _MOST_DAYS:
            raise InvalidInput(f"days should be over 0 and at most {_MOST_DAYS:g}, got {self.days!r}")

    @property
    def treated(self) -> float:
        """The fraction of units that the treatment answers."""
        if self.mode == "shadow":
            return 0.0
        return _EVEN if self.share is None else self.share
