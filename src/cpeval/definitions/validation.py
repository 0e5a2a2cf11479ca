"""Pydantic's complaints about a file that a person wrote, in that person's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, get_args

from cpeval.errors import did_you_mean, listed

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic.fields import FieldInfo


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
    for row in error.errors(include_url=False, include_context=True):
        where = _path(row["loc"])
        if row["type"] == "extra_forbidden":
            keys = _keys(model, row["loc"][:-1])
            name = row["loc"][-1]
            text = f"there is no such key{did_you_mean(name, keys)}. Keys here: {listed(keys)}"
        elif row["type"] == "missing":
            text = "is needed and absent"
        elif row["type"] == "value_error":
            text = str(row["ctx"]["error"])
        else:
            text = f"{row['msg'][0].lower()}{row['msg'][1:]}. Got {_brief(row['input'])}"
        lines.append(f"{where}: {text}" if where else text)
    return list(dict.fromkeys(lines))


def _path(loc: Sequence[int | str]) -> str:
    parts = (str(part + 1) if isinstance(part, int) else str(part) for part in loc)
    return ".".join(part for part in parts if part != "[key]")


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


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
