"""The trades in a table of which every row can be reached."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from augury.report.drawing import packed, script_json
from augury.report.sections.markup import section, table
from augury.report.trades import NO_TIME, TradeColumns, trade_columns
from augury.report.wording import moment, percent, quantity

if TYPE_CHECKING:
    from augury.arrays import FloatVector
    from augury.report.story import Story

__all__ = ["trades_section"]

_MOST_TRADES: Final = 30_000
_FIRST: Final = 20
_SIDES: Final = {1.0: "long", -1.0: "short", 0.0: ""}
_COLUMNS: Final = (
    "#",
    "side",
    "entry",
    "exit",
    "entry price",
    "exit price",
    "units",
    "profit and loss",
    "return",
    "costs",
    "best",
    "worst",
    "bars",
    "exit reason",
)


def trades_section(story: Story) -> str:
    """The first rows as they are, every row through the script; words when there are no trades."""
    trades = trade_columns(story)
    if trades is None:
        return ""
    if not len(trades):
        return section("trades", "Trades", '<p class="intro">There were no trades.</p>')
    total = len(trades)
    if total > _MOST_TRADES:
        trades = trades.take(np.arange(total - _MOST_TRADES, total))
    rows = [_row(trades, at) for at in range(min(_FIRST, len(trades)))]
    filters = (
        '<form class="filters" hidden><label>Side <select name="side"><option value="">all</option>'
        "<option>long</option>"
        '<option>short</option></select></label><label>Outcome <select name="outcome"><option value="">all</option>'
        "<option>gain</option><option>loss</option><option>open</option></select></label><label>Exit reason "
        '<input name="reason" type="search" placeholder="any"></label></form>'
    )
    pager = (
        '<nav class="pager" aria-label="Pages of trades" hidden><button type="button" data-go="-1">\N{LEFTWARDS ARROW} '
        'earlier</button><output></output><button type="button" data-go="1">later \N{RIGHTWARDS ARROW}</button></nav>'
    )
    left_out = "" if total == len(trades) else f" The page carries the last {len(trades):,}."
    body = (
        f'<div id="trade-table" data-total="{len(trades)}">{filters}'
        f"{table(_COLUMNS, rows, numeric=range(4, 13))}{pager}"
        f'<noscript><p class="note">The first {len(rows)} of {total:,} trades; the others need a script.</p>'
        f"</noscript></div>"
        f'<script type="application/json" id="trade-data">{script_json(_payload(trades))}</script>'
    )
    return section("trades", "Trades", body, f"{_tally(trades, total)}{left_out}")


def _tally(trades: TradeColumns, total: int) -> str:
    closed = ~trades.is_open
    gains = int((trades.profit_and_loss[closed] > 0).sum())
    still = f", {int(trades.is_open.sum())} still open" if trades.is_open.any() else ""
    return f"{total:,} trades{still}; {gains:,} of {int(closed.sum()):,} closed with a gain."


def _payload(trades: TradeColumns) -> dict[str, Any]:
    kind = "f8" if len(trades) <= 5_000 else "f4"

    def seconds(times: Any) -> Any:
        return np.where(times == NO_TIME, np.nan, times / 1e9)

    reasons = sorted(set(trades.exit_reason))
    return {
        "side": packed(trades.side, "i1"),
        "in": packed(seconds(trades.entry_time), "f8"),
        "out": packed(seconds(trades.exit_time), "f8"),
        "pin": packed(trades.entry_price, kind),
        "pout": packed(trades.exit_price, kind),
        "units": packed(trades.units, kind),
        "pnl": packed(trades.profit_and_loss, kind),
        "ret": packed(trades.trade_return, "f4"),
        "costs": packed(trades.costs, kind),
        "mfe": packed(trades.maximum_favourable_excursion, "f4"),
        "mae": packed(trades.maximum_adverse_excursion, "f4"),
        "bars": packed(trades.holding_bars, "f4"),
        "open": packed(trades.is_open, "u1"),
        "reasons": reasons,
        "reason": packed([reasons.index(reason) for reason in trades.exit_reason], "u2"),
    }


def _row(trades: TradeColumns, at: int) -> list[str]:
    def instant(nanoseconds: int) -> str:
        return "" if nanoseconds == NO_TIME else moment(nanoseconds)

    def number(values: FloatVector, digits: int = 2) -> str:
        return quantity(float(values[at]), digits) if np.isfinite(values[at]) else ""

    def share(values: FloatVector) -> str:
        return percent(float(values[at]), 2) if np.isfinite(values[at]) else ""

    return [
        str(at + 1),
        _SIDES[float(trades.side[at])],
        instant(int(trades.entry_time[at])),
        "open" if trades.is_open[at] else instant(int(trades.exit_time[at])),
        number(trades.entry_price),
        number(trades.exit_price),
        number(trades.units),
        number(trades.profit_and_loss),
        share(trades.trade_return),
        number(trades.costs),
        share(trades.maximum_favourable_excursion),
        share(trades.maximum_adverse_excursion),
        number(trades.holding_bars, 0),
        escape(trades.exit_reason[at]),
    ]
