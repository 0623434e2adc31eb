"""Appending to a ledger and reading from it."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from augury.errors import InvalidInput, NotFound
from augury.ledger import Capsule, DamagedLedger, DataKey, Entry, EntryFilter, Ledger, LedgerSpec

Make = Callable[..., Entry]


def test_an_entry_is_read_back_as_it_was_written(
    ledger: Ledger, make_entry: Make, make_data: Callable[..., DataKey]
) -> None:
    written = make_entry(note="first", capsule={"operation": "backtest"})
    receipt = ledger.append(written)
    found = ledger.get(1)
    assert receipt.sequence == found.sequence == 1
    assert receipt.hash == found.hash
    assert ledger.get(receipt.hash[:8]) == ledger.get("1") == found
    assert found.data == make_data()
    assert found.parameters == {"fast": 10, "slow": 50}
    assert (found.kind, found.subject, found.trials, found.seed, found.note) == (
        "backtest",
        "sma_crossover",
        1,
        7,
        "first",
    )
    assert found.headline == {"sharpe": 10.5, "max_drawdown": -0.2}
    assert found.capsule == {"operation": "backtest"}
    assert found.spec_id == written.spec_id
    assert found.written == "2023-11-14T22:13:21Z"
    arrays = ledger.arrays(1)
    assert np.array_equal(arrays.returns, written.returns)
    assert arrays.returns.dtype == np.float64
    assert arrays.sharpes.tolist() == [0.1]
    assert arrays.block_returns is None


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("share_of_zeros", [0.0, 0.5, 1.0])
def test_returns_are_kept_bit_for_bit_in_the_type_given(
    ledger: Ledger, make_entry: Make, kind: type, share_of_zeros: float
) -> None:
    rng = np.random.default_rng(3)
    returns = np.where(rng.random(5_031) < share_of_zeros, 0.0, rng.normal(0, 0.01, 5_031)).astype(kind)
    returns[17] = np.nan
    ledger.append(make_entry(returns=returns))
    found = ledger.arrays(1).returns
    assert found.dtype == kind
    assert found.tobytes() == returns.tobytes()


def test_a_sweep_keeps_figures_blocks_and_parameters_of_every_trial(ledger: Ledger, make_entry: Make) -> None:
    rng = np.random.default_rng(5)
    blocks, sharpes = rng.normal(size=(6, 16)).astype(np.float32), rng.normal(size=6)
    parameters = {"fast": np.arange(6), "mode": ["a", "b"] * 3, "stop": [0.1, math.nan, 0.3, 0.4, 0.5, 2.0]}
    ledger.append(
        make_entry(
            kind="sweep",
            trials=6,
            parameters={"fast": [0, 5]},
            returns=None,
            sharpes=sharpes,
            block_returns=blocks,
            trial_parameters=parameters,
        )
    )
    arrays = ledger.arrays(1)
    assert np.array_equal(arrays.block_returns, blocks)
    assert np.array_equal(arrays.sharpes, sharpes)
    assert arrays.trial_parameters == {
        "fast": [0, 1, 2, 3, 4, 5],
        "mode": ["a", "b"] * 3,
        "stop": [0.1, None, 0.3, 0.4, 0.5, 2],
    }
    assert len(arrays.configurations) == 6


def test_nan_and_infinity_are_null_in_text_and_kept_in_arrays(ledger: Ledger, make_entry: Make, tmp_path: Path) -> None:
    headline = {"sharpe": math.nan, "profit_factor": math.inf, "deep": {"low": [-math.inf, np.float64("nan")]}}
    ledger.append(make_entry(headline=headline, sharpes=np.array([np.nan])))
    found = ledger.get(1)
    assert found.headline == {"sharpe": None, "profit_factor": None, "deep": {"low": [None, None]}}
    assert np.isnan(ledger.arrays(1).sharpes[0])
    json.loads(json.dumps(found.to_dict(), allow_nan=False))


def test_the_chain_can_be_recomputed_from_its_description(ledger: Ledger, make_entry: Make) -> None:
    """A second reading of the format, from the file alone."""
    ledger.append_many([make_entry(fast) for fast in (1, 2, 3)])
    ledger.close()
    with sqlite3.connect(ledger.path) as connection:
        rows = connection.execute("SELECT * FROM entry ORDER BY sequence").fetchall()
        name, created_at = connection.execute("SELECT id, created_at FROM ledger").fetchone()
    connection.close()
    previous = hashlib.sha256(b"augury.ledger.1\0" + f"{name}:{created_at}".encode()).digest()
    for row in rows:
        sequence, written_at, before, own = row[:4]
        text = b"augury.entry.1\0" + sequence.to_bytes(8, "big") + written_at.to_bytes(8, "big")
        text += (32).to_bytes(8, "big") + previous
        for part in row[10:]:
            text += b"\xff" * 8 if part is None else len(part).to_bytes(8, "big") + part
        assert before == previous
        assert own == hashlib.sha256(text).digest()
        previous = own
    assert ledger.anchor() == f"augury-ledger:1:{name}:3:{previous.hex()}"


def test_several_entries_are_written_all_or_none(ledger: Ledger, make_entry: Make) -> None:
    ledger.append(make_entry(1))
    with pytest.raises(InvalidInput, match=r"parameters\.what should be something JSON can hold"):
        ledger.append_many([make_entry(2), make_entry(parameters={"what": object()})])
    assert len(ledger.entries()) == 1
    receipts = ledger.append_many([make_entry(fast) for fast in range(2, 6)])
    assert [receipt.sequence for receipt in receipts] == [2, 3, 4, 5]
    assert ledger.append_many([]) == ()
    assert ledger.verify().ok


def test_entries_are_filtered_by_every_condition(
    ledger: Ledger, make_entry: Make, make_data: Callable[..., DataKey]
) -> None:
    ledger.append(make_entry(1))
    ledger.append(make_entry(2, kind="validate", trials=1))
    ledger.append(make_entry(3, subject="momentum", strategy_id="beef"))
    ledger.append(make_entry(4, data=make_data("AAPL", "b2")))

    def found(**wanted: object) -> list[int]:
        return [one.sequence for one in ledger.entries(EntryFilter(**wanted))]

    assert found() == [1, 2, 3, 4]
    assert found(kind="validate") == [2]
    assert found(subject="momentum") == found(strategy_id="beef") == [3]
    assert found(symbol=" aapl ") == found(data_id=make_data("AAPL", "b2").id) == [4]
    assert found(trial_key=ledger.get(2).trial_key) == [2]
    assert found(since=2, until=3) == [2, 3]
    assert found(limit=2) == [1, 2]
    assert found(limit=2, newest_first=True) == [4, 3]
    times = [one.written_at for one in ledger.entries()]
    assert found(written_since=times[1], written_until=times[2]) == [2, 3]
    assert found(kind="sweep") == []


def test_what_is_not_there_is_said_with_what_is(ledger: Ledger, make_entry: Make) -> None:
    with pytest.raises(NotFound, match=r"there is no ledger at .* yet"):
        ledger.entries()
    with pytest.raises(NotFound, match="there is no ledger"):
        ledger.verify()
    assert not ledger.path.exists(), "reading makes no file"
    ledger.append(make_entry())
    for reference in (2, 0, -1, "99999999999999999999999", "abc", "ffffffffff", "", "' OR 1"):
        with pytest.raises(NotFound, match=r"has no entry .* it has 1"):
            ledger.get(reference)


def test_a_hash_prefix_that_several_entries_share_is_refused(ledger: Ledger, make_entry: Make) -> None:
    begins: Counter[str] = Counter()
    shared = ""
    while not shared:  # hashes are as good as random: some 300 entries, seldom more than 1,000
        begins.update(one.hash[:4] for one in ledger.append_many([make_entry(fast) for fast in range(100)]))
        shared = next((one for one, times in begins.items() if times > 1 and not one.isdecimal()), "")
    with pytest.raises(InvalidInput, match="several entries have a hash that begins"):
        ledger.get(shared)


def test_two_clocks_that_disagree_leave_the_order_to_the_sequence(tmp_path: Path, make_entry: Make) -> None:
    path = tmp_path / "ledger"
    with Ledger(path, clock=lambda: 2_000) as ahead, Ledger(path, clock=lambda: 1_000) as behind:
        ahead.append(make_entry(1))
        behind.append(make_entry(2))
        ahead.append(make_entry(3))
        assert [one.written_at for one in behind.entries()] == [2_000, 1_000, 2_000]
        assert behind.verify().ok


def test_two_ledgers_with_the_same_entries_are_two_chains(tmp_path: Path, make_entry: Make) -> None:
    receipts = []
    for name in ("one", "two"):
        with Ledger(tmp_path / name, clock=lambda: 5) as ledger:
            receipts.append(ledger.append(make_entry()))
    assert receipts[0].hash != receipts[1].hash
    assert receipts[0].trial_key == receipts[1].trial_key
    with Ledger(tmp_path / "two") as other:
        check = other.verify(receipts[0])
        assert [problem.trouble for problem in check.problems] == ["anchor not met"]


@pytest.mark.parametrize("spec", [LedgerSpec(journal="delete"), LedgerSpec(durable=True)])
def test_other_ways_of_writing_give_the_same_ledger(tmp_path: Path, make_entry: Make, spec: LedgerSpec) -> None:
    with Ledger(tmp_path / "ledger", spec, clock=lambda: 5, identity=lambda: "0" * 32) as ledger:
        first = ledger.append(make_entry())
        assert ledger.verify().ok
    with Ledger(tmp_path / "usual", clock=lambda: 5, identity=lambda: "0" * 32) as usual:
        assert usual.append(make_entry()) == first


BAD_ENTRIES = {
    "Upper": ({"kind": "Backtest"}, "kind should be a lower-case word"),
    "subject": ({"subject": " "}, "subject of an entry should be text that is not blank"),
    "surrogate": ({"strategy_id": "\ud800"}, "strategy_id of an entry should be valid Unicode text"),
    "data": ({"data": "SPX"}, "data of an entry should be a DataKey"),
    "negative": ({"trials": -1}, "trials should be a whole number"),
    "boolean": ({"trials": True}, "trials should be a whole number"),
    "uncounted": ({"trials": 0}, "1 trials are described, but trials = 0"),
    "shape": ({"sharpes": np.ones((2, 2))}, "sharpes should be an array of floats with 1 dimensions"),
    "list": ({"sharpes": [0.1]}, "sharpes should be an array of floats"),
    "sizes": ({"trials": 2, "sharpes": np.ones(2)}, "should describe the same trials, got sizes"),
    "empty": ({"returns": np.empty(0)}, "returns are not empty"),
    "both": ({"block_returns": np.ones((1, 3))}, "a single run or block_returns"),
    "half": ({"returns": np.ones(3, dtype=np.float16)}, "returns should be float32 or float64, got float16"),
    "key": ({"parameters": {1: 2}}, "should have text keys, got 1"),
    "parameter": ({"trial_parameters": {"fast": [1, 2]}}, "should describe the same trials"),
}


@pytest.mark.parametrize("name", BAD_ENTRIES)
def test_an_entry_that_contradicts_itself_is_refused(ledger: Ledger, make_entry: Make, name: str) -> None:
    changes, message = BAD_ENTRIES[name]
    with pytest.raises(InvalidInput, match=message):
        ledger.append(make_entry(**changes))
    assert not ledger.path.exists()


def test_a_value_that_contains_itself_is_refused(make_entry: Make, ledger: Ledger) -> None:
    loop: dict[str, object] = {}
    loop["again"] = loop
    with pytest.raises(InvalidInput, match="contains itself"):
        ledger.append(make_entry(headline=loop))


def test_a_capsule_is_kept_with_its_entry(ledger: Ledger, make_entry: Make) -> None:
    capsule = Capsule(operation="backtest", created_at=5, options={"cash": 1e5, "stop": math.nan}, seed=3)
    ledger.append(make_entry(capsule=capsule))
    assert Capsule.from_dict(ledger.get(1).capsule) == capsule


def test_a_file_that_is_replaced_under_a_writer_is_opened_again(
    ledger: Ledger, make_entry: Make, tmp_path: Path
) -> None:
    ledger.append(make_entry(1))
    ledger.close()
    shutil.copy(ledger.path, tmp_path / "backup")
    ledger.append(make_entry(2))
    (tmp_path / "backup").replace(ledger.path)
    for rest in ("-wal", "-shm"):
        ledger.path.with_name(ledger.path.name + rest).unlink()
    with pytest.raises(DamagedLedger, match="the newest 1 were removed or lost"):
        ledger.append(make_entry(3))
