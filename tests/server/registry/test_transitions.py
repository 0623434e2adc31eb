"""Transitions as pure functions: what each allows, and what holds whatever was asked in whatever order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import AuguryError, InvalidInput, NotFound, Refused
from augury_server.registry.requests import (
    Archive,
    Challenge,
    Demote,
    MoveAlias,
    Promote,
    Register,
    RemoveAlias,
    Restore,
    Rollback,
)
from augury_server.registry.state import ModelState
from augury_server.registry.transitions import Record, decide


def after(*requests: Any) -> ModelState:
    state = ModelState(name="trend")
    for request in requests:
        state = decide(state, request).state
    return state


GOOD = Register(beats_baseline=True)


def test_a_promoted_version_takes_the_place_of_the_champion_which_becomes_a_candidate() -> None:
    state = after(GOOD, GOOD, Promote(version=1))
    found = decide(state, Promote(version="latest"))
    assert found.record == Record(kind="promote", from_version=1, to_version=2)
    assert found.state.champion == 2
    assert found.state.versions[1].stage == "candidate"
    assert found.state.former == (1,)


def test_rollback_goes_back_one_champion_at_a_time_and_then_refuses() -> None:
    state = after(GOOD, GOOD, GOOD, Promote(version=1), Promote(version=2), Promote(version=3))
    champions = []
    for _ in range(2):
        state = decide(state, Rollback()).state
        champions.append(state.champion)
    assert champions == [2, 1]
    with pytest.raises(Refused, match="had no champion before this one"):
        decide(state, Rollback())


def test_rollback_passes_over_what_was_archived_since() -> None:
    state = after(GOOD, GOOD, GOOD, Promote(version=1), Promote(version=2), Promote(version=3), Archive(version=2))
    assert decide(state, Rollback()).state.champion == 1


def test_a_rollback_never_returns_to_the_champion_itself() -> None:
    state = after(GOOD, GOOD, Promote(version=1), Promote(version=2), Promote(version=1), Archive(version=2))
    assert state.champion == 1
    with pytest.raises(Refused, match="had no champion before this one"):
        decide(state, Rollback())


def test_after_a_demotion_nothing_serves_and_rollback_brings_the_champion_back() -> None:
    state = after(GOOD, Promote(version=1), Demote(version="champion"))
    assert state.champion is None
    assert decide(state, Rollback()).record == Record(kind="rollback", from_version=None, to_version=1)


@pytest.mark.parametrize(("verdict", "said"), [(False, "does not beat its baseline"), (None, "was never judged")])
def test_a_version_without_evidence_is_promoted_only_by_force_and_the_record_says_so(
    verdict: bool | None, said: str
) -> None:
    state = after(Register(beats_baseline=verdict))
    with pytest.raises(Refused, match=said):
        decide(state, Promote(version=1))
    record = decide(state, Promote(version=1, force=True)).record
    assert record is not None
    assert record.forced
    needless = decide(after(GOOD), Promote(version=1, force=True)).record
    assert needless is not None
    assert not needless.forced


@pytest.mark.parametrize(
    ("before", "request_", "said"),
    [
        ((GOOD, Archive(version=1)), Promote(version=1), "is archived; restore it"),
        ((GOOD, Archive(version=1)), Challenge(version=1), "is archived; only a candidate"),
        ((GOOD, Archive(version=1)), Demote(version=1), "is archived"),
        ((GOOD, Archive(version=1)), MoveAlias(alias="stable", version=1), "is archived; restore it"),
        ((GOOD, Promote(version=1)), Archive(version=1), "is the champion"),
        ((GOOD, Promote(version=1)), Challenge(version=1), "is the champion; only a candidate"),
        ((GOOD, MoveAlias(alias="stable", version=1)), Archive(version=1), "is named stable"),
        ((GOOD,), Rollback(), "had no champion before now"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_the_reason(before: Any, request_: Any, said: str) -> None:
    with pytest.raises(Refused, match=said):
        decide(after(*before), request_)


@pytest.mark.parametrize(
    ("before", "request_"),
    [
        ((GOOD, Promote(version=1)), Promote(version="champion")),
        ((GOOD, Challenge(version=1)), Challenge(version=1)),
        ((GOOD,), Demote(version=1)),
        ((GOOD, Archive(version=1)), Archive(version=1)),
        ((GOOD,), Restore(version=1)),
        ((GOOD, MoveAlias(alias="stable", version=1)), MoveAlias(alias="stable", version="stable")),
    ],
)
def test_asking_for_what_is_already_so_changes_nothing(before: Any, request_: Any) -> None:
    state = after(*before)
    found = decide(state, request_)
    assert found.record is None
    assert found.state == state


def test_aliases_move_and_go_and_may_not_be_named_as_stages_are() -> None:
    state = after(GOOD, GOOD, MoveAlias(alias="stable", version=1), MoveAlias(alias="stable", version=2))
    assert state.number_of("stable") == 2
    assert decide(state, RemoveAlias(alias="stable")).state.aliases == {}
    with pytest.raises(NotFound, match="did you mean 'stable'"):
        decide(state, RemoveAlias(alias="stabel"))
    for alias in ("champion", "latest", "archived", "7", "With Space", "", "a" * 41):
        with pytest.raises(InvalidInput, match="expected an alias"):
            decide(state, MoveAlias(alias=alias, version=1))


def test_an_unknown_version_is_refused_with_what_there_is() -> None:
    with pytest.raises(NotFound, match=r"no version '3'; known names: 1, 2, latest"):
        after(GOOD, GOOD).number_of(3)
    with pytest.raises(NotFound, match="has no versions yet"):
        ModelState(name="trend").number_of("champion")


numbers = st.integers(1, 4)
requests = st.one_of(
    st.builds(Register, beats_baseline=st.sampled_from([True, False, None])),
    st.builds(Promote, version=numbers, force=st.booleans()),
    st.builds(Challenge, version=numbers),
    st.builds(Demote, version=numbers),
    st.just(Rollback()),
    st.builds(Archive, version=numbers),
    st.builds(Restore, version=numbers),
    st.builds(MoveAlias, alias=st.sampled_from(["stable", "canary"]), version=numbers),
    st.builds(RemoveAlias, alias=st.sampled_from(["stable", "canary"])),
)


@given(st.lists(requests, max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_is_asked_there_is_one_champion_at_most_and_the_records_tell_who_it_is(asked: list[Any]) -> None:
    state, champion = after(GOOD, GOOD, GOOD), None
    for request in asked:
        before = state
        try:
            found = decide(state, request)
        except AuguryError:
            continue
        state, record = found.state, found.record
        assert (record is None) == (state == before)
        assert sum(version.stage == "champion" for version in state.versions.values()) <= 1
        assert all(state.versions[number].stage != "archived" for number in {*state.former, *state.aliases.values()})
        assert state.champion is None or not state.former or state.former[-1] != state.champion
        if record is not None and record.kind in ("promote", "rollback"):
            assert record.from_version == champion
            champion = record.to_version
        elif record is not None and record.kind == "demote" and record.from_version == champion:
            champion = None
        assert state.champion == champion


@given(st.lists(requests, max_size=40), numbers)
@settings(max_examples=200, deadline=None)
def test_a_rollback_undoes_a_promotion_whatever_came_before(asked: list[Any], number: int) -> None:
    state = after(GOOD, GOOD, GOOD)
    for request in asked:
        try:
            state = decide(state, request).state
        except AuguryError:
            continue
    try:
        promoted = decide(state, Promote(version=number, force=True))
    except AuguryError:
        return
    if promoted.record is None or state.champion is None:
        return
    back = decide(promoted.state, Rollback()).state
    assert back.champion == state.champion
    assert back.former == state.former
