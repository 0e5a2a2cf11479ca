"""How the documentation is built: `make docs`. Nothing is fetched, now or when a page is read."""

import hashlib
import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS / "_extensions"))
# Pages are built by several processes, and so are notebooks: one thread each is enough.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Otherwise pictures of notebooks would be drawn and not shown.
os.environ.pop("MPLBACKEND", None)

import cpeval  # noqa: E402

project = "cpeval"
author = "The cpeval developers"
copyright = "The cpeval developers. GPL-3.0-or-later"
release = version = cpeval.__version__
language = "en-GB"

extensions = [
    "myst_nb",
    "sphinx_design",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docstrings",
    "mathml",
    "names",
    "notebook_cache",
    "spoken_signs",
    "tables",
    "written_pages",
]
exclude_patterns = ["_extensions", "README.md", "**/.ipynb_checkpoints"]
root_doc = "index"

# Every reference has to lead somewhere: `names` finds those that docstrings write short.
nitpicky = True

# Code is plain text here: no quotes are turned, no dashes made.
smartquotes = False
default_role = "py:obj"
add_module_names = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath", "attrs_inline"]
myst_heading_anchors = 4

# Lessons have no outputs in git. They run once here, and again only when a cell or
# cpeval has changed.
nb_execution_mode = "cache"
# What they show depends on the code, so each state of it has a folder of its own.
_code = hashlib.sha256()
for _path in sorted((DOCS.parent / "src").rglob("*.[pt]*")):
    if _path.suffix in (".py", ".toml"):
        _code.update(_path.read_bytes())
nb_execution_cache_path = str(DOCS.parent / "build" / "notebook-outputs" / _code.hexdigest()[:16])
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_show_tb = True
# Widgets would be fetched from the network; no lesson needs them to be read.
nb_ipywidgets_js = {}
nb_merge_streams = True

html_theme = "pydata_sphinx_theme"
html_title = "cpeval"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["cpeval.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "cpeval"},
    "header_links_before_dropdown": 7,
    "navbar_end": ["theme-switcher"],
    "navbar_persistent": ["search-button"],
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "show_nav_level": 1,
    # Only the part that is read is unfolded: the whole list is long.
    "collapse_navigation": True,
    "navigation_depth": 3,
    "show_toc_level": 2,
    "back_to_top_button": False,
}
html_sidebars = {"index": [], "changelog": [], "glossary": [], "getting-started": []}
