"""Names as people write them lead to the reference: `Result`, ``cp.score``, ``sites.linear``."""

import re
from functools import cache

import public
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode


@cache
def _full_names() -> dict[str, set[str]]:
    """Every way to write a public name, to all that it can mean."""
    ways: dict[str, set[str]] = {}
    for name, thing in public.things().items():
        for full in (name, *(f"{name}.{member}" for member in public.members(thing))):
            parts = full.split(".")
            for start in range(len(parts)):
                ways.setdefault(".".join(parts[start:]), set()).add(full)
    return ways


def _full(name: str, docname: str) -> str | None:
    """The full name: of several, the one in the page's namespace, else one of ``cpeval`` itself."""
    found = _full_names().get(name, set())
    if len(found) < 2:
        return next(iter(found), None)
    page = docname.removeprefix("reference/")
    for namespace in (page.rpartition(".")[0], page, "cpeval"):
        here = [full for full in found if full == f"{namespace}.{name}"]
        if here:
            return here[0]
    return None


def _reference(app: Sphinx, docname: str, name: str, shown: nodes.Node) -> nodes.reference | None:
    """A link to where a public name is explained, or nothing."""
    name = re.sub(r"\(.*", "", name).removeprefix("~")
    name = re.sub(r"^cp\.", "cpeval.", name)
    if name.removeprefix("cpeval.") in SPACES:
        page = f"reference/all-cpeval.{name.removeprefix('cpeval.')}"
        return make_refnode(app.builder, docname, page, "", shown)
    full = _full(name, docname)
    objects = app.env.domains.python_domain.objects
    if full is None or full not in objects:
        return None
    entry = objects[full]
    return make_refnode(app.builder, docname, entry.docname, entry.node_id, shown, full)


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: nodes.Node
) -> nodes.Node | None:
    """Resolve what the Python domain could not: short names, and several with commas."""
    if node.get("refdomain") != "py":
        return None
    docname = node.get("refdoc", env.docname)
    target = node["reftarget"]
    found = _reference(app, docname, target, shown)
    if found is not None:
        return found
    if target in INSIDE:
        return nodes.literal(target, target)
    # "As `score`, and:" under Raises is a sentence, not an object.
    return None if re.fullmatch(r"[\w.]*\w", target) else nodes.inline(target, node.astext())


FORMS = ("excel", "limesurvey", "qualtrics", "rating_sheet", "redcap", "xlsform")

#: Names inside the code, which docstrings mention for those who read it.
INSIDE = {
    "agreement_weights",
    "categorised",
    "chance_corrected.coefficients",
    "control_chart",
    *(f"cpeval.exporting.to_{form}" for form in FORMS),
    "cpeval.measurement.item_scores.two_way",
    "cpeval.measurement.mantel_haenszel.common_odds",
    "gaussian_sd",
    "place_means",
}


class LinkedCode(SphinxPostTransform):
    """Make links of code such as ``cp.sites.linear(moments)`` in running text."""

    default_priority = 900

    def run(self, **kwargs: object) -> None:
        """Look at every literal that is no link, heading or signature yet."""
        for literal in list(self.document.findall(nodes.literal)):
            text = literal.astext()
            if not re.match(r"^(cp|cpeval|[a-z_]+)\.[A-Za-z_][\w.]*(\(.*\))?$", text):
                continue
            above = literal.parent
            while above is not None and not isinstance(above, (nodes.reference, nodes.title)):
                above = above.parent
            if above is not None:
                continue
            shown = literal.deepcopy()
            link = _reference(self.app, self.env.docname, text, shown)
            # A name without cp. may be a file or a column: only namespaces are taken.
            if link is not None and (text.startswith("cp") or text.split(".")[0] in NAMESPACES):
                literal.replace_self(link)


SPACES = {"fidelity", "measurement", "outcomes", "sites", "social_capital", "tutorials"}
NAMESPACES = SPACES | {"errors", "Study", "Instrument", "SiteMoments", "EgoNetworks", "Result"}


def setup(app: Sphinx) -> dict[str, bool]:
    """Resolve names and link code."""
    app.connect("missing-reference", resolve)
    app.add_post_transform(LinkedCode)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
