"""Where and how PyTorch runs while a network trains: the device, a seed of its own, and deterministic algorithms.

What is set here is set back on leaving, so that training a network changes nothing for the rest of the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from augury.errors import Misconfigured
from augury.extras import require

__all__ = ["chosen_device", "deterministic", "on_device", "on_threads", "step_seed"]

torch: Any = require("torch", extra="deep")

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"  # cuBLAS is deterministic only with a workspace of fixed size


def chosen_device(name: str) -> Any:
    """The torch device for "auto" (a GPU when there is one), "cpu" or "cuda"; Misconfigured when there is no GPU."""
    present = bool(torch.cuda.is_available())
    if name == "cuda" and not present:
        raise Misconfigured("device='cuda' was asked for, but PyTorch finds no GPU; use device='auto' or 'cpu'")
    return torch.device("cuda" if present and name != "cpu" else "cpu")


def step_seed(seed: int, *path: int) -> int:
    """The seed of one step of a run (member, epoch): independent streams, and no state to keep between the steps."""
    words = np.random.SeedSequence((seed, *path)).generate_state(2, np.uint32)
    return int(words[0]) << 31 ^ int(words[1])


@contextmanager
def deterministic(seed: int, device: Any) -> Iterator[None]:
    """Random numbers from `seed` and deterministic algorithms inside; everything as it was afterwards.

    On a GPU the few operations that have no deterministic version warn instead of failing.
    """
    on_gpu = device.type == "cuda"
    enabled = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    workspace = os.environ.get(_CUBLAS)
    with torch.random.fork_rng(devices=range(torch.cuda.device_count()) if on_gpu else []):
        try:
            torch.default_generator.manual_seed(seed)
            if on_gpu:
                os.environ.setdefault(_CUBLAS, ":4096:8")
                torch.cuda.manual_seed_all(seed)
            torch.use_deterministic_algorithms(True, warn_only=on_gpu)
            yield
        finally:
            torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
            if on_gpu and workspace is None:
                os.environ.pop(_CUBLAS, None)


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """So many threads inside, as many as before afterwards.

    Sums are split by threads, so that their number decides the last bits; and threads that share cores with other
    processes wait for each other, which makes small networks several times slower.
    """
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(count)
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def on_device(module: Any, device: Any) -> Iterator[Any]:
    """The module moved to the device, and back to the CPU afterwards."""
    try:
        yield module.to(device)
    finally:
        module.to("cpu")
