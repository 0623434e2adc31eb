"""The running fingerprint."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from augury.numerics.fingerprint import absorb, absorb_path, empty_fingerprint, hexadecimal

MASK = (1 << 64) - 1
rows = arrays(np.uint64, st.tuples(st.integers(1, 8), st.integers(1, 6)), elements=st.integers(0, MASK))


def readable(words: list[int]) -> str:
    """The same two chains in plain Python."""

    def mix(word: int) -> int:
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & MASK
        return word ^ (word >> 31)

    a, b = 0x243F6A8885A308D3, 0x13198A2E03707344
    for word in words:
        a = mix(((a ^ word) + 0x9E3779B97F4A7C15) & MASK)
        b = mix(((b ^ word) + 0xD1B54A32D192ED03) & MASK)
    return f"{a:016x}{b:016x}"


def of(table: np.ndarray) -> str:
    state = empty_fingerprint()
    absorb(state, table)
    return hexadecimal(state)


@given(rows)
def test_it_equals_the_readable_version(table: np.ndarray) -> None:
    assert of(table) == readable([int(word) for word in table.ravel()])


@given(rows, st.data())
def test_one_changed_bit_or_two_swapped_words_change_it(table: np.ndarray, data: st.DataObject) -> None:
    before = of(table)
    i = data.draw(st.integers(0, table.size - 1))
    changed = table.copy()
    changed.flat[i] ^= np.uint64(1 << data.draw(st.integers(0, 63)))
    assert of(changed) != before
    if table.size > 1 and table.flat[0] != table.flat[1]:
        swapped = table.copy()
        swapped.flat[0], swapped.flat[1] = table.flat[1], table.flat[0]
        assert of(swapped) != before


@given(rows)
def test_row_by_row_and_path_agree_with_the_whole(table: np.ndarray) -> None:
    state = empty_fingerprint()
    path = np.empty((len(table), 2), dtype=np.uint64)
    absorb_path(empty_fingerprint(), table, path)
    for i in range(len(table)):
        absorb(state, table[i : i + 1])
        assert tuple(state) == tuple(path[i])
    assert hexadecimal(state) == of(table)
