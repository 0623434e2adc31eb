"""The `verify` operation: a recorded run is run again and compared with what was recorded, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury.operations.capsules import find_capsule
from augury.operations.changes import Change
from augury.operations.operation import Operation, Progress, option
from augury.operations.places import LEDGER, LEDGER_IS_LOCAL, RUNS_CODE
from augury.operations.recording import versions
from augury.operations.registry import register
from augury.operations.rerun import Rerun, rerunning
from augury.spec import Spec

if TYPE_CHECKING:
    from augury.ledger import Capsule, CapsuleDifference

__all__ = ["VerifyOptions", "VerifyResult"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions(Spec):
    """Options of the `verify` operation."""

    run: Annotated[
        str,
        msgspec.Meta(
            description="A run capsule (.json), or an entry of the ledger by its number or hash. The strategy's code "
            "that it holds is run: verify only what you would run."
        ),
    ] = option(positional=True, path=True)
    data: Annotated[str | None, msgspec.Meta(description="Where the bars are now, when they moved.")] = option(
        None, path=True
    )
    ledger: Annotated[
        str | None,
        msgspec.Meta(description="File of the ledger; $AUGURY_LEDGER or augury-ledger.sqlite when left out."),
    ] = option(None, path=LEDGER, local=LEDGER_IS_LOCAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyResult:
    """Whether a run came out the same, what differs in it, and what changed that explains it."""

    reference: str
    capsule: Capsule
    data: str
    bars: int
    reproduced: bool
    same_data: bool
    cause: str
    compared: tuple[str, ...]
    differences: tuple[CapsuleDifference, ...]
    changes: tuple[Change, ...]
    versions: dict[str, str]

    @property
    def exit_code(self) -> int:
        """1 when the run was not reproduced."""
        return 0 if self.reproduced else 1

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        capsule = self.capsule
        return {
            "run": self.reference,
            "capsule": capsule.id,
            "operation": capsule.operation,
            "strategy": None if capsule.strategy is None else capsule.strategy.name,
            "parameters": dict(capsule.parameters),
            "data": self.data,
            "bars": self.bars,
            "reproduced": self.reproduced,
            "same_data": self.same_data,
            "cause": self.cause or None,
            "compared": list(self.compared),
            "differences": [
                {"name": one.name, "recorded": one.recorded, "found": one.found} for one in self.differences
            ],
            "changes": [change.to_dict() for change in self.changes],
            "versions": {"recorded": dict(capsule.versions), "found": self.versions},
        }


def _run(options: VerifyOptions, progress: Progress) -> VerifyResult:  # noqa: ARG001
    with rerunning(find_capsule(options.run, options.ledger), options.data) as again:
        return _result(again)


def _result(again: Rerun) -> VerifyResult:
    return VerifyResult(
        reference=again.found.reference,
        capsule=again.capsule,
        data=again.instrument.path,
        bars=len(again.result.run.bars),
        reproduced=again.reproduced,
        same_data=again.same_data,
        cause=again.cause,
        compared=tuple(sorted(again.capsule.digests)),
        differences=again.differences,
        changes=again.changes,
        versions=versions(),
    )


register(
    Operation(
        name="verify",
        summary="Run a recorded run again and compare it with what was recorded, bit for bit.",
        example="augury verify run.json",
        spec_type=VerifyOptions,
        result="augury.operations.verify:VerifyResult",
        run=_run,
        role="operator",
        local=RUNS_CODE,
    )
)
