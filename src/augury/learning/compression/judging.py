"""The rules of a certificate: real gains, losses within their bounds, and the verdict in words."""

from __future__ import annotations

from augury.learning.compression.footprint import Footprint
from augury.learning.compression.levels import Bounds
from augury.learning.compression.paired_score import PairedScore
from augury.learning.compression.paired_timing import PairedTiming

__all__ = ["INT8_TOLERANCE", "objections", "real_gains", "unfaithfulness", "verdict", "worsening"]

INT8_TOLERANCE = 0.05
"""Largest difference of a probability that an int8 graph may show against the float32 one."""

_WHAT = ("1 row", "64 rows")


def real_gains(before: Footprint, after: Footprint, timing: PairedTiming, bounds: Bounds) -> tuple[str, ...]:
    """What became better by at least `least_gain`: bytes and parameters exactly, times beyond the noise of timing."""
    keep = 1.0 - bounds.least_gain
    found = []
    if after.size_bytes <= keep * before.size_bytes:
        found.append(f"{1.0 - after.size_bytes / before.size_bytes:.0%} smaller")
    if after.parameters <= keep * before.parameters and before.parameters:
        found.append(f"{1.0 - after.parameters / before.parameters:.0%} fewer parameters")
    for ratio, faster, what in zip(timing.ratios, timing.faster, _WHAT, strict=True):
        if faster and ratio <= keep:
            found.append(f"{1.0 - ratio:.0%} faster on {what}")
    return tuple(found)


def objections(score: PairedScore, bounds: Bounds, *, classified: bool) -> list[str]:
    """Which bounds on the loss are broken, in words."""
    found = []
    loss = "log-loss" if classified else "squared error"
    if score.relative_loss > bounds.loss:
        found.append(f"the {loss} rises by {score.relative_loss:.2%}, more than {bounds.loss:.2%}")
    if score.relative_upper > bounds.loss_limit:
        found.append(
            f"a rise of the {loss} by {bounds.loss_limit:.2%} cannot be excluded (bound {score.relative_upper:.2%} at "
            f"{score.confidence:.0%})"
        )
    if score.skill_before > 0.0 and score.difference > bounds.skill * score.skill_before:
        found.append(
            f"{score.difference / score.skill_before:.0%} of the advantage over the base rates is lost, more than "
            f"{bounds.skill:.0%}"
        )
    if score.skill_before <= 0.0 and score.agreement < 1.0 - bounds.divergence:
        found.append(
            f"the original is no better than the base rates, so that only agreement with it counts, and that is "
            f"{score.agreement:.3f}, less than {1.0 - bounds.divergence:.3f}"
        )
    fallen = score.accuracy_before - score.accuracy_after
    if classified and fallen > bounds.flips and score.accuracy_gain_upper < 0.0:
        found.append(f"the accuracy falls by {fallen:.2%}, more than {bounds.flips:.2%} and not by chance")
    return found


def unfaithfulness(flip_rate: float, difference: float, bounds: Bounds, *, classified: bool) -> list[str]:
    """Where a step that promises the same function breaks its promise, in words."""
    found = []
    if flip_rate > bounds.flips:
        found.append(f"{flip_rate:.2%} of the decisions flip, more than {bounds.flips:.2%}")
    if classified and difference > INT8_TOLERANCE:
        found.append(f"a probability moves by {difference:.3f}, more than {INT8_TOLERANCE:g}")
    return found


def worsening(before: Footprint, after: Footprint, timing: PairedTiming, bounds: Bounds) -> list[str]:
    """What gets clearly worse: bytes or parameters by `least_gain`, times by `most_slowdown` beyond noise, in words."""
    most = 1.0 + bounds.least_gain
    found = []
    if after.size_bytes > most * before.size_bytes:
        found.append(f"{after.size_bytes / before.size_bytes - 1.0:.0%} larger")
    if after.parameters > most * before.parameters:
        found.append(f"{after.parameters / max(before.parameters, 1) - 1.0:.0%} more parameters")
    return found + [
        f"{ratio - 1.0:.0%} slower on {what}"
        for ratio, slower, what in zip(timing.ratios, timing.slower, _WHAT, strict=True)
        if slower and ratio > 1.0 + bounds.most_slowdown
    ]


def verdict(gains: tuple[str, ...], against: list[str], score: PairedScore, *, final: bool) -> tuple[bool, str]:
    """Accepted or not, with the reason; `final` of a whole compression, which is told, not decided."""
    yes, no = ("holds", "does not hold") if final else ("kept", "refused")
    if against:
        return False, f"{no}: " + "; ".join(against)
    if not gains:
        return False, f"{no}: no real gain in size, parameters or time"
    cost = f"loss {score.relative_loss:+.2%} (at most {score.relative_upper:+.2%}), {score.flip_rate:.2%} flips"
    blind = "; the original is no better than the base rates here" if score.skill_before <= 0.0 else ""
    return True, f"{yes}: {', '.join(gains)}; {cost}{blind}"
