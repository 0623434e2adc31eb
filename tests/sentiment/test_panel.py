"""The panel: a slow readable version, batch = stream bit for bit, and the past that never changes."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augury.errors import InvalidInput, LookAheadError
from augury.market.news import NewsItem
from augury.sentiment.contrarian import ContrarianSpec, contrarian
from augury.sentiment.panel import PANEL_COLUMNS, PanelSpec, accumulate, panel_of, sentiment_panel
from augury.sentiment.panel_kernels import ROW
from augury.sentiment.panel_stream import SentimentStream
from augury.sentiment.scored_news import ScoredNews, prepare
from augury.sentiment.snapshot import SentimentSnapshot, SnapshotSpec, snapshot, surprise_of

HOUR = 3_600_000_000_000
START = 1_400_000_000_000_000_000
SPEC = PanelSpec(
    snapshot=SnapshotSpec(window="5m", history_samples=8, history_least=3),
    contrarian=ContrarianSpec(
        changes=12,
        least_changes=5,
        least_new=2,
        correlation=-0.1,
        z_bound=0.2,
        strong_momentum=0.001,
        strong_sharpe_like=0.05,
        strong_surprise=0.2,
        sector_others=2,
    ),
    quantile_samples=15,
    quantile_least=4,
)
SECTORS = {"A": "tech", "B": "tech", "C": "tech", "D": "oil"}
TEXTS = [
    "up we go again today",
    "up we go again now",
    "down it falls",
    "flat as ever",
    "a court rules against the firm",
]


def row(name: str) -> int:
    return PANEL_COLUMNS.index(name)


@dataclass(frozen=True)
class World:
    """Scored items and each ticker's bar closes."""

    items: list[NewsItem]
    rows: np.ndarray
    closes: dict[str, np.ndarray]

    def news(self) -> ScoredNews:
        return prepare(self.items, self.rows)


