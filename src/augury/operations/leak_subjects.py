"""What `augury leaks` can test: a strategy, a feature, or a function in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from augury import features, market, strategies
from augury.errors import AuguryError, InvalidInput, NotFound, nearest
from augury.operations.strategy_names import is_model_folder, strategy_of

if TYPE_CHECKING:
    import pandas as pd

    from augury.features import Feature
    from augury.strategies import Strategy

__all__ = ["Kind", "LeakSubject", "leak_subject"]

Kind: TypeAlias = Literal["strategy", "feature", "function"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakSubject:
    """A function of bars (or of bars and news) under test, and how many bars it is silent for, where it says."""

    name: str
    kind: Kind
    run: Callable[..., Any]
    parameters: Mapping[str, float]
    warm_up: int = 0


def leak_subject(text: str, parameters: tuple[str, ...], *, with_news: bool) -> LeakSubject:
    """The strategy, feature or function that a text names.

    Raises NotFound with the nearest names, and InvalidInput for a file that fails, parameters that cannot be, and
    parameters or news that the subject does not take.
    """
    path, _, function = text.partition(".py:")
    if function and path:
        return _without(parameters, _function_in(Path(f"{path}.py"), function))
    if text.endswith(".py"):
        return _file(Path(text), parameters, with_news)
    if with_news:
        raise InvalidInput(f"{text!r} takes bars alone; news= needs a .py file that defines features(bars, news)")
    if text in strategies.strategy_names():
        return _strategy(strategies.strategy_named(text), parameters)
    if is_model_folder(text):
        return _strategy(strategy_of(text), parameters)
    return _without(parameters, _feature(text))


def _file(path: Path, parameters: tuple[str, ...], with_news: bool) -> LeakSubject:
    names = strategies.names_in_file(path)
    strategy = {"positions", "STRATEGY"} & names
    if with_news:
        return _without(parameters, _function_in(path, "positions" if "positions" in names else "features"))
    if "features" in names and not strategy:
        return _without(parameters, _function_in(path, "features"))
    return _strategy(strategies.load_strategy(path), parameters)


def _function_in(path: Path, name: str) -> LeakSubject:
    function = strategies.load_function(path, name)

    def run(*inputs: Any) -> Any:
        try:
            return function(*inputs)
        except AuguryError:
            raise
        except (Exception, SystemExit) as error:
            raise InvalidInput(f"{name} failed: {strategies.failure_of(error, function)}") from error

    return LeakSubject(name=f"{path.name}:{name}", kind="function", run=run, parameters={})


def _strategy(strategy: Strategy, parameters: tuple[str, ...]) -> LeakSubject:
    values = strategy.values(dict(_assignment(text) for text in parameters))
    named = dict(zip(strategy.names, values.tolist(), strict=True))

    def run(bars: pd.DataFrame) -> pd.DataFrame:
        positions = strategy.evaluate(market.bar_arrays(bars), values)
        return bars[["close"]].assign(position=positions)[["position"]]

    warm_up = 0 if strategy.warm_up is None else strategy.warm_up(named)
    return LeakSubject(name=strategy.name, kind="strategy", run=run, parameters=named, warm_up=warm_up)


def _feature(text: str) -> LeakSubject:
    try:
        feature: Feature = features.parse_feature(text)
    except NotFound as error:
        known = [*features.definitions(), *strategies.strategy_names()]
        name = text.partition("(")[0].strip()
        if name in strategies.strategy_names():
            raise InvalidInput(f"{name!r} is a strategy; give its parameters as parameters='fast=10'") from error
        raise NotFound(f"no strategy and no feature is named {name!r}; {nearest(name, known)}") from error

    def run(bars: pd.DataFrame) -> pd.DataFrame:
        return features.compute(bars, feature)

    return LeakSubject(name=feature.label, kind="feature", run=run, parameters={}, warm_up=feature.warm_up)


def _without(parameters: tuple[str, ...], subject: LeakSubject) -> LeakSubject:
    if parameters:
        how = "write options in brackets: 'rsi(timeperiod=7)'" if subject.kind == "feature" else "give it defaults"
        raise InvalidInput(f"{subject.name} takes no parameters={parameters[0]!r}; {how}")
    return subject


def _assignment(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError as error:
        raise InvalidInput(f"expected a parameter such as fast=10, got {text!r}") from error
