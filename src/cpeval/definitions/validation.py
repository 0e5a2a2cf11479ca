"""Pydantic's complaints about a file that a person wrote, in that person's terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from cpeval.definitions.kinds import brief
from cpeval.definitions.part import Mistakes, Step
from cpeval.errors import did_you_mean, listed

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic.fields import FieldInfo

#: What pydantic says of a value of the wrong type, as its writer would.
_SHOULD_BE = {
    "string_type": 'should be text, in quotes ("…")',
    "bool_type": "should be true or false, without quotes",
    "bool_parsing": "should be true or false, without quotes",
    "int_type": "should be a whole number",
    "int_parsing": "should be a whole number",
    "int_from_float": "should be a whole number",
    "float_type": "should be a number",
    "float_parsing": "should be a number",
    "list_type": "should be a list, in [ ]",
    "tuple_type": "should be a list, in [ ]",
    "dict_type": "should be a table",
    "model_type": "should be a table",
    "model_attributes_type": "should be a table",
}


def mistakes(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return one line a mistake: the key's path, what is wrong, and a near miss for a typo.

    Parameters
    ----------
    error : pydantic.ValidationError
    model : type
        The model that refused; its fields are the keys to suggest.

    Returns
    -------
    list of str
        Such as ``items.3.lable: there is no such key (did you mean 'label'?)``. Positions in
        lists count from 1.
    """
    lines = []
    for path, text in rows(error, model):
        where = path_text(path)
        lines.append(f"{where}: {text}" if where else text)
    return list(dict.fromkeys(lines))


def rows(
    error: ValidationError, model: type[BaseModel] | None = None
) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield the path and the text of each mistake; `Mistakes` are taken apart."""
    for row in error.errors(include_url=False, include_context=True):
        path, kind = row["loc"], row["type"]
        context: dict[str, Any] = row.get("ctx", {})
        if kind == "value_error" and isinstance(context["error"], Mistakes):
            yield from (((*path, *one.path), one.text) for one in context["error"].found)
            continue
        if kind == "extra_forbidden" and model is not None:
            keys = _keys(model, path[:-1])
            near = did_you_mean(path[-1], keys)
            text = f"there is no such key{near}. Keys here: {listed(keys)}"
        elif kind == "missing":
            text = "is needed and absent"
        elif kind == "value_error":
            text = str(context["error"])
        elif kind in ("too_short", "string_too_short"):
            text = "should not be empty" if context["min_length"] == 1 else _plain(row["msg"])
        elif kind == "too_long":
            text = f"should have at most {context['max_length']:,}"
        elif kind == "literal_error":
            options = context["expected"].replace(" or ", ", ").replace("'", "").split(", ")
            near = did_you_mean(row["input"], options) if isinstance(row["input"], str) else ""
            text = f"should be {context['expected']}. Got {brief(row['input'])}{near}"
        else:
            text = f"{_SHOULD_BE.get(kind) or _plain(row['msg'])}. Got {brief(row['input'])}"
        yield path, text


def _plain(message: str) -> str:
    message = message.removeprefix("Input ")
    return message[0].lower() + message[1:]


def path_text(path: Sequence[Step], given: object = None) -> str:
    """Show a path: positions count from 1, with the name or code of the table there.

    >>> path_text(("scales", 1, "range"), {"scales": [{}, {"name": "percent"}]})
    'scales.2 (percent).range'
    """
    parts: list[str] = []
    here = given
    for step in path:
        if step == "[key]":
            continue
        called = ""
        try:
            here = here[step]  # type: ignore[index]
            keys = ("label",) if parts[-1:] == ["bands"] and "low" in here else ("name", "code")
            called = next(here[key] for key in keys if isinstance(here.get(key), str))
        except (AttributeError, KeyError, IndexError, TypeError, StopIteration, ValueError):
            pass
        number = isinstance(step, int)
        shown = str(step + 1) if isinstance(step, int) else _printable(step)
        parts.append(
            shown + (f" ({_printable(called)})" if number and called not in ("", shown) else "")
        )
    return ".".join(parts)


def _printable(text: str) -> str:
    """Show a key or name as it is, what can't be shown escaped, and no more than a line holds."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:80])
    return shown if len(text) <= 80 else shown + "…"


def keys_text(model: type[BaseModel], most: int = 30) -> str:
    """List the keys of a table."""
    return ", ".join(repr(name) for name in list(model.model_fields)[:most])


def _keys(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """Return the keys that a table at ``loc`` may have, following the fields' types."""
    here: object = model
    for part in loc:
        fields = getattr(here, "model_fields", None)
        if fields is not None and part in fields:
            here = fields[part].annotation
        for _ in range(4):  # Optional[list[Model]], dict[str, Model] and the like
            inner = [a for a in get_args(here) if _leads_to_model(a)]
            if hasattr(here, "model_fields") or not inner:
                break
            here = inner[-1]
    found: Mapping[str, FieldInfo] = getattr(here, "model_fields", {})
    return [name for name, field in found.items() if not field.exclude]


def _leads_to_model(kind: object) -> bool:
    return hasattr(kind, "model_fields") or any(_leads_to_model(a) for a in get_args(kind))
