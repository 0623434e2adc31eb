"""Writing what was evaluated to the ledger, and reading from it how much was tried before."""

from __future__ import annotations

import importlib.metadata
import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augury import backtest, ledger, strategies
from augury.errors import InvalidInput
from augury.operations.strategy_names import is_model_folder
from augury.version import __version__

if TYPE_CHECKING:
    from augury.backtest import BacktestResult, SweepResult
    from augury.ledger import Capsule, DataKey, Entry, Ledger, StrategySource

__all__ = [
    "Recorded",
    "capsule_of",
    "data_key_of",
    "entry_of",
    "ready_to_record",
    "record",
    "strategy_source",
    "tried_on",
    "versions",
]

_LIBRARIES = ("numpy", "numba", "llvmlite", "pandas", "scipy", "TA-Lib")
_NOT_RECORDED = (
    "Nothing was recorded (the ledger is off), so this result is not counted when the next one on these data is judged."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What the ledger gave back: what was tried on the same data, and where the entries stand."""

    tried: backtest.Tried | None
    sequences: tuple[int, ...]
    path: str | None
    anchor: str | None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        tried = self.tried
        return {
            "path": self.path,
            "entries": list(self.sequences),
            "anchor": self.anchor,
            "configurations": None if tried is None else tried.configurations,
            "effective": None if tried is None else tried.effective,
        }


def versions() -> dict[str, str]:
    """Versions of Python, Augury and the libraries that compute, and the kind of machine: all that may change a bit."""
    machine = f"{platform.system()} {platform.machine()}"
    found = {"python": platform.python_version(), "augury": __version__, "machine": machine}
    return found | {name: importlib.metadata.version(name) for name in _LIBRARIES}


def data_key_of(result: BacktestResult) -> DataKey:
    """The data of a result as the ledger names them."""
    opened_at = result.run.bars.opened_at
    series = ledger.SeriesKey(
        symbol=result.symbol or "bars",
        fingerprint=result.fingerprint,
        timeframe=result.timeframe or "irregular",
        bars=len(opened_at),
        first=int(opened_at[0]),
        last=int(opened_at[-1]),
    )
    return ledger.DataKey(series=(series,))


def strategy_source(given: str, result: BacktestResult) -> StrategySource:
    """The strategy as a capsule keeps it: its name, the whole text of its file, or the folder of its model."""
    path = Path(given)
    if given.endswith(".py") and path.is_file():
        return ledger.StrategySource(name=path.name, text=path.read_text(encoding="utf-8"))
    name = str(path.resolve()) if is_model_folder(path) else given
    return ledger.StrategySource(name=name, sha256=result.strategy_id)


def capsule_of(operation: str, given: str, result: BacktestResult, *, path: str, options: Mapping[str, Any]) -> Capsule:
    """What `verify` needs to run a result again and compare it bit for bit."""
    source = strategy_source(given, result)
    beside = {} if source.text is None else strategies.files_beside(given)
    return ledger.Capsule(
        operation=operation,
        created_at=time.time_ns(),
        options={**options, "strategy_files": beside},
        strategy=source,
        parameters=dict(result.parameters),
        spec=result.spec.to_dict(),
        data=(ledger.CapsuleData(key=data_key_of(result).series[0], path=str(Path(path).resolve())),),
        seed=options.get("seed"),
        versions=versions(),
        digests=result.digests,
    )


def _identity(result: BacktestResult) -> str:
    """The strategy's code and, where corporate actions were applied, which: another preparation is another trial."""
    actions = result.run.actions
    if actions.shape[1] == 0:
        return result.strategy_id
    return f"{result.strategy_id}+{ledger.array_digest(actions)[:8]}"


def entry_of(kind: str, result: BacktestResult, capsule: Capsule, sweep: SweepResult | None = None) -> Entry:
    """An evaluated result, or the whole search that it was chosen from, as the ledger keeps it."""
    import numpy as np

    names = ("total_return", "cagr", "sharpe", "max_drawdown", "trades")
    common: dict[str, Any] = {
        "kind": kind,
        "subject": result.strategy,
        "strategy_id": _identity(result),
        "data": data_key_of(result),
        "spec": result.spec,
        "headline": {name: result.metrics[name].value for name in names},
        "capsule": capsule.to_dict(),
        "versions": versions(),
        "seed": capsule.seed,
        "parameters": dict(result.parameters),
    }
    annual = np.sqrt(result.subject.periods_per_year)
    if sweep is None:
        return ledger.Entry(**common, returns=result.returns, sharpes=np.array([result.metrics.sharpe.value]) / annual)
    sums = sweep.parts[0].block_sums
    return ledger.Entry(
        **common,
        trials=len(sweep),
        sharpes=sweep.measured("sharpe", sweep.symbols[0]) / annual,
        block_returns=sums.astype(np.float32) if len(sums) else None,
        trial_parameters={name: sweep.params[:, at] for at, name in enumerate(sweep.names)},
        note="best of a search",
    )


def ready_to_record(where: str | None, outputs: Iterable[str | None] = ()) -> None:
    """Refuse a ledger that cannot be written, or that an output would replace, before any work is done for it.

    InvalidInput for an output at the ledger's place; the errors of `Ledger` for a file that is none, damaged or newer.
    """
    path = ledger.ledger_path(where)
    if path is None:
        return
    for output in outputs:
        if output is not None and Path(output).resolve() == path.resolve():
            raise InvalidInput(f"the output {output} would replace the ledger; choose another name")
    with ledger.Ledger(path) as book:
        book.check()


def record(entries: list[Entry], where: str | None) -> Recorded:
    """Append the entries and read how much was tried on the first one's data, these included."""
    path = ledger.ledger_path(where)
    if path is None:
        return Recorded(tried=None, sequences=(), path=None, anchor=None, notes=(_NOT_RECORDED,))
    with ledger.Ledger(path) as book:
        receipts = book.append_many(entries)
        tried = _tried(book, entries[0].data)
        anchor = book.anchor()
    return Recorded(
        tried=tried, sequences=tuple(receipt.sequence for receipt in receipts), path=str(path), anchor=anchor
    )


def tried_on(capsule: Capsule, where: str | None, *, trials: int = 1) -> backtest.Tried | None:
    """What the ledger holds of tries on a capsule's data, its own `trials` added where it is not in there.

    Nothing is written. None when the ledger is off, or none was begun yet.
    """
    path = ledger.ledger_path(where)
    if path is None or not path.exists():
        return None
    data = ledger.DataKey(series=tuple(one.key for one in capsule.data))
    with ledger.Ledger(path) as book:
        tried = _tried(book, data)
        written = book.entries(ledger.EntryFilter(data_id=data.id))
    if any(one.capsule is not None and one.capsule.get("id") == capsule.id for one in written):
        return tried
    import numpy as np

    return replace(
        tried,
        configurations=tried.configurations + trials,
        effective=tried.effective + 1.0,
        sharpes=np.concatenate([tried.sharpes, np.full(trials, np.nan)]),
    )


def _tried(book: Ledger, data: DataKey) -> backtest.Tried:
    tries = book.tries(data)
    return backtest.Tried(
        configurations=tries.configurations,
        effective=tries.effective,
        sharpes=tries.sharpes,
        source=f"ledger {book.path.name}",
    )
