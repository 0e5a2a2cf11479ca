"""The built documentation, the modules that make its pages, and what its pages show as code."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "build" / "docs"


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the built pages. Building again takes seconds where nothing changed."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "2"]
    done = subprocess.run(
        [*command, str(ROOT / "docs"), str(BUILT)], capture_output=True, text=True, cwd=ROOT
    )
    if done.returncode:
        # The next build would keep what was read, and be silent about it.
        shutil.rmtree(BUILT, ignore_errors=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return BUILT


@pytest.fixture
def extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The modules of ``docs/_extensions`` can be imported."""
    monkeypatch.syspath_prepend(ROOT / "docs" / "_extensions")
