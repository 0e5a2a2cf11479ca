"""The reference: a page for each public function with what it returns, and for each class."""

import inspect
from pathlib import Path

import public

#: The namespaces in the order of an evaluation, with what they answer.
TITLES = {
    "cpeval": "cpeval: read, check, score, evaluate",
    "cpeval.measurement": "cpeval.measurement: can the instrument be trusted?",
    "cpeval.fidelity": "cpeval.fidelity: was it delivered as designed?",
    "cpeval.social_capital": "cpeval.social_capital: whom do people know, and what do they reach?",
    "cpeval.sites": "cpeval.sites: are sites different?",
    "cpeval.outcomes": "cpeval.outcomes: did people change, and more than others?",
    "cpeval.tutorials": "cpeval.tutorials: check your answers in the lessons",
    "cpeval.errors": "cpeval.errors: what can go wrong",
}


def texts() -> dict[str, str]:
    """Return the text of each page by its path below ``docs``, in reStructuredText."""
    things, pages = public.things(), public.pages()
    made = {f"reference/{page.name}.rst": _page(page, things) for page in pages}
    groups: dict[str, list[public.Page]] = {}
    for page in pages:
        groups.setdefault(page.namespace, []).append(page)
    order = [*TITLES, *sorted(groups.keys() - TITLES.keys())]
    for namespace in order:
        if namespace != "cpeval.errors":
            title = TITLES.get(namespace, namespace)
            made[f"reference/{_group(namespace)}.rst"] = _list(title, groups[namespace], things)
    made["reference/index.rst"] = _index([_group(name) for name in order])
    return made


def _group(namespace: str) -> str:
    return "cpeval.errors" if namespace == "cpeval.errors" else f"all-{namespace}"


def _heading(text: str, line: str = "=") -> list[str]:
    return [text, line * len(text), ""]


def _first_sentence(thing: object) -> str:
    return inspect.getdoc(thing).split("\n\n")[0].replace("\n", " ")


def _page(page: public.Page, things: dict[str, object]) -> str:
    lines = _heading(page.name)
    if page.name == "cpeval.errors":
        lines += [
            "Every error that cpeval raises on purpose is a ``CpevalError``. Its message names all",
            "that is at fault, and says what to do.",
            "",
        ]
    for name in page.names:
        kind = "function" if inspect.isfunction(things[name]) else "class"
        kind = (
            "exception"
            if inspect.isclass(things[name]) and issubclass(things[name], Exception)
            else kind
        )
        lines += [f".. auto{kind}:: {name}", ""]
        for member in public.members(things[name]):
            is_property = isinstance(getattr(things[name], member), property)
            lines += [f"   .. auto{'property' if is_property else 'method'}:: {name}.{member}", ""]
    return "\n".join(lines)


def _list(title: str, pages: list[public.Page], things: dict[str, object]) -> str:
    lines = [*_heading(title), ".. list-table::", "   :widths: 35 65", ""]
    for page in pages:
        name = page.names[0]
        lines += [f"   * - :py:obj:`{name}`", f"     - {_first_sentence(things[name])}"]
    lines += ["", ".. toctree::", "   :hidden:", ""]
    lines += [f"   {page.name.removeprefix(page.namespace + '.')} <{page.name}>" for page in pages]
    return "\n".join([*lines, ""])


def _index(groups: list[str]) -> str:
    return "\n".join(
        [
            *_heading("Every public name"),
            "Made from the code: each page has what a function takes and returns, its errors, its",
            "formula, where that is from, and an example that runs. ``import cpeval as cp`` first.",
            "",
            ".. toctree::",
            "   :maxdepth: 1",
            "",
            *(f"   {name}" for name in groups),
            "",
        ]
    )


def stale(folder: Path, made: set[str]) -> list[Path]:
    """Return pages of names that are public no more."""
    return [path for path in folder.glob("*.rst") if f"{folder.name}/{path.name}" not in made]
