"""Build the wheel, install it with its core dependencies only into a new environment, and use it as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE_LIMIT = 2 * 1024 * 1024
WHEEL_LIMIT = 8 * 1024 * 1024


def call(*command: str | Path, cwd: Path) -> str:
    """Run a command away from the sources and return what it printed; stop with its output when it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def build(folder: Path) -> Path:
    """The wheel, checked for what it must and must not hold."""
    call(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
    strays = [name for name in sizes if name.endswith((".nbi", ".nbc", ".pyc")) or name.startswith("tests/")]
    assert not strays, f"the wheel holds files that are made, not written: {strays[:5]}"
    sample = sum(size for name, size in sizes.items() if name.startswith("augury/sample/"))
    assert 0 < sample <= SAMPLE_LIMIT, f"the sample takes {sample} bytes"
    assert wheel.stat().st_size <= WHEEL_LIMIT, f"the wheel takes {wheel.stat().st_size} bytes"
    for needed in ("augury/py.typed", "augury/sample/LICENSES.md"):
        assert needed in sizes, f"the wheel lacks {needed}"
    print(f"built {wheel.name}: {wheel.stat().st_size / 1e6:.2f} MB, sample {sample / 1e6:.2f} MB, {len(sizes)} files")
    return wheel


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = build(folder)
        venv.create(folder / "fresh", with_pip=False)
        python = folder / "fresh" / "bin" / "python"
        uv = Path(sys.executable).with_name("uv")
        call(uv, "pip", "install", "--python", python, "-c", ROOT / "constraints.txt", wheel, cwd=folder)
        augury = folder / "fresh" / "bin" / "augury"
        version = call(augury, "--version", cwd=folder).strip()
        found = json.loads(call(augury, "demo", "--json", cwd=folder))
        assert len(found["signals"]) >= 4, found
        assert all(signal["reasons"] for signal in found["signals"])
        doctor = json.loads(call(augury, "doctor", "--json", cwd=folder))
        assert doctor["healthy"], doctor
        rooms = "import augury.testing, augury.market, augury.features, augury.sentiment, augury.signals"
        call(python, "-W", "error", "-c", rooms, cwd=folder)
        signals = len(found["signals"])
        print(f"{version}, with core dependencies only: {signals} signals in the demo, doctor is content")


if __name__ == "__main__":
    main()
