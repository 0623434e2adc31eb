"""What a search changes of each model family, unless told otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from augury.errors import InvalidInput, nearest
from augury.learning.estimators.families import family_of, parse_model
from augury.learning.search.dimension import Choice, Dimension

__all__ = ["SPACES", "search_space"]


def _int(name: str, low: int, high: int, *, log: bool = False) -> Dimension:
    return Dimension(name=name, kind="int", low=low, high=high, log=log)


def _real(name: str, low: float, high: float, *, log: bool = False) -> Dimension:
    return Dimension(name=name, kind="float", low=low, high=high, log=log)


def _one_of(name: str, *choices: Choice) -> Dimension:
    return Dimension(name=name, kind="categorical", choices=choices)


_NETWORK = (_real("dropout", 0.0, 0.6), _real("learning_rate", 1e-4, 1e-2, log=True))
_RECURRENT = (*_NETWORK, _int("hidden", 8, 128, log=True), _int("layers", 1, 3))

SPACES: Mapping[str, tuple[Dimension, ...]] = {
    "linear": (_real("l2", 1e-3, 1e5, log=True), _real("clip", 2.0, 10.0)),
    "xgboost": (
        _int("max_depth", 2, 8),
        _real("learning_rate", 0.01, 0.3, log=True),
        _real("min_child_weight", 0.5, 200.0, log=True),
        _real("subsample", 0.4, 1.0),
        _real("colsample_bytree", 0.3, 1.0),
        _real("reg_lambda", 0.1, 1000.0, log=True),
    ),
    "wavelet": (
        _one_of(
            "learner",
            "linear",
            "linear(l2=100.0)",
            "xgboost(max_depth=2)",
            "xgboost(max_depth=4)",
            "xgboost(max_depth=6)",
            "xgboost(max_depth=3, min_child_weight=30.0)",
        ),
    ),
    "lstm": _RECURRENT,
    "gru": _RECURRENT,
    "transformer": (
        *_NETWORK,
        _one_of("width", 16, 32, 64, 128),
        _one_of("heads", 2, 4, 8),
        _int("blocks", 1, 4),
        _int("feed_forward", 32, 512, log=True),
    ),
    "chart_cnn": (_real("dropout", 0.2, 0.7), _real("learning_rate", 1e-6, 1e-3, log=True)),
    "average": (
        _one_of("combine", "mean", "median", "dynamic"),
        _real("eta", 1.0, 100.0, log=True),
        _real("half_life_rows", 5.0, 500.0, log=True),
    ),
    "stack": (_one_of("loss", "least_squares", "log_loss"), _int("folds", 3, 8)),
}


def search_space(model: str, space: tuple[Dimension, ...] = ()) -> tuple[Dimension, ...]:
    """What to change of this model (a text): `space`, or the family's own without the options that the text fixes.

    Raises InvalidInput when an option is unknown, named twice or fixed by the text, or when nothing is left to change.
    """
    name, fixed = parse_model(model)
    family = family_of(name)
    found = space or tuple(dimension for dimension in SPACES[name] if dimension.name not in fixed)
    known = family.load()._get_param_names()
    seen: set[str] = set()
    for dimension in found:
        if dimension.name not in known:
            raise InvalidInput(f"{name!r} has no option {dimension.name!r}; {nearest(dimension.name, known)}")
        if dimension.name in fixed or dimension.name in seen:
            raise InvalidInput(f"the option {dimension.name!r} is fixed by {model!r}, or is searched twice")
        seen.add(dimension.name)
    if not found:
        raise InvalidInput(f"{model!r} fixes every option that would be searched; leave one out, or pass a space")
    return found
