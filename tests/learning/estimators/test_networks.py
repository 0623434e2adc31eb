"""What all networks share: they learn what is there, repeat bit for bit, stop early, and refuse bad input."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="networks need the extra 'deep'")
sklearn_base = pytest.importorskip("sklearn.base", reason="estimators need the extra 'learn'")

from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.model_selection import TimeSeriesSplit, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import FunctionTransformer  # noqa: E402

from augury.errors import InvalidInput, MissingExtra, NotEnoughData  # noqa: E402
from augury.learning.data.inputs import Inputs  # noqa: E402
from augury.learning.data.scaling import RobustScaler  # noqa: E402
from augury.learning.estimators import torch_scope  # noqa: E402
from augury.learning.estimators.families import make_model, model_text  # noqa: E402
from augury.learning.estimators.network_data import FitRows, class_shares  # noqa: E402
from augury.learning.estimators.network_rows import NetworkRows  # noqa: E402
from augury.market.bars import BarArrays  # noqa: E402

TINY = {
    "lstm": "lstm(hidden=8, layers=1, learning_rate=0.03, epochs=15)",
    "gru": "gru(hidden=8, layers=2, learning_rate=0.03, epochs=15)",
    "transformer": "transformer(width=8, heads=2, blocks=1, feed_forward=16, learning_rate=0.01, epochs=15)",
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def tiny(family: str, **options: Any) -> Any:
    return make_model(TINY[family], **({"device": "cpu"} | options))


def windows(rows: int = 300, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Windows whose last step's first feature decides the class, features in very different units."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((rows, 6, 3))
    return values * [1.0, 500.0, 1e-4] + [0.0, 40_000.0, 0.0], (values[:, -1, 0] > 0).astype(np.int64)


def weights_of(model: Any) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in model.module_.state_dict().items()}


def same_weights(one: Any, other: Any) -> bool:
    mine, theirs = weights_of(one), weights_of(other)
    return mine.keys() == theirs.keys() and all(np.array_equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize("family", TINY)
def test_a_planted_pattern_is_learnt_and_recognised_on_later_rows(family: str) -> None:
    x, y = windows(500)
    model = tiny(family).fit(x[:400], y[:400])
    assert model.score(x[400:], y[400:]) > 0.9
    probabilities = model.predict_proba(x[400:])
    assert probabilities.shape == (100, 2)
    assert probabilities.dtype == np.float64
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)
    assert np.array_equal(model.predict(x[400:]), model.classes_[probabilities.argmax(axis=1)])


@pytest.mark.parametrize("family", TINY)
def test_noise_is_not_learnt(family: str) -> None:
    x, _ = windows(400)
    coin = np.random.default_rng(7).integers(0, 2, 400)
    model = tiny(family).fit(x[:300], coin[:300])
    assert abs(model.score(x[300:], coin[300:]) - 0.5) < 0.15  # three standard errors of a coin over 100 rows


@pytest.mark.parametrize("family", TINY)
def test_a_regression_gives_values_in_the_targets_own_units(family: str) -> None:
    x, _ = windows(500)
    y = 1000.0 + 0.01 * x[:, -1, 0]
    model = tiny(family, task="regression", epochs=25).fit(x[:400], y[:400])
    assert model.predict(x[400:]).shape == (100,)
    assert model.score(x[400:], y[400:]) > 0.8  # R2
    assert not hasattr(model, "predict_proba")


def test_classes_keep_their_numbers() -> None:
    x, y = windows()
    model = tiny("gru").fit(x, np.where(y == 1, 5.0, -2.0))
    assert model.classes_.tolist() == [-2, 5]
    assert set(model.predict(x)) == {-2, 5}


@pytest.mark.parametrize("family", TINY)
def test_equal_seeds_give_equal_weights_and_other_seeds_others(family: str) -> None:
    x, y = windows(100)
    one, again = (tiny(family, epochs=2, members=2, dropout=0.3).fit(x, y) for _ in range(2))
    assert same_weights(one, again)
    assert one.history_ == again.history_
    assert not same_weights(one, tiny(family, epochs=2, members=2, dropout=0.3, seed=1).fit(x, y))


def test_training_leaves_torchs_random_numbers_and_settings_alone() -> None:
    x, y = windows(60)
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    tiny("lstm", epochs=2).fit(x, y)
    assert torch.equal(torch.rand(4), expected)
    assert not torch.are_deterministic_algorithms_enabled()


def test_random_numbers_and_settings_are_restored_after_an_error_too() -> None:
    before = torch.get_rng_state()

    def interrupted() -> None:
        with torch_scope.deterministic(5, torch.device("cpu")):
            assert torch.are_deterministic_algorithms_enabled()
            torch.rand(3)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.are_deterministic_algorithms_enabled()


def test_seeds_of_members_and_epochs_differ() -> None:
    seeds = {torch_scope.step_seed(0, member, epoch) for member in range(20) for epoch in range(20)}
    assert len(seeds) == 400
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize("family", TINY)
def test_scikit_learn_clones_it_and_puts_it_in_a_pipeline(family: str) -> None:
    x, y = windows(120)
    model = tiny(family, epochs=2, seed=9)
    clone = sklearn_base.clone(model)
    assert clone.get_params() == model.get_params()
    assert sklearn_base.is_classifier(model)
    assert sklearn_base.is_regressor(tiny(family, task="regression"))
    piped = make_pipeline(FunctionTransformer(), clone).fit(x, y)
    assert np.array_equal(piped.predict_proba(x), model.fit(x, y).predict_proba(x))
    assert cross_val_score(clone, x, y, cv=TimeSeriesSplit(2)).shape == (2,)


@pytest.mark.parametrize("family", [*TINY, "chart_cnn"])
def test_text_and_options_name_the_same_model_and_every_option_is_bounded(family: str) -> None:
    model = make_model(family)
    assert model_text(model) == family
    assert model.family == family
    bounds = set(inspect.signature(model.spec_type).parameters)
    assert bounds == set(model.get_params())
    assert model.checked_options().to_dict() == model.get_params()


@pytest.mark.parametrize(
    ("option", "value"),
    [("hidden", 0), ("dropout", 1.0), ("epochs", 0), ("learning_rate", -1.0), ("device", "tpu"), ("members", 0),
     ("batch_rows", 1), ("seed", -1), ("task", "ranking"), ("patience", 0), ("gradient_clip", float("nan"))],
)  # fmt: skip
def test_options_out_of_bounds_are_refused_by_name(option: str, value: object) -> None:
    x, y = windows(50)
    with pytest.raises(InvalidInput, match=option):
        make_model("lstm", **{option: value}).fit(x, y)


def test_the_best_epoch_is_kept_and_patience_ends_the_training() -> None:
    x, _ = windows(60)
    noise = np.random.default_rng(2).integers(0, 2, 60)  # the more is learnt of noise, the worse the validation
    model = tiny("lstm", epochs=40, patience=3, hidden=32).fit(x, noise, validation=(x[:, ::-1], noise[::-1]))
    losses = [record["valid_loss"] for record in model.history_]
    assert model.best_epoch_ == int(np.argmin(losses)) + 1
    assert len(losses) == model.best_epoch_ + 3 < 40
    assert [record["epoch"] for record in model.history_] == list(range(1, len(losses) + 1))
    short = tiny("lstm", epochs=40, patience=3, hidden=32)

    def until_best(epochs: Any, total: int) -> Any:
        for epoch in epochs:
            if epoch == model.best_epoch_:
                return
            yield epoch

    short.fit(x, noise, validation=(x[:, ::-1], noise[::-1]), track=until_best)
    assert same_weights(short, model)


def test_the_validation_loss_is_the_log_loss_of_the_kept_network() -> None:
    x, y = windows(200)
    model = tiny("gru", epochs=4, class_weights=False).fit(x[:150], y[:150], validation=(x[150:], y[150:]))
    probability = model.predict_proba(x[150:])[np.arange(50), y[150:]]
    best = model.history_[model.best_epoch_ - 1]["valid_loss"]
    np.testing.assert_allclose(best, -np.log(probability).mean(), rtol=1e-5)


def test_the_learning_rate_follows_a_cosine_or_stays() -> None:
    x, y = windows(40)
    falling = tiny("gru", epochs=4, patience=9, learning_rate=0.01).fit(x, y).history_
    expected = [0.01 * 0.5 * (1 + np.cos(np.pi * at / 4)) for at in range(4)]
    np.testing.assert_allclose([record["learning_rate"] for record in falling], expected)
    flat = tiny("gru", epochs=4, patience=9, learning_rate=0.01, schedule="constant").fit(x, y).history_
    assert {record["learning_rate"] for record in flat} == {0.01}


def test_progress_is_told_once_a_member_with_the_number_of_epochs() -> None:
    x, y = windows(40)
    totals = []

    def track(epochs: Any, total: int) -> Any:
        totals.append(total)
        return epochs

    model = tiny("gru", epochs=3, members=2).fit(x, y, track=track)
    assert totals == [3, 3]
    assert len(model.best_epochs_) == 2


def test_members_are_averaged() -> None:
    x, y = windows(100)
    model = tiny("gru", epochs=2, members=3).fit(x, y)
    first = tiny("gru", epochs=2).fit(x, y)
    assert len(model.module_.members) == 3
    with torch.inference_mode():
        scaled = model.module_.scaling(torch.from_numpy(x.astype(np.float32)))
        each = [torch.softmax(member(scaled), 1).numpy() for member in model.module_.members]
    np.testing.assert_allclose(model.predict_proba(x), np.mean(each, axis=0), atol=1e-6)
    np.testing.assert_allclose(first.predict_proba(x), each[0], atol=1e-6)  # the first member is the model alone


def test_sample_weights_decide_between_rows_that_contradict_each_other() -> None:
    x, y = windows(300)
    x, y = np.concatenate([x, x]), np.concatenate([y, 1 - y])
    order = np.random.default_rng(3).permutation(600)
    heavy = np.concatenate([np.full(300, 10.0), np.ones(300)])
    model = tiny("gru").fit(x[order], y[order], heavy[order])
    assert model.score(x[:300], y[:300]) > 0.9
    other = tiny("gru").fit(x[order], y[order], 11.0 - heavy[order])
    assert other.score(x[:300], y[:300]) < 0.1


def test_the_scale_of_sample_weights_means_nothing() -> None:
    x, y = windows(80)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, 80)
    one = tiny("gru", epochs=2).fit(x, y, weights)
    assert same_weights(one, tiny("gru", epochs=2).fit(x, y, weights * 4.0))


def test_class_weights_give_every_class_the_same_total() -> None:
    y = np.array([0, 0, 0, 1, 2, 2])
    weights = np.array([1.0, 2.0, 3.0, 1.0, 0.5, 0.5])
    fit = FitRows.checked(np.zeros((6, 2, 1)), y, weights)
    shares = class_shares(fit, np.arange(3), balanced=True)
    totals = [(weights * shares[y])[y == at].sum() for at in range(3)]
    np.testing.assert_allclose(totals, 2.0)  # six rows, three classes
    plain = class_shares(fit, np.arange(3), balanced=False)
    np.testing.assert_allclose((weights * plain[y]).mean(), 1.0)
    with pytest.raises(InvalidInput, match="sample weights of class 1"):
        class_shares(FitRows.checked(np.zeros((3, 2, 1)), [0, 1, 0], [1.0, 0.0, 1.0]), np.arange(2), balanced=True)


def test_class_weights_find_a_rare_class() -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((600, 4, 2))
    y = (x[:, -1, 0] + rng.standard_normal(600) > 2.2).astype(np.int64)  # about 6 %, and blurred
    found = {on: tiny("gru", class_weights=on).fit(x, y).predict(x)[y == 1].mean() for on in (True, False)}
    assert found[True] > found[False] + 0.2


def test_features_are_scaled_by_median_and_quartiles_of_the_training_rows_alone() -> None:
    x, y = windows(100)
    model = tiny("gru", epochs=1).fit(x[:80], y[:80], validation=(x[80:] * 7.0, y[80:]))
    flat = x[:80].astype(np.float32).reshape(-1, 3).astype(np.float64)
    low, middle, high = np.quantile(flat, [0.25, 0.5, 0.75], axis=0)
    np.testing.assert_allclose(model.module_.scaling.centre, middle, rtol=1e-6)
    np.testing.assert_allclose(model.module_.scaling.scale, high - low, rtol=1e-5)
    far = torch.from_numpy(np.full((1, 6, 3), 1e9, dtype=np.float32))
    assert float(model.module_.scaling(far).max()) == 5.0


def test_the_module_maps_raw_input_to_what_the_model_predicts() -> None:
    x, y = windows(60)
    model = tiny("transformer", epochs=1).fit(x, y)
    assert not model.module_.training
    with torch.inference_mode():
        found = model.module_(torch.from_numpy(x.astype(np.float32))).numpy()
    assert np.array_equal(found.astype(np.float64), model.predict_proba(x))


@pytest.mark.parametrize("family", TINY)
def test_a_row_depends_on_no_other_row_and_on_no_batch_size(family: str) -> None:
    x, y = windows(700)
    model = tiny(family, epochs=1).fit(x[:100], y[:100])
    whole = model.predict_proba(x)  # in two parts, since the parts hold 512 rows
    for row in (0, 511, 512, 699):
        np.testing.assert_allclose(model.predict_proba(x[row : row + 1])[0], whole[row], rtol=0, atol=1e-6)
    shuffled = x.copy()
    shuffled[1:] = shuffled[1:][::-1] * 3.0
    np.testing.assert_allclose(model.predict_proba(shuffled)[0], whole[0], rtol=0, atol=1e-6)


def test_a_fitted_model_survives_a_copy_and_a_trip_to_another_process() -> None:
    x, y = windows(60)
    model = tiny("transformer", epochs=1).fit(x, y)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(other.predict_proba(x), model.predict_proba(x))


def test_a_refused_fit_leaves_the_model_as_it_was() -> None:
    x, y = windows(60)
    model = tiny("gru", epochs=1).fit(x, y)
    before = model.predict_proba(x)
    with pytest.raises(InvalidInput, match="constant"):
        model.fit(np.where(np.arange(3) == 1, 4.0, x), y + 3)
    assert model.classes_.tolist() == [0, 1]
    assert np.array_equal(model.predict_proba(x), before)


def test_no_rows_give_no_predictions() -> None:
    x, y = windows(60)
    model = tiny("gru", epochs=1).fit(x, y)
    assert model.predict_proba(x[:0]).shape == (0, 2)
    assert model.predict(x[:0]).shape == (0,)


def test_what_cannot_be_learnt_is_refused_with_the_remedy() -> None:
    x, y = windows(60)
    model = tiny("gru", epochs=1)
    with pytest.raises(InvalidInput, match="one class only"):
        model.fit(x, np.zeros(60))
    with pytest.raises(NotEnoughData, match="got 1 of class 2"):
        model.fit(x, np.where(np.arange(60) == 3, 2, y))
    with pytest.raises(NotEnoughData, match="got 0 of class 2 before the validation rows"):
        model.fit(x, np.where(np.arange(60) > 55, 2, y))
    with pytest.raises(InvalidInput, match="task='regression'"):
        model.fit(x, y + 0.25)
    with pytest.raises(InvalidInput, match="finite"):
        model.fit(x, np.where(y == 1, np.nan, 0.0))
    with pytest.raises(InvalidInput, match="constant"):
        model.fit(np.where(np.arange(3) == 1, 4.0, x), y)
    with pytest.raises(InvalidInput, match="target is constant"):
        tiny("gru", task="regression").fit(x, np.full(60, 3.0))
    bad = x.copy()
    bad[41, 2, 1] = np.nan
    with pytest.raises(InvalidInput, match=r"row 41 holds nan at \[2, 1\].*keep_nan=False"):
        model.fit(bad, y)
    with pytest.raises(InvalidInput, match="inf"):
        model.fit(np.where(np.arange(3) == 1, 1e60, x), y)  # infinite in float32
    with pytest.raises(InvalidInput, match="sample weight"):
        model.fit(x, y, -np.ones(60))
    with pytest.raises(InvalidInput, match=r"\[rows, T, k\]"):
        model.fit(x[:, 0], y)
    with pytest.raises(InvalidInput, match="learning_rate"):
        tiny("gru", task="regression", learning_rate=1.0, gradient_clip=1e6, epochs=5).fit(
            x, y * 1.0, validation=(x, np.where(y == 1, 1e30, -1e30))
        )


def test_validation_rows_of_another_form_or_class_are_refused() -> None:
    x, y = windows(60)
    model = tiny("gru", epochs=1)
    with pytest.raises(InvalidInput, match="classes learnt"):
        model.fit(x, y, validation=(x, y + 1))
    with pytest.raises(InvalidInput, match=r"shape \(6, 3\)"):
        model.fit(x, y, validation=(x[:, 1:], y))
    with pytest.raises(InvalidInput, match=r"\(X, y\)"):
        model.fit(x, y, validation=x)


def test_predicting_before_fitting_or_from_another_form_is_refused() -> None:
    x, y = windows(60)
    model = tiny("gru", epochs=1)
    with pytest.raises(NotFittedError):
        model.predict_proba(x)
    model.fit(x, y)
    for other in (x[:, :, :2], x[:, 1:], np.concatenate([x, x], axis=2)):
        with pytest.raises(InvalidInput, match=r"is expecting \(6, 3\)"):
            model.predict(other)
    with pytest.raises(InvalidInput, match="finite"):
        model.predict(np.where(np.arange(3) == 1, np.nan, x))


def inputs_of(rows: int, label_bars: int, columns: tuple[str, ...] = ("momentum", "price", "spread")) -> Inputs:
    """Two symbols with equal times, windows of six bars."""
    rng = np.random.default_rng(4)
    bars = rows + 10
    opened_at = np.arange(bars, dtype=np.int64) * 86_400_000_000_000
    tables = tuple(rng.standard_normal((bars, len(columns))) for _ in range(2))
    matrix = np.ones((5, bars))
    at = np.repeat(np.arange(rows) + 6, 2)
    return Inputs(
        tables=tables,
        bars=tuple(BarArrays(opened_at=opened_at, matrix=matrix) for _ in range(2)),
        columns=columns,
        symbol=np.tile([0, 1], rows).astype(np.int64),
        bar=at,
        opened_at=opened_at[at],
        label_end=opened_at[np.minimum(at + label_bars, bars - 1)],
        sequence_bars=6,
    )


def test_inputs_and_the_array_that_they_hold_teach_the_same() -> None:
    inputs = inputs_of(60, 0)
    array = inputs.sequence()
    y = (array[:, -1, 0] > 0).astype(int)
    one = tiny("gru", epochs=2).fit(inputs[:80], y[:80], validation=(inputs[80:], y[80:]))
    other = tiny("gru", epochs=2).fit(array[:80], y[:80], validation=(array[80:], y[80:]))
    assert same_weights(one, other)
    assert one.columns_ == ("momentum", "price", "spread")
    assert one.n_features_in_ == 3
    assert other.columns_ is None


def test_the_last_rows_by_time_stop_the_training_and_labels_that_reach_them_are_left_out() -> None:
    inputs = inputs_of(100, 5)
    fit, stop = FitRows.checked(inputs, np.arange(200) % 2).blocks()
    assert fit.inputs.label_end.max() < stop.inputs.opened_at.min()
    assert abs(len(stop) - 30) <= 2
    assert len(fit) == 200 - len(stop) - 2 * 5


def test_inputs_with_other_columns_are_refused() -> None:
    inputs = inputs_of(60, 1)
    y = np.arange(120) % 2
    model = tiny("gru", epochs=1).fit(inputs, y)
    assert model.predict(inputs).shape == (120,)
    with pytest.raises(InvalidInput, match="'range'"):
        model.predict(inputs_of(60, 1, ("momentum", "price", "range")))
    with pytest.raises(InvalidInput, match="same order"):
        model.predict(inputs_of(60, 1, ("price", "momentum", "spread")))


def test_rows_too_many_to_hold_are_read_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = inputs_of(60, 1)
    held = NetworkRows(inputs, "sequence")
    monkeypatch.setattr("augury.learning.estimators.network_rows._HELD_BYTES", 0)
    read = NetworkRows(inputs, "sequence")
    assert isinstance(read._source, Inputs)
    assert not isinstance(held._source, Inputs)
    rows = np.array([3, 0, 77])
    assert np.array_equal(read.batch(rows), held.batch(rows))
    assert np.array_equal(read.batch(rows), inputs.sequence()[rows].astype(np.float32))
    assert np.array_equal(np.concatenate(list(read.batches(50))), np.concatenate(list(held.batches(7))))


def test_very_many_windows_are_thinned_evenly_for_scaling(monkeypatch: pytest.MonkeyPatch) -> None:
    x, _ = windows(1000)
    monkeypatch.setattr("augury.learning.estimators.network_rows._SCALED_STEPS", 1200)
    steps = NetworkRows(x, "sequence").steps()
    assert steps.shape == (1200, 3)
    spread = RobustScaler.fit(x).scale
    np.testing.assert_allclose(RobustScaler.fit(steps).scale, spread, rtol=0.1)


def test_asking_for_a_gpu_that_is_not_there_is_refused() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    x, y = windows(40)
    with pytest.raises(Exception, match="device='auto'"):
        tiny("gru", device="cuda").fit(x, y)


def test_importing_learning_touches_no_torch() -> None:
    code = (
        "import sys, augury.learning, augury.learning.estimators.families; "
        "sys.exit(any(name.split('.')[0] in ('torch', 'sklearn') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_torch_the_remedy_is_a_pip_line() -> None:
    code = "import sys; sys.modules['torch'] = None\nfrom augury.learning.estimators.families import make_model\n"
    code += (
        "from augury.errors import MissingExtra\ntry: make_model('lstm')\nexcept MissingExtra as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "augury[deep]" in done.stdout
    assert issubclass(MissingExtra, ImportError)
