"""Operations that sleep, step, fail and leave marks on demand; importing the module registers them."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augury.errors import Conflict, InvalidInput, NotFound, Refused, Unavailable
from augury.operations.operation import Operation, Progress
from augury.operations.registry import register
from augury.spec import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    facts: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return self.facts


def mark(path: str, text: str) -> None:
    """Append a line in one write, so that lines of several processes do not mix."""
    if path:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, f"{text} {os.getpid()}\n".encode())
        os.close(descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSpec(Spec):
    """`hold`: as long as this file exists, the operation goes on after its steps, stepping."""

    steps: int = 1
    seconds: float = 0.0
    marks: str = ""
    token: str = "t"
    hold: str = ""
    deaf: bool = False


def step(spec: StepSpec, progress: Progress) -> Done:
    mark(spec.marks, f"start {spec.token}")
    for _ in progress.track(range(spec.steps), "step", spec.steps):
        time.sleep(spec.seconds)
    while spec.hold and Path(spec.hold).exists():
        time.sleep(0.02)
        if not spec.deaf:
            for _ in progress.track((0,), "hold", 1):
                pass
    mark(spec.marks, f"done {spec.token}")
    return Done(facts={"steps": spec.steps, "token": spec.token})


@dataclass(frozen=True, slots=True, kw_only=True)
class FailSpec(Spec):
    """Fails `times` times with an error of this kind, as the lines in `marks` count."""

    kind: str = "unavailable"
    times: int = 1000
    marks: str = ""


ERRORS = {
    "unavailable": Unavailable("the source is away"),
    "conflict": Conflict("somebody was quicker"),
    "reset": ConnectionResetError("peer"),
    "full": OSError(28, "No space left on device"),
    "missing file": FileNotFoundError(2, "No such file"),
    "invalid": InvalidInput("that is no symbol"),
    "refused": Refused("quality is too low"),
    "not found": NotFound("no such source"),
    "bug": KeyError("price"),
}


def fail(spec: FailSpec, progress: Progress) -> Done:
    before = Path(spec.marks).read_text().count("fail") if spec.marks and Path(spec.marks).exists() else 0
    if before < spec.times:
        mark(spec.marks, "fail")
        raise ERRORS[spec.kind]
    return Done(facts={"failed": before})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnSpec(Spec):
    size: int = 0
    odd: bool = False


def give(spec: ReturnSpec, progress: Progress) -> Done:
    from augury_server.accounts.actor import current_actor

    facts: dict[str, Any] = {"actor": current_actor()}
    if spec.size:
        facts["text"] = "".join(chr(97 + i * i % 26) for i in range(spec.size))
    if spec.odd:
        facts |= {"nan": float("nan"), "inf": [float("inf")], "null": "a\x00b", "pair": (1, 2), "half": "\ud800"}
    return Done(facts=facts)


for name, spec_type, run in (
    ("probe.step", StepSpec, step), ("probe.fail", FailSpec, fail), ("probe.give", ReturnSpec, give),
):  # fmt: skip
    register(
        Operation(
            name=name,
            summary="A probe.",
            example=f"augury {name.replace('.', ' ')}",
            spec_type=spec_type,
            result="r",
            run=run,
        )
    )
