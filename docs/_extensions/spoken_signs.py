"""Signs of the theme that are only drawn get words for those who listen."""

from pathlib import Path

from sphinx.application import Sphinx

DRAWN = '<summary><span class="toctree-toggle"'
SPOKEN = '<summary aria-label="Pages of this part"><span class="toctree-toggle"'


def name_signs(app: Sphinx, exception: Exception | None) -> None:
    """Name the signs that open a part of the list of pages."""
    if exception is None and app.builder.format == "html":
        for path in Path(app.outdir).rglob("*.html"):
            text = path.read_text(encoding="utf-8")
            if DRAWN in text:
                path.write_text(text.replace(DRAWN, SPOKEN), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Work on the pages once they are written."""
    app.connect("build-finished", name_signs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
