"""The strategy that a text names at a door: a registered one, a .py file, or the folder of a model."""

from __future__ import annotations

from pathlib import Path

from augury import learning, market, strategies

__all__ = ["is_model_folder", "notes_on", "strategy_of"]


def is_model_folder(text: str | Path) -> bool:
    """Whether there is a model artefact, in order or not, at that place."""
    return (Path(text) / "manifest.json").exists()


def strategy_of(text: str | Path) -> strategies.Strategy:
    """A registered strategy, the one in a .py file, or `model_strategy` of the artefact in a folder.

    Raises NotFound for an unknown name, and what loading a file or an artefact raises.
    """
    if is_model_folder(text):
        return learning.model_strategy(text)
    return strategies.as_strategy(text)


def notes_on(text: str | Path, first_bar_ns: int) -> tuple[str, ...]:
    """What has to be said about a result of this strategy on bars that begin then: a model is flat while it learnt."""
    if not is_model_folder(text):
        return ()
    fit_end = learning.load_artefact(text).manifest.fit_end
    if fit_end is None or first_bar_ns > fit_end:
        return ()
    flat = (
        f"The model holds nothing up to {market.iso(fit_end)[:10]}, where its training ends: those bars count as flat. "
        "Pass bars from some months before that day for figures of the later time alone."
    )
    return (flat,)
