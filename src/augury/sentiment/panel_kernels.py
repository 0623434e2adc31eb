"""The two compiled steps that batch and stream share: apply one document, finish one bar's row."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from augury.numerics.compile import kernel
from augury.numerics.decayed_sums import (
    COUNT,
    GROUP_BETWEEN,
    GROUP_FIELDS,
    GROUP_MEMBERS,
    GROUP_SCORE,
    GROUP_WEIGHT,
    MEAN,
    OWN_FIELDS,
    WEIGHT,
    add_to_group,
    add_to_own,
    decay_group,
    decay_own,
)
from augury.sentiment.snapshot_fields import (
    CLASS_THRESHOLD,
    F_MOMENTUM,
    F_SHARPE_LIKE,
    FIELDS,
    MIN_WEIGHT,
    TAU_NS,
    fields_from_sums,
)
from augury.sentiment.trailing_samples import (
    C_CORRELATION,
    C_FIELDS,
    C_FLAG,
    DOCUMENTS,
    MARKET,
    OWN,
    SAMPLE,
    SPREAD,
    contrarian_from_samples,
    quantiles_from_samples,
    surprise_from_samples,
)

__all__ = [
    "accumulate_documents",
    "apply_document",
    "decay_state",
    "finish_row",
    "panel_rows",
    "sample_of",
    "states_at",
]

# The parameter vector: 7 of SnapshotSpec, 5 of ContrarianSpec, then these.
CONTRARIAN_START = 7
CONTRARIAN_END = 12
MARKET_OTHERS = 12
SECTOR_OTHERS = 13
LEAST_WEIGHT_RATIO = 14
STRONG_MOMENTUM = 15
STRONG_SHARPE_LIKE = 16
STRONG_SURPRISE = 17
HISTORY_SAMPLES = 18
HISTORY_LEAST = 19
QUANTILE_SAMPLES = 20
QUANTILE_LEAST = 21
LEVELS_START = 22

# One row of the panel: the snapshot's fields, then these.
R_SURPRISE = FIELDS
R_REFERENCE = FIELDS + 1  # market, sector
R_CORRELATION = FIELDS + 3
R_CONTRARIAN = FIELDS + 5
R_LEVEL = FIELDS + 7
R_STRONG = FIELDS + 9
R_QUANTILES = FIELDS + 10
ROW = FIELDS + 14

SECTOR_START = OWN_FIELDS + GROUP_FIELDS
STATE = SECTOR_START + GROUP_FIELDS  # own, market, sector sums side by side; all zeros where there is none
FLAT_VARIANCE = 1e-12
NAN = float("nan")


@kernel("void(float64[::1], float64[::1], float64[::1], int64[::1], float64[::1], float64[::1])")
def apply_document(own: Any, market: Any, sector: Any, elapsed_ns: Any, document: Any, params: Any) -> None:
    """Decay the three sums by their own elapsed times and add one document (score, weight, novel) to each."""
    tau_ns = params[TAU_NS]
    decay_own(own, elapsed_ns[0], tau_ns, own)
    decay_group(market, elapsed_ns[1], tau_ns, market)
    decay_group(sector, elapsed_ns[2], tau_ns, sector)
    before = own.copy()
    add_to_own(own, document[0], document[1], document[2], params[CLASS_THRESHOLD])
    add_to_group(market, before, own, document[0], document[1])
    add_to_group(sector, before, own, document[0], document[1])


@kernel("void(int64[:, ::1], int64[::1], float64[:, ::1], float64[::1], float64[:, ::1])")
def accumulate_documents(groups: Any, known_at_ns: Any, documents: Any, params: Any, states: Any) -> None:
    """Apply documents in order; `states` row k gets the sums of document k's ticker, market and sector just after it.

    `groups` int64[n, 2] holds ticker and sector codes, the sector -1 where there is none.
    """
    count = known_at_ns.shape[0]
    tickers = groups[:, 0].max() + 1 if count else 0
    sectors = groups[:, 1].max() + 1 if count else 0
    own = np.zeros((tickers, OWN_FIELDS))
    market = np.zeros(GROUP_FIELDS)
    sector = np.zeros((sectors + 1, GROUP_FIELDS))  # the last row belongs to those without a sector
    own_clock = np.zeros(tickers, dtype=np.int64)
    sector_clock = np.zeros(sectors + 1, dtype=np.int64)
    elapsed = np.zeros(3, dtype=np.int64)
    for k in range(count):
        i = groups[k, 0]
        j = groups[k, 1] if groups[k, 1] >= 0 else sectors
        now = known_at_ns[k]
        elapsed[0] = now - own_clock[i] if own[i, COUNT] > 0.0 else 0
        elapsed[1] = now - known_at_ns[k - 1] if k > 0 else 0
        elapsed[2] = now - sector_clock[j] if sector[j, GROUP_MEMBERS] > 0.0 else 0
        apply_document(own[i], market, sector[j], elapsed, documents[k], params)
        own_clock[i] = now
        sector_clock[j] = now
        states[k, :OWN_FIELDS] = own[i]
        states[k, OWN_FIELDS:SECTOR_START] = market
        states[k, SECTOR_START:] = sector[j]


@kernel("void(int64[::1], float64[:, ::1], int64[::1], float64[:, ::1], int64[::1])")
def states_at(known_at_ns: Any, states: Any, closes_ns: Any, out: Any, elapsed_ns: Any) -> None:
    """At each close the state after the last document known by then, and how long ago that was; zeros before any."""
    following = 0
    for t in range(closes_ns.shape[0]):
        unsure = known_at_ns.shape[0]
        while following < unsure:
            middle = (following + unsure) // 2
            if known_at_ns[middle] <= closes_ns[t]:
                following = middle + 1
            else:
                unsure = middle
        if following == 0:
            out[t, :] = 0.0
            elapsed_ns[t] = 0
        else:
            out[t, :] = states[following - 1]
            elapsed_ns[t] = closes_ns[t] - known_at_ns[following - 1]


@kernel("void(float64[::1], float64[::1], float64[::1], int64[::1], float64[::1], float64[::1])")
def decay_state(own: Any, market: Any, sector: Any, elapsed_ns: Any, params: Any, out: Any) -> None:
    """The three sums side by side as they are `elapsed_ns` after their last documents; nothing is mutated."""
    decay_own(own, elapsed_ns[0], params[TAU_NS], out[:OWN_FIELDS])
    decay_group(market, elapsed_ns[1], params[TAU_NS], out[OWN_FIELDS:SECTOR_START])
    decay_group(sector, elapsed_ns[2], params[TAU_NS], out[SECTOR_START:])


@kernel("void(float64[::1], float64[::1], float64, float64[::1], int64, float64[::1])")
def _reference(own: Any, group: Any, others_needed: Any, params: Any, side: Any, out: Any) -> None:
    """Document-weighted mean of the group without the ticker, and the spread between the group's members."""
    out[MARKET + side] = NAN
    out[SPREAD + side] = NAN
    weight = group[GROUP_WEIGHT] - own[WEIGHT]
    others = group[GROUP_MEMBERS] - (1.0 if own[COUNT] > 0.0 else 0.0)
    enough = weight > params[MIN_WEIGHT] and weight >= params[LEAST_WEIGHT_RATIO] * own[WEIGHT]
    if others < others_needed or not enough:
        return
    out[MARKET + side] = max(-1.0, min(1.0, (group[GROUP_SCORE] - own[WEIGHT] * own[MEAN]) / weight))
    mean = group[GROUP_SCORE] / group[GROUP_WEIGHT]
    variance = group[GROUP_BETWEEN] / group[GROUP_WEIGHT] - mean * mean
    if variance > FLAT_VARIANCE:
        out[SPREAD + side] = sqrt(variance)


