"""The lessons of ``tutorials/``, copied beside their list: Sphinx reads only below ``docs``."""

import json
from pathlib import Path

from cpeval.shipped import shipped_folder


def texts() -> dict[str, str]:
    """Return each lesson by its path below ``docs``, its data, and the list of lessons in order."""
    lessons = sorted(shipped_folder("tutorials").glob("*.ipynb"))
    made = {f"tutorials/{path.name}": _linked(path) for path in lessons}
    # Lessons read these files from beside them when they are run.
    data = sorted((shipped_folder("tutorials") / "data").glob("*.csv"))
    made |= {f"tutorials/data/{path.name}": path.read_text(encoding="utf-8") for path in data}
    return {**made, "tutorials/lessons.txt": _list(lessons)}


def _linked(path: Path) -> str:
    """A lesson whose links lead to where the glossary and the list of lessons are here."""
    text = path.read_text(encoding="utf-8")
    return text.replace("](glossary.md", "](../glossary.md").replace("](README.md", "](index.md")


def _list(lessons: list[Path]) -> str:
    if not lessons:
        return "The lessons are being written; none is here yet.\n"
    return "\n".join(
        [
            "```{toctree}",
            ":maxdepth: 1",
            "",
            *(f"{_title(path)} <{path.stem}>" for path in lessons),
            "```",
            "",
        ]
    )


def _title(path: Path) -> str:
    """The first heading of a notebook."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            for line in "".join(cell["source"]).splitlines():
                if line.startswith("# "):
                    return line[2:].strip()
    return path.stem
