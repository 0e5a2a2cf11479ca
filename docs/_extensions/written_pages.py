"""Pages that are made from the code, the definitions, the tests and the lessons.

They are written below ``docs`` before Sphinx reads, and only where they changed, so that a second
build is quick. ``docs/.gitignore`` names them.
"""

import os
import tempfile
from pathlib import Path

import checked_values
import command_pages
import instrument_pages
import reference_pages
import tutorial_pages
from sphinx.application import Sphinx
from sphinx.config import Config

DOCS = Path(__file__).parents[1]
#: Folders in which every page is made, so that one which isn't made any more goes.
MADE = ("reference", "instruments")


def write(app: Sphinx, config: Config) -> None:
    """Write all pages that are made."""
    texts = {
        **reference_pages.texts(),
        **command_pages.texts(),
        **instrument_pages.texts(),
        "validation-by-test.md": checked_values.text(),
        **tutorial_pages.texts(),
    }
    for name, text in texts.items():
        _put(DOCS / name, text)
    old = [path for folder in MADE for path in (DOCS / folder).iterdir()]
    old += (DOCS / "tutorials").glob("*.ipynb")
    for path in old:
        if path.relative_to(DOCS).as_posix() not in texts:
            path.unlink()


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write before anything is read."""
    app.connect("config-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
