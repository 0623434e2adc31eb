"""One row as a plain list is read as any other array of it: the same float32 bits, the same refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augury.errors import InvalidInput
from augury.learning import load_artefact
from augury.learning.artefacts.row_inputs import graph_inputs
from augury_server.serving.served_predictor import ServedPredictor


@pytest.fixture(scope="module")
def predictor(trained: Any) -> ServedPredictor:
    return ServedPredictor(load_artefact(trained.artefact("linear")))


values = st.one_of(
    st.floats(),  # of all sizes, NaN and the infinite ones with them
    st.floats(-1e-37, 1e-37),  # around the least normal float32
    st.integers(0, 2**24).map(lambda k: 1.0 + (2 * k + 1) * 2.0**-24),  # halfway between two float32
    st.integers(-(2**70), 2**70),
    st.booleans(),
)


def read(rows: Callable[[], Any]) -> bytes | str:
    try:
        return b"".join(found.tobytes() for found in rows().values())
    except InvalidInput as error:
        return str(error)


@given(row=st.lists(values, min_size=3, max_size=3))
def test_a_list_has_the_bits_of_an_array(predictor: ServedPredictor, row: list[Any]) -> None:
    found = read(lambda: predictor.feeds_of_rows([row]))
    array = np.asarray([row])
    if array.dtype == object:  # an integer beyond 64 bits
        assert isinstance(found, str)
    else:
        assert found == read(lambda: graph_inputs(array, predictor.manifest))


LARGEST = float(np.finfo(np.float32).max)
edges = st.sampled_from([LARGEST, np.nextafter(LARGEST, np.inf), -LARGEST, np.nextafter(-LARGEST, -np.inf), 1e39])


@given(
    rows=st.lists(st.lists(st.floats() | edges, min_size=3, max_size=3), max_size=4), step=st.sampled_from([1, 2, -1])
)
def test_rows_of_doubles_are_cast_as_others_are(predictor: ServedPredictor, rows: list[Any], step: int) -> None:
    array = np.array(rows, dtype=np.float64).reshape(-1, 3)[::step]
    expected = read(lambda: graph_inputs(array, predictor.manifest))
    assert read(lambda: predictor.feeds_of_rows(array)) == expected
    assert (predictor._cast(array) is None) == (isinstance(expected, str) or not len(array))
    for other in (array.astype(np.longdouble), array[:, :2], array[0] if len(array) else array[:, None]):
        assert predictor._cast(other) is None


WRONG = [[[]], [[0.5]], [[0.5] * 4], [[0.5] * 3, [0.5]], [0.5] * 3, [[None, 0.5, 0.5]], [[0.5, 0.5, "x"]]]


@pytest.mark.parametrize("rows", WRONG)
def test_rows_of_another_form_are_refused(predictor: ServedPredictor, rows: Any) -> None:
    with pytest.raises(InvalidInput):
        predictor.feeds_of_rows(rows)
