"""A run that stops goes on bit for bit where it was; a checkpoint that is not this run's is refused in words."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need the extra 'deep'")
pytest.importorskip("sklearn", reason="estimators need the extra 'learn'")

from augury.errors import InvalidInput, NotFound  # noqa: E402
from augury.learning.estimators.checkpoints import CheckpointFile  # noqa: E402
from augury.learning.estimators.families import make_model  # noqa: E402

TINY = {
    "lstm": "lstm(hidden=4, layers=2, dropout=0.3, learning_rate=0.02)",
    "transformer": "transformer(width=8, heads=2, blocks=1, feed_forward=8, dropout=0.3)",
    "chart_cnn": "chart_cnn(channels=2, learning_rate=0.01)",
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def tiny(family: str, **options: Any) -> Any:
    return make_model(TINY[family], **({"device": "cpu", "epochs": 5, "patience": 9, "members": 2} | options))


def rows(family: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    if family == "chart_cnn":
        return rng.integers(0, 2, (40, 32, 15)).astype(np.uint8) * 255, np.arange(40) % 2
    x = rng.standard_normal((60, 5, 2))
    return x, (x[:, -1, 0] > 0).astype(np.int64)


def stopped_before(epoch: int) -> Any:
    """A progress bar that is interrupted when the epoch of that number, counted over all members, would begin."""
    begun = iter(range(1, 1000))

    def track(epochs: Any, total: int) -> Any:
        for each in epochs:
            if next(begun) == epoch:
                raise KeyboardInterrupt
            yield each

    return track


def same(one: Any, other: Any) -> bool:
    mine, theirs = one.module_.state_dict(), other.module_.state_dict()
    return mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize("family", TINY)
@pytest.mark.parametrize("epoch", [1, 3, 6, 9])  # before anything, in the first member, between members, in the second
def test_an_interrupted_run_goes_on_bit_for_bit(family: str, epoch: int, tmp_path: Path) -> None:
    x, y = rows(family)
    whole = tiny(family).fit(x, y)
    model = tiny(family, checkpoint=str(tmp_path / "run.ckpt"))
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, track=stopped_before(epoch))
    resumed = tiny(family, checkpoint=str(tmp_path / "run.ckpt"))
    left = []

    def track(epochs: Any, total: int) -> Any:
        left.append(total)
        return epochs

    resumed.fit(x, y, track=track)
    assert sum(left) == 10 - (epoch - 1)
    assert same(resumed, whole)
    assert resumed.history_ == whole.history_
    assert resumed.best_epochs_ == whole.best_epochs_
    assert [path.name for path in tmp_path.iterdir()] == ["run.ckpt"]  # no drafts are left


def test_patience_is_remembered_over_an_interruption(tmp_path: Path) -> None:
    x, _ = rows("lstm")
    noise = np.random.default_rng(2).integers(0, 2, 60)
    options = {"epochs": 30, "patience": 3, "members": 1, "hidden": 16}
    whole = tiny("lstm", **options).fit(x, noise)
    stop = len(whole.history_)
    assert stop < 30
    with pytest.raises(KeyboardInterrupt):
        tiny("lstm", **options, checkpoint=str(tmp_path / "c")).fit(x, noise, track=stopped_before(stop))
    resumed = tiny("lstm", **options, checkpoint=str(tmp_path / "c")).fit(x, noise)
    assert same(resumed, whole)
    assert len(resumed.history_) == stop


def test_a_finished_run_is_read_and_not_trained_again(tmp_path: Path) -> None:
    x, y = rows("lstm")
    first = tiny("lstm", checkpoint=str(tmp_path / "c")).fit(x, y)
    again = tiny("lstm", checkpoint=str(tmp_path / "c")).fit(x, y, track=stopped_before(1))
    assert same(first, again)
    assert first.history_ == again.history_


@pytest.mark.parametrize("option", [{"seed": 1}, {"epochs": 6}, {"hidden": 5}, {"members": 3}])
def test_a_checkpoint_of_other_options_is_refused_by_their_names(option: dict[str, Any], tmp_path: Path) -> None:
    x, y = rows("lstm")
    tiny("lstm", checkpoint=str(tmp_path / "c")).fit(x, y)
    with pytest.raises(InvalidInput, match=next(iter(option))):
        tiny("lstm", checkpoint=str(tmp_path / "c"), **option).fit(x, y)


def test_a_checkpoint_of_another_family_or_of_other_data_is_refused(tmp_path: Path) -> None:
    x, y = rows("lstm")
    tiny("lstm", checkpoint=str(tmp_path / "c")).fit(x, y)
    with pytest.raises(InvalidInput, match="family 'lstm' there, 'transformer' here"):
        tiny("transformer", checkpoint=str(tmp_path / "c")).fit(x, y)
    gru = make_model(
        TINY["lstm"].replace("lstm", "gru"), epochs=5, patience=9, members=2, checkpoint=str(tmp_path / "c")
    )
    with pytest.raises(InvalidInput, match="family 'lstm' there, 'gru' here"):
        gru.fit(x, y)
    other = x.copy()
    other[3, 1, 0] += 1e-9
    for changed in ((other, y), (x, np.where(np.arange(60) == 7, 1 - y, y)), (x, y, np.linspace(1.0, 2.0, 60))):
        with pytest.raises(InvalidInput, match="training data differ"):
            tiny("lstm", checkpoint=str(tmp_path / "c")).fit(*changed)


@pytest.mark.parametrize("damage", ["cut", "bit", "text", "empty", "pickle"])
def test_a_damaged_checkpoint_is_refused(damage: str, tmp_path: Path) -> None:
    x, y = rows("lstm")
    path = tmp_path / "c"
    tiny("lstm", checkpoint=str(path)).fit(x, y)
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    forms = {
        "cut": content[:-100],
        "bit": bytes(flipped),
        "text": b"weights",
        "empty": b"",
        "pickle": pickle.dumps([1]),
    }
    path.write_bytes(forms[damage])
    with pytest.raises(InvalidInput, match="damaged one; remove it"):
        tiny("lstm", checkpoint=str(path)).fit(x, y)


def test_opening_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "ran",))

    file = CheckpointFile(str(tmp_path / "c"), {}, "data")
    file.write({"training": Trap()})
    with pytest.raises(InvalidInput, match="remove it"):
        file.read()
    assert not (tmp_path / "ran").exists()


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = CheckpointFile(str(tmp_path / "c"), {"seed": 1}, "data")
    file.write({"epoch": 1})

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("augury.learning.estimators.checkpoints.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        file.write({"epoch": 2})
    assert file.read() == {"epoch": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_a_folder_or_a_missing_folder_is_refused(tmp_path: Path) -> None:
    x, y = rows("lstm")
    with pytest.raises(InvalidInput, match="is a folder"):
        tiny("lstm", checkpoint=str(tmp_path)).fit(x, y)
    with pytest.raises(NotFound, match="create it first"):
        tiny("lstm", checkpoint=str(tmp_path / "none" / "c")).fit(x, y)
