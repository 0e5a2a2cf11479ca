"""Which columns of a wide table hold which attribute of which alter, or which tie."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cpeval.errors import ColumnError, OptionError, listed


@dataclass(frozen=True, kw_only=True)
class WideColumns:
    """Columns of a wide table by what they hold.

    Attributes
    ----------
    places : list of int
        The numbers that alters have in the form.
    attributes : list of str
    alters : dict
        Attribute and place to column.
    ties : dict or None
        Two places to column; None where nobody was asked for ties.
    egos : list of str
        All other columns.
    """

    places: list[int]
    attributes: list[str]
    alters: dict[tuple[str, int], str]
    ties: dict[tuple[int, int], str] | None
    egos: list[str]


def wide_columns(
    columns: Sequence[str], alters: str, ties: str | None, attributes: Sequence[str] | None
) -> WideColumns:
    """Sort the columns of a wide table by their names.

    Raises
    ------
    OptionError
        A pattern lacks its parts.
    ColumnError
        No column fits a pattern; two columns are one thing; an attribute is absent, altogether or
        at some places.
    """
    if isinstance(attributes, str):
        raise OptionError(f"'attributes' is a list of them, such as [{attributes!r}].")
    found = _matched(columns, alters, "alters", ("n", "attribute"))
    of_alters = {
        name: (part["attribute"], int(part["n"]))
        for name, part in found.items()
        if attributes is None or part["attribute"] in attributes
    }
    of_ties: dict[str, tuple[int, int]] = {}
    if ties is not None:
        found = _matched(columns, ties, "ties", ("n", "m"))
        of_ties = {
            name: (int(part["n"]), int(part["m"]))
            for name, part in found.items()
            if name not in of_alters
        }
    faults = [*_twice(of_alters), *_twice(of_ties)]
    if not of_alters:
        faults.append(f"no column is named like {alters!r}")
    if ties is not None and not of_ties:
        faults.append(
            f"no column is named like {ties!r}; write ties=None if nobody was asked who knows whom"
        )
    kinds = list(dict.fromkeys(kind for kind, _ in of_alters.values()))
    if attributes is not None:
        absent = [one for one in attributes if one not in kinds]
        if absent:
            faults.append(f"no column has the attributes {listed(absent)}")
    places = sorted({place for _, place in of_alters.values()})
    if attributes is None:
        faults += _gaps(of_alters, kinds, places)
    beyond = {name for name, pair in of_ties.items() if not {*pair} <= {*places}}
    if beyond and places:
        faults.append(f"ties of alters that have no columns: {listed(sorted(beyond))}")
    if faults:
        raise ColumnError(
            "The columns of the wide table can't be told apart:\n"
            + "\n".join(f"- {fault}" for fault in faults)
            + f"\nColumns there: {listed(columns)}."
        )
    return WideColumns(
        places=places,
        attributes=kinds,
        alters={key: name for name, key in of_alters.items()},
        ties=None if ties is None else {pair: name for name, pair in of_ties.items()},
        egos=[name for name in columns if name not in of_alters and name not in of_ties],
    )


def _matched(
    columns: Sequence[str], pattern: object, option: str, parts: tuple[str, str]
) -> dict[str, dict[str, str]]:
    """Return the parts of each column's name that fits."""
    told = " and ".join(f"{{{part}}}" for part in parts)
    if not isinstance(pattern, str) or any(pattern.count(f"{{{part}}}") != 1 for part in parts):
        raise OptionError(f"{option!r} is text with {told}, each once. Got {pattern!r}.")
    expression = re.escape(pattern)
    for part in parts:
        digits = "[0-9]{1,6}" if part in ("n", "m") else ".+"
        expression = expression.replace(re.escape(f"{{{part}}}"), f"(?P<{part}>{digits})")
    matches = ((name, re.fullmatch(expression, name)) for name in columns)
    return {name: match.groupdict() for name, match in matches if match}


def _twice(keys: dict[str, tuple[str, int]] | dict[str, tuple[int, int]]) -> list[str]:
    """Name columns that are the same thing, such as alter1_age and alter01_age."""
    same: dict[object, list[str]] = {}
    for name, key in keys.items():
        same.setdefault(key, []).append(name)
    return [f"{listed(names)} are one and the same" for names in same.values() if len(names) > 1]


def _gaps(of_alters: dict[str, tuple[str, int]], kinds: list[str], places: list[int]) -> list[str]:
    """Name attributes that some places lack: other columns may look like them."""
    there = set(of_alters.values())
    return [
        f"{kind!r} is there for {listed(p for p in places if (kind, p) in there)}, and not for "
        f"{listed(absent)}; list the attributes that are meant, attributes=[…], "
        "or correct the names"
        for kind in kinds
        if (absent := [place for place in places if (kind, place) not in there])
    ]
