"""Transitions as pure functions: from a state and a request to the next state and the record of it, or a refusal.

Evidence. An artefact carries its own verdict: whether it beats the best baseline on time that its training never saw.
Only a version that does is promoted; one that does not, or was never judged, needs `force`, which the record keeps.
A rollback needs no evidence, since what it returns to has been champion before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from augury.errors import InvalidInput, NotFound, Refused, WrongState, nearest
from augury_server.registry.requests import (
    Archive,
    Challenge,
    Demote,
    MoveAlias,
    Promote,
    Register,
    RemoveAlias,
    Request,
    Restore,
    Rollback,
)
from augury_server.registry.state import RESERVED, Kind, ModelState, VersionState

__all__ = ["Decision", "Record", "decide"]

_ALIAS = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One transition: from which version to which (None: from or to nothing), before who and when are added."""

    kind: Kind
    from_version: int | None = None
    to_version: int | None = None
    alias: str = ""
    forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The next state and its record; None when the state was as asked for already."""

    state: ModelState
    record: Record | None


def decide(state: ModelState, request: Request) -> Decision:
    """What a request makes of a state.

    Asking again for what is already so changes nothing. Raises Refused with the reason, and NotFound for a version or
    alias that does not exist.
    """
    return _DECIDERS[type(request)](state, request)


def _register(state: ModelState, request: Register) -> Decision:
    number = max(state.versions, default=0) + 1
    added = VersionState(number=number, beats_baseline=request.beats_baseline)
    versions = {**state.versions, number: added}
    return Decision(state=replace(state, versions=versions), record=Record(kind="register", to_version=number))


def _promote(state: ModelState, request: Promote) -> Decision:
    version, champion = _version(state, request.version), state.champion
    if version.stage == "champion":
        return _unchanged(state)
    if version.stage == "archived":
        raise WrongState(f"{state.name}@{version.number} is archived; restore it before it is promoted")
    if not version.beats_baseline and not request.force:
        why = "does not beat its baseline" if version.beats_baseline is False else "was never judged against a baseline"
        raise Refused(
            f"{state.name}@{version.number} {why} on held-out time, so it is not promoted; train a better one, or "
            "force it (--force) with the reason"
        )
    changed = state.with_stages(
        {version.number: "champion", **({champion: "candidate"} if champion is not None else {})},
        state.former + ((champion,) if champion is not None else ()),
    )
    forced = request.force and not version.beats_baseline
    record = Record(kind="promote", from_version=champion, to_version=version.number, forced=forced)
    return Decision(state=changed, record=record)


def _challenge(state: ModelState, request: Challenge) -> Decision:
    version = _version(state, request.version)
    if version.stage == "challenger":
        return _unchanged(state)
    if version.stage != "candidate":
        raise WrongState(
            f"{state.name}@{version.number} is {_a(version.stage)}; only a candidate becomes a challenger"
            + ("; restore it first" if version.stage == "archived" else "")
        )
    changed = state.with_stages({version.number: "challenger"}, state.former)
    return Decision(state=changed, record=Record(kind="challenge", to_version=version.number))


def _demote(state: ModelState, request: Demote) -> Decision:
    version = _version(state, request.version)
    if version.stage == "candidate":
        return _unchanged(state)
    if version.stage == "archived":
        raise WrongState(f"{state.name}@{version.number} is archived; there is nothing to demote it from")
    ended = (version.number,) if version.stage == "champion" else ()
    changed = state.with_stages({version.number: "candidate"}, state.former + ended)
    return Decision(state=changed, record=Record(kind="demote", from_version=version.number))


def _rollback(state: ModelState, _: Rollback) -> Decision:
    if not state.former:
        raise WrongState(
            f"{state.name} had no champion before {'this one' if state.champion else 'now'} that is not archived; "
            "promote a version instead"
        )
    *before, number = state.former
    champion = state.champion
    changed = state.with_stages(
        {number: "champion", **({champion: "candidate"} if champion is not None else {})}, tuple(before)
    )
    return Decision(state=changed, record=Record(kind="rollback", from_version=champion, to_version=number))


def _archive(state: ModelState, request: Archive) -> Decision:
    version = _version(state, request.version)
    if version.stage == "archived":
        return _unchanged(state)
    if version.stage == "champion":
        raise WrongState(f"{state.name}@{version.number} is the champion; promote another version or demote it first")
    named = sorted(alias for alias, number in state.aliases.items() if number == version.number)
    if named:
        raise WrongState(f"{state.name}@{version.number} is named {', '.join(named)}; move or remove the alias first")
    changed = state.with_stages({version.number: "archived"}, state.former)
    return Decision(state=changed, record=Record(kind="archive", from_version=version.number))


def _restore(state: ModelState, request: Restore) -> Decision:
    version = _version(state, request.version)
    if version.stage != "archived":
        return _unchanged(state)
    changed = state.with_stages({version.number: "candidate"}, state.former)
    return Decision(state=changed, record=Record(kind="restore", to_version=version.number))


def _move_alias(state: ModelState, request: MoveAlias) -> Decision:
    alias, version = request.alias, _version(state, request.version)
    if not _ALIAS.fullmatch(alias) or alias in RESERVED:
        raise InvalidInput(
            f"expected an alias such as stable: small letters, digits, - and _, at most 40 and none of "
            f"{', '.join(sorted(RESERVED))}; got {alias!r}"
        )
    before = state.aliases.get(alias)
    if before == version.number:
        return _unchanged(state)
    if version.stage == "archived":
        raise WrongState(f"{state.name}@{version.number} is archived; restore it before it is named {alias}")
    changed = replace(state, aliases={**state.aliases, alias: version.number})
    return Decision(
        state=changed, record=Record(kind="alias", from_version=before, to_version=version.number, alias=alias)
    )


def _remove_alias(state: ModelState, request: RemoveAlias) -> Decision:
    if request.alias not in state.aliases:
        hint = nearest(request.alias, state.aliases) if state.aliases else "it has none"
        raise NotFound(f"{state.name} has no alias {request.alias!r}; {hint}")
    kept = {alias: number for alias, number in state.aliases.items() if alias != request.alias}
    record = Record(kind="unalias", from_version=state.aliases[request.alias], alias=request.alias)
    return Decision(state=replace(state, aliases=kept), record=record)


_DECIDERS: dict[type[Any], Callable[[ModelState, Any], Decision]] = {
    Register: _register,
    Promote: _promote,
    Challenge: _challenge,
    Demote: _demote,
    Rollback: _rollback,
    Archive: _archive,
    Restore: _restore,
    MoveAlias: _move_alias,
    RemoveAlias: _remove_alias,
}


def _version(state: ModelState, reference: int | str) -> VersionState:
    return state.versions[state.number_of(reference)]


def _unchanged(state: ModelState) -> Decision:
    return Decision(state=state, record=None)


def _a(stage: str) -> str:
    return {"champion": "the champion", "archived": "archived"}.get(stage, f"a {stage}")
