"""JupyterLab, started on a folder."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from cpeval.errors import MissingLibraryError


def require_lab() -> None:
    """Raise `MissingLibraryError` where JupyterLab is not installed."""
    if find_spec("jupyterlab") is None:
        raise MissingLibraryError(
            "JupyterLab is not installed. Install it with: pip install 'cpeval[notebooks]'"
        )


def open_lab(folder: Path) -> None:
    """Start JupyterLab on a folder, and wait until it is closed."""
    require_lab()
    first = sorted(folder.glob("*.ipynb"))[:1]
    command = [sys.executable, "-m", "jupyterlab", *map(str, first or [folder])]
    try:
        subprocess.run(command, check=False)  # noqa: S603 (no shell; a path and nothing else)
    except KeyboardInterrupt:
        return
