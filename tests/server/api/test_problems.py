"""Problem documents: the table is complete, and every document is what RFC 9457 asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import augury.errors
from augury.errors import AuguryError, InvalidBars, Unavailable
from augury_server.api.problems import ERRORS, KINDS, ProblemError, document, problem_of


def tree(error: type[AuguryError]) -> list[type[AuguryError]]:
    """An error and everything below it that the library defines."""
    below = [each for child in error.__subclasses__() for each in tree(child)]
    return [error, *below]


def test_every_error_of_the_library_has_its_problem() -> None:
    library = [each for each in tree(AuguryError) if each.__module__ == augury.errors.__name__]
    assert len(library) >= 13
    assert set(ERRORS) == set(library)
    for error in library:
        problem = problem_of(error("what was expected, what came"))
        assert problem.kind is KINDS[ERRORS[error]]
        assert problem.detail == "what was expected, what came"


def test_every_problem_has_a_name_of_its_own_a_title_and_an_error_status() -> None:
    assert len({kind.urn for kind in KINDS.values()}) == len(KINDS)
    for name, kind in KINDS.items():
        assert kind.name == name
        assert 400 <= kind.status <= 503
        assert kind.title[0].isupper()


def test_an_error_that_is_not_in_the_table_is_what_its_parent_is() -> None:
    class OddBars(InvalidBars):
        """Bars that are odd."""

    class Odd(Exception):
        """An accident."""

    assert problem_of(OddBars("odd")).kind.name == "invalid-bars"
    accident = problem_of(Odd("the key is aug_1_2"))
    assert accident.kind.name == "failed"
    assert "aug_" not in accident.detail
    assert not accident.expected


def test_what_may_pass_says_when_to_retry() -> None:
    assert problem_of(Unavailable("away")).headers == {"retry-after": "2"}
    assert problem_of(ProblemError("too-many-requests", "slow down", {"retry-after": "7"})).headers == {
        "retry-after": "7"
    }


@settings(max_examples=100, deadline=None, derandomize=True)
@given(text=st.text(st.characters(codec=None), max_size=50), path=st.text(max_size=50))
def test_a_document_can_say_any_text(text: str, path: str) -> None:
    problem = problem_of(AuguryError(text))
    try:
        path.encode()
    except UnicodeEncodeError:
        return
    told: dict[str, Any] = json.loads(document(problem, path, "an-id"))
    assert told["status"] == 500
    assert told["instance"] == path
    assert told["detail"]


@pytest.mark.parametrize("length", [100, 5_000])
def test_a_detail_has_a_bounded_length(length: int) -> None:
    assert len(problem_of(AuguryError("x" * length)).detail) == min(length, 2_000)
