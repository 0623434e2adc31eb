"""The `demo` operation: the main job on the bundled sample, with nothing to install, start or download."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from augury import sample, signals
from augury.errors import InvalidInput, NotFound, nearest
from augury.operations.operation import Operation, Progress, option
from augury.operations.registry import register
from augury.spec import Spec

if TYPE_CHECKING:
    from augury.signals import TradingSignal

__all__ = ["DemoOptions", "DemoResult"]

_HISTORY_BARS = 750
_SHOWN_DECISIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions(Spec):
    """Options of the `demo` operation."""

    tickers: Annotated[
        tuple[str, ...], msgspec.Meta(description="Only these tickers of the sample; repeat the option for several.")
    ] = option(())
    until: Annotated[
        str | None,
        msgspec.Meta(description="Judge as of this day, such as 2012-09-21; the sample's last when left out."),
    ] = option(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """The latest signal of every ticker of the sample and the last decisions other than HOLD before it."""

    signals: tuple[TradingSignal, ...]
    decisions: tuple[TradingSignal, ...]
    refused: Mapping[str, str]
    judged_bars: int
    source: str

    @property
    def exit_code(self) -> int:
        """1 when some ticker could not be judged."""
        return 1 if self.refused else 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        return {
            "signals": [signal.to_dict() for signal in self.signals],
            "decisions": [signal.to_dict() for signal in self.decisions],
            "refused": dict(self.refused),
            "judged_bars": self.judged_bars,
            "source": self.source,
        }


def _run(options: DemoOptions, progress: Progress) -> DemoResult:
    data = sample.load_sample()
    for ticker in options.tickers:
        if ticker not in data.bars:
            raise NotFound(f"the sample has no ticker {ticker!r}; {nearest(ticker, data.bars)}")
    chosen = {ticker: bars for ticker, bars in data.bars.items() if not options.tickers or ticker in options.tickers}
    if options.until is not None:
        chosen = {ticker: bars.loc[: _day(options.until)] for ticker, bars in chosen.items()}
    engine = signals.SignalEngine(sectors=data.sectors)
    news = engine.prepare_news(data.news)
    latest: list[TradingSignal] = []
    decisions: list[TradingSignal] = []
    refused: dict[str, str] = {}
    judged = 0
    for ticker in progress.track(chosen, "Judging the sample", len(chosen)):
        bars = chosen[ticker].iloc[-_HISTORY_BARS:]
        if len(bars) < engine.spec.min_bars:
            refused[ticker] = f"only {len(bars)} bars by then, {engine.spec.min_bars} are needed"
            continue
        history = engine.signal_history(ticker, bars, news)
        judged += len(history)
        latest.append(history[-1])
        decisions += [signal for signal in history[:-1] if signal.signal_type != "HOLD"]
    decisions.sort(key=lambda signal: (-signal.timestamp_ns, signal.ticker))
    return DemoResult(
        signals=tuple(latest),
        decisions=tuple(decisions[:_SHOWN_DECISIONS]),
        refused=refused,
        judged_bars=judged,
        source=data.provenance,
    )


def _day(text: str) -> str:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"expected a day such as 2012-09-21, got {text!r}: {error}") from error
    if not 1900 <= day.year <= 2200:
        raise InvalidInput(f"expected a day of the years 1900 to 2200, got {text!r}")
    return day.isoformat()


register(
    Operation(
        name="demo",
        summary="Run the main job on the bundled sample: real bars and headlines in, explained signals out.",
        example="augury demo --json",
        spec_type=DemoOptions,
        result="augury.operations.demo:DemoResult",
        run=_run,
    )
)
