"""Public functions and classes say what they take, in numpydoc sections that are true."""

import dataclasses
import inspect
import re
import types

import pytest

import cpeval


def section(text, title):
    """The lines of a numpydoc section, or none."""
    match = re.search(
        rf"^{title}\n-{{{len(title)}}}\n(.*?)(?=^\S[^\n]*\n---|\Z)", text, re.M | re.S
    )
    return match.group(1).splitlines() if match else []


def documented(text, title):
    """The names in a section: what stands unindented before a colon, split at commas."""
    heads = [line.partition(" : ")[0] for line in section(text, title) if re.match(r"\S", line)]
    return [name.strip().lstrip("*") for head in heads for name in head.split(",")]


def test_sections_are_read_as_numpydoc_means_them():
    text = inspect.cleandoc(
        """Say so.

        Parameters
        ----------
        data : frame
            What: it is.
        x, y : str, optional
            Two.
        *rest : int

        Returns
        -------
        float
        """
    )
    assert documented(text, "Parameters") == ["data", "x", "y", "rest"]
    assert documented(text, "Returns") == ["float"]
    assert documented(text, "Raises") == []


def is_ours(thing):
    return getattr(thing, "__module__", "").startswith("cpeval")


def public_things():
    """Functions and classes that a user meets, by dotted name."""
    found = {}
    for name in cpeval.__all__:
        thing = getattr(cpeval, name)
        if isinstance(thing, types.ModuleType):
            members = getattr(thing, "__all__", None) or dir(thing)
            found |= {f"{name}.{m}": getattr(thing, m) for m in members if not m.startswith("_")}
        else:
            found[name] = thing
    return {name: thing for name, thing in found.items() if callable(thing) and is_ours(thing)}


def methods_of(classes):
    """The public methods that each class defines itself, by dotted name."""
    return {
        f"{name}.{method}": plain
        for name, thing in classes.items()
        for method, value in vars(thing).items()
        if inspect.isfunction(plain := getattr(value, "__func__", value))
        if not method.startswith("_") and is_ours(plain)
    }


PUBLIC = public_things()
CLASSES = {name: thing for name, thing in PUBLIC.items() if inspect.isclass(thing)}
# Of the module `errors` the classes are public; its functions serve the package itself.
FUNCTIONS = {
    name: thing
    for name, thing in PUBLIC.items()
    if inspect.isfunction(thing) and not name.startswith("errors.")
}
METHODS = methods_of(CLASSES)


def test_something_is_public():
    assert {"score", "evaluate", "outcomes.compare", "measurement.reliability"} <= FUNCTIONS.keys()
    assert {"Study", "Result", "Instrument", "errors.CpevalError"} <= CLASSES.keys()
    assert {"Study.at", "Study.from_toml", "Result.plot"} <= METHODS.keys()


@pytest.mark.parametrize("name", [*CLASSES, *FUNCTIONS, *METHODS])
def test_has_a_docstring_that_starts_with_a_sentence(name):
    text = inspect.getdoc({**CLASSES, **FUNCTIONS, **METHODS}[name])
    assert text
    assert re.match(r".+[.?:]$", text.splitlines()[0])


def parameters(function):
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parameters_equal_the_signature(name):
    taken = parameters(FUNCTIONS[name])
    assert documented(inspect.getdoc(FUNCTIONS[name]), "Parameters") == taken


@pytest.mark.parametrize("name", METHODS)
def test_methods_name_their_parameters_in_a_section_or_in_sentences(name):
    text = inspect.getdoc(METHODS[name])
    taken = parameters(METHODS[name])
    if section(text, "Parameters"):
        assert documented(text, "Parameters") == taken
    else:
        assert [p for p in taken if not re.search(rf"\b{p}\b", text)] == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_say_what_they_return(name):
    assert section(inspect.getdoc(FUNCTIONS[name]), "Returns")


@pytest.mark.parametrize(
    "name", [name for name, thing in CLASSES.items() if dataclasses.is_dataclass(thing)]
)
def test_dataclasses_document_the_fields_of_their_own(name):
    text = inspect.getdoc(CLASSES[name])
    named = documented(text, "Parameters") + documented(text, "Attributes")
    own = inspect.get_annotations(CLASSES[name])
    assert [field for field in own if field not in named] == []
