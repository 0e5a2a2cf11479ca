"""A definition written as the TOML that `Instrument.from_toml` reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from cpeval.definitions.model import Instrument
from cpeval.exporting.asked import code_text
from cpeval.exporting.file_writing import write_whole

_HEAD = "# A definition for cpeval. docs/definitions.md says what the keys mean.\n\n"


def to_toml(one: Instrument, path: str | Path) -> Path:
    """Write a definition as TOML, to be edited and read by `Instrument.from_toml`.

    Parameters
    ----------
    one : Instrument
    path : str or pathlib.Path
        Ends in .toml. A file there is replaced.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    OptionError
        Another suffix.
    OutputError
        The file can't be written.

    Notes
    -----
    Reading it gives an equal definition. Of one made by `Instrument.with_goals` the goals are
    written, not the items that stand for them.
    """
    text = toml_text(one)
    return write_whole(
        path, ".toml", lambda place: place.write_text(text, encoding="utf-8", newline="\n")
    )


def toml_text(one: Instrument) -> str:
    """Return a definition as TOML."""
    given = one.model_dump(exclude_defaults=True)
    if one.goals is not None:
        given.pop("items", None)
    for key, answers in one.responses.items():
        if answers.between:
            given["responses"][key]["codes"] = _named_codes(answers.codes)
    responses = given.pop("responses")
    scales = given.pop("scales")
    items = given.pop("items", [])
    value_sets = given.pop("value_sets", {})
    lines = [f"{key} = {_value(value)}" for key, value in given.items()]
    rated = any(item.anchors or item.evidence or item.auto for item in one.items)
    if items and rated:  # a line each would be too long to edit
        for item in items:
            lines += ["", "[[items]]", *(f"{key} = {_value(v)}" for key, v in item.items())]
    elif items:
        lines += ["", "items = [", *(f"  {_value(item)}," for item in items), "]"]
    lines += ["", "[responses]", *(f"{_key(k)} = {_value(v)}" for k, v in responses.items())]
    for name, values in value_sets.items():
        lines += ["", f"[value_sets.{_key(name)}]"]
        lines += [f"{key} = {_value(value)}" for key, value in values.items()]
    for scale in scales:
        lines += ["", "[[scales]]", *(f"{key} = {_value(value)}" for key, value in scale.items())]
    return _HEAD + "\n".join(lines) + "\n"


def _named_codes(codes: Mapping[float, str]) -> dict[float, str]:
    """Leave out the whole numbers that ``between`` spells out."""
    ends = (min(codes), max(codes))
    return {c: label for c, label in codes.items() if c in ends or label != code_text(c)}


def _key(key: object) -> str:
    text = code_text(key) if isinstance(key, float) else str(key)
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else _text(text)


def _value(value: object) -> str:
    """Write a value on one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return code_text(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        pairs = (f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"no TOML for {type(value).__name__}")


def _text(text: str) -> str:
    """Quote text: control characters, quotes and backslashes are escaped."""
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    number = ord(character)
    return f"\\u{number:04X}" if number < 0x20 or number == 0x7F else character
