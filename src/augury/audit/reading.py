"""Files of somebody's backtest, told apart by what they hold and put together to one claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
import pandas as pd

from augury.audit.claim import Claim
from augury.audit.readers.content import Content, content_of
from augury.audit.readers.curve_table import CurveKind, curve_from, is_curve_table
from augury.audit.readers.documents import json_of
from augury.audit.readers.freqtrade import (
    freqtrade_archive,
    freqtrade_document,
    freqtrade_pointer,
    is_freqtrade,
    is_freqtrade_pointer,
)
from augury.audit.readers.moments import Moments
from augury.audit.readers.optuna_study import optuna_claim
from augury.audit.readers.spelling import curve_columns, looks_like, trade_columns
from augury.audit.readers.statistics import is_statistics, nested_tables, statistics_of
from augury.audit.readers.trade_table import is_trade_table, trades_from
from augury.errors import InvalidInput
from augury.market.files import read_table
from augury.spec import Spec

__all__ = ["ClaimKind", "ClaimSpec", "read_claim"]

ClaimKind: TypeAlias = Literal["trades", "equity", "returns"]
_ADVICE = (
    "trades need an entry time and a profit, a return or both prices; a curve needs a time and a column 'equity' or "
    "'returns'; results of freqtrade (.zip, .json), stats of backtesting.py or vectorbt and Optuna storages are "
    "known too"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSpec(Spec):
    """How to read: `kind` where the content leaves a doubt, `strategy` one of several, `zone` of clock times.

    `strategy` names a freqtrade strategy, an Optuna study or a column. `cash` is the account at the start.
    """

    kind: ClaimKind | None = None
    strategy: str | None = None
    zone: str | None = None
    cash: Annotated[float, msgspec.Meta(gt=0)] | None = None


def read_claim(paths: str | Path | Sequence[str | Path], spec: ClaimSpec | None = None) -> Claim:
    """The claim of one or several files of the same backtest: trades, curve, figures, a search's storage.

    Formats are told by content. Raises Refused for pickles, NotFound for files and names that do not exist,
    NotEnoughData where there is nothing to judge and InvalidInput for everything that cannot be understood, naming the
    columns found.
    """
    spec = spec or ClaimSpec()
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    if not given:
        raise InvalidInput("expected at least one file to audit, got none")
    claims = [_read(path, spec, several=len(given) > 1) for path in given]
    claim = reduce(_merged, claims)
    if spec.cash is not None:
        claim = claim.changed(initial_cash=spec.cash)
    usable = (
        claim.trades is not None or claim.curve is not None or (claim.variants and claim.variants.values is not None)
    )
    if not usable:
        raise InvalidInput(
            f"{', '.join(claim.sources)}: holds summary figures only, from which nothing can be computed again; "
            "pass the "
            "trades or the curve beside it, such as stats['_trades'] and stats['_equity_curve'] as CSV"
        )
    return claim


def _read(path: str | Path, spec: ClaimSpec, *, several: bool) -> Claim:
    file, content = content_of(path)
    if content == "sqlite":
        return optuna_claim(file, None if several else spec.strategy)
    if content == "zip":
        return freqtrade_archive(file, spec.strategy)
    if content == "json":
        return _from_json(file, spec)
    return _from_table(_table(file, content), file, spec)


def _table(file: Path, content: Content) -> pd.DataFrame:
    frame = read_table(file) if content == "text" else _arrow(file, content)
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(names=frame.index.name or "index")
    if len(frame) == 0:
        raise InvalidInput(f"{file}: expected rows, got a header and nothing below it")
    return _named_index(frame)


def _named_index(frame: pd.DataFrame) -> pd.DataFrame:
    """A first column without a name is the index of whoever exported it: its times, or numbers that say nothing."""
    unnamed = [name for name in frame.columns if str(name) in ("", "Unnamed: 0", "index", "level_0")]
    rest = frame.drop(columns=unnamed)
    if len(unnamed) != 1 or "time" in curve_columns(rest.columns) or "entry_time" in trade_columns(rest.columns):
        return rest
    return frame.rename(columns={unnamed[0]: "index"})


def _arrow(file: Path, content: Content) -> pd.DataFrame:
    """Parquet or Feather, whatever the file is called."""
    import pyarrow
    from pyarrow import feather, parquet

    try:
        table: Any = parquet.read_table(file) if content == "parquet" else feather.read_table(file)
        frame: pd.DataFrame = table.to_pandas()
    except (pyarrow.ArrowException, OSError, ValueError) as problem:
        raise InvalidInput(f"{file}: the {content} file is damaged or cut short: {str(problem)[:120]}") from problem
    return frame


def _from_json(file: Path, spec: ClaimSpec) -> Claim:
    document = json_of(file.read_bytes(), file)
    if is_freqtrade(document):
        return freqtrade_document(document, file, spec.strategy)
    if is_freqtrade_pointer(document):
        target, content = content_of(freqtrade_pointer(document, file))
        if content == "zip":
            return freqtrade_archive(target, spec.strategy)
        return freqtrade_document(json_of(target.read_bytes(), target), target, spec.strategy)
    if isinstance(document, list) and document and all(isinstance(row, dict) for row in document):
        return _from_table(pd.DataFrame.from_records(document), file, spec)
    if isinstance(document, dict) and (nested_tables(document) or _has_figures(document)):
        return _from_figures(document, file, spec)
    shown = ", ".join(map(str, list(document)[:8])) if isinstance(document, dict) else type(document).__name__
    raise InvalidInput(
        f"{file}: expected a result of freqtrade (key 'strategy'), stats of backtesting.py or vectorbt, or a list of "
        f"trades, got JSON with {shown or 'nothing'}; export trades or equity as CSV"
    )


def _has_figures(document: dict[str, Any]) -> bool:
    return is_statistics(pd.DataFrame({"name": list(document), "value": [None] * len(document)}))


def _from_figures(figures: dict[str, Any], file: Path, spec: ClaimSpec) -> Claim:
    tool, reported, cash = statistics_of(figures)
    claim = Claim(tool=tool, parts=("figures",), sources=(str(file),), reported=reported, initial_cash=cash)
    for frame in nested_tables(figures).values():
        part = _from_table(frame, file, spec)
        claim = _merged(claim, part.changed(tool=tool, sources=()))
    return claim


def _from_table(frame: pd.DataFrame, file: Path, spec: ClaimSpec) -> Claim:
    if is_statistics(frame):
        return _from_figures(dict(zip(frame.iloc[:, 0].astype(str), frame.iloc[:, 1], strict=True)), file, spec)
    if looks_like(frame.columns, ("Order Id", "Side", "Price")):
        raise InvalidInput(f"{file}: these are orders, not round trips; vectorbt: export pf.trades.records_readable")
    moments = Moments(spec.zone)
    try:
        trades_here = is_trade_table(frame) and spec.kind in (None, "trades")
        curve_here = not trades_here and is_curve_table(frame)
    except InvalidInput as problem:
        raise InvalidInput(f"{file}: {problem}") from problem
    if not trades_here and (spec.kind == "trades" or not curve_here):
        raise InvalidInput(f"{file}: {_seen(frame)}; {_ADVICE}")
    if trades_here:
        table = trades_from(frame, str(file), moments)
        return Claim(
            tool=_tool(frame),
            parts=("trades",),
            sources=(str(file),),
            name=file.stem,
            trades=table.trades,
            zoneless=moments.zoneless,
            remarks=table.remarks,
        )
    kind: CurveKind | None = None if spec.kind == "trades" else spec.kind
    curve = curve_from(frame, str(file), moments, cash=spec.cash, column=spec.strategy, kind=kind)
    return Claim(
        tool=_tool(frame),
        parts=("returns" if curve.kind == "returns" else "equity",),
        sources=(str(file),),
        name=curve.name or file.stem,
        curve=curve.curve,
        variants=curve.variants,
        zoneless=moments.zoneless,
        remarks=curve.remarks,
    )


def _seen(frame: pd.DataFrame) -> str:
    names = [str(name) for name in frame.columns]
    shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    return f"expected trades or a curve, got a table with the columns {shown}"


def _tool(frame: pd.DataFrame) -> str:
    """Which tool wrote a table, by columns that only it writes."""
    if looks_like(frame.columns, ("Exit Trade Id", "Position Id")) or looks_like(frame.columns, ("Avg Entry Price",)):
        return "vectorbt"
    if looks_like(frame.columns, ("EntryBar", "ExitBar")) or looks_like(frame.columns, ("Equity", "DrawdownPct")):
        return "backtesting.py"
    return "table"


def _merged(first: Claim, second: Claim) -> Claim:
    """Two parts of the same backtest as one; InvalidInput when both hold the same part."""
    for part in ("trades", "curve", "variants"):
        if getattr(first, part) is not None and getattr(second, part) is not None:
            if part == "variants":
                continue
            raise InvalidInput(
                f"{first.sources[0]} and {second.sources[0]} both hold {part}; pass files of one backtest, each "
                "part once"
            )
    largest = max((one.variants for one in (first, second) if one.variants), key=lambda one: one.count, default=None)
    tools = [one.tool for one in (first, second) if one.tool not in ("table", "optuna")]
    named = [one.name for one in (first, second) if one.name and one.tool != "optuna"]
    return Claim(
        tool=tools[0] if tools else first.tool,
        parts=(*first.parts, *second.parts),
        sources=(*first.sources, *second.sources),
        name=named[0] if named else first.name or second.name,
        trades=first.trades or second.trades,
        curve=first.curve or second.curve,
        reported={**first.reported, **second.reported},
        variants=largest,
        initial_cash=first.initial_cash or second.initial_cash,
        period=first.period or second.period,
        timeframe=first.timeframe or second.timeframe,
        zoneless=first.zoneless or second.zoneless,
        settings={**first.settings, **second.settings},
        remarks=(*first.remarks, *second.remarks),
    )
