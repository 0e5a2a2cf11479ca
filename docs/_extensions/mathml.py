"""Formulas as MathML, which browsers draw by themselves: no script and no font is fetched."""

import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.writers.html5 import HTML5Translator


def _mathml(text: str, *, block: bool) -> str:
    # Sizes of brackets: docutils doesn't know them, and browsers stretch brackets anyway.
    text = re.sub(r"\\[Bb]igg?[lr]?(?![a-z])", "", text)
    try:
        return tex2mathml(text, as_block=block)
    except MathError as error:
        raise SphinxError(f"This formula can't be shown: {text}\n{error}") from error


def _inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(_mathml(node.astext(), block=False))
    raise nodes.SkipNode


def _block(self: HTML5Translator, node: nodes.math_block) -> None:
    # Formulas wider than a phone scroll, and a keyboard can do so too.
    self.body.append('<div class="formula" tabindex="0" role="group" aria-label="Formula">')
    self.body.append(_mathml(node.astext(), block=True))
    self.body.append("</div>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
