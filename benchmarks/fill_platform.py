"""Fill a platform's tables with plausible rows, the same every time: for a look at the pages, tests and measurements.

AUGURY_HOME=/tmp/demo python -m augury_server migrate
AUGURY_HOME=/tmp/demo python benchmarks/fill_platform.py
"""

from __future__ import annotations

import hashlib
import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
SYMBOLS = ("AAPL", "MSFT", "GOOG", "AMZN", "NVDA", "META", "TSLA", "JPM", "XOM", "BTC/USDT", "ETH/USDT", "EUR/USD")
NAMES = (
    "Apple",
    "Microsoft",
    "Alphabet",
    "Amazon",
    "NVIDIA",
    "Meta Platforms",
    "Tesla",
    "JPMorgan Chase",
    "Exxon Mobil",
    "Bitcoin",
    "Ether",
    "Euro in US dollars",
)
OPERATIONS = ("universe.generate", "ingest.bars", "ingest.news", "universe.outcomes", "registry.verify", "db.retain")
PEOPLE = (
    ("root", "administrator"),
    ("grace", "administrator"),
    ("ada", "operator"),
    ("joan", "operator"),
    ("mary", "viewer"),
)
PASSWORD = "a long walk in the rain"


def fill(*, now: datetime | None = None, seed: int = 7, rows: int = 240) -> None:
    """Rows of every model; `now` is when they end, `rows` how many of the long tables."""
    from django.db import transaction

    chance = random.Random(seed)
    at = now or datetime.now(UTC)
    with transaction.atomic():
        _people()
        _keys(at)
        _market(chance, at, rows)
        _models(chance, at)
        _experiments(at)
        _signals(chance, at, rows)
        _predictions(chance, at, rows)
        _jobs(chance, at, rows)
        _cache(chance, at)
        _trail(chance)


def more(*, seed: int = 8, rows: int = 240) -> None:
    """Further rows of the long tables, beside those of `fill`."""
    chance, at = random.Random(seed), datetime.now(UTC)
    _signals(chance, at, rows, universes=False)
    _predictions(chance, at, rows)
    _jobs(chance, at, rows, fleet=False)
    _trail(chance)


def _ns(at: datetime) -> int:
    return int(at.timestamp()) * SECOND_NS


def _hex(text: str, length: int = 64) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def _uuid(chance: random.Random) -> uuid.UUID:
    return uuid.UUID(int=chance.getrandbits(128), version=4)


def _people() -> None:
    from augury_server.accounts.add_person import add_person

    for name, role in PEOPLE:
        add_person(name, role=role, password=PASSWORD, email=f"{name}@example.org", by="installation")


def _keys(at: datetime) -> None:
    from augury_server.accounts.models import SCOPES, ApiKey

    for number, (name, role, days) in enumerate(
        (
            ("dashboard", "viewer", None),
            ("nightly-batch", "operator", 90),
            ("trial", "viewer", -3),
            ("old-batch", "viewer", None),
        )
    ):
        ApiKey.objects.create(
            key_id=_hex(name, 12),
            name=name,
            role=role,
            scopes=list(SCOPES if number % 2 else SCOPES[:2]),
            owner="root",
            secret_sha256=_hex(f"{name} secret"),
            created_at=at - timedelta(days=40),
            expires_at=None if days is None else at + timedelta(days=days),
            revoked_at=at - timedelta(days=2) if name == "old-batch" else None,
            revoked_by="grace" if name == "old-batch" else "",
            last_used_at=at - timedelta(minutes=7 * number + 1),
        )


