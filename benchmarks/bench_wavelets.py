"""Wavelets against PyWavelets doing the same job, whole and bar by bar: CPU time per bar."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pywt

from augury.features import make
from augury.features.wavelet_transform import modwt
from timing import best_of, sized

BARS = sized(65_536, 8_192)
STREAMED = sized(5_000, 500)
PEER_WINDOWS = sized(400, 20)
LEVELS, WINDOW, DENOISED = 4, 128, 256
SPAN = 256  # bars that a peer without a stream has to transform again: what the window and the filters reach over


def rolled(values: np.ndarray, wavelet: str) -> np.ndarray:
    """PyWavelets' transform of a whole series, turned so that every row ends with its newest sample."""
    length = pywt.Wavelet(wavelet).dec_len
    found = pywt.swt(values, wavelet, level=LEVELS, norm=True, trim_approx=True)
    turns = [(2**j - 1) * length // 2 for j in (*range(1, LEVELS + 1), LEVELS)]
    return np.array([np.roll(row, turn) for row, turn in zip((*found[:0:-1], found[0]), turns, strict=True)])


def peer_measures(rows: np.ndarray, windowed: Any) -> dict[str, np.ndarray]:
    """Energies, shares, z-scores, entropy and slope of every level, given means and mean squares of the window."""
    mean, square = windowed(rows), windowed(rows**2)
    variance = square - mean**2
    energy = np.vstack([square[:-1], variance[-1:]])
    share = energy / energy.sum(axis=0)
    centred = np.arange(LEVELS) - 0.5 * (LEVELS - 1)
    return {
        "energy": energy,
        "share": share,
        "z": (rows[:-1] - mean[:-1]) / np.sqrt(variance[:-1]),
        "entropy": -(share * np.log(share)).sum(axis=0) / np.log(LEVELS + 1),
        "slope": centred @ np.log2(energy[:-1]) / (centred @ centred),
    }


def peer_whole(log_price: np.ndarray, wavelet: str) -> dict[str, np.ndarray]:
    """As a researcher writes it: one transform, rolling means by pandas."""
    rows = rolled(log_price - log_price[0], wavelet)
    return peer_measures(rows, lambda x: pd.DataFrame(x.T).rolling(WINDOW).mean().to_numpy().T)


def peer_last(log_price: np.ndarray, wavelet: str) -> dict[str, np.ndarray]:
    """The same for the last bar only, from the bars that matter."""
    rows = rolled(log_price - log_price[0], wavelet)[:, -WINDOW:]
    last = {"rows": rows[:, -1:]}
    means = {id(rows): rows.mean(axis=1, keepdims=True)}
    return peer_measures(last["rows"], lambda x: means[id(rows)] if x is last["rows"] else (rows**2).mean(1)[:, None])


def peer_denoised(log_price: np.ndarray) -> float:
    """Gap of the last bar of a window, its transform computed anew."""
    rows = rolled(log_price, "haar")
    noise = np.sqrt(2.0) * np.median(np.abs(rows[0, 1:])) / 0.6745
    thresholds = noise * np.sqrt(2.0 * np.log(len(log_price)) / 2.0 ** np.arange(1, LEVELS + 1))
    return float(np.clip(rows[:-1, -1], -thresholds, thresholds).sum())


def row(name: str, ours: float, peer: str, theirs: float, note: str) -> dict[str, Any]:
    return {"name": name, "ours_us": ours, "peer": peer, "peer_us": theirs, "ratio": theirs / ours, "note": note}


def agree(ours: np.ndarray, theirs: np.ndarray) -> str:
    """How far apart the known numbers are, as a share of their size; an error when that is more than rounding."""
    apart = float(np.nanmax(np.abs(ours - theirs)) / np.nanmedian(np.abs(theirs)))
    if not apart < 1e-6:
        raise AssertionError(f"ours and PyWavelets' numbers are {apart:.1e} apart")
    return f"agree to {apart:.0e}"


def run() -> list[dict[str, Any]]:
    """Rows of name, ours_us, peer, peer_us, ratio, note; CPU microseconds per bar."""
    rng = np.random.default_rng(1)
    log_price = 4.6 + np.cumsum(0.01 * rng.standard_normal(BARS))
    bars = np.ascontiguousarray(np.broadcast_to(np.exp(log_price), (5, BARS)))
    times = np.arange(BARS)
    ends = rng.integers(SPAN, BARS, PEER_WINDOWS)
    windows = [np.ascontiguousarray(log_price[end + 1 - SPAN : end + 1]) for end in ends]
    columns = [np.ascontiguousarray(bars[:, t]) for t in range(STREAMED)]
    repeats = sized(5, 1)

    def per_bar(work: Any, bars_done: int) -> float:
        work()
        return best_of(work, repeats) / bars_done * 1e6

    def streamed(feature: Any) -> float:
        stream = feature.open_stream()
        return per_bar(lambda: [stream.update(0, bar) for bar in columns], STREAMED)

    rows = []
    for wavelet in ("haar", "db4"):
        ours, theirs = modwt(log_price, wavelet=wavelet, levels=LEVELS), rolled(log_price, wavelet)
        rows.append(
            row(
                f"transform, {wavelet}, whole",
                per_bar(lambda w=wavelet: modwt(log_price, wavelet=w, levels=LEVELS), BARS),
                "pywt.swt and roll",
                per_bar(lambda w=wavelet: rolled(log_price, w), BARS),
                agree(ours, theirs) + f"; {BARS:,} bars, {LEVELS} levels",
            )
        )
        feature = make("wavelet", wavelet=wavelet, series="log_price", levels=LEVELS, window_bars=WINDOW)
        found, peers = feature.batch(times, bars), np.vstack(list(peer_whole(log_price, wavelet).values()))
        known = slice(feature.warm_up, None)
        note = agree(found[: len(peers), known], peers[:, known])
        whole = per_bar(lambda f=feature: f.batch(times, bars), BARS)
        rows.append(
            row(
                f"wavelet, {wavelet}, whole",
                whole,
                "pywt.swt and pandas rolling",
                per_bar(lambda w=wavelet: peer_whole(log_price, w), BARS),
                note + f"; window {WINDOW}; summed anew at every bar, as the stream does; pandas' sums run on",
            )
        )
        last = np.hstack([np.vstack(list(peer_last(window, wavelet).values())) for window in windows])
        rows.append(
            row(
                f"wavelet, {wavelet}, stream",
                streamed(feature),
                f"pywt.swt and numpy on the last {SPAN} bars",
                per_bar(lambda w=wavelet: [peer_last(window, w) for window in windows], PEER_WINDOWS),
                agree(found[: len(last), ends], last),
            )
        )
    feature = make("wavelet_denoised", levels=LEVELS, window_bars=DENOISED)
    gaps = feature.batch(times, bars)[0]
    note = agree(gaps[ends], np.array([peer_denoised(window) for window in windows]))
    peer = per_bar(lambda: [peer_denoised(window) for window in windows], PEER_WINDOWS)
    ours_whole = per_bar(lambda: feature.batch(times, bars), BARS)
    rows.append(row("wavelet_denoised, whole", ours_whole, "pywt.swt of every window", peer, note))
    rows.append(row("wavelet_denoised, stream", streamed(feature), "pywt.swt of every window", peer, note))
    return rows


if __name__ == "__main__":
    for each in run():
        print(each)
