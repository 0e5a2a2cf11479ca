"""The store of what notebooks showed is made before several processes read them.

Each would make it when it finds none, and the second to do so would fail.
"""

from pathlib import Path

from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.config import Config


def make(app: Sphinx, config: Config) -> None:
    """Make the store where there is none."""
    folder = Path(config.nb_execution_cache_path)
    folder.mkdir(parents=True, exist_ok=True)
    get_cache(folder).list_cache_records()


def setup(app: Sphinx) -> dict[str, bool]:
    """Make it before anything is read."""
    app.connect("config-inited", make)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
