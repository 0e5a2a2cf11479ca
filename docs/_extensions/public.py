"""What is public: every name of ``cpeval._PUBLIC``, and of the namespaces among them."""

import inspect
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType

import cpeval


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the reference.

    Parameters
    ----------
    name : str
        Of the file, such as ``"cpeval.sites.funnel"``.
    namespace : str
        ``"cpeval"`` or ``"cpeval.sites"``.
    names : list of str
        What stands on it: a function with what it returns, or a class.
    """

    name: str
    namespace: str
    names: list[str] = field(default_factory=list)


@cache
def things() -> dict[str, object]:
    """Return every public function and class by its dotted name, ``cpeval.`` included."""
    found: dict[str, object] = {}
    for name in cpeval._PUBLIC:
        thing = getattr(cpeval, name)
        if not isinstance(thing, ModuleType):
            found[f"cpeval.{name}"] = thing
        elif name == "errors":
            found |= {f"cpeval.errors.{n}": t for n, t in _error_classes(thing).items()}
        else:
            found |= {f"cpeval.{name}.{n}": getattr(thing, n) for n in thing.__all__}
    return found


def _error_classes(module: ModuleType) -> dict[str, object]:
    """The module's classes; CpevalError and CpevalWarning stand in ``cpeval`` already."""
    return {
        name: thing
        for name, thing in vars(module).items()
        if inspect.isclass(thing)
        and thing.__module__ == module.__name__
        and name not in cpeval._PUBLIC
    }


def members(thing: object) -> list[str]:
    """Return the public methods and properties of a class, with those of its parts.

    Parts are base classes that aren't public: the reader finds what they give nowhere else.
    """
    if not inspect.isclass(thing):
        return []
    public = {id(other) for other in things().values()}
    own = [one for one in thing.__mro__ if one is thing or id(one) not in public]
    return list(
        dict.fromkeys(
            name
            for one in own
            if one.__module__.startswith("cpeval") and one.__name__ != "Part"
            for name, value in vars(one).items()
            if not name.startswith("_") and (_is_method(value) or isinstance(value, property))
        )
    )


def _is_method(value: object) -> bool:
    plain = getattr(value, "__func__", value)
    return inspect.isfunction(plain) and plain.__module__.startswith("cpeval")


def pages() -> list[Page]:
    """Return the pages: a result stands below the first function that returns it.

    A page of its own would differ from its function's in one capital letter, which not all
    file systems tell apart.
    """
    public = things()
    by_thing = {id(thing): name for name, thing in public.items()}
    shown: set[str] = set()
    made: list[Page] = []
    errors = Page(name="cpeval.errors", namespace="cpeval.errors")
    for name, thing in public.items():
        if name.startswith("cpeval.errors.") or _is_error(thing):
            errors.names.append(name)
        elif inspect.isfunction(thing):
            page = Page(name=name, namespace=name.rpartition(".")[0], names=[name])
            given = _returned(thing, by_thing)
            if given and given not in shown:
                page.names.append(given)
                shown.add(given)
            made.append(page)
    for name, thing in public.items():
        if inspect.isclass(thing) and name not in shown and name not in errors.names:
            made.append(Page(name=name, namespace=name.rpartition(".")[0], names=[name]))
    files = [page.name.lower() for page in made]
    assert len(files) == len(set(files)), "two pages differ in capital letters alone"
    return [*sorted(made, key=lambda page: page.name.lower()), errors]


def _is_error(thing: object) -> bool:
    return inspect.isclass(thing) and issubclass(thing, Exception)


def _returned(function: object, by_thing: dict[int, str]) -> str | None:
    """The public class that a function says it returns, if it lives in the same namespace."""
    said = inspect.get_annotations(function).get("return")
    module = inspect.getmodule(function)
    if isinstance(said, str):
        said = getattr(module, said, None)
    name = by_thing.get(id(said))
    shared = {"Result", "Ratings", "EgoNetworks", "Study"}
    return None if name is None or name.rpartition(".")[2] in shared else name
