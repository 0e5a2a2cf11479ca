"""Docstrings as Sphinx wants them: notes numbered for each object, results without arguments."""

import inspect
import re

from sphinx.application import Sphinx

import cpeval


def number_apart(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Give an object's numbered references labels of their own: a page holds several objects."""
    label = re.sub(r"\W+", "-", name.removeprefix("cpeval.")).strip("-")
    text = "\n".join(lines)
    text = re.sub(r"\[(\d+)\]_", rf"[#{label}-\1]_", text)
    text = re.sub(r"^(\s*)\.\. \[(\d+)\]", rf"\1.. [#{label}-\2]", text, flags=re.M)
    # Napoleon writes two hyphens between a name and what it is.
    text = re.sub(r"(\*\)|\*\*|\*) -- ", r"\1: ", text)
    lines[:] = text.split("\n")


def without_arguments(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str, returns: str
) -> tuple[str, str] | None:
    """Show no arguments of classes that only functions make, and of errors."""
    result = inspect.isclass(obj) and issubclass(obj, (cpeval.Result, Exception))
    if result and signature is not None:
        return "", ""
    return None


def whole_sentences(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Put a property's first sentence together: napoleon takes what precedes a colon for a type."""
    if what == "property" and any(line.startswith(":type: ") for line in lines):
        said = next(line for line in lines if line.startswith(":type: "))
        lines.remove(said)
        lines[0] = f"{said.removeprefix(':type: ')}: {lines[0]}"


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen to autodoc; numbers after napoleon has made the sections."""
    app.connect("autodoc-process-docstring", whole_sentences, priority=800)
    app.connect("autodoc-process-docstring", number_apart, priority=900)
    app.connect("autodoc-process-signature", without_arguments)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
