"""What a contract suite is made of: named checks that pass silently or say what is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from augury.errors import AuguryError

__all__ = ["Check", "CheckOutcome", "ContractBroken", "run_checks"]


class ContractBroken(AuguryError, AssertionError):
    """A part does not keep its contract; the message names the rule, the place and the values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One rule about one subject. Calling it returns None or raises (ContractBroken, LookAheadError).

    Made for test runners: `pytest.mark.parametrize("check", checks, ids=lambda check: check.id)`.
    """

    subject: str
    name: str
    run: Callable[[], None]

    @property
    def id(self) -> str:
        """`subject-name`, unique within a suite."""
        return f"{self.subject}-{self.name}"

    def __call__(self) -> None:
        """Run the check."""
        self.run()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """What one check gave: `failure` is None when the rule is kept, else the message."""

    subject: str
    name: str
    failure: str | None


def run_checks(checks: Iterable[Check]) -> tuple[CheckOutcome, ...]:
    """Run every check and collect the outcomes; a broken rule is recorded, any other error is raised with a note."""
    outcomes = []
    for check in checks:
        try:
            check.run()
            failure = None
        except (AuguryError, AssertionError) as error:
            failure = f"{type(error).__name__}: {error}"
        except Exception as error:
            error.add_note(f"raised by the check {check.id}")
            raise
        outcomes.append(CheckOutcome(subject=check.subject, name=check.name, failure=failure))
    return tuple(outcomes)