@kernel("void(float64[::1], float64[::1], float64[::1])")
def sample_of(state: Any, params: Any, out: Any) -> None:
    """What this and later bars want to know of a decayed state: own mean, references, documents, spreads."""
    own = state[:OWN_FIELDS]
    out[OWN] = own[MEAN] if own[COUNT] > 0.0 and own[WEIGHT] >= params[MIN_WEIGHT] else NAN
    out[DOCUMENTS] = own[COUNT]
    _reference(own, state[OWN_FIELDS:SECTOR_START], params[MARKET_OTHERS], params, 0, out)
    _reference(own, state[SECTOR_START:], params[SECTOR_OTHERS], params, 1, out)


@kernel("float64(float64[::1], float64[::1])")
def _strong(row: Any, params: Any) -> float:
    """Both contrarian and far from usual, in three values: unknown without references, else false beats unknown."""
    unknown = False
    if np.isnan(row[R_CONTRARIAN]) or np.isnan(row[R_CONTRARIAN + 1]):
        return NAN
    if row[R_CONTRARIAN] == 0.0 or row[R_CONTRARIAN + 1] == 0.0:
        return 0.0
    for field, bound in (
        (F_MOMENTUM, params[STRONG_MOMENTUM]),
        (F_SHARPE_LIKE, params[STRONG_SHARPE_LIKE]),
        (R_SURPRISE, params[STRONG_SURPRISE]),
    ):
        if np.isnan(row[field]):
            unknown = True
        elif abs(row[field]) < bound:
            return 0.0
    return NAN if unknown else 1.0


@kernel("void(float64[:, ::1], float64[::1], float64[::1], float64[::1])")
def finish_row(samples: Any, state: Any, params: Any, out: Any) -> None:
    """Every cell of one row from the decayed state now and the trailing samples, now last."""
    fields_from_sums(state[:OWN_FIELDS], params, out)
    out[R_SURPRISE] = surprise_from_samples(samples, int(params[HISTORY_SAMPLES]), int(params[HISTORY_LEAST]))
    now = samples[-1]
    test = np.empty(C_FIELDS)
    for side in range(2):
        contrarian_from_samples(samples, MARKET + side, params[CONTRARIAN_START:CONTRARIAN_END], test)
        out[R_REFERENCE + side] = now[MARKET + side]
        out[R_CORRELATION + side] = test[C_CORRELATION]
        out[R_CONTRARIAN + side] = test[C_FLAG]
        out[R_LEVEL + side] = (now[OWN] - now[MARKET + side]) / now[SPREAD + side]
    out[R_STRONG] = _strong(out, params)
    quantiles_from_samples(
        samples, int(params[QUANTILE_SAMPLES]), int(params[QUANTILE_LEAST]), params[LEVELS_START:], out[R_QUANTILES:]
    )


@kernel("void(float64[:, ::1], int64[:, ::1], int64, float64[::1], float64[:, ::1])")
def panel_rows(states: Any, elapsed_ns: Any, look_back: Any, params: Any, out: Any) -> None:
    """Rows for the last `out.shape[0]` closes; the earlier ones only give samples. `states` is float64[m, STATE]."""
    closes = states.shape[0]
    first = closes - out.shape[0]
    samples = np.empty((closes, SAMPLE))
    now = np.empty(STATE)
    for t in range(closes):
        state = states[t]
        market = state[OWN_FIELDS:SECTOR_START]
        decay_state(state[:OWN_FIELDS], market, state[SECTOR_START:], elapsed_ns[t], params, now)
        sample_of(now, params, samples[t])
        if t >= first:
            finish_row(samples[max(0, t + 1 - look_back) : t + 1], now, params, out[t - first])
