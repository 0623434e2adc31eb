"""Backtest results of freqtrade: the .zip, the .json in it, and the small files that point at them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from augury.audit.claim import Claim, ClaimedCurve, Remark, Reported, Variants
from augury.audit.readers.documents import json_of
from augury.audit.readers.moments import Moments
from augury.audit.readers.trade_table import TradeTable, trades_from
from augury.errors import InvalidInput, NotEnoughData, NotFound, nearest

__all__ = ["freqtrade_archive", "freqtrade_document", "freqtrade_pointer", "is_freqtrade", "is_freqtrade_pointer"]

_LARGEST = 1024 * 1024 * 1024
_MILLISECOND_NS = 1_000_000
_COLUMNS = {
    "symbol": "pair", "entry_time": "open_timestamp", "exit_time": "close_timestamp", "units": "amount",
    "entry_price": "open_rate", "exit_price": "close_rate", "profit": "profit_abs", "return": "profit_ratio",
    "exit_reason": "exit_reason", "is_short": "is_short", "is_open": "is_open", "stop_price": "stop_loss_abs",
}  # fmt: skip
_REPORTED = {
    "total_return": "profit_total", "cagr": "cagr", "sharpe": "sharpe", "sortino": "sortino", "calmar": "calmar",
    "win_rate": "winrate", "profit_factor": "profit_factor", "sqn": "sqn", "expectancy": "expectancy",
    "trade_count": "total_trades", "max_drawdown": "max_relative_drawdown",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extra:
    """What an archive holds beside the document: the wallet of each strategy, day by day."""

    wallets: Mapping[str, pd.DataFrame]


def is_freqtrade(document: Any) -> bool:
    """Whether a JSON value is a backtest result of freqtrade: strategies with their trades."""
    strategies = document.get("strategy") if isinstance(document, dict) else None
    return isinstance(strategies, dict) and all(
        isinstance(one, dict) and isinstance(one.get("trades"), list) for one in strategies.values()
    )


def is_freqtrade_pointer(document: Any) -> bool:
    """Whether a JSON value is `.last_result.json` or a `.meta.json`, which name a result but hold none."""
    if not isinstance(document, dict) or not document:
        return False
    return "latest_backtest" in document or all(
        isinstance(one, dict) and {"run_id", "backtest_start_time"} <= set(one) for one in document.values()
    )


def freqtrade_pointer(document: Mapping[str, Any], file: Path) -> Path:
    """The result that a pointer leads to; NotFound when it is not beside it."""
    latest = document.get("latest_backtest")
    if latest is not None:
        names = [Path(str(latest)).name]  # never a path that leads out of the folder
    else:
        stem = file.name.removesuffix(".meta.json")
        names = [f"{stem}.zip", f"{stem}.json"]
    for name in names:
        if (target := file.parent / name).is_file():
            return target
    raise NotFound(f"{file}: leads to {' or '.join(names)}, which is not in {file.parent}; name the result itself")


def freqtrade_archive(file: Path, strategy: str | None) -> Claim:
    """The claim of a .zip of `freqtrade backtesting --export trades`; only JSON and Feather in it are opened."""
    with zipfile.ZipFile(file) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
        stems = [name for name in sizes if name.endswith(".json") and not name.endswith("_config.json")]
        for name in stems:
            document = json_of(_member(archive, name, sizes, file), f"{file}, {name}")
            if not is_freqtrade(document):
                continue
            stem = name.removesuffix(".json")
            wallets = {}
            for other in sizes:
                if other.startswith(f"{stem}_") and other.endswith("_wallet.feather"):
                    owner = other.removeprefix(f"{stem}_").removesuffix("_wallet.feather")
                    wallets[owner] = _feather(_member(archive, other, sizes, file), f"{file}, {other}")
            return freqtrade_document(document, file, strategy, _Extra(wallets=wallets))
    shown = ", ".join(list(sizes)[:6]) or "nothing"
    raise InvalidInput(f"{file}: expected an archive of freqtrade with a result in JSON, got {shown}")


def _member(archive: zipfile.ZipFile, name: str, sizes: Mapping[str, int], file: Path) -> bytes:
    if sizes[name] > _LARGEST:
        raise InvalidInput(
            f"{file}: {name} would unpack to {sizes[name] >> 20} MB; at most {_LARGEST >> 20} MB are read"
        )
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as problem:
        raise InvalidInput(f"{file}: {name} cannot be unpacked: {problem}; is the archive complete?") from problem


def _feather(data: bytes, where: str) -> pd.DataFrame:
    import pyarrow
    from pyarrow import feather

    try:
        frame: pd.DataFrame = feather.read_table(BytesIO(data)).to_pandas()
    except (pyarrow.ArrowException, OSError, ValueError) as problem:
        raise InvalidInput(f"{where}: expected Feather: {str(problem)[:120]}") from problem
    return frame


def freqtrade_document(
    document: Mapping[str, Any], file: Path, strategy: str | None, extra: _Extra | None = None
) -> Claim:
    """The claim of a result in JSON; of several strategies the one asked for, else the most profitable."""
    strategies: dict[str, dict[str, Any]] = document["strategy"]
    if strategy is not None and strategy not in strategies:
        raise NotFound(f"{file}: has no strategy {strategy!r}; {nearest(strategy, strategies)}")
    if not strategies:
        raise InvalidInput(f"{file}: expected at least one strategy, got none")
    name = strategy or max(strategies, key=lambda one: float(strategies[one].get("profit_total_abs") or 0.0))
    chosen = strategies[name]
    if not chosen["trades"]:
        raise NotEnoughData(f"{file}: strategy {name!r} made no trades; there is nothing to judge")
    moments = Moments(None)
    table = _trades(chosen["trades"], f"{file}, strategy {name!r}", moments)
    cash = _number(chosen.get("starting_balance")) or _number(chosen.get("dry_run_wallet"))
    wallet = None if extra is None else extra.wallets.get(name)
    reported = {
        ours: Reported(label=theirs, value=value)
        for ours, theirs in _REPORTED.items()
        if (value := _number(chosen.get(theirs))) is not None
    }
    wallet_sharpe = _number((chosen.get("wallet_stats") or {}).get("sharpe"))
    if wallet_sharpe is not None:
        reported["wallet_sharpe"] = Reported(label="wallet_stats.sharpe", value=wallet_sharpe)
    keys = (
        "timerange",
        "stoploss",
        "trailing_stop",
        "max_open_trades",
        "stake_amount",
        "trading_mode",
        "timeframe_detail",
    )
    return Claim(
        tool="freqtrade",
        parts=("trades",) if wallet is None else ("trades", "equity"),
        sources=(str(file),),
        name=name,
        trades=table.trades,
        curve=None if wallet is None or cash is None else _wallet_curve(wallet, cash),
        reported=reported,
        variants=_variants(strategies, name, file),
        initial_cash=cash,
        period=_period(chosen),
        timeframe=chosen.get("timeframe"),
        settings={key: chosen[key] for key in keys if chosen.get(key) not in (None, "")},
        remarks=(*table.remarks, *_remark_on_choice(strategies, name, strategy)),
    )


def _trades(records: list[dict[str, Any]], where: str, moments: Moments) -> TradeTable:
    source = pd.DataFrame.from_records(records)
    lacking = [column for column in ("open_rate", "profit_abs") if column not in source]
    if lacking:
        raise InvalidInput(
            f"{where}: the trades have no {' and no '.join(lacking)}; export again with a newer freqtrade"
        )
    frame = pd.DataFrame({ours: source[theirs] for ours, theirs in _COLUMNS.items() if theirs in source})
    for ours, theirs in (("entry_time", "open_date"), ("exit_time", "close_date")):
        if ours not in frame and theirs in source:
            frame[ours] = source[theirs]
    frees = [source.get(column, pd.Series(0.0, index=source.index)).fillna(0.0) for column in ("fee_open", "fee_close")]
    notional = source["amount"] * source["open_rate"], source["amount"] * source["close_rate"]
    frame["costs"] = frees[0] * notional[0] + frees[1] * notional[1]
    if "is_short" in frame:
        frame["side"] = frame.pop("is_short").map({True: "short", False: "long"})
    return trades_from(frame, where, moments)


def _wallet_curve(wallet: pd.DataFrame, cash: float) -> ClaimedCurve | None:
    """The account as freqtrade valued it: the sum over currencies at each time."""
    if not {"date", "total_quote"} <= set(wallet.columns):
        return None
    total = wallet.groupby("date")["total_quote"].sum().sort_index()
    times = pd.DatetimeIndex(total.index)
    times = times.tz_localize("UTC") if times.tz is None else times.tz_convert("UTC")
    equity = total.to_numpy(dtype=np.float64)
    if len(equity) < 3 or not np.isfinite(equity).all():
        return None
    return ClaimedCurve(times=times.as_unit("ns").asi8, equity=equity, initial_cash=cash)


def _variants(strategies: Mapping[str, Any], name: str, file: Path) -> Variants | None:
    if len(strategies) == 1:
        return None
    return Variants(
        count=len(strategies), source=f"{len(strategies)} strategies in {file.name}", names=tuple(strategies),
        chosen=list(strategies).index(name),
    )  # fmt: skip


def _remark_on_choice(strategies: Mapping[str, Any], name: str, asked: str | None) -> list[Remark]:
    if len(strategies) == 1:
        return []
    how = "as asked for" if asked else "the most profitable, as it is the one that would be shown"
    text = f"The file holds {len(strategies)} strategies; {name!r} is judged, {how}. The others count as tries."
    return [Remark(rule="several_variants", severity="info", text=text, remedy="Name another one with --strategy.")]


def _period(chosen: Mapping[str, Any]) -> tuple[int, int] | None:
    first, last = _number(chosen.get("backtest_start_ts")), _number(chosen.get("backtest_end_ts"))
    return None if first is None or last is None else (int(first) * _MILLISECOND_NS, int(last) * _MILLISECOND_NS)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        return None
    return float(value)