def make_world(seed: int, bars: int, documents: int, grid_ns: int = HOUR // 4) -> World:
    """Times on a coarse grid, so that documents tie with each other and with closes; publication long before."""
    rng = np.random.default_rng(seed)
    known = START + rng.integers(-2, 4 * bars, documents) * grid_ns
    items = [
        NewsItem(
            ticker=str(rng.choice(list("ABCDE"), p=[0.4, 0.2, 0.2, 0.1, 0.1])),
            text=str(rng.choice(TEXTS)) + f" {rng.integers(3)}" * int(rng.integers(3)),
            published_at_ns=int(at - rng.integers(0, 5) * HOUR),
            known_at_ns=int(at),
            source=str(rng.choice(["wire", "social", "press_release", ""])),
        )
        for at in known
    ]
    closes = {
        ticker: START + np.flatnonzero(rng.random(4 * bars) < 0.5).astype(np.int64) * grid_ns for ticker in "ABCDEF"
    }
    return World(items, rng.dirichlet([1, 1, 1], documents).reshape(-1, 3), closes)


WORLDS = st.builds(make_world, st.integers(0, 100_000), st.integers(1, 14), st.integers(0, 60))


def stream_panel(world: World, seed: int, restore_at: int = -1) -> dict[str, np.ndarray]:
    """Feed everything one by one; documents arrive shuffled, some well before they are known."""
    rng = np.random.default_rng(seed)
    bars = sorted((int(at), ticker) for ticker, closes in world.closes.items() for at in closes)
    times = sorted({at for at, _ in bars})
    arrival = [int(np.searchsorted(times, item.known_at_ns)) - int(rng.integers(0, 3)) for item in world.items]
    waiting = [int(i) for i in rng.permutation(len(world.items))]
    stream = SentimentStream(SPEC, sectors=SECTORS)
    got: dict[str, list[np.ndarray]] = {ticker: [] for ticker in world.closes}
    for place, (at, ticker) in enumerate(bars):
        due = [i for i in waiting if arrival[i] <= times.index(at)]
        waiting = [i for i in waiting if i not in due]
        for i in due:
            stream.on_news(world.items[i], world.rows[i])
        if place == restore_at:
            saved, stream = stream.snapshot(), SentimentStream(SPEC, sectors=SECTORS)
            stream.restore(saved)
            assert stream.snapshot() == saved
        got[ticker].append(stream.on_bar(ticker, at))
    return {ticker: np.array(rows).reshape(-1, ROW).T for ticker, rows in got.items()}


def same_bits(first: np.ndarray, second: np.ndarray) -> bool:
    """Equal to the last bit, all NaN alike."""
    canonical = [np.where(np.isnan(a), np.nan, a) for a in (first, second)]
    return (
        first.shape == second.shape
        and np.ascontiguousarray(canonical[0]).tobytes() == np.ascontiguousarray(canonical[1]).tobytes()
    )


@settings(max_examples=60, deadline=None)
@given(world=WORLDS, seed=st.integers(0, 1000), restore_at=st.integers(-1, 40))
def test_the_stream_gives_the_batch_bit_for_bit_also_when_restored(world: World, seed: int, restore_at: int) -> None:
    streamed = stream_panel(world, seed, restore_at)
    accumulated = accumulate(world.news(), SECTORS, SPEC)
    for ticker, closes in world.closes.items():
        assert same_bits(panel_of(accumulated, ticker, closes), streamed[ticker]), ticker


@settings(max_examples=60, deadline=None)
@given(world=WORLDS, tail=st.integers(1, 60))
def test_the_tail_is_the_end_of_the_whole_bit_for_bit(world: World, tail: int) -> None:
    accumulated = accumulate(world.news(), SECTORS, SPEC)
    for ticker, closes in world.closes.items():
        whole = panel_of(accumulated, ticker, closes)
        assert same_bits(panel_of(accumulated, ticker, closes, tail=tail), whole[:, -tail:])


@settings(max_examples=60, deadline=None)
@given(world=WORLDS, cut=st.integers(0, 50))
def test_bars_and_news_after_a_close_change_nothing_at_or_before_it(world: World, cut: int) -> None:
    for ticker in "ADF":
        closes = world.closes[ticker]
        if cut >= closes.shape[0]:
            continue
        whole = sentiment_panel(world.news(), ticker, closes, SECTORS, SPEC)
        known = [i for i, item in enumerate(world.items) if item.known_at_ns <= closes[cut]]
        past = prepare([world.items[i] for i in known], world.rows[known])
        prefix = sentiment_panel(past, ticker, closes[: cut + 1], SECTORS, SPEC)
        assert same_bits(prefix, whole[:, : cut + 1])


@settings(max_examples=40, deadline=None)
@given(world=WORLDS, place=st.integers(0, 40), ticker=st.sampled_from("ABD"))
def test_a_late_record_changes_nothing_before_it_was_known(world: World, place: int, ticker: str) -> None:
    """Published at the very beginning, known only at the close of one bar."""
    closes = world.closes["A"]
    if place >= closes.shape[0]:
        return
    late = NewsItem(
        ticker=ticker,
        text="an old story",
        published_at_ns=START - 9 * HOUR,
        known_at_ns=int(closes[place]),
        source="wire",
    )
    before = sentiment_panel(world.news(), "A", closes, SECTORS, SPEC)
    news = prepare([*world.items, late], np.vstack((world.rows, [[1.0, 0.0, 0.0]])))
    after = sentiment_panel(news, "A", closes, SECTORS, SPEC)
    assert same_bits(after[:, :place], before[:, :place])
    if ticker == "A":
        assert not same_bits(after[:, place:], before[:, place:])


def readable_reference(news: ScoredNews, ticker: str, group: set[str], others: int, at_ns: int) -> tuple[float, float]:
    """Leave-one-out mean from the documents, and the weighted spread between the members' means."""
    spec = SPEC.snapshot
    known = news.known_at_ns <= at_ns
    names = np.array(news.tickers, dtype=object)[news.ticker_codes] if len(news) else np.array([], dtype=object)
    weight = news.weight * np.exp(-(at_ns - news.known_at_ns) / spec.tau_ns)
    member = np.array([name in group for name in names], dtype=bool) & known
    other = member & (names != ticker)
    own = float(weight[known & (names == ticker)].sum())
    total = float(weight[other].sum())
    if len(set(names[other])) < others or total <= spec.min_weight or total < 1e-6 * own:
        return nan, nan
    reference = float((weight * news.score)[other].sum()) / total
    weights = [float(weight[member & (names == name)].sum()) for name in sorted(set(names[member]))]
    means = [
        float((weight * news.score)[member & (names == name)].sum() / weight[member & (names == name)].sum())
        for name in sorted(set(names[member]))
    ]
    centre = np.average(means, weights=weights)
    variance = float(np.average((np.array(means) - centre) ** 2, weights=weights))
    return reference, np.sqrt(variance) if variance > 1e-12 else nan


def readable_strong(columns: dict[str, float], spec: ContrarianSpec) -> float:
    flags = [columns["is_contrarian_market"], columns["is_contrarian_sector"]]
    if any(isnan(flag) for flag in flags):
        return nan
    bounds = {
        "momentum": spec.strong_momentum,
        "sharpe_like": spec.strong_sharpe_like,
        "surprise": spec.strong_surprise,
    }
    facts = [flag == 1.0 for flag in flags]
    facts += [None if isnan(columns[name]) else abs(columns[name]) >= bound for name, bound in bounds.items()]
    if False in facts:
        return 0.0
    return nan if None in facts else 1.0


def readable_panel(news: ScoredNews, ticker: str, closes: np.ndarray) -> list[dict[str, float]]:
    """Everything from the documents at every close, with NumPy and the public functions only."""
    own, counts, references, out = [], [], {"market": [], "sector": []}, []
    sector = {name for name, group in SECTORS.items() if group == SECTORS.get(ticker)}
    for at in closes.tolist():
        history = np.array(own)
        now: SentimentSnapshot = snapshot(news, ticker, at, SPEC.snapshot)
        columns = {name: float(getattr(now, name)) for name in PANEL_COLUMNS[:14]}
        own.append(now.mean)
        counts.append(float(((news.known_at_ns <= at) & (news.ticker_codes == news.code_of(ticker))).sum()))
        columns["surprise"] = surprise_of(now.mean, history, SPEC.snapshot)
        groups = {"market": (set(news.tickers), 1), "sector": (sector if ticker in SECTORS else set(), 2)}
        for side, (group, others) in groups.items():
            reference, spread = readable_reference(news, ticker, group, others, at)
            references[side].append(reference)
            test = contrarian(np.array(own), np.array(references[side]), np.array(counts), SPEC.contrarian)
            columns[f"{side}_mean"] = reference
            columns[f"correlation_{side}"] = test.correlation
            columns[f"is_contrarian_{side}"] = test.is_contrarian
            columns[f"level_contrarian_{side}"] = (now.mean - reference) / spread
        columns["is_strong_contrarian"] = readable_strong(columns, SPEC.contrarian)
        known = history[-SPEC.quantile_samples :]
        known = known[np.isfinite(known)]
        for percent in (15, 30, 70, 85):
            enough = known.shape[0] >= SPEC.quantile_least
            columns[f"mean_q{percent}"] = float(np.quantile(known, percent / 100)) if enough else nan
        out.append(columns)
    return out


@pytest.mark.parametrize("seed", range(12))
def test_every_cell_equals_the_readable_version(seed: int) -> None:
    world = make_world(seed, 15, 90)
    news = world.news()
    accumulated = accumulate(news, SECTORS, SPEC)
    for ticker in "ADEF":
        got = panel_of(accumulated, ticker, world.closes[ticker])
        for t, expected in enumerate(readable_panel(news, ticker, world.closes[ticker])):
            assert set(expected) == set(PANEL_COLUMNS)
            wanted = np.array([expected[name] for name in PANEL_COLUMNS])
            np.testing.assert_allclose(got[:, t], wanted, rtol=1e-6, atol=1e-7, err_msg=f"{ticker} {t}")


def test_the_random_worlds_reach_every_value_of_every_flag() -> None:
    seen: dict[str, set[float]] = {name: set() for name in PANEL_COLUMNS if name.startswith(("is_", "valid"))}
    known = np.zeros(ROW, dtype=bool)
    for seed in range(60):
        world = make_world(seed, 15, 90)
        panel = sentiment_panel(world.news(), "A", world.closes["A"], SECTORS, SPEC)
        known |= np.isfinite(panel).any(axis=1)
        for name, values in seen.items():
            values |= set(np.nan_to_num(panel[row(name)], nan=-1.0).tolist())
    assert known.all()
    assert all({0.0, 1.0} <= values for values in seen.values()), seen


def test_columns_have_one_name_each() -> None:
    assert len(PANEL_COLUMNS) == len(set(PANEL_COLUMNS)) == ROW


def test_without_any_news_everything_is_unknown() -> None:
    panel = sentiment_panel(prepare([], np.empty((0, 3))), "A", np.array([1, 2, 3]), SECTORS)
    assert (panel[row("valid")] == 0.0).all()
    assert np.isnan(panel[1:]).all()
    assert SentimentStream().on_bar("A", 1)[0] == 0.0


def test_a_document_counts_from_the_close_at_which_it_is_known() -> None:
    world = World([NewsItem(ticker="A", text="up", published_at_ns=5, known_at_ns=20)], np.array([[0.8, 0.1, 0.1]]), {})
    panel = sentiment_panel(world.news(), "A", np.array([19, 20, 21]))
    assert panel[row("valid")].tolist() == [0.0, 1.0, 1.0]


def test_a_lone_ticker_has_no_market_and_its_own_news_is_left_out_of_it() -> None:
    rows = np.array([[0.9, 0.1, 0.0], [0.1, 0.8, 0.1]])
    items = [NewsItem(ticker=t, text=f"{t} news", published_at_ns=0, known_at_ns=5) for t in "AB"]
    alone = sentiment_panel(prepare(items[:1], rows[:1]), "A", np.array([5]))
    both = sentiment_panel(prepare(items, rows), "A", np.array([5]))
    assert isnan(alone[row("market_mean"), 0])
    assert both[row("market_mean"), 0] == pytest.approx(-0.7)
    assert isnan(both[row("sector_mean"), 0])


def test_a_sector_needs_three_others() -> None:
    sectors = dict.fromkeys("ABCD", "tech")
    items = [NewsItem(ticker=t, text=f"{t} news", published_at_ns=0, known_at_ns=5) for t in "ABCD"]
    rows = np.tile([0.6, 0.2, 0.2], (4, 1))
    known = [
        sentiment_panel(prepare(items[:n], rows[:n]), "A", np.array([5]), sectors)[row("sector_mean"), 0]
        for n in (3, 4)
    ]
    assert isnan(known[0])
    assert known[1] == pytest.approx(0.4)


def test_the_thresholds_are_quantiles_of_the_mean_before_now() -> None:
    rng = np.random.default_rng(9)
    closes = START + np.arange(400, dtype=np.int64) * 24 * HOUR
    items = [
        NewsItem(ticker="A", text=f"story {i} {rng.integers(10**9)}", published_at_ns=int(at), known_at_ns=int(at))
        for i, at in enumerate(closes)
    ]
    panel = sentiment_panel(prepare(items, rng.dirichlet([1, 1, 1], 400)), "A", closes)
    mean = panel[row("mean")]
    assert np.isnan(panel[row("mean_q85"), :60]).all()
    for t in (60, 200, 399):
        wanted = np.quantile(mean[max(0, t - 250) : t], [0.15, 0.3, 0.7, 0.85])
        assert panel[row("mean_q15") :, t].tolist() == wanted.tolist()


def test_closes_must_increase_and_be_whole_nanoseconds() -> None:
    news = prepare([], np.empty((0, 3)))
    with pytest.raises(InvalidInput, match="close 2 "):
        sentiment_panel(news, "A", np.array([1, 2, 2]))
    with pytest.raises(InvalidInput, match="int64"):
        sentiment_panel(news, "A", np.array([1.0, 2.0]))
    with pytest.raises(InvalidInput, match="tail"):
        sentiment_panel(news, "A", np.array([1, 2]), tail=0)


def test_the_stream_refuses_a_document_that_missed_a_close() -> None:
    stream = SentimentStream()
    stream.on_bar("A", 100)
    late = NewsItem(ticker="B", text="late", published_at_ns=1, known_at_ns=100)
    with pytest.raises(LookAheadError, match="stamp known_at"):
        stream.on_news(late, np.array([0.5, 0.2, 0.3]))
    stream.on_news(NewsItem(ticker="B", text="late", published_at_ns=1, known_at_ns=101), np.array([0.5, 0.2, 0.3]))
    assert stream.on_bar("B", 101)[row("valid")] == 1.0


def test_the_stream_refuses_bars_out_of_order() -> None:
    stream = SentimentStream()
    stream.on_bar("A", 100)
    stream.on_bar("B", 100)
    with pytest.raises(InvalidInput, match="before the clock"):
        stream.on_bar("B", 99)
    with pytest.raises(InvalidInput, match="already"):
        stream.on_bar("A", 100)
    assert stream.clock_ns == 100


def test_the_stream_refuses_improper_probabilities_and_keeps_its_state() -> None:
    stream = SentimentStream()
    before = stream.snapshot()
    with pytest.raises(InvalidInput, match="probabilities"):
        stream.on_news(NewsItem(ticker="A", text="x", published_at_ns=0, known_at_ns=1), np.array([2.0, 0.0, 0.0]))
    assert stream.snapshot() == before


def test_snapshots_of_other_streams_and_damaged_ones_are_refused() -> None:
    stream = SentimentStream(SPEC, sectors=SECTORS)
    stream.on_news(NewsItem(ticker="A", text="odd \udcff", published_at_ns=0, known_at_ns=7), np.array([0.5, 0.2, 0.3]))
    stream.on_bar("A", 5)
    snapshot_bytes = stream.snapshot()
    with pytest.raises(InvalidInput, match="same options"):
        SentimentStream(SPEC).restore(snapshot_bytes)
    with pytest.raises(InvalidInput, match="damaged"):
        stream.restore(snapshot_bytes[:-1] + b"\x00\x00")
    again = SentimentStream(SPEC, sectors=SECTORS)
    again.restore(snapshot_bytes)
    assert same_bits(again.on_bar("A", 7), stream.on_bar("A", 7))
