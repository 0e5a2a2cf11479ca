"""One glossary out of two files: the words of the lessons travel with them, the others lie here."""

import re
from pathlib import Path

from sphinx.application import Sphinx

from cpeval.shipped import shipped_folder


def merged(here: str, lessons: str) -> str:
    """Return one page with all terms in order; a term in both is as the lessons have it."""
    terms = {**_terms(here), **_terms(lessons)}
    parts = [f"## {terms[key][0]}\n\n{terms[key][1]}\n" for key in sorted(terms)]
    return "\n".join(["# Glossary\n", "Words as these pages use them.\n", *parts])


def _terms(text: str) -> dict[str, tuple[str, str]]:
    found = re.findall(r"^##+ (.+)\n+((?:(?!^#).*\n?)*)", text, re.M)
    return {name.lower(): (name, said.strip()) for name, said in found}


def read(app: Sphinx, docname: str, content: list[str]) -> None:
    """Put the lessons' words in."""
    if docname == "glossary":
        lessons = shipped_folder("tutorials") / "glossary.md"
        app.env.note_dependency(str(lessons))
        words = lessons.read_text(encoding="utf-8") if Path(lessons).is_file() else ""
        content[0] = merged(content[0], words)


def setup(app: Sphinx) -> dict[str, bool]:
    """Work on the page when it is read."""
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
