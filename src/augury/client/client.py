"""The client that waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from augury.client.address import address_of
from augury.client.files import Files
from augury.client.flows import Flows
from augury.client.jobs import Jobs
from augury.client.looking import ask_health, ask_model, ask_models, ask_operations
from augury.client.questions import Question, ask_batch, ask_one, ask_window, windows
from augury.client.records import Health, Model, OperationInfo, Prediction, RunResult
from augury.client.retrying import Retries, Timeouts
from augury.client.running import JobWatcher, run
from augury.client.signals import ask_signals
from augury.client.steps import Means
from augury.client.stream_flows import open_session
from augury.client.stream_session import StreamSession
from augury.client.transport import Transport

__all__ = ["Client"]


class Client:
    """Asks a running platform over HTTP; close it, or use it in a `with`. Threads may share one.

    `url` and `key` stand in AUGURY_SERVER and AUGURY_API_KEY when they are left out. Calls that are safe to repeat are
    tried again while the platform is away or busy; every call ends within `timeout`. Refusals of the platform are
    raised as the library's own errors. A key is not sent over plain http to another machine unless `plain_http`.

    >>> with Client("http://127.0.0.1:8000") as client:  # doctest: +SKIP
    ...     client.predict("trend", [0.1, 0.2]).decision
    """

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
        self._transport = Transport(self.address, self._flows.timeouts, self._flows.means)
        self.jobs = Jobs(self._flows, self._transport)
        self.files = Files(self._flows, self._transport)

    def __repr__(self) -> str:
        return f"Client({self.address.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the client cannot be used any more."""
        self._transport.close()

    def predict(
        self, model: str, row: Any = None, *, bars: Any = None, symbol: str = "", unit: str = "",
        bar_opened_at: int | str | None = None,
    ) -> Prediction:  # fmt: skip
        """One answer of a model ("trend", or "trend@3") to the features of one bar, or to the bars up to it.

        `row` is in the model's order or by name, NaN and None are undefined; `bars` are a frame of bars, or a mapping
        of opened_at, open, high, low, close and volume to columns, oldest first. Everything else is for the record and
        for experiments.
        """
        question = Question(model=model, row=row, bars=bars, symbol=symbol, bar_opened_at=bar_opened_at, unit=unit)
        return self._transport.walk(ask_one(self._flows, question))

    def predict_batch(
        self, model: str, rows: Any = None, *, columns: Any = None, symbols: Sequence[str] | None = None,
        bar_opened_at: Sequence[int | str] | None = None,
    ) -> tuple[Prediction, ...]:  # fmt: skip
        """Answers to many rows at once, in their order: rows, a frame of named features, or a column for each."""
        body = {"model": model, "rows": rows, "columns": columns, "symbol": symbols, "bar_opened_at": bar_opened_at}
        return self._transport.walk(ask_batch(self._flows, body))

    def predict_stream(self, questions: Iterable[Question], *, window: int = 256) -> Iterator[Prediction]:
        """Answers to a stream of questions, in their order, a window of them in flight at a time.

        Only as many questions are taken as are sent; each window is tried again as a whole.
        """
        for held in windows(questions, window):
            yield from self._transport.walk(ask_window(self._flows, held))

    def models(self) -> tuple[Model, ...]:
        """Every model at work."""
        return self._transport.walk(ask_models(self._flows))

    def model(self, name: str) -> Model:
        """One model; NotFound with the nearest names."""
        return self._transport.walk(ask_model(self._flows, name))

    def health(self) -> Health:
        """How the platform is; one that cannot be reached is "unavailable"."""
        return self._transport.walk(ask_health(self._flows))

    def operations(self) -> tuple[OperationInfo, ...]:
        """Every operation that the platform offers to this key."""
        return self._transport.walk(ask_operations(self._flows))

    def run(self, name: str, /, *, progress: JobWatcher | None = None, **options: Any) -> RunResult:
        """Run an operation there with its options as keywords, and wait for its result.

        `progress` is told how the job gets on where it becomes one. One idempotency key is made for the call and kept
        through retries, so that nothing is done twice. Raises what the operation raises; Refused for a job that failed.
        """
        return self._transport.walk(run(self._flows, name, options, progress))

    def signals(self, universe: str = "", **filters: Any) -> tuple[dict[str, Any], ...]:
        """The latest signal of each ticker of a universe; with filters, or of no universe, the history, newest first.

        Filters are ticker, type, since and limit.
        """
        return self._transport.walk(ask_signals(self._flows, universe, filters))

    def open_stream(self, **spec: Any) -> StreamSession:
        """Open a session over values that come one by one: a window, averages, the trend, alarms of change."""
        opened: Mapping[str, Any] = self._transport.walk(open_session(self._flows, spec))
        return StreamSession(self._flows, self._transport, opened)
