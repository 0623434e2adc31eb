"""Running a capsule again: its data, its strategy, its settings, and what differs from what was recorded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augury import backtest, strategies
from augury.errors import InvalidInput, NotFound, Refused
from augury.operations.changes import Change, cause_of
from augury.operations.recorded_bars import recorded_bars
from augury.operations.recording import versions
from augury.operations.strategy_inputs import Instrument
from augury.operations.strategy_names import is_model_folder, strategy_of

if TYPE_CHECKING:
    from augury.backtest import BacktestResult, BacktestSpec
    from augury.ledger import Capsule, CapsuleDifference, StrategySource
    from augury.operations.capsules import FoundCapsule
    from augury.strategies import Strategy

__all__ = ["Rerun", "rerunning"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rerun:
    """A capsule run again: `changes` to what it was made from, `differences` in what came out of it."""

    found: FoundCapsule
    result: BacktestResult
    instrument: Instrument
    changes: tuple[Change, ...]
    differences: tuple[CapsuleDifference, ...]

    @property
    def capsule(self) -> Capsule:
        """What was recorded."""
        return self.found.capsule

    @property
    def same_data(self) -> bool:
        """Whether the recorded bars and corporate actions were there."""
        return all(change.harmless for change in self.changes if change.part == "data")

    @property
    def reproduced(self) -> bool:
        """Whether the recorded data gave the recorded result, bit for bit."""
        return self.same_data and not self.differences

    @property
    def cause(self) -> str:
        """Why the result differs, as far as can be told; empty when nothing does."""
        return cause_of(self.changes) if self.differences else ""


@contextmanager
def rerunning(found: FoundCapsule, data: str | None = None) -> Iterator[Rerun]:
    """Run a capsule again. Its strategy can be used within the context only: it may live in a temporary folder.

    `data` is where the bars are now, when they moved. A strategy whose text the capsule holds is run from that text, as
    it was; a registered one as it is today. Nothing is written to a ledger.

    NotFound when data or strategy are gone; Refused for a capsule of something that is not a run of a strategy.
    """
    capsule = found.capsule
    if capsule.strategy is None or len(capsule.data) != 1:
        raise Refused(
            f"{found.reference} is of {capsule.operation} on {len(capsule.data)} series; only runs of one strategy on "
            "one series can be run again"
        )
    instrument, changes = recorded_bars(found, data)
    spec, about_settings = _settings(capsule)
    with _strategy(capsule, capsule.strategy) as strategy:
        result = backtest.run_backtest(
            strategy,
            instrument.bars,
            capsule.parameters,
            spec,
            actions=instrument.actions,
            symbol=instrument.symbol,
        )
        changes += [*_code(capsule.strategy, strategy), *about_settings, *_versions(capsule)]
        yield Rerun(
            found=found,
            result=result,
            instrument=instrument,
            changes=tuple(changes),
            differences=capsule.compare(result.digests),
        )


def _settings(capsule: Capsule) -> tuple[BacktestSpec, list[Change]]:
    """The recorded settings, and those that this version has and the recorded one did not."""
    try:
        spec = backtest.BacktestSpec.from_dict(capsule.spec)
    except InvalidInput as error:
        made = capsule.versions.get("augury", "of another version")
        raise InvalidInput(f"this version cannot take the recorded settings ({error}); use augury {made}") from error
    now, then = _flat(spec.to_dict()), _flat(capsule.spec)
    new = [f"{name}={now[name]}" for name in sorted(now.keys() - then.keys())]
    if not new:
        return spec, []
    text = f"the engine has settings that were not there then: {', '.join(new)}"
    return spec, [Change(part="settings", text=text)]


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= {f"{name}.{key}": item for key, item in value.items()} if isinstance(value, Mapping) else {name: value}
    return flat


def _versions(capsule: Capsule) -> list[Change]:
    differences = capsule.compare_versions(versions())
    if not differences:
        return []
    told = ", ".join(f"{one.name} {one.found or 'absent'} instead of {one.recorded or 'absent'}" for one in differences)
    return [Change(part="versions", text=told, remedy="Install the recorded versions to compare with them.")]


def _code(source: StrategySource, strategy: Strategy) -> list[Change]:
    if source.text is not None or not source.sha256 or strategy.code_id == source.sha256:
        return []
    if is_model_folder(source.name):
        text = f"the model in {source.name} is another one, or followed in another way: {strategy.summary}"
        return [Change(part="code", text=text, remedy="Put the model that ran there back, with the same Augury.")]
    text = f"the code of {source.name} changed: {strategy.code_id} instead of {source.sha256}"
    return [Change(part="code", text=text, remedy="Install the version of Augury that ran it.")]


@contextmanager
def _strategy(capsule: Capsule, source: StrategySource) -> Iterator[Strategy]:
    """The strategy as it was: from the text in the capsule where there is one, else by its name."""
    if source.text is None:
        try:
            strategy = strategy_of(source.name)
        except NotFound as error:
            raise NotFound(f"the strategy of this run is not there any more: {error}") from error
        yield strategy
        return
    with tempfile.TemporaryDirectory(prefix="augury-rerun-") as name:
        folder = Path(name).resolve()
        place = _inside(folder, Path(source.name).name)
        beside = capsule.options.get("strategy_files") or {}
        if not isinstance(beside, Mapping) or not all(isinstance(text, str) for text in beside.values()):
            raise InvalidInput(f"the capsule should hold its strategy's files as text by name, got {beside!r:.80}")
        for file, text in (*((_inside(folder, path), text) for path, text in beside.items()), (place, source.text)):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        yield strategies.as_strategy(place)


def _inside(folder: Path, relative: str) -> Path:
    """A file below the folder; refuses names that lead out of it."""
    place = (folder / relative).resolve()
    if not place.is_relative_to(folder) or place.suffix != ".py":
        raise InvalidInput(
            f"the capsule names {relative!r} as a file of its strategy; expected a .py file in its folder"
        )
    return place
