"""What the parts of a definition share: no key but those declared, and codes as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from cpeval.errors import listed


def _numeric_keys(table: object) -> object:
    """TOML's keys are text; codes are numbers."""
    if not isinstance(table, dict):
        return table
    try:
        return {float(key): value for key, value in table.items()}
    except (TypeError, ValueError):
        raise ValueError(f"keys should be numbers (codes). Got {listed(table)}") from None


def _spelled_out(codes: object) -> object:
    """Turn ``["3-12", "14"]`` into a list of single item codes."""
    if not isinstance(codes, list):
        return codes
    single: list[object] = []
    for code in codes:
        span = re.fullmatch(r"(\d{1,3})-(\d{1,3})", code) if isinstance(code, str) else None
        if span and int(span[1]) > int(span[2]):
            raise ValueError(f"{code!r} runs backwards")
        single += map(str, range(int(span[1]), int(span[2]) + 1)) if span else [code]
    return [str(code) if isinstance(code, int) else code for code in single]


def as_name(text: str) -> str:
    """Refuse a name that would not do for a column on every engine."""
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise ValueError(f"should be lower-case letters, digits and _. Got {text!r}")
    return text


Name = Annotated[str, AfterValidator(as_name)]
Codes = Annotated[dict[float, str], BeforeValidator(_numeric_keys), Field(min_length=2)]
Points = Annotated[dict[float, float], BeforeValidator(_numeric_keys), Field(min_length=1)]
ItemCodes = Annotated[list[str], BeforeValidator(_spelled_out), Field(min_length=1)]
Text = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """A table of the file: no key but those declared, and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def all_of(wrong: Iterable[str]) -> None:
    """Raise one `ValueError` with every mistake, if there is any."""
    lines = list(wrong)
    if lines:
        raise ValueError("\n- ".join(lines))
