"""Tables that can be read aloud: the empty corner of a table gets a word that isn't shown."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform


class NamedCorners(SphinxPostTransform):
    """Say what an empty heading stands above."""

    default_priority = 950

    def run(self, **kwargs: object) -> None:
        """Look at every heading of every table."""
        for head in self.document.findall(nodes.thead):
            for entry in head.findall(nodes.entry):
                if not entry.astext().strip():
                    word = nodes.inline("", "Row", classes=["visually-hidden"])
                    entry += nodes.paragraph("", "", word)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the transform."""
    app.add_post_transform(NamedCorners)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