def _market(chance: random.Random, at: datetime, rows: int) -> None:
    from augury_server.ingest.models import Bar, BarRevision, DeadLetter, Instrument, News, Series, Watermark

    sectors = (
        "technology",
        "technology",
        "technology",
        "consumer",
        "technology",
        "technology",
        "consumer",
        "financials",
        "energy",
        "crypto",
        "crypto",
        "currency",
    )
    today = _ns(at) // DAY_NS * DAY_NS
    count = max(20, rows // 4)
    for symbol, name, sector in zip(SYMBOLS, NAMES, sectors, strict=True):
        kind = sector if sector in ("crypto", "currency") else "equity"
        instrument = Instrument.objects.create(
            symbol=symbol,
            name=name,
            kind=kind,
            exchange="NASDAQ" if kind == "equity" else "",
            currency="USD",
            sector=sector,
        )
        first = today - count * DAY_NS
        series = Series.objects.create(
            instrument=instrument,
            timeframe="1D",
            bars=count,
            version=3,
            first_opened_at_ns=first,
            last_opened_at_ns=today - DAY_NS,
            updated_at=at - timedelta(minutes=chance.randrange(5, 900)),
        )
        price, bars = chance.uniform(40, 400), []
        for place in range(count):
            start = price
            price *= 1 + chance.gauss(0.0004, 0.015)
            high, low = max(start, price) * 1.006, min(start, price) * 0.994
            opened = first + place * DAY_NS
            bars.append(
                Bar(
                    series=series,
                    opened_at_ns=opened,
                    open=round(start, 2),
                    high=round(high, 2),
                    low=round(low, 2),
                    close=round(price, 2),
                    volume=float(chance.randrange(10**6, 9 * 10**7)),
                    known_at_ns=opened + DAY_NS,
                )
            )
        Bar.objects.bulk_create(bars)
        last = bars[-3]
        BarRevision.objects.create(
            series=series,
            opened_at_ns=last.opened_at_ns,
            open=last.open,
            high=last.high,
            low=last.low,
            close=round(last.close * 1.01, 2),
            volume=last.volume,
            known_at_ns=last.known_at_ns,
            replaced_at_ns=last.known_at_ns + DAY_NS,
        )
        Watermark.objects.create(
            source="yfinance",
            kind="bars",
            subject=symbol,
            timeframe="1D",
            last_opened_at_ns=today - DAY_NS,
            last_known_at_ns=today,
            updated_at=series.updated_at,
        )
    stories = (
        "raises its outlook for the year",
        "beats expectations on earnings",
        "faces an inquiry by regulators",
        "to buy back shares",
        "warns of weaker demand",
        "names a new head of finance",
    )
    for number in range(rows // 2):
        place = chance.randrange(len(SYMBOLS))
        known = _ns(at) - chance.randrange(30 * 86_400) * SECOND_NS
        positive = chance.random()
        negative = (1 - positive) * chance.random()
        News.objects.create(
            item_id=_hex(f"news{number}", 16),
            ticker=SYMBOLS[place],
            source=chance.choice(("Reuters", "newswire", "blog")),
            text=f"{NAMES[place]} {chance.choice(stories)}",
            published_at_ns=known - 90 * SECOND_NS,
            known_at_ns=known,
            positive=positive,
            negative=negative,
            neutral=1 - positive - negative,
            scored_by="embedded-1",
        )
    rules = (
        ("high_below_low", "row 17: high 101.2 lies below low 103.9"),
        ("duplicate_open", "the open 2024-03-11 came twice"),
        ("known_before_close", "known at 14:00, before the bar's close at 21:00"),
    )
    for number in range(9):
        rule, reason = rules[number % 3]
        state = ("open", "open", "replayed", "dismissed")[number % 4]
        seen = at - timedelta(hours=5 * number + 1)
        DeadLetter.objects.create(
            source="yfinance",
            kind="bars",
            subject=SYMBOLS[number],
            timeframe="1D",
            rule=rule,
            reason=reason,
            payload={"open": 100.0, "high": 101.2, "low": 103.9, "close": 101.0, "volume": 1200.0},
            fingerprint=_hex(f"letter{number}"),
            state=state,
            times_seen=1 + number % 3,
            first_seen_at=seen,
            last_seen_at=seen,
            resolved_at=None if state == "open" else seen + timedelta(hours=1),
            resolved_by="" if state == "open" else "ada",
            resolution="" if state == "open" else "mended by the vendor",
        )


def _models(chance: random.Random, at: datetime) -> None:
    from augury_server.registry.models import Alias, ModelVersion, RegisteredModel, Transition, VersionFile

    for name, family, count in (
        ("trend-daily", "xgboost", 5),
        ("reversal-hourly", "logistic", 3),
        ("regime", "hmm", 2),
    ):
        model = RegisteredModel.objects.create(
            name=name,
            created_at=at - timedelta(days=200),
            created_by="ada",
            former=list(range(1, count - 1)),
            last_sequence=count,
        )
        versions = []
        for number in range(1, count + 1):
            stage = "champion" if number == count - 1 else "challenger" if number == count else "candidate"
            stage = "archived" if number == 1 and count > 3 else stage
            version = ModelVersion.objects.create(
                model=model,
                number=number,
                stage=stage,
                artefact_id=f"{name}-{_hex(name + str(number), 12)}",
                content_sha256=_hex(f"{name}{number}"),
                storage_url=f"artefacts/{_hex(name + str(number), 16)}",
                size_bytes=chance.randrange(40_000, 4_000_000),
                family=family,
                specification=f"{family}: depth 4",
                task="classification",
                label="direction after 5 bars",
                timeframe="1h" if "hourly" in name else "1D",
                symbols=list(SYMBOLS[:8]),
                beats_baseline=number > 1,
                data_fingerprint=_hex(f"data{number}", 32),
                metrics={
                    "log_loss": round(chance.uniform(0.62, 0.7), 4),
                    "accuracy": round(chance.uniform(0.5, 0.58), 3),
                },
                registered_at=at - timedelta(days=30 * (count - number) + 2),
                registered_by="ada",
                parent=versions[-1] if versions else None,
                fit_end_ns=_ns(at) - 40 * DAY_NS,
            )
            versions.append(version)
            for file in ("manifest.json", "model.onnx", "calibration.json"):
                VersionFile.objects.create(
                    version=version,
                    name=file,
                    sha256=_hex(f"{name}{number}{file}"),
                    size_bytes=chance.randrange(900, 10**6),
                )
        for sequence, version in enumerate(versions[:-1], start=1):
            Transition.objects.create(
                model=model,
                sequence=sequence,
                kind="promote",
                from_version=versions[sequence - 2] if sequence > 1 else None,
                to_version=version,
                champion=version,
                by="ada",
                reason="better on held-out time",
                at=version.registered_at + timedelta(days=1),
            )
        Alias.objects.create(model=model, alias="stable", version=versions[-2])


def _experiments(at: datetime) -> None:
    from augury_server.experiments.models import Experiment
    from augury_server.registry.models import RegisteredModel

    for place, model in enumerate(RegisteredModel.objects.order_by("name")):
        versions = list(model.versions.order_by("-number")[:2])
        for number in range(3):
            started = at - timedelta(days=2 + 12 * number + place)
            stopped = number > 0
            shadow = number % 2 == 1
            Experiment.objects.create(
                name=f"{model.name}-{('deeper', 'calibrated', 'longer')[number]}",
                model=model,
                control=versions[1],
                treatment=versions[0],
                mode="shadow" if shadow else "split",
                unit=("symbol", "symbol_day")[place % 2],
                share=0.0 if shadow else 0.2,
                salt=_hex(f"salt{number}{model.name}", 16),
                state="stopped" if stopped else "running",
                started_at=started,
                started_by="ada",
                started_sequence=model.last_sequence,
                reason="better on held-out time",
                ends_at=started + timedelta(days=7),
                stopped_at=started + timedelta(days=6) if stopped else None,
                stopped_by="joan" if stopped else "",
                stop_reason="enough seen" if stopped else "",
            )


def _signals(chance: random.Random, at: datetime, rows: int, *, universes: bool = True) -> None:
    from augury_server.signals.models import Outcome, SignalRun, StoredSignal, Universe

    for name, symbols in (("tech", SYMBOLS[:7]), ("crypto", SYMBOLS[9:11]), ("everything", ())) if universes else ():
        Universe.objects.create(
            name=name,
            symbols=list(symbols),
            timeframe="1D",
            horizons=[1, 5, 20],
            model_name="trend-daily",
            created_by="ada",
            enabled=name != "crypto",
        )
    runs = []
    for number in range(12):
        start = at - timedelta(hours=6 * number + 1)
        state = "failed" if number == 7 else "finished"
        runs.append(
            SignalRun.objects.create(
                id=_uuid(chance),
                universe=("tech", "everything")[number % 2],
                timeframe="1D",
                state=state,
                at_ns=_ns(start),
                watermark_ns=_ns(start) // DAY_NS * DAY_NS,
                symbols=12,
                signals=11,
                stored=11 - number % 3,
                refused={"EUR/USD": "60 bars, at least 200 are needed"},
                augury="0.5.0",
                spec_id=_hex("spec", 16),
                rules_id=_hex("rules", 16),
                by="schedule:nightly",
                started_at=start,
                ended_at=start + timedelta(seconds=chance.uniform(4, 40)),
                error="the sentiment model is not there" if state == "failed" else "",
            )
        )
    for number in range(rows):
        closed = _ns(at) // DAY_NS * DAY_NS - (number // 12) * DAY_NS
        kind = chance.choice(("BUY", "SELL", "HOLD", "HOLD"))
        signal = StoredSignal.objects.create(
            id=_uuid(chance),
            run=runs[number % 12],
            universe="everything",
            timeframe="1D",
            ticker=SYMBOLS[number % 12],
            timestamp_ns=closed,
            known_at_ns=closed,
            signal_type=kind,
            confidence=round(chance.uniform(0.5, 0.95), 3),
            sentiment_mean=chance.uniform(-0.4, 0.5),
            hurst_exponent=chance.uniform(0.4, 0.65),
            vsa_score=chance.gauss(0, 1),
            is_high_conviction=chance.random() > 0.8,
            risk_level=chance.choice(("LOW", "MEDIUM", "MEDIUM", "HIGH")),
            suggested_position_size=round(chance.uniform(0, 0.08), 4),
            p_up=round(chance.uniform(0.35, 0.68), 3),
            close=round(chance.uniform(40, 400), 2),
            rule_code=f"R{chance.randrange(1, 8)}",
            spec_id=_hex(f"spec{universes}", 16),
            rules_id=_hex("rules", 16),
            model_id="trend-daily@4",
            data_id=_hex(f"data{chance.random()}", 32),
            reasons=["sentiment above its 80th percentile", "volume confirms the rise"],
            provenance={"bars": 252, "news": 14},
            created_at=at - timedelta(hours=number % 24),
        )
        matured = number > 60
        gain = chance.gauss(0.001, 0.02)
        Outcome.objects.create(
            signal=signal,
            horizon_bars=5,
            state="matured" if matured else "pending",
            matures_at_ns=closed + 5 * DAY_NS,
            known_at_ns=closed + 5 * DAY_NS if matured else None,
            forward_return=gain if matured else None,
            net_return=gain - 0.0005 if matured and kind != "HOLD" else None,
            hit=gain > 0.0005 if matured and kind != "HOLD" else None,
            cost_rate=0.0005 if matured else None,
            max_favourable=abs(gain) + 0.004 if matured else None,
            max_adverse=-abs(gain) / 2 if matured else None,
        )


def _predictions(chance: random.Random, at: datetime, rows: int) -> None:
    from augury_server.predictions.models import Prediction

    made = []
    for number in range(rows):
        up = chance.uniform(0.2, 0.7)
        opened = _ns(at) // DAY_NS * DAY_NS - (number // 12) * DAY_NS
        known = number > 24
        made.append(
            Prediction(
                id=_uuid(chance),
                model_name="trend-daily",
                model_version=4,
                symbol=SYMBOLS[number % 12],
                bar_opened_at_ns=opened,
                made_at=at - timedelta(minutes=7 * number),
                latency_us=chance.randrange(80, 900),
                probabilities=[round(0.9 - up, 3), 0.1, round(up, 3)],
                decision="up" if up > 0.5 else "down",
                outcome=chance.choice(("up", "down", "flat")) if known else None,
                outcome_value=chance.gauss(0, 0.01) if known else None,
                inputs_sha256=_hex(f"inputs{number}"),
                outcome_known_at_ns=opened + 6 * DAY_NS if known else None,
            )
        )
    Prediction.objects.bulk_create(made)


def _jobs(chance: random.Random, at: datetime, rows: int, *, fleet: bool = True) -> None:
    from augury_server.jobs.models import Job, JobEvent

    def history(job: Any, events: tuple[str, ...]) -> None:
        for place, event in enumerate(events):
            JobEvent.objects.create(
                job=job,
                at=job.created_at + timedelta(seconds=place * 2),
                event=event,
                attempt=min(place, 1),
                worker=job.worker,
                by=job.by if place == 0 else "",
                text=job.error if event == "failed" else "",
            )

    for number in range(rows // 3):
        state = (
            "running"
            if number < 3
            else "queued"
            if number < 7
            else chance.choice(("succeeded",) * 8 + ("failed", "cancelled"))
        )
        created = at - timedelta(minutes=9 * number + 1)
        ended = state in ("succeeded", "failed", "cancelled")
        done = {"running": round(0.2 + 0.27 * number, 2), "queued": 0.0, "succeeded": 1.0}.get(state, 0.4)
        job = Job.objects.create(
            id=_uuid(chance),
            operation=chance.choice(OPERATIONS),
            state=state,
            by=chance.choice(("ada", "joan", "schedule:nightly")),
            options={"name": "tech", "last": 1},
            attempts=0 if state == "queued" else 1 + (number % 11 == 3),
            max_attempts=5,
            timeout_seconds=3600.0,
            progress=done,
            progress_text="judging 7 of 12 symbols" if state == "running" else "",
            created_at=created,
            started_at=None if state == "queued" else created + timedelta(seconds=2),
            ended_at=created + timedelta(seconds=chance.uniform(3, 400)) if ended else None,
            worker="" if state == "queued" else "worker-1@platform",
            lease_until=at + timedelta(seconds=25) if state == "running" else None,
            heartbeat_at=at - timedelta(seconds=2) if state == "running" else None,
            error="Unavailable: the source yfinance did not answer within 30 s" if state == "failed" else "",
            result={"stored": 11, "refused": 1} if state == "succeeded" else None,
        )
        history(job, ("queued", "started", *((state,) if ended else ())) if state != "queued" else ("queued",))
    if fleet:
        _fleet(chance, at)


def _fleet(chance: random.Random, at: datetime) -> None:
    from augury_server.jobs.models import KeptAnswer, ScalingBounds, ScalingEvent, Schedule, Worker

    for name, operation, cron, every in (
        ("nightly-signals", "universe.generate", "30 22 * * 1-5", None),
        ("bars", "ingest.bars", "15 22 * * 1-5", None),
        ("outcomes", "universe.outcomes", "", 3600.0),
        ("retention", "db.retain", "0 3 * * 0", None),
    ):
        Schedule.objects.create(
            name=name,
            operation=operation,
            cron=cron,
            every_seconds=every,
            by="ada",
            enabled=name != "retention",
            time_zone="America/New_York" if cron else "UTC",
            last_run_at=at - timedelta(hours=3),
            next_run_at=at + timedelta(minutes=chance.randrange(4, 900)) if name != "retention" else None,
        )
    for number in range(3):
        Worker.objects.create(
            name=f"worker-{number}@platform",
            host="platform",
            pid=4100 + number,
            queues=["default"],
            concurrency=2,
            state="running" if number < 2 else "stopped",
            started_at=at - timedelta(hours=9),
            last_seen_at=at - timedelta(seconds=3) if number < 2 else at - timedelta(hours=4),
        )
    for number in range(14):
        before = 1 + number % 3
        ScalingEvent.objects.create(
            at=at - timedelta(minutes=47 * number),
            from_processes=before,
            to_processes=1 + (number + 1) % 3,
            reason="9 jobs wait for 1 worker" if before < 3 else "nothing waited for 60 s",
            queue_length=9 if before < 3 else 0,
        )
    ScalingBounds.objects.create(queue="default", minimum=1, maximum=4, by="ada", at=at - timedelta(days=3))
    KeptAnswer.objects.create(
        caller="k1", key="retain-today", fingerprint="0" * 64, asked="POST /v1/operations/db.retain", status=202,
        created_at=at,
    )  # fmt: skip


def _cache(chance: random.Random, at: datetime) -> None:
    from augury_server.caching.figures import Figures
    from augury_server.caching.models import CacheClock, CacheEntry, CacheLease, CacheStatistics, CacheTag

    if not CacheClock.objects.exists():
        CacheClock.objects.create(id=1, lineage=_hex("lineage", 32), sequence=41)
    for number in range(2):
        figures = Figures()
        figures.counts.update(
            {
                "asks": 9000 - 4000 * number,
                "computed": 700 - 250 * number,
                "memory.hits": 6000,
                "memory.misses": 3000,
                "database.hits": 2300,
                "database.misses": 700,
            }
        )
        CacheStatistics.objects.create(
            process=f"platform:{4100 + number}",
            started_at=at - timedelta(hours=9),
            updated_at=at - timedelta(seconds=20),
            figures=figures.plain(),
        )
    for number in range(30):
        computed = at - timedelta(seconds=chance.randrange(3000))
        CacheEntry.objects.create(
            key=f"features:{_hex(str(number), 24)}",
            name=("features", "prediction", "signals")[number % 3],
            computed_at=computed,
            expires_at=computed + timedelta(hours=1),
            size=chance.randrange(300, 90_000),
            sealed=b"sealed",
        )
    for number, symbol in enumerate(SYMBOLS[:6]):
        CacheTag.objects.create(
            tag=f"bars:{symbol}", sequence=30 + number, changed_at=at - timedelta(minutes=20 * number)
        )
    CacheLease.objects.create(key="features:lease", holder=_hex("holder", 32), until=at + timedelta(seconds=30))


def _trail(chance: random.Random) -> None:
    from augury_server.accounts.audit import record

    for number in range(60):
        name = chance.choice(("ada", "joan", "grace"))
        action, target = chance.choice(
            (
                ("registry.promote", "trend-daily@4"),
                ("jobs.retry", _hex(str(number), 8)),
                ("ingest.dismiss", "letter 12"),
                ("universe.generate", "tech"),
                ("schedules.disable", "retention"),
                ("accounts.log_in", name),
            )
        )
        outcome: Any = "refused" if number % 17 == 4 else "done"
        detail = {"error": "no evidence that it beats its baseline"} if outcome == "refused" else {"reason": "routine"}
        record(action, target=target, detail=detail, outcome=outcome, by=name)


if __name__ == "__main__":
    from augury_server.settings import prepare

    prepare()
    fill()
