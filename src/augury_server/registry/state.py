"""What a model's versions are, as a frozen record that transitions are computed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from augury.errors import NotFound, nearest

__all__ = ["KINDS", "RELATIONS", "RESERVED", "STAGES", "Kind", "ModelState", "Relation", "Stage", "VersionState"]

Stage: TypeAlias = Literal["candidate", "challenger", "champion", "archived"]
Kind: TypeAlias = Literal[
    "register", "promote", "challenge", "demote", "rollback", "archive", "restore", "alias", "unalias"
]
Relation: TypeAlias = Literal["optimised_from", "retrained_from"]

STAGES: tuple[Stage, ...] = ("candidate", "challenger", "champion", "archived")
KINDS: tuple[Kind, ...] = (
    "register", "promote", "challenge", "demote", "rollback", "archive", "restore", "alias", "unalias",
)  # fmt: skip
RELATIONS: tuple[Relation, ...] = ("optimised_from", "retrained_from")
RESERVED = frozenset({*STAGES, "latest"})
"""Names that no alias may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionState:
    """One version; `beats_baseline` is its own verdict on held-out time, None when it was never judged."""

    number: int
    stage: Stage = "candidate"
    beats_baseline: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """A model's versions by number, its aliases, and earlier champions (oldest first) that a rollback may return to.

    In `former` none is archived, none stands beside itself, and its last is not the champion.
    """

    name: str
    versions: Mapping[int, VersionState] = field(default_factory=dict)
    aliases: Mapping[str, int] = field(default_factory=dict)
    former: tuple[int, ...] = ()

    @property
    def champion(self) -> int | None:
        """The number of the champion, or None."""
        return next((number for number, version in self.versions.items() if version.stage == "champion"), None)

    def number_of(self, reference: int | str) -> int:
        """The number of the version that is meant: a number, "latest", "champion" or an alias.

        Raises NotFound with what there is.
        """
        text = str(reference).strip()
        if text.isdecimal() and int(text) in self.versions:
            return int(text)
        if text == "latest" and self.versions:
            return max(self.versions)
        if text == "champion" and self.champion is not None:
            return self.champion
        if text in self.aliases:
            return self.aliases[text]
        if not self.versions:
            raise NotFound(f"{self.name} has no versions yet; register one: augury registry register")
        known = [*(str(number) for number in sorted(self.versions)), *self.aliases, "latest"]
        known += ["champion"] if self.champion is not None else []
        raise NotFound(f"{self.name} has no version {text!r}; {nearest(text, known)}")

    def with_stages(self, stages: Mapping[int, Stage], former: tuple[int, ...]) -> ModelState:
        """The same with other stages of some versions; `former` is brought in order (see the class)."""
        versions = dict(self.versions)
        for number, stage in stages.items():
            versions[number] = replace(versions[number], stage=stage)
        changed = replace(self, versions=versions)
        return replace(changed, former=_in_order(former, versions, changed.champion))


def _in_order(former: tuple[int, ...], versions: Mapping[int, VersionState], champion: int | None) -> tuple[int, ...]:
    kept: list[int] = []
    for number in former:
        if versions[number].stage != "archived" and (not kept or kept[-1] != number):
            kept.append(number)
    while kept and kept[-1] == champion:
        kept.pop()
    return tuple(kept)
