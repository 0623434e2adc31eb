"""The client for an event loop: the twin of `client`."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

from augury.client.address import address_of
from augury.client.async_transport import AsyncTransport
from augury.client.files import AsyncFiles
from augury.client.flows import Flows
from augury.client.jobs import AsyncJobs
from augury.client.looking import ask_health, ask_model, ask_models, ask_operations
from augury.client.questions import Question, ask_batch, ask_one, ask_window
from augury.client.records import Health, Model, OperationInfo, Prediction, RunResult
from augury.client.retrying import Retries, Timeouts
from augury.client.running import JobWatcher, run
from augury.client.signals import ask_signals
from augury.client.steps import Means
from augury.client.stream_flows import open_session
from augury.client.stream_session import AsyncStreamSession
from augury.errors import InvalidInput

__all__ = ["AsyncClient"]


class AsyncClient:
    """Asks a running platform over HTTP without holding up the event loop; everything is as with Client."""

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        timeout: Timeouts | None = None,
        retries: Retries | None = None,
        plain_http: bool = False,
        means: Means | None = None,
    ) -> None:
        self.address = address_of(url, key, plain_http=plain_http)
        self._flows = Flows(timeouts=timeout or Timeouts(), retries=retries or Retries(), means=means or Means())
        self._transport = AsyncTransport(self.address, self._flows.timeouts)
        self.jobs = AsyncJobs(self._flows, self._transport)
        self.files = AsyncFiles(self._flows, self._transport)

    def __repr__(self) -> str:
        return f"AsyncClient({self.address.url!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; the client cannot be used any more."""
        await self._transport.close()

    async def predict(
        self, model: str, row: Any = None, *, bars: Any = None, symbol: str = "", unit: str = "",
        bar_opened_at: int | str | None = None,
    ) -> Prediction:  # fmt: skip
        """One answer of a model to the features of one bar, or to the bars up to it."""
        question = Question(model=model, row=row, bars=bars, symbol=symbol, bar_opened_at=bar_opened_at, unit=unit)
        return await self._transport.walk(ask_one(self._flows, question))

    async def predict_batch(
        self, model: str, rows: Any = None, *, columns: Any = None, symbols: Sequence[str] | None = None,
        bar_opened_at: Sequence[int | str] | None = None,
    ) -> tuple[Prediction, ...]:  # fmt: skip
        """Answers to many rows at once, in their order: rows, a frame of named features, or a column for each."""
        body = {"model": model, "rows": rows, "columns": columns, "symbol": symbols, "bar_opened_at": bar_opened_at}
        return await self._transport.walk(ask_batch(self._flows, body))

    async def predict_stream(
        self, questions: Iterable[Question] | AsyncIterable[Question], *, window: int = 256
    ) -> AsyncIterator[Prediction]:
        """Answers to a stream of questions, in their order, a window of them in flight at a time."""
        async for held in _windows(questions, window):
            for answer in await self._transport.walk(ask_window(self._flows, held)):
                yield answer

    async def models(self) -> tuple[Model, ...]:
        """Every model at work."""
        return await self._transport.walk(ask_models(self._flows))

    async def model(self, name: str) -> Model:
        """One model; NotFound with the nearest names."""
        return await self._transport.walk(ask_model(self._flows, name))

    async def health(self) -> Health:
        """How the platform is; one that cannot be reached is "unavailable"."""
        return await self._transport.walk(ask_health(self._flows))

    async def operations(self) -> tuple[OperationInfo, ...]:
        """Every operation that the platform offers to this key."""
        return await self._transport.walk(ask_operations(self._flows))

    async def run(self, name: str, /, *, progress: JobWatcher | None = None, **options: Any) -> RunResult:
        """Run an operation there with its options as keywords, and wait for its result."""
        return await self._transport.walk(run(self._flows, name, options, progress))

    async def signals(self, universe: str = "", **filters: Any) -> tuple[dict[str, Any], ...]:
        """The latest signal of each ticker of a universe; with filters, or of no universe, the history."""
        return await self._transport.walk(ask_signals(self._flows, universe, filters))

    async def open_stream(self, **spec: Any) -> AsyncStreamSession:
        """Open a session over values that come one by one."""
        opened = await self._transport.walk(open_session(self._flows, spec))
        return AsyncStreamSession(self._flows, self._transport, opened)


async def _windows(items: Iterable[Question] | AsyncIterable[Question], size: int) -> AsyncIterator[list[Question]]:
    if size < 1:
        raise InvalidInput(f"expected a window of 1 or more, got {size}")
    held: list[Question] = []
    async for item in _each(items):
        held.append(item)
        if len(held) >= size:
            yield held
            held = []
    if held:
        yield held


async def _each(items: Iterable[Question] | AsyncIterable[Question]) -> AsyncIterator[Question]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
        return
    for item in items:
        yield item
