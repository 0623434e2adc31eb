"""What a bar, and a series, must be before it is stored. Nothing is mended: a row is kept as it came or refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from augury.arrays import BoolVector, FloatMatrix, IntVector
from augury.errors import InvalidInput, NotEnoughData
from augury.market.bars import BarArrays, bars_frame
from augury.market.findings import Finding, score_of
from augury.market.quality import quality_report
from augury.market.rules import BAR_RULES, NO_TIME
from augury.market.timeframe import Timeframe, infer_timeframe
from augury.market.times import EARLIEST_NS, LATEST_NS, iso
from augury_server.ingest.raw_series import RawSeries, RefusedRow
from augury_server.ingest.windows import LoadWindow

__all__ = ["MOST_REFUSED_SHARE", "SoundRows", "Verdict", "judge", "sound_rows", "too_close"]

MOST_REFUSED_SHARE = 0.5
"""Above this share of broken rows nothing of a series is believed: its columns or units are likely mistaken."""

_SHOWN = 3
_TELLING_BARS = 20
"""So many bars tell a longer spacing apart from a few holidays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundRows:
    """The rows of a window that keep every rule, in order of time, and what became of the others.

    `forming` bars are not closed yet, `outside` ones are not in the window, `repeated` ones came twice with equal
    values; none of these is a defect. `refused` rows break a rule.
    """

    bars: BarArrays
    refused: tuple[RefusedRow, ...]
    forming: int
    outside: int
    repeated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a series is stored: its score from 0 to 100 and, when it is not, why."""

    accepted: bool
    score: float
    reason: str = ""


def sound_rows(raw: RawSeries, window: LoadWindow, timeframe: Timeframe) -> SoundRows:
    """Divide what came into bars that may be stored and rows that may not.

    A bar is taken when it opens in the window and has closed by the window's `now_ns`. A row is refused by the first
    rule that it breaks: no_time, those of the Bars contract, conflicting_duplicate (one time, different values: none of
    them is believed).
    """
    times = raw.opened_at
    timeless = (times == NO_TIME) | (times < EARLIEST_NS) | (times >= LATEST_NS)
    inside = ~timeless & (times >= window.start_ns) & (times < window.end_ns)
    closed = np.where(timeless, 0, times) + timeframe.ns <= window.now_ns
    forming = ~timeless & ~closed & (times >= window.start_ns)
    broken = np.full(times.size, "", dtype=object)
    broken[timeless] = "no_time"
    for rule, (_, test) in BAR_RULES.items():
        broken[inside & closed & (broken == "") & test(raw.matrix)] = rule
    usable = np.flatnonzero(inside & closed & (broken == ""))
    kept, clashing, repeated = _one_a_time(usable, times, raw.matrix)
    broken[clashing] = "conflicting_duplicate"
    refused = tuple(raw.row(int(at), str(broken[at]), _meaning(str(broken[at]))) for at in np.flatnonzero(broken != ""))
    return SoundRows(
        bars=BarArrays(times[kept], np.ascontiguousarray(raw.matrix[:, kept])),
        refused=refused,
        forming=int(forming.sum()),
        outside=int((~timeless & ~inside & ~forming).sum()),
        repeated=repeated,
    )


def _meaning(rule: str) -> str:
    if rule == "no_time":
        return "a bar has a readable open time"
    if rule == "conflicting_duplicate":
        return "one time has one bar; these rows contradict each other"
    return BAR_RULES[rule][0]


def _one_a_time(usable: IntVector, times: IntVector, matrix: FloatMatrix) -> tuple[IntVector, IntVector, int]:
    """Positions in order of time with equal repetitions left out; positions that contradict; how many repeated."""
    order = usable[np.argsort(times[usable], kind="stable")]
    if order.size < 2 or bool((np.diff(times[order]) > 0).all()):
        return order, np.empty(0, dtype=np.int64), 0
    starts = np.flatnonzero(np.diff(times[order], prepend=NO_TIME))
    lengths = np.diff(np.append(starts, order.size))
    first = order[np.repeat(starts, lengths)]
    differs = (matrix[:, order] != matrix[:, first]).any(axis=0)
    clash = np.repeat(np.logical_or.reduceat(differs, starts), lengths)
    is_first = np.zeros(order.size, dtype=np.bool_)
    is_first[starts] = True
    return order[is_first & ~clash], order[clash], int((~is_first & ~clash).sum())


def judge(
    sound: SoundRows, before: BarArrays, timeframe: Timeframe, *, symbol: str = "", minimum_score: float
) -> Verdict:
    """Whether the sound rows are good enough to store: the quality score of what came, in the light of what is stored.

    `before` are bars stored ahead of the window (none for a first load): spikes, steps and stale runs are looked for
    across the seam, but only findings about the new rows count, so that an old blemish does not refuse every new bar.
    """
    count, refused = len(sound.bars), len(sound.refused)
    if refused > MOST_REFUSED_SHARE * (count + refused):
        rules = ", ".join(sorted({row.rule for row in sound.refused}))
        return Verdict(
            accepted=False,
            score=0.0,
            reason=f"{refused} of {count + refused} rows break a rule ({rules}); look at the columns and units",
        )
    if count == 0:
        return Verdict(accepted=True, score=100.0)
    if other := _other_timeframe(sound.bars.opened_at, timeframe):
        return Verdict(accepted=False, score=0.0, reason=other)
    opened_at = np.concatenate((before.opened_at, sound.bars.opened_at))
    frame = bars_frame(opened_at, np.concatenate((before.matrix, sound.bars.matrix), axis=1))
    report = quality_report(frame, timeframe=timeframe, symbol=symbol)
    findings = _about_new(report.findings, len(before), count)
    score = score_of(findings, count)
    if score >= minimum_score:
        return Verdict(accepted=True, score=score)
    worst = sorted(findings, key=lambda finding: score_of((finding,), count))[:_SHOWN]
    listed = "; ".join(f"{finding.rule}: {finding.message}" for finding in worst)
    first, last = iso(int(sound.bars.opened_at[0])), iso(int(sound.bars.opened_at[-1]))
    return Verdict(
        accepted=False,
        score=score,
        reason=f"quality {score:.1f} is below {minimum_score:g} in {count} bars from {first} to {last}: {listed}",
    )


def _other_timeframe(opened_at: IntVector, timeframe: Timeframe) -> str:
    """What is wrong when the bars are of another length than they are said to be; empty when nothing tells so."""
    try:
        held = infer_timeframe(opened_at)
    except (NotEnoughData, InvalidInput):
        return ""
    if held == timeframe or (held > timeframe and opened_at.size < _TELLING_BARS):
        return ""
    return f"these are {held} bars, {timeframe} ones were asked for; resample them, or ask for {held}"


def _about_new(findings: tuple[Finding, ...], offset: int, count: int) -> tuple[Finding, ...]:
    """The findings as they concern rows from `offset` on, positions counted from there."""
    if offset == 0:
        return findings
    kept = []
    for finding in findings:
        new = [place for place, position in enumerate(finding.positions) if position >= offset]
        if not new:
            continue
        kept.append(
            Finding(
                rule=finding.rule,
                severity=finding.severity,
                message=finding.message,
                positions=tuple(finding.positions[place] - offset for place in new),
                times_ns=tuple(finding.times_ns[place] for place in new),
                extent=min(count, max(1, round(finding.extent * len(new) / finding.count))),
            )
        )
    return tuple(kept)


def too_close(opened_at: IntVector, stored: IntVector, timeframe: Timeframe) -> BoolVector:
    """Where new opens lie nearer than a bar's length to a stored one or to the one before, bool[n]; both sorted.

    Bars of another timeframe, or stamped otherwise, mixed into a series would look like this.
    """
    shortest = timeframe.shortest_spacing_ns
    bad = np.zeros(opened_at.size, dtype=np.bool_)
    if stored.size:
        at = np.searchsorted(stored, opened_at)
        after = stored[np.minimum(at, stored.size - 1)]
        before = stored[np.maximum(at - 1, 0)]
        bad |= (at < stored.size) & (after != opened_at) & (after - opened_at < shortest)
        bad |= (at > 0) & (opened_at - before < shortest)
        bad &= ~np.isin(opened_at, stored)
    last: int | None = None
    if opened_at.size > 1 and int(np.diff(opened_at).min()) < shortest:
        for place in range(opened_at.size):
            moment = int(opened_at[place])
            if bad[place]:
                continue
            if last is not None and moment - last < shortest:
                bad[place] = True
            else:
                last = moment
    return bad
