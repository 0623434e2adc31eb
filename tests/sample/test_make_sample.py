"""The shipped price files are what the script extracts from its two packages."""

from __future__ import annotations

import runpy
from importlib.resources import files
from pathlib import Path

import pyarrow.parquet as pq
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_sample.py"
NAMES = ("bars.parquet", "index.parquet")

pytest.importorskip("bokeh_sampledata", reason="the sample's source package bokeh_sampledata is not installed")
pytest.importorskip("arch", reason="the sample's source package arch is not installed")


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two extractions into separate folders."""
    folders = [tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")]
    make_sample = runpy.run_path(str(SCRIPT))["make_sample"]
    for folder in folders:
        make_sample(folder)
    return folders


@pytest.mark.parametrize("name", NAMES)
def test_extracting_again_gives_the_shipped_values(extracted: list[Path], name: str) -> None:
    shipped = files("augury.sample") / name
    assert pq.read_table(extracted[0] / name).equals(pq.read_table(str(shipped)))


@pytest.mark.parametrize("name", NAMES)
def test_two_extractions_give_the_same_bytes(extracted: list[Path], name: str) -> None:
    first, second = (folder / name for folder in extracted)
    assert first.read_bytes() == second.read_bytes()


def test_an_extraction_leaves_only_the_two_files(extracted: list[Path]) -> None:
    assert sorted(path.name for path in extracted[0].iterdir()) == sorted(NAMES)
