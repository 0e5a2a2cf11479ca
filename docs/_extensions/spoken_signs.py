"""Signs that are only drawn get words for those who listen."""

import re
from pathlib import Path

from sphinx.application import Sphinx

#: What is only drawn, and the same with words: the theme's signs that open a part of the list of
#: pages, and the empty corner of a pandas table in a lesson.
WORDS = {
    r'<summary>(?=<span class="toctree-toggle")': '<summary aria-label="Pages of this part">',
    r"<th([^>]*)></th>": r'<th\1><span class="visually-hidden">Row</span></th>',
}


def name_signs(app: Sphinx, exception: Exception | None) -> None:
    """Put the words into every page that was written."""
    if exception is None and app.builder.format == "html":
        for path in Path(app.outdir).rglob("*.html"):
            text = spoken = path.read_text(encoding="utf-8")
            for drawn, words in WORDS.items():
                spoken = re.sub(drawn, words, spoken)
            if spoken != text:
                path.write_text(spoken, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Work on the pages once they are written."""
    app.connect("build-finished", name_signs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
